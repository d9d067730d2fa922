package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Workflow is what is to be written.
type Workflow struct {
	// Name is the state machine's: letters, digits, - and _, at most 80.
	Name string
	// Definition is JSON, or JSON but for substitutions without quotes.
	Definition []byte
	// Statements are what the state machine's role allows.
	Statements []Statement
	// Schedule starts the state machine; nil for none.
	Schedule *Schedule
}

// A Statement allows actions on resources.
type Statement struct {
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string]string `json:",omitempty"`
}

// A Schedule says when EventBridge Scheduler starts the state machine.
type Schedule struct {
	Expression string // of EventBridge Scheduler: cron(…), rate(…) or at(…)
	Timezone   string // IANA's name; "" for UTC
	Input      string // JSON; "" for {}
}

// InlineTemplate is how many bytes a template may have that is sent with the
// request. A larger one must be in S3.
const InlineTemplate = 51_200

var validName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// Check returns an error that says what of the workflow cannot be written.
func (w *Workflow) Check() error {
	if !validName.MatchString(w.Name) {
		return fmt.Errorf("the name %q is none of a state machine: it has letters, digits, - and _, and 1 to 80 of them", w.Name)
	}
	if w.Schedule != nil && len(w.Name) > 64 {
		return fmt.Errorf("the name %q is too long for a schedule, which has at most 64 characters", w.Name)
	}
	seen := map[string]string{}
	for _, name := range w.Substitutions() {
		id := strings.ToLower(logicalID(name))
		if id == "" || other(seen, id, name) {
			return fmt.Errorf("the substitution ${%s} cannot be a parameter: names are told apart by their letters and digits", name)
		}
		seen[id] = name
	}
	return nil
}

func other(seen map[string]string, id, name string) bool {
	before, ok := seen[id]
	return ok && before != name
}

var substitution = regexp.MustCompile(`\$\{([^{}]*)\}`)

// Substitutions lists the names of the definition's substitutions, sorted.
func (w *Workflow) Substitutions() []string {
	var names []string
	for _, found := range substitution.FindAllSubmatch(w.Definition, -1) {
		if name := string(found[1]); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// numbers matches fields whose substitutions are written without quotes, in JSON and
// YAML alike.
var numbers = regexp.MustCompile(`("(?:Seconds|TimeoutSeconds|HeartbeatSeconds|MaxConcurrency|MaxAttempts|IntervalSeconds|MaxDelaySeconds|BackoffRate|` +
	`MaxItems|MaxItemsPerBatch|MaxInputBytesPerBatch|ToleratedFailureCount|ToleratedFailurePercentage)"\s*:\s*)"(\$\{[^{}]*\})"`)

// text is the definition, indented where it is plain JSON.
func (w *Workflow) text() string {
	text := bytes.TrimSpace(w.Definition)
	var b bytes.Buffer
	if json.Indent(&b, text, "", "  ") == nil {
		text = b.Bytes()
	}
	return string(numbers.ReplaceAll(text, []byte("$1$2")))
}

// logicalID is a name as CloudFormation's parameters may have it.
func logicalID(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return r
		}
		return -1
	}, name)
}

// input is the schedule's input.
func (s *Schedule) input() string {
	if s.Input == "" {
		return "{}"
	}
	return s.Input
}

func (s *Schedule) timezone() string {
	if s.Timezone == "" {
		return "UTC"
	}
	return s.Timezone
}
