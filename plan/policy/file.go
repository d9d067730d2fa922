package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/setmend/setmend/fleet"
)

// Parse reads a policy file. It is strict: a field it does not know, a
// value out of range, a pattern that cannot match are errors that name the line
// and, where it can be guessed, what was meant. What the file leaves out is as
// in [Default]. An empty file is the default policy.
func Parse(text []byte) (*Policy, error) {
	root, err := parseDocument(text)
	if err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	policy := Default()
	if root == nil {
		return policy, nil
	}
	if err := checkFields(root, reflect.TypeFor[Policy](), ""); err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	if err := root.Decode(policy); err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	if err := policy.check(); err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	return policy, nil
}

// parseDocument is the file's only document, nil if it is empty.
func parseDocument(text []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, errors.New("the file holds more than one YAML document")
	}
	root := document.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	return root, nil
}

// checkFields finds the first mapping key that the type has no field for.
func checkFields(node *yaml.Node, t reflect.Type, at string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch {
	case node.Kind == yaml.SequenceNode && t.Kind() == reflect.Slice:
		for _, item := range node.Content {
			if item.Tag == "!!null" {
				return fmt.Errorf("line %d: an empty list item%s", item.Line, at)
			}
			if err := checkFields(item, t.Elem(), at); err != nil {
				return err
			}
		}
	case node.Kind == yaml.MappingNode && t.Kind() == reflect.Struct:
		return checkMapping(node, t, at)
	}
	return nil
}

func checkMapping(node *yaml.Node, t reflect.Type, at string) error {
	fields := yamlFields(t)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		field, ok := fields[key.Value]
		if !ok {
			names := fleet.SortedKeys(fields)
			hint := DidYouMean(key.Value, names, "Known here: "+strings.Join(names, ", ")+".")
			return fmt.Errorf("line %d: unknown field %q%s. %s", key.Line, key.Value, at, hint)
		}
		if err := checkFields(value, field, " in "+key.Value); err != nil {
			return err
		}
	}
	return nil
}

// yamlFields lists a struct's fields by their names in YAML.
func yamlFields(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if options == "inline" {
			for inner, of := range yamlFields(field.Type) {
				fields[inner] = of
			}
		} else if name != "" && name != "-" {
			fields[name] = field.Type
		}
	}
	return fields
}

// UnmarshalYAML reads an entry and notes where it stands, for problems found later.
func (e *Entry) UnmarshalYAML(node *yaml.Node) error {
	type plain Entry // without this method
	if err := node.Decode((*plain)(e)); err != nil {
		return err
	}
	e.Line = node.Line
	return nil
}

// check says what is wrong with values that parsed.
func (p *Policy) check() error {
	if p.Version != 1 {
		return fmt.Errorf("version %d is not known: this setmend reads version 1", p.Version)
	}
	if err := p.Accounts.check(); err != nil {
		return err
	}
	if !slices.Contains([]Escalation{EscalateRetry, EscalateRevert, EscalateRedeploy}, p.Escalation) {
		return fmt.Errorf("escalation is %q: want retry, revert or redeploy", p.Escalation)
	}
	if p.Limits.RunningInstances < 1 {
		return errors.New("limits.runningInstances must be at least 1")
	}
	if err := p.Exclude.check(); err != nil {
		return err
	}
	if err := p.Defaults.check(); err != nil {
		return fmt.Errorf("defaults: %w", err)
	}
	for _, entry := range p.StackSets {
		if err := entry.check(); err != nil {
			return fmt.Errorf("line %d: %w", entry.Line, err)
		}
	}
	return nil
}

func (a Accounts) check() error {
	for _, choice := range []struct {
		name  string
		value Disposal
		other Disposal
	}{
		{"suspended", a.Suspended, Detach}, {"closed", a.Closed, Detach}, {"left", a.Left, Detach},
		{"moved", a.Moved, Remove}, {"excluded", a.Excluded, Remove},
	} {
		if choice.value != Hold && choice.value != choice.other {
			return fmt.Errorf("accounts.%s is %q: want %s or hold", choice.name, choice.value, choice.other)
		}
	}
	return nil
}

var ouForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})$`)
})

func (e Exclusion) check() error {
	for _, account := range e.Accounts {
		if !account.Valid() {
			return fmt.Errorf("account %q has not the form of an account id: 12 digits, in quotes", account)
		}
	}
	return checkOUs(e.OUs)
}

func checkOUs(ous []fleet.OUID) error {
	for _, ou := range ous {
		if !ouForm().MatchString(string(ou)) {
			return fmt.Errorf("%q has not the form of an OU id such as ou-ab12-34567890, or a root id such as r-ab12", ou)
		}
	}
	return nil
}

func (e Entry) check() error {
	if len(e.Match) == 0 {
		return errors.New("the entry matches no stack set: give match a name or pattern")
	}
	for _, pattern := range e.Match {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			return fmt.Errorf("match %q is no pattern: want a name, with * for any letters and ? for one", pattern)
		}
	}
	return e.Settings.check()
}

func (s Settings) check() error {
	checks := []func() error{s.checkHealing, s.checkPlaces, s.checkNumbers, s.checkPreferences, s.checkQuietHours, s.checkRules}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (s Settings) checkHealing() error {
	known := []Healing{HealRevert, HealRedeploy, HealNotify, HealOff}
	if s.Healing != nil && !slices.Contains(known, *s.Healing) {
		return fmt.Errorf("healing is %q: want revert, redeploy, notify or off", *s.Healing)
	}
	if s.DataLoss != nil && *s.DataLoss != AllowDataLoss && *s.DataLoss != RefuseDataLoss {
		return fmt.Errorf("dataLoss is %q: want allow or refuse", *s.DataLoss)
	}
	return nil
}

func (s Settings) checkPlaces() error {
	if s.Exclude != nil {
		if err := s.Exclude.check(); err != nil {
			return err
		}
	}
	if s.OUs != nil {
		if err := checkOUs(*s.OUs); err != nil {
			return err
		}
	}
	if s.Targets == nil {
		return nil
	}
	if s.OUs != nil || s.Regions != nil {
		return errors.New("targets name OUs and regions themselves: leave ous and regions out beside them")
	}
	if len(*s.Targets) == 0 {
		return errors.New("targets is empty: name at least one, or leave it out")
	}
	for _, target := range *s.Targets {
		if err := target.check(); err != nil {
			return err
		}
	}
	return nil
}

func (t Target) check() error {
	if len(t.Regions) == 0 {
		return errors.New("a target names no region")
	}
	if len(t.OUs)+len(t.Accounts) == 0 {
		return errors.New("a target names neither OUs nor accounts")
	}
	return Exclusion{Accounts: t.Accounts, OUs: t.OUs}.check()
}

func (s Settings) checkNumbers() error {
	if s.CanaryFrom != nil && *s.CanaryFrom < 2 {
		return errors.New("canaryFrom must be at least 2: a canary is one cell ahead of others")
	}
	if q := s.Quarantine; q != nil && q.Heals != nil && *q.Heals < 1 {
		return errors.New("quarantine.heals must be at least 1")
	}
	if s.DriftMaxAge != nil && *s.DriftMaxAge == 0 {
		return errors.New("driftMaxAge must be more than 0")
	}
	return nil
}

func (s Settings) checkPreferences() error {
	p := s.Preferences
	if p == nil {
		return nil
	}
	if c := p.RegionConcurrency; c != nil && *c != fleet.RegionsParallel && *c != fleet.RegionsSequential {
		return fmt.Errorf("regionConcurrency is %q: want PARALLEL or SEQUENTIAL", *c)
	}
	if m := p.ConcurrencyMode; m != nil && *m != fleet.SoftFailureTolerance && *m != fleet.StrictFailureTolerance {
		return fmt.Errorf("concurrencyMode is %q: want SOFT_FAILURE_TOLERANCE or STRICT_FAILURE_TOLERANCE", *m)
	}
	if n := p.FailureTolerancePercentage; n != nil && (*n < 0 || *n > 100) {
		return errors.New("failureTolerancePercentage must be from 0 to 100")
	}
	if n := p.MaxConcurrentPercentage; n != nil && (*n < 1 || *n > 100) {
		return errors.New("maxConcurrentPercentage must be from 1 to 100")
	}
	return nil
}

func (s Settings) checkQuietHours() error {
	if s.QuietHours == nil {
		return nil
	}
	for _, quiet := range *s.QuietHours {
		if err := quiet.check(); err != nil {
			return err
		}
	}
	return nil
}

func (s Settings) checkRules() error {
	if s.IgnoreDrift != nil && slices.Contains(*s.IgnoreDrift, DriftRule{}) {
		return errors.New("a rule of ignoreDrift is empty: it would ignore all drift; set healing to off instead")
	}
	if s.CountDrift != nil && slices.Contains(*s.CountDrift, DriftRule{}) {
		return errors.New("a rule of countDrift is empty: name a resourceType, * for all that AWS reports wrongly")
	}
	return nil
}
