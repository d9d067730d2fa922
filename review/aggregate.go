package review

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/setmend/setmend/fleet"
)

// Effect is one thing that an update would do, and in how many instances.
type Effect struct {
	// Text says what, in one line; Severity how much a person must care.
	Text     string       `json:"text"`
	Severity Severity     `json:"severity"`
	Cells    []fleet.Cell `json:"cells"`
	Accounts int          `json:"accounts"`
}

// Severity is how much care an effect needs.
type Severity int

const (
	Plain     Severity = iota
	Notice             // something stays as it was changed by hand, or could not be looked at
	Overwrite          // what was changed by hand is overwritten
	Replace            // a resource is replaced or removed
	Fails              // AWS refuses the update
)

// Aggregate adds up what an update would do over all variants, what needs most care
// first, then what concerns most instances.
func Aggregate(variants []Variant) []Effect {
	effects := map[string]*Effect{}
	for i := range variants {
		v := &variants[i]
		for _, e := range v.effects() {
			text := neutral(e.Text, v.Sample.Target)
			if effects[text] == nil {
				effects[text] = &Effect{Text: text, Severity: e.Severity}
			}
			effects[text].Cells = append(effects[text].Cells, v.Cells...)
		}
	}
	var list []Effect
	for _, text := range fleet.SortedKeys(effects) {
		e := effects[text]
		slices.SortFunc(e.Cells, fleet.Cell.Compare)
		e.Cells = slices.Compact(e.Cells)
		accounts := map[fleet.AccountID]bool{}
		for _, c := range e.Cells {
			accounts[c.Account] = true
		}
		e.Accounts = len(accounts)
		list = append(list, *e)
	}
	slices.SortStableFunc(list, func(a, b Effect) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(len(b.Cells), len(a.Cells)))
	})
	return list
}

// Unchanged counts the instances in which an update would change nothing.
func Unchanged(variants []Variant) int {
	n := 0
	for _, v := range variants {
		if v.Failed == "" && len(v.Standard.Changes) == 0 {
			n += len(v.Cells)
		}
	}
	return n
}

// effects lists what the update would do in the variant's instances.
func (v *Variant) effects() []Effect {
	if v.Failed != "" {
		return []Effect{{Text: "the update would be refused: " + v.Failed, Severity: Fails}}
	}
	var list []Effect
	touched := map[string]bool{}
	for _, c := range v.Standard.Changes {
		list = append(list, v.resourceEffects(c, touched)...)
	}
	for _, d := range v.Drift {
		if d.Ignored == "" && !touched[d.LogicalID+d.Property] {
			list = append(list, Effect{Text: "leaves what was changed by hand: " + d.Text(), Severity: Notice})
		}
	}
	return list
}

// resourceEffects says what happens to a resource, a line for each property.
func (v *Variant) resourceEffects(c fleet.ResourceChange, touched map[string]bool) []Effect {
	name := fmt.Sprintf("%s (%s)", c.LogicalID, c.ResourceType)
	switch c.Action {
	case "Add":
		return []Effect{{Text: "add " + name}}
	case "Remove":
		return []Effect{{Text: "REMOVE " + name, Severity: Replace}}
	}
	verb, severity := "modify", Plain
	switch c.Replacement {
	case "True":
		verb, severity = "REPLACE", Replace
	case "Conditional":
		verb, severity = "perhaps REPLACE", Replace
	}
	if v.gone(c.LogicalID) {
		touched[c.LogicalID] = true
		return []Effect{{Text: fmt.Sprintf("%s %s, which is gone: the update would fail or leave it so", verb, name), Severity: Fails}}
	}
	if len(c.Properties) == 0 {
		return []Effect{{Text: verb + " " + name, Severity: severity}}
	}
	var list []Effect
	for _, p := range c.Properties {
		e := Effect{Text: fmt.Sprintf("%s %s: %s", verb, name, changeText(p)), Severity: severity}
		if d := v.drifted(c.LogicalID, p.Path); d != nil {
			touched[d.LogicalID+d.Property] = true
			e = v.threeWay(verb, name, p, *d, severity)
		}
		list = append(list, e)
	}
	return list
}

func changeText(p fleet.PropertyChange) string {
	at := strings.TrimPrefix(p.Path, "/")
	switch p.Kind {
	case "Add":
		return fmt.Sprintf("%s + %s", at, p.After)
	case "Remove":
		return fmt.Sprintf("%s - %s", at, p.Before)
	case "SyncWithActual":
		return fmt.Sprintf("%s is %s already; only CloudFormation's record changes", at, p.After)
	}
	if p.Before == "" && p.After == "" {
		return at
	}
	return fmt.Sprintf("%s %s → %s", at, p.Before, p.After)
}

// threeWay compares the previous template, the live state and the proposal.
func (v *Variant) threeWay(verb, name string, p fleet.PropertyChange, d Difference, severity Severity) Effect {
	after := p.After
	if aware := v.aware(d.LogicalID, p.Path); aware != nil {
		if aware.Kind == "SyncWithActual" {
			return Effect{Text: fmt.Sprintf("%s is %s by hand already, as proposed (template so far %s): only CloudFormation's record changes", at(name, p), d.Actual, d.Expected), Severity: Plain}
		}
		if aware.After != "" {
			after = aware.After
		}
	}
	if after == d.Actual {
		return Effect{Text: fmt.Sprintf("%s is %s by hand already, as proposed (template so far %s): only CloudFormation's record changes", at(name, p), d.Actual, d.Expected), Severity: Plain}
	}
	if severity < Overwrite {
		severity = Overwrite
	}
	if p.Kind == "Remove" {
		after = "nothing"
	}
	return Effect{Text: fmt.Sprintf("%s %s: would OVERWRITE what was changed by hand: %s %s → %s (template so far %s)", verb, name, strings.TrimPrefix(p.Path, "/"), d.Actual, after, d.Expected), Severity: severity}
}

func at(name string, p fleet.PropertyChange) string {
	return name + ": " + strings.TrimPrefix(p.Path, "/")
}

// drifted finds the sample's difference that a change of a property meets: of the
// property itself, or of a part of it.
func (v *Variant) drifted(logicalID, path string) *Difference {
	for i, d := range v.Drift {
		if d.LogicalID == logicalID && d.Property != "" && (d.Property == path || strings.HasPrefix(d.Property, path+"/") || strings.HasPrefix(path, d.Property+"/")) {
			return &v.Drift[i]
		}
	}
	return nil
}

func (v *Variant) gone(logicalID string) bool {
	return slices.ContainsFunc(v.Drift, func(d Difference) bool { return d.LogicalID == logicalID && d.Status == fleet.ResourceDeleted })
}

// aware finds what the drift-aware change set says of a property.
func (v *Variant) aware(logicalID, path string) *fleet.PropertyChange {
	for _, c := range v.Aware.Changes {
		if c.LogicalID != logicalID {
			continue
		}
		for i := range c.Properties {
			if c.Properties[i].Path == path {
				return &c.Properties[i]
			}
		}
	}
	return nil
}
