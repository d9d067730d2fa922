package plan

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// Shown is how far a run may go: for each cell the harshest remedy that a person
// saw, or for every cell that a policy allows. The zero value allows nothing. It
// survives a round trip through JSON.
type Shown struct {
	// cells are those that were shown.
	cells map[fleet.Cell]Remedy
	// sets are the stack sets that anything was shown of: their drift may be
	// detected, which changes nothing.
	sets map[fleet.StackSetName]bool
	// upTo is what every cell may be healed with at most; "" if nothing is allowed
	// beyond the cells.
	upTo Remedy
}

// ShownBy returns what a person saw who saw the plan: for the cells of each action,
// those of dependents taken along too, the harsher of its remedy and the furthest.
func ShownBy(p *Plan) Shown {
	s := Shown{cells: map[fleet.Cell]Remedy{}, sets: map[fleet.StackSetName]bool{}}
	for _, a := range p.Actions {
		remedy := a.Remedy
		if a.Furthest.Harsher(remedy) {
			remedy = a.Furthest
		}
		for _, cell := range a.Cells() {
			s.show(cell, remedy)
		}
		for _, d := range a.Destroys {
			if d.Kind != DestroysDependent {
				continue
			}
			for _, t := range a.Targets { // seen as taken along by the furthest remedy
				s.show(fleet.Cell{StackSet: d.StackSet, Target: t}, RemedyRedeploy)
			}
		}
		for _, set := range a.touched() {
			s.sets[set] = true
		}
	}
	return s
}

// AllowedBy returns what a policy allows without a question: every healing up to
// its escalation, and the cleaning up that its accounts section asks for.
func AllowedBy(p *policy.Policy) Shown { return Shown{upTo: Remedy(p.Escalation)} }

func (s Shown) show(cell fleet.Cell, remedy Remedy) {
	if before, known := s.cells[cell]; !known || remedy.Harsher(before) {
		s.cells[cell] = remedy
	}
}

// Allows reports whether a remedy for a cell lies within what was shown. Giving a
// cell up always does: it sends AWS nothing.
func (s Shown) Allows(cell fleet.Cell, remedy Remedy) bool {
	switch shown := s.cells[cell]; {
	case !remedy.Writes():
		return true
	case remedy == RemedyDetect:
		return s.sets[cell.StackSet] || s.upTo != ""
	case s.upTo != "" && (remedy.cleansUp() || !remedy.Harsher(s.upTo)):
		return true
	default: // to end an instance for good is not what was shown of one to be healed, nor the reverse
		return shown != "" && shown.cleansUp() == remedy.cleansUp() && !remedy.Harsher(shown)
	}
}

// Split returns the parts of the plan that lie within and beyond what was shown,
// both sealed. An action of which some targets lie within is divided. A stack set
// that either part heals is verified in that part.
func (s Shown) Split(p *Plan) (within, beyond *Plan) {
	allowed := func(a Action, t fleet.Target) bool {
		if a.Remedy == RemedyDetect {
			return s.Allows(fleet.Cell{StackSet: a.StackSet}, a.Remedy)
		}
		if !s.Allows(fleet.Cell{StackSet: a.StackSet, Target: t}, a.Remedy) {
			return false
		}
		return !slices.ContainsFunc(a.dependentsAt(t), func(set fleet.StackSetName) bool {
			return !s.Allows(fleet.Cell{StackSet: set, Target: t}, a.Remedy)
		})
	}
	within = p.keep(allowed)
	beyond = p.keep(func(a Action, t fleet.Target) bool { return a.Stage == StageVerify || !allowed(a, t) })
	within.dropIdleVerification()
	beyond.dropIdleVerification()
	return within.seal(), beyond.seal()
}

// dependentsAt returns the dependents whose stacks at the target go along.
func (a Action) dependentsAt(t fleet.Target) []fleet.StackSetName {
	return slices.DeleteFunc(slices.Clone(a.Together), func(set fleet.StackSetName) bool {
		return !slices.ContainsFunc(a.Requests, func(r Request) bool {
			return r.StackSet == set && slices.Contains(r.Accounts, t.Account) && slices.Contains(r.Regions, t.Region)
		})
	})
}

// shownJSON is a Shown with its cells as lists: JSON objects have no keys of
// several parts.
type shownJSON struct {
	UpTo      Remedy                                     `json:"upTo,omitempty"`
	StackSets []fleet.StackSetName                       `json:"stackSets,omitempty"`
	Cells     map[fleet.StackSetName]map[Remedy][]string `json:"cells,omitempty"` // by stack set, then remedy
}

// MarshalJSON writes the cells by stack set and remedy, sorted.
func (s Shown) MarshalJSON() ([]byte, error) {
	v := shownJSON{UpTo: s.upTo, StackSets: fleet.SortedKeys(s.sets)}
	for cell, remedy := range s.cells {
		if v.Cells == nil {
			v.Cells = map[fleet.StackSetName]map[Remedy][]string{}
		}
		if v.Cells[cell.StackSet] == nil {
			v.Cells[cell.StackSet] = map[Remedy][]string{}
		}
		v.Cells[cell.StackSet][remedy] = append(v.Cells[cell.StackSet][remedy], cell.Target.String())
	}
	for _, remedies := range v.Cells {
		for _, targets := range remedies {
			slices.Sort(targets)
		}
	}
	return json.Marshal(v)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Shown) UnmarshalJSON(b []byte) error {
	var v shownJSON
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*s = Shown{upTo: v.UpTo, cells: map[fleet.Cell]Remedy{}, sets: map[fleet.StackSetName]bool{}}
	for _, set := range v.StackSets {
		s.sets[set] = true
	}
	for set, remedies := range v.Cells {
		for remedy, targets := range remedies {
			for _, text := range targets {
				target, err := fleet.ParseTarget(text)
				if err != nil {
					return fmt.Errorf("reading what was shown of %s: %w", set, err)
				}
				s.show(fleet.Cell{StackSet: set, Target: target}, remedy)
			}
		}
	}
	return nil
}
