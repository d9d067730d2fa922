package heal

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// Question is a cell to be explained, with the reading it is asked of.
type Question struct {
	Fleet      *fleet.Fleet
	Assessment *plan.Assessment
	Plan       *plan.Plan
	Policy     *plan.Policy
	Memory     plan.Memory
	Cell       fleet.Cell
}

// Story is all there is to say of a cell.
type Story struct {
	plan.Assessed
	Instance  *fleet.Instance       `json:"instance,omitempty"`
	Overrides []fleet.Parameter     `json:"overrides,omitempty"` // NoEcho values are masked by AWS
	Drift     []fleet.ResourceDrift `json:"drift,omitempty"`
	Tried     []plan.Heal           `json:"tried,omitempty"`
	Next      string                `json:"next"`
}

// Explain tells a cell's story, reading what the fleet does not hold: its
// overrides and, if it has drifted, what has.
func Explain(ctx context.Context, cloud Reader, j Journal, q Question) (*Story, error) {
	s := &Story{Assessed: plan.Assessed{Cell: q.Cell, Desire: plan.May, Because: "No rule asks for an instance here.",
		Verdict: plan.Healthy, Reason: "No instance is there, and none must be."}}
	if found := index(q.Assessment)[q.Cell]; found != nil {
		s.Assessed = *found
	}
	s.Tried = q.Memory.Cells[q.Cell].Heals
	s.Next = next(q, s.Assessed)
	if _, there := q.Fleet.StackSets[q.Cell.StackSet].Instances[q.Cell.Target]; !there {
		return s, nil
	}
	instance, err := cloud.Instance(ctx, q.Cell)
	if err != nil {
		return nil, err
	}
	s.Instance, s.Overrides = &instance, maskNoEcho(q, instance.Overrides)
	if instance.Drift == fleet.DriftDrifted {
		s.Drift, err = lastDrift(ctx, cloud, q.Cell)
	}
	return s, err
}

// lastDrift reads a cell's drift as of the stack set's last drift detection.
func lastDrift(ctx context.Context, cloud Reader, cell fleet.Cell) ([]fleet.ResourceDrift, error) {
	operations, err := cloud.Recent(ctx, cell.StackSet, 100)
	if err != nil {
		return nil, err
	}
	for _, operation := range operations {
		if operation.Kind != fleet.OperationDetectDrift || !operation.Status.Ended() {
			continue
		}
		drift, err := cloud.ResourceDrifts(ctx, cell, operation.ID)
		if fleet.KindOf(err) == fleet.NotFound {
			return nil, nil // made after that detection
		}
		return slices.DeleteFunc(drift, func(d fleet.ResourceDrift) bool { return d.Status == fleet.ResourceInSync }), err
	}
	return nil, nil
}

// maskNoEcho hides values that the template calls secret, should AWS not have.
func maskNoEcho(q Question, overrides []fleet.Parameter) []fleet.Parameter {
	masked := slices.Clone(overrides)
	for i := range masked {
		if slices.Contains(q.Fleet.StackSets[q.Cell.StackSet].StackSet.NoEcho, masked[i].Key) {
			masked[i].Value = "****"
		}
	}
	return masked
}

// next says what the next run will do with the cell.
func next(q Question, cell plan.Assessed) string {
	for _, action := range q.Plan.Actions {
		if action.StackSet == cell.StackSet && slices.Contains(action.Targets, cell.Target) {
			return fmt.Sprintf("The next heal will %s it. %s", action.Rung, action.Reason)
		}
	}
	for _, trip := range q.Plan.Trips {
		if !trip.Accepted && (trip.StackSet == "" || trip.StackSet == cell.StackSet) && cell.Verdict != plan.Healthy {
			return fmt.Sprintf("Nothing, while the guard %s stands. %s %s", trip.Guard, trip.Reason, trip.Hint)
		}
	}
	switch {
	case cell.Verdict == plan.Healthy:
		return "Nothing: it is healthy."
	case cell.Attention:
		return strings.TrimSpace("Nothing by itself: a person is needed. " + cell.Hint)
	}
	return "Nothing is planned."
}

// SetStory is a stack set in brief.
type SetStory struct {
	Name            fleet.StackSetName    `json:"name"`
	PermissionModel fleet.PermissionModel `json:"permissionModel"`
	Rules           []string              `json:"rules"`
	Counts          plan.Counts           `json:"counts"`
	Attention       []plan.Assessed       `json:"attention"`
}

// ExplainSet tells which rules hold for a stack set and which cells need a person.
func ExplainSet(f *fleet.Fleet, a *plan.Assessment, p *plan.Policy, name fleet.StackSetName) SetStory {
	set := f.StackSets[name].StackSet
	policy := p.For(set)
	s := SetStory{Name: name, PermissionModel: set.PermissionModel, Rules: rules(policy), Attention: []plan.Assessed{}}
	var cells []plan.Assessed
	for _, cell := range a.Cells {
		if cell.StackSet != name {
			continue
		}
		cells = append(cells, cell)
		if cell.Attention {
			s.Attention = append(s.Attention, cell)
		}
	}
	s.Counts = plan.Count(cells)
	return s
}

func rules(p plan.SetPolicy) []string {
	from := func(name string) string {
		if p.From[name] == "" {
			return " (by default)"
		}
		return " (" + p.From[name] + ")"
	}
	list := []string{
		fmt.Sprintf("mandatory: %t%s", p.Mandatory, from("mandatory")),
		fmt.Sprintf("healing: %s%s", p.Healing, from("healing")),
	}
	if len(p.DependsOn) > 0 {
		list = append(list, fmt.Sprintf("depends on: %s%s", join(p.DependsOn), from("dependsOn")))
	}
	if len(p.AntiDependsOn) > 0 {
		list = append(list, fmt.Sprintf("collides with: %s%s", join(p.AntiDependsOn), from("antiDependsOn")))
	}
	if p.MemberRole != "" {
		list = append(list, fmt.Sprintf("reverts in place as: %s%s", p.MemberRole, from("memberRole")))
	}
	if p.Protected {
		list = append(list, "protected: no stack of it is ever deleted"+from("protected"))
	}
	return append(list, fmt.Sprintf("drift checks are trusted for %s%s", p.DriftMaxAge, from("driftMaxAge")))
}

func join(names []fleet.StackSetName) string {
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(name))
	}
	return b.String()
}
