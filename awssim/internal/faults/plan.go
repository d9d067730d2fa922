package faults

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// What a change can do to the world.
const (
	LoseRole       = "lose-role"       // account, role
	RestoreRole    = "restore-role"    // account, role
	AddSCP         = "add-scp"         // target, action, regions
	RemoveSCP      = "remove-scp"      // target, action
	Suspend        = "suspend"         // account
	Reactivate     = "reactivate"      // account
	Close          = "close"           // account
	Leave          = "leave"           // account
	Move           = "move"            // account, target (an OU)
	DisableRegion  = "disable-region"  // account, region
	EnableRegion   = "enable-region"   // account, region
	Drift          = "drift"           // stackSet, account, region, resource, property, value
	DeleteResource = "delete-resource" // stackSet, account, region, resource
)

// needs lists what each change must name.
var needs = map[string][]string{
	LoseRole:       {"account", "role"},
	RestoreRole:    {"account", "role"},
	AddSCP:         {"target", "action"},
	RemoveSCP:      {"target", "action"},
	Suspend:        {"account"},
	Reactivate:     {"account"},
	Close:          {"account"},
	Leave:          {"account"},
	Move:           {"account", "target"},
	DisableRegion:  {"account", "region"},
	EnableRegion:   {"account", "region"},
	Drift:          {"stackSet", "account", "region", "resource", "property"},
	DeleteResource: {"stackSet", "account", "region", "resource"},
}

// Change is something that happens to the world at a time, without any call.
type Change struct {
	// At is when it happens, counted from when the plan is loaded; Every, a second
	// or more, and Times repeat it, without Times for good.
	At    time.Duration `yaml:"at"`
	Every time.Duration `yaml:"every"`
	Times int           `yaml:"times"`
	// Do is one of the constants above; what it needs stands there.
	Do       string   `yaml:"do"`
	Account  string   `yaml:"account"`
	Region   string   `yaml:"region"`
	Regions  []string `yaml:"regions"`
	Role     string   `yaml:"role"`
	Target   string   `yaml:"target"`
	Action   string   `yaml:"action"`
	StackSet string   `yaml:"stackSet"`
	Resource string   `yaml:"resource"` // logical id
	Property string   `yaml:"property"` // JSON pointer, such as /DisplayName
	Value    any      `yaml:"value"`    // absent: the property goes
}

// Check tells what is wrong with a change.
func (c Change) Check() error {
	wanted, ok := needs[c.Do]
	if !ok {
		return fmt.Errorf("do %q is no change to the world", c.Do)
	}
	given := map[string]string{
		"account": c.Account, "role": c.Role, "target": c.Target, "action": c.Action, "region": c.Region,
		"stackSet": c.StackSet, "resource": c.Resource, "property": c.Property,
	}
	var missing []string
	for _, name := range wanted {
		if given[name] == "" {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	switch {
	case len(missing) > 0:
		return fmt.Errorf("%s needs %s", c.Do, strings.Join(missing, ", "))
	case c.At < 0 || c.Every < 0 || c.Times < 0 || c.Every > 0 && c.Every < time.Second:
		return fmt.Errorf("%s has a number out of range", c.Do)
	}
	return nil
}

// Plan is what is to go wrong.
type Plan struct {
	Faults  []Rule   `yaml:"faults"`
	Changes []Change `yaml:"changes"`
}

// Parse reads a plan from YAML, of which JSON is a part. What it does not know it
// refuses.
func Parse(text []byte) (Plan, error) {
	var p Plan
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&p); err != nil && !errors.Is(err, io.EOF) {
		return Plan{}, fmt.Errorf("reading faults: %w", err)
	}
	return p, p.Check()
}

// Check tells what is wrong with a plan.
func (p Plan) Check() error {
	for i, r := range p.Faults {
		if err := r.Check(); err != nil {
			return fmt.Errorf("fault %d: %w", i+1, err)
		}
	}
	for i, c := range p.Changes {
		if err := c.Check(); err != nil {
			return fmt.Errorf("change %d: %w", i+1, err)
		}
	}
	return nil
}
