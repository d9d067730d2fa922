// Package explain gathers all there is to say of a cell or a stack set, for a person who
// asks.
package explain

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/drift"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/observe"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/report"
)

// Question is a cell to be explained, with the reading it is asked of.
type Question struct {
	Fleet      *fleet.Fleet
	Assessment *plan.Assessment
	Plan       *plan.Plan
	Policy     *policy.Policy
	Memory     plan.Memory
	Cell       fleet.Cell
}

// Story is all there is to say of a cell.
type Story struct {
	plan.Assessed
	Instance  *fleet.Instance   `json:"instance,omitempty"`
	Overrides []fleet.Parameter `json:"overrides,omitempty"` // NoEcho values are masked by AWS
	// Drift is what counts of the drifted resources, Ignored what the policy's
	// rules leave out, Noise what AWS reports although nothing was changed.
	Drift   []fleet.ResourceDrift `json:"drift,omitempty"`
	Ignored []fleet.ResourceDrift `json:"ignored,omitempty"`
	Noise   []drift.Noise         `json:"noise,omitempty"`
	// Rules are what tags and policy say of the stack set, with where each comes from.
	Rules []string `json:"rules,omitempty"`
	// Running are the stack set's operations under way.
	Running []fleet.Operation `json:"running,omitempty"`
	Tried   []plan.Heal       `json:"tried,omitempty"`
	// Quarantined is when the cell was given up, Released whether a person has
	// asked to try again since.
	Quarantined time.Time `json:"quarantined,omitzero"`
	Released    bool      `json:"released,omitempty"`
	// Approvals are the guards that hold, or held, the stack set or the whole run,
	// with their answers.
	Approvals []report.Approval `json:"approvals,omitempty"`
	// Saved are the copies of the cell's overrides from before deletions.
	Saved []SavedOverride `json:"saved,omitempty"`
	Next  string          `json:"next"`
}

// SavedOverride is one durable copy of a cell's overrides.
type SavedOverride struct {
	At        time.Time         `json:"at"`
	Run       string            `json:"run"`
	Overrides []fleet.Parameter `json:"overrides"`
	Pending   bool              `json:"pending,omitempty"` // not created again yet
}

// Cell returns a cell's story. It reads what the fleet does not hold: its overrides
// and, if it has drifted, what has.
func Cell(ctx context.Context, cloud observe.Reader, j record.Journal, q Question) (*Story, error) {
	s := &Story{Assessed: plan.Assessed{Cell: q.Cell, Desire: plan.May, Because: "No rule asks for an instance here.",
		Verdict: plan.Healthy, Reason: "No instance is there, and none must be."}}
	if found := q.Assessment.Find(q.Cell); found != nil {
		s.Assessed = *found
	}
	s.remember(q)
	if err := s.recall(ctx, j, q); err != nil {
		return nil, err
	}
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
		var all []fleet.ResourceDrift
		all, err = observe.DetailsOf(ctx, cloud, q.Cell, instance)
		s.Drift, s.Ignored, s.Noise = q.Policy.For(q.Fleet.StackSets[q.Cell.StackSet].StackSet).FilterDrift(all)
	}
	return s, err
}

// remember adds what follows from the reading and the memory alone.
func (s *Story) remember(q Question) {
	memory := q.Memory.Cells[q.Cell]
	s.Tried = memory.Heals
	s.Quarantined, s.Released = memory.Quarantined, !memory.Quarantined.IsZero() && !memory.Quarantined.After(memory.Released)
	if inventory := q.Fleet.StackSets[q.Cell.StackSet]; inventory != nil {
		s.Rules, s.Running = rules(q.Policy.For(inventory.StackSet)), inventory.Running
	}
}

// recall adds what the journal holds: questions to people, and saved overrides.
func (s *Story) recall(ctx context.Context, j record.Journal, q Question) error {
	approvals, err := record.Approvals(ctx, j)
	if err != nil {
		return err
	}
	for _, a := range approvals {
		if a.StackSet == "" || a.StackSet == q.Cell.StackSet {
			s.Approvals = append(s.Approvals, a)
		}
	}
	saved, err := record.SavedOverrides(ctx, j)
	if err != nil {
		return err
	}
	for _, copied := range saved {
		overrides, there := copied.OverridesOf(q.Cell.Target)
		if copied.StackSet != q.Cell.StackSet || !there {
			continue
		}
		s.Saved = append(s.Saved, SavedOverride{At: copied.At, Run: copied.Run, Overrides: maskNoEcho(q, overrides),
			Pending: slices.Contains(copied.Pending, q.Cell.Target)})
	}
	slices.SortFunc(s.Saved, func(a, b SavedOverride) int { return a.At.Compare(b.At) })
	return nil
}

// maskNoEcho hides values that the template calls secret, should AWS not have.
func maskNoEcho(q Question, overrides []fleet.Parameter) []fleet.Parameter {
	masked := slices.Clone(overrides)
	for i := range masked {
		if q.Fleet.StackSets[q.Cell.StackSet] != nil && slices.Contains(q.Fleet.StackSets[q.Cell.StackSet].StackSet.NoEcho, masked[i].Key) {
			masked[i].Value = "****"
		}
	}
	return masked
}

// next says what the next run will do with the cell.
func next(q Question, cell plan.Assessed) string {
	for _, action := range q.Plan.Actions {
		if action.StackSet == cell.StackSet && slices.Contains(action.Targets, cell.Target) {
			return fmt.Sprintf("The next heal will %s it. %s", action.Remedy, action.Reason)
		}
		if action.StackSet == cell.StackSet && action.Stage == plan.StageDetect && cell.Verdict == plan.Drifted && cell.Remedy != "" {
			return fmt.Sprintf("The next heal will have AWS check its drift again, since the last check is too old to act on, and %s it if it still differs.", cell.Remedy)
		}
	}
	for _, trip := range q.Plan.Guards {
		if !trip.Accepted && (trip.StackSet == "" || trip.StackSet == cell.StackSet) && cell.Verdict != plan.Healthy {
			return fmt.Sprintf("Nothing, while the guard %s stands. %s %s", trip.Guard, trip.Reason, trip.Hint)
		}
	}
	switch {
	case cell.Remedy != "" && cell.NotBefore.After(q.Assessment.At):
		return fmt.Sprintf("A heal will %s it, at %s at the earliest: heals of one cell back off.", cell.Remedy, cell.NotBefore.UTC().Format("2006-01-02 15:04 UTC"))
	case cell.Verdict == plan.Healthy:
		return "Nothing: it is healthy."
	case cell.Verdict == plan.NotChecked:
		return "The next heal will have AWS check its drift, and put right what it finds."
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
	// Unseen is what AWS's drift detection cannot see of the set's resources, by type.
	Unseen    []string        `json:"unseen,omitempty"`
	Counts    plan.Counts     `json:"counts"`
	Attention []plan.Assessed `json:"attention"`
}

// Set returns which rules hold for a stack set and which cells need a person.
func Set(f *fleet.Fleet, a *plan.Assessment, p *policy.Policy, name fleet.StackSetName) SetStory {
	set := f.StackSets[name].StackSet
	of := p.For(set)
	s := SetStory{Name: name, PermissionModel: set.PermissionModel, Rules: rules(of), Attention: []plan.Assessed{}}
	unseen := drift.BlindSpots(set.Template.Types)
	for _, resource := range fleet.SortedKeys(unseen) {
		s.Unseen = append(s.Unseen, resource+": "+unseen[resource])
	}
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

func rules(p policy.Set) []string {
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
	if p.CheckTemplates {
		list = append(list, "its stacks' own templates are compared with its own"+from("checkTemplates"))
	}
	if len(p.IgnoreDrift) > 0 {
		list = append(list, fmt.Sprintf("ignores drift by %s%s", counted(len(p.IgnoreDrift), "rule"), from("ignoreDrift")))
	}
	if len(p.CountDrift) > 0 {
		list = append(list, fmt.Sprintf("counts drift that AWS is known to report wrongly by %s%s", counted(len(p.CountDrift), "rule"), from("countDrift")))
	}
	list = append(list, fmt.Sprintf("given up after %s within %s that failed or did not last%s", counted(p.Quarantine.Heals, "heal"), spanText(p.Quarantine.Window), from("quarantine")))
	return append(list, fmt.Sprintf("drift checks are trusted for %s%s", spanText(p.DriftMaxAge), from("driftMaxAge")))
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// spanText is a span of time without the zeros at its end: 24h, not 24h0m0s.
func spanText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
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
