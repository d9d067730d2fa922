package rollout

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// Strategy is a way to reach a stack set's instances.
type Strategy string

const (
	Sequential Strategy = "sequential" // one region after another, few at a time, no failure tolerated
	Parallel   Strategy = "parallel"   // all regions at once, many at a time
	Balanced   Strategy = "balanced"   // all regions at once, a quarter at a time
	Phased     Strategy = "phased"     // some accounts before others, with gates between
)

// Strategies are all that there are.
var Strategies = []Strategy{Sequential, Parallel, Balanced, Phased}

// OnFailure is what happens when a phase or a gate fails.
type OnFailure string

const (
	StopOnFailure     OnFailure = "stop"     // nothing more is sent; a person decides
	RollBackOnFailure OnFailure = "rollback" // back to the previous template and parameters
)

// File is a strategy as it is written.
type File struct {
	Version  int                `yaml:"version"`
	StackSet fleet.StackSetName `yaml:"stackSet"`
	Strategy Strategy           `yaml:"strategy"`
	// OnFailure is stop unless given.
	OnFailure OnFailure `yaml:"onFailure"`
	// Preferences hold for every phase, over the strategy's own numbers.
	Preferences Preferences `yaml:"preferences"`
	// Phases are the phases of a phased rollout; without any, those of the article.
	Phases []PhaseSpec `yaml:"phases"`
	// Gates follow every phase, before its own.
	Gates []Gate `yaml:"gates"`
}

// PhaseSpec is a phase as it is written.
type PhaseSpec struct {
	Name string `yaml:"name"`
	// Accounts, OUs (with everything below) and Tags (of accounts, all of those given)
	// choose accounts; an account that one of them chooses is in the phase.
	Accounts []fleet.AccountID `yaml:"accounts"`
	OUs      []fleet.OUID      `yaml:"ous"`
	Tags     map[string]string `yaml:"tags"`
	// Percentage is how many of the chosen accounts are in the phase, or of all target
	// accounts where none are chosen: drawn by hash, so that it is the same accounts
	// every time.
	Percentage int `yaml:"percentage"`
	// Rest is set for all that no other phase reaches.
	Rest bool `yaml:"rest"`
	// Regions are those of the phase, all unless given; RegionsByOU those of accounts
	// in an OU, the nearest one.
	Regions     []fleet.Region                `yaml:"regions"`
	RegionsByOU map[fleet.OUID][]fleet.Region `yaml:"regionsByOU"`
	Preferences Preferences                   `yaml:"preferences"`
	// Bake is how long to wait after the phase before its gates are looked at.
	Bake  policy.Duration `yaml:"bake"`
	Gates []Gate          `yaml:"gates"`
	// Line is the phase's line in the file, 0 if it is built in.
	Line int `yaml:"-"`
}

// Gate is one condition between two phases. Exactly one field but Timeout is given.
type Gate struct {
	// NoNewFailures: no instance of the phase failed.
	NoNewFailures bool `yaml:"noNewFailures" json:"noNewFailures,omitempty"`
	// SuccessRate is the percentage of the phase's instances that must have succeeded.
	SuccessRate int `yaml:"successRate" json:"successRate,omitempty"`
	// Alarms are CloudWatch alarms, names or patterns with *, none of which may be in
	// alarm in the phase's accounts and regions.
	Alarms []string `yaml:"alarms" json:"alarms,omitempty"`
	// DriftFree: none of the phase's instances has drifted in a way that counts.
	DriftFree bool `yaml:"driftFree" json:"driftFree,omitempty"`
	// Command must exit with 0.
	Command []string `yaml:"command" json:"command,omitempty"`
	// Approval is what a person is asked.
	Approval string `yaml:"approval" json:"approval,omitempty"`
	// Timeout bounds a command (10 minutes unless given) and an approval (no bound).
	Timeout policy.Duration `yaml:"timeout" json:"timeout,omitempty"`
	// Line is the gate's line in the file.
	Line int `yaml:"-" json:"line,omitempty"`
}

// Kind names the gate's condition, "" if it has none.
func (g Gate) Kind() string {
	kinds := g.kinds()
	if len(kinds) == 0 {
		return ""
	}
	return kinds[0]
}

func (g Gate) kinds() []string {
	var kinds []string
	for _, k := range []struct {
		name  string
		given bool
	}{
		{"noNewFailures", g.NoNewFailures}, {"successRate", g.SuccessRate != 0}, {"alarms", len(g.Alarms) > 0},
		{"driftFree", g.DriftFree}, {"command", len(g.Command) > 0}, {"approval", g.Approval != ""},
	} {
		if k.given {
			kinds = append(kinds, k.name)
		}
	}
	return kinds
}

// Text says what the gate asks, in one line.
func (g Gate) Text() string {
	switch g.Kind() {
	case "noNewFailures":
		return "no instance failed"
	case "successRate":
		return fmt.Sprintf("%d %% of the instances succeeded", g.SuccessRate)
	case "alarms":
		return "no alarm in the accounts: " + strings.Join(g.Alarms, ", ")
	case "driftFree":
		return "nothing has drifted"
	case "command":
		return "exits with 0: " + strings.Join(g.Command, " ")
	case "approval":
		return "a person approves: " + g.Approval
	}
	return ""
}

// Parse reads a strategy file. An error names the line.
func Parse(text []byte) (*File, error) {
	f, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("reading the rollout: %w", err)
	}
	return f, nil
}

func parse(text []byte) (*File, error) {
	var document, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, errors.New("line 1: the file is empty")
	} else if err != nil {
		return nil, err
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, errors.New("the file holds more than one YAML document")
	}
	strict := yaml.NewDecoder(bytes.NewReader(text))
	strict.KnownFields(true)
	f := &File{}
	if err := strict.Decode(f); err != nil {
		return nil, wording(err)
	}
	f.place(document.Content[0])
	return f, f.check(document.Content[0])
}

var yamlField = regexp.MustCompile(`(line \d+): field (\S+) not found in type \S+`)

// wording says in the file's terms what the YAML library says in Go's.
func wording(err error) error {
	var types *yaml.TypeError
	if !errors.As(err, &types) {
		return err
	}
	first := types.Errors[0]
	if m := yamlField.FindStringSubmatch(first); m != nil {
		return fmt.Errorf("%s: unknown field %q", m[1], m[2])
	}
	return errors.New(first)
}

// Of returns a strategy with its own numbers, without a file.
func Of(s Strategy) (*File, error) {
	f := &File{Version: 1, Strategy: s}
	return f, f.check(nil)
}

// place records the lines of phases and gates.
func (f *File) place(root *yaml.Node) {
	gates := func(list []Gate, node *yaml.Node) {
		for i := range list {
			if node != nil && i < len(node.Content) {
				list[i].Line = node.Content[i].Line
			}
		}
	}
	gates(f.Gates, field(root, "gates"))
	phases := field(root, "phases")
	for i := range f.Phases {
		if phases != nil && i < len(phases.Content) {
			f.Phases[i].Line = phases.Content[i].Line
			gates(f.Phases[i].Gates, field(phases.Content[i], "gates"))
		}
	}
}

func field(node *yaml.Node, name string) *yaml.Node {
	if node == nil {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return node.Content[i+1]
		}
	}
	return nil
}

// lineOf is a field's line, 1 if it is not there.
func lineOf(root *yaml.Node, name string) int {
	if node := field(root, name); node != nil {
		return node.Line
	}
	return 1
}

// check says what is wrong with values that parsed, and fills in what was left out.
func (f *File) check(root *yaml.Node) error {
	if f.Version != 1 {
		return fmt.Errorf("line %d: version %d is not known: this setmend reads version 1", lineOf(root, "version"), f.Version)
	}
	if f.Strategy == "" && len(f.Phases) > 0 {
		f.Strategy = Phased
	}
	if !slices.Contains(Strategies, f.Strategy) {
		return fmt.Errorf("line %d: strategy %q is not known: want sequential, parallel, balanced or phased", lineOf(root, "strategy"), f.Strategy)
	}
	if f.OnFailure == "" {
		f.OnFailure = StopOnFailure
	}
	if f.OnFailure != StopOnFailure && f.OnFailure != RollBackOnFailure {
		return fmt.Errorf("line %d: onFailure %q is not known: want stop or rollback", lineOf(root, "onFailure"), f.OnFailure)
	}
	if len(f.Phases) > 0 && f.Strategy != Phased {
		return fmt.Errorf("line %d: phases are for the strategy phased, and this is %s", lineOf(root, "phases"), f.Strategy)
	}
	if err := f.Preferences.check(); err != nil {
		return fmt.Errorf("line %d: preferences: %w", lineOf(root, "preferences"), err)
	}
	if err := checkGates(f.Gates); err != nil {
		return err
	}
	if f.Strategy == Phased && len(f.Phases) == 0 {
		f.Phases = articlePhases()
	}
	return f.checkPhases()
}

func checkGates(gates []Gate) error {
	for _, g := range gates {
		kinds := g.kinds()
		switch {
		case len(kinds) == 0:
			return fmt.Errorf("line %d: the gate asks nothing: give noNewFailures, successRate, alarms, driftFree, command or approval", g.Line)
		case len(kinds) > 1:
			return fmt.Errorf("line %d: one gate asks for %s: write a gate for each", g.Line, strings.Join(kinds, " and "))
		case g.SuccessRate < 0 || g.SuccessRate > 100:
			return fmt.Errorf("line %d: a successRate of %d %% can never be reached: want 1 to 100", g.Line, g.SuccessRate)
		case time.Duration(g.Timeout) < 0:
			return fmt.Errorf("line %d: timeout must not be negative", g.Line)
		case g.Timeout != 0 && len(g.Command) == 0 && g.Approval == "":
			return fmt.Errorf("line %d: timeout is for a command or an approval", g.Line)
		case len(g.Command) > 0 && g.Command[0] == "":
			return fmt.Errorf("line %d: the command has no name", g.Line)
		case slices.Contains(g.Alarms, ""):
			return fmt.Errorf("line %d: an alarm has no name", g.Line)
		}
	}
	return nil
}

var ouForm = regexp.MustCompile(`^(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})$`)

func (f *File) checkPhases() error {
	names, accounts := map[string]int{}, map[fleet.AccountID]PhaseSpec{}
	rest, percent := 0, 0
	for i := range f.Phases {
		p := &f.Phases[i]
		if p.Name == "" {
			p.Name = fmt.Sprintf("phase %d", i+1)
		}
		if line, twice := names[p.Name]; twice {
			return fmt.Errorf("line %d: two phases are called %q, the other at line %d", p.Line, p.Name, line)
		}
		names[p.Name] = p.Line
		if err := p.check(); err != nil {
			return fmt.Errorf("line %d: %w", p.Line, err)
		}
		if err := checkGates(p.Gates); err != nil {
			return err
		}
		for _, id := range p.Accounts {
			other, twice := accounts[id]
			if twice && (len(p.Regions) == 0 || len(other.Regions) == 0 || slices.ContainsFunc(p.Regions, func(r fleet.Region) bool { return slices.Contains(other.Regions, r) })) {
				return fmt.Errorf("line %d: account %s is in the phase %q at line %d already", p.Line, id, other.Name, other.Line)
			}
			accounts[id] = *p
		}
		if p.Rest {
			if rest++; rest > 1 {
				return fmt.Errorf("line %d: two phases are for the rest", p.Line)
			}
			if i != len(f.Phases)-1 {
				return fmt.Errorf("line %d: the phase for the rest must be the last: nothing is left after it", p.Line)
			}
		}
		if p.draws() {
			if percent += p.Percentage; percent > 100 {
				return fmt.Errorf("line %d: the percentages add up to %d", p.Line, percent)
			}
		}
	}
	return nil
}

// chooses reports whether the phase chooses accounts by what they are.
func (p *PhaseSpec) chooses() bool { return len(p.Accounts)+len(p.OUs)+len(p.Tags) > 0 }

// draws reports whether the phase draws from all target accounts.
func (p *PhaseSpec) draws() bool { return p.Percentage > 0 && !p.chooses() }

func (p *PhaseSpec) check() error {
	switch {
	case p.Rest && (p.chooses() || p.Percentage > 0):
		return errors.New("the phase for the rest chooses nothing itself")
	case !p.Rest && !p.chooses() && p.Percentage == 0:
		return errors.New("the phase chooses nothing: give accounts, ous, tags, percentage or rest")
	case p.Percentage < 0 || p.Percentage > 100:
		return fmt.Errorf("percentage %d must be from 1 to 100", p.Percentage)
	case time.Duration(p.Bake) < 0:
		return errors.New("bake must not be negative")
	}
	for _, id := range p.Accounts {
		if !id.Valid() {
			return fmt.Errorf("account %q has not the form of an account id: 12 digits, in quotes", id)
		}
	}
	for _, ou := range append(slices.Clone(p.OUs), fleet.SortedKeys(p.RegionsByOU)...) {
		if !ouForm.MatchString(string(ou)) {
			return fmt.Errorf("%q has not the form of an OU id such as ou-ab12-34567890", ou)
		}
	}
	for ou, regions := range p.RegionsByOU {
		if len(regions) == 0 {
			return fmt.Errorf("regionsByOU names no region for %s", ou)
		}
	}
	regions := slices.Clone(p.Regions)
	for _, more := range p.RegionsByOU {
		regions = append(regions, more...)
	}
	for _, region := range regions {
		if !policy.PlausibleRegion(region) {
			return fmt.Errorf("%q is no region's name", region)
		}
	}
	if err := p.Preferences.check(); err != nil {
		return fmt.Errorf("preferences: %w", err)
	}
	return nil
}

// NeedsTags reports whether a phase looks at the accounts' tags.
func (f *File) NeedsTags() bool {
	return slices.ContainsFunc(f.Phases, func(p PhaseSpec) bool { return len(p.Tags) > 0 })
}

// articlePhases are those of AWS's article: a pilot at full speed without tolerance,
// early adopters, and the rest.
func articlePhases() []PhaseSpec {
	gates := func() []Gate { return []Gate{{NoNewFailures: true}} }
	return []PhaseSpec{
		{Name: "pilot", Percentage: 10, Preferences: numbers(100, 0, fleet.RegionsSequential), Gates: gates()},
		{Name: "early adopters", Percentage: 30, Preferences: numbers(25, 5, fleet.RegionsParallel), Gates: gates()},
		{Name: "the rest", Rest: true, Preferences: numbers(40, 10, fleet.RegionsParallel)},
	}
}
