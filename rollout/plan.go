package rollout

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
)

// Definition is what a stack set's stacks are made of.
type Definition struct {
	// Name follows from the rest.
	Name         string            `json:"name"`
	Template     string            `json:"template"`
	TemplateHash string            `json:"templateHash"`
	Declared     []string          `json:"declared,omitempty"`
	Parameters   []fleet.Parameter `json:"parameters,omitempty"` // all of them, sorted by key
	Capabilities []string          `json:"capabilities,omitempty"`
}

// Named returns the definition with its name.
func (d Definition) Named() Definition {
	d.Name = ""
	b, _ := json.Marshal(d) // strings only: cannot fail
	sum := sha256.Sum256(b)
	d.Name = hex.EncodeToString(sum[:8])
	return d
}

// Of reports whether a stack set has the definition. A masked value is taken for the
// same: AWS does not return it.
func (d Definition) Of(set fleet.StackSet) bool {
	if set.TemplateHash != d.TemplateHash {
		return false
	}
	have := map[string]fleet.Parameter{}
	for _, p := range set.Parameters {
		have[p.Key] = p
	}
	for _, p := range d.Parameters {
		if h, there := have[p.Key]; there && h.Value != p.Value && !h.Masked() && !p.Masked() && !p.UsePrevious {
			return false
		}
	}
	return true
}

// Change returns the definition as an update of the stack set.
func (d Definition) Change() fleet.SetChange {
	change := fleet.SetChange{Template: d.Template, Declared: d.Declared, Capabilities: d.Capabilities}
	for _, p := range d.Parameters {
		if !p.Masked() && !p.UsePrevious {
			change.Parameters = append(change.Parameters, p)
		}
	}
	return change
}

// PlannedPhase is a phase with what will be sent.
type PlannedPhase struct {
	Phase
	Requests []plan.Request `json:"requests"`
	// Pace is that in the region with most of the phase's accounts.
	Pace     Pace          `json:"pace"`
	Expected time.Duration `json:"expected"` // of the operations, without bake times and gates
}

// Plan is a rollout as it is shown, agreed to and carried out. Nothing changes it.
type Plan struct {
	StackSet  fleet.StackSetName `json:"stackSet"`
	Strategy  Strategy           `json:"strategy"`
	OnFailure OnFailure          `json:"onFailure"`
	// StackSetID distinguishes a set from one made later under its name.
	StackSetID string         `json:"stackSetId"`
	New        string         `json:"new"`      // names of definitions
	Previous   string         `json:"previous"` //
	Changes    []string       `json:"changes"`  // what differs between them, in words
	Phases     []PlannedPhase `json:"phases"`
	// Left are instances that an update does not reach, with the reason.
	Left map[string]string `json:"left,omitempty"`
	Hash string            `json:"hash"`
}

// stackTime is how long AWS takes for the update of one small stack: 20 to 60 s were
// seen.
const stackTime = 60 * time.Second

// Make plans a rollout of a definition. It fails if nothing would change, if an
// operation is under way on the set, or if the file does not fit the fleet.
func Make(f *fleet.Fleet, p *policy.Policy, file *File, set fleet.StackSetName, tags map[fleet.AccountID]map[string]string, next, previous Definition) (*Plan, error) {
	inventory := f.StackSets[set]
	if inventory == nil {
		return nil, fmt.Errorf("planning the rollout: there is no stack set %s", set)
	}
	if next.Name == previous.Name {
		return nil, fmt.Errorf("planning the rollout of %s: it has this template and these parameters already", set)
	}
	for _, o := range inventory.Running {
		return nil, fmt.Errorf("planning the rollout of %s: operation %s (%s) is under way on it", set, o.ID, o.Kind)
	}
	out := &Plan{StackSet: set, Strategy: file.Strategy, OnFailure: file.OnFailure, StackSetID: inventory.StackSet.ID, New: next.Name, Previous: previous.Name,
		Changes: differences(previous, next), Left: map[string]string{}}
	if err := undoable(out, next, previous); err != nil {
		return nil, err
	}
	targets := out.reachable(f, inventory)
	if len(targets) == 0 {
		return nil, fmt.Errorf("planning the rollout of %s: it has no instance that an update reaches", set)
	}
	phases, err := file.Divide(Scene{StackSet: set, Targets: targets, Organization: f.Organization, Tags: tags, Preferences: preferencesOf(p, inventory.StackSet)})
	if err != nil {
		return nil, err
	}
	for i, phase := range phases {
		if err := passable(phase, p.For(inventory.StackSet)); err != nil {
			return nil, err
		}
		planned := PlannedPhase{Phase: phase, Requests: plan.Reaching(f, p, set, phase.Targets, phase.Preferences)}
		if i == 0 {
			planned.Requests[0].Kind, planned.Requests[0].Definition = plan.RequestUpdateSet, next.Name
		}
		planned.Pace, planned.Expected = expected(planned)
		out.Phases = append(out.Phases, planned)
	}
	out.Hash = out.hash()
	return out, nil
}

// preferencesOf are those that the policy has for the set; what says how many may
// fail or run at once is the strategy's.
func preferencesOf(p *policy.Policy, set fleet.StackSet) fleet.Preferences {
	of := p.For(set).Preferences
	return fleet.Preferences{RegionOrder: of.RegionOrder}
}

// passable refuses gates that can never pass.
func passable(phase Phase, sp policy.Set) error {
	for _, g := range phase.Gates {
		if len(g.Alarms) > 0 && sp.MemberRole == "" {
			return fmt.Errorf("line %d: the gate of phase %q looks at alarms in the member accounts, and the policy names no memberRole for the stack set", g.Line, phase.Name)
		}
	}
	return nil
}

// undoable refuses a rollback that could not give back what was there.
func undoable(p *Plan, next, previous Definition) error {
	if p.OnFailure != RollBackOnFailure {
		return nil
	}
	for _, was := range previous.Parameters {
		if !was.Masked() {
			continue
		}
		if !slices.Contains(next.Declared, was.Key) {
			return fmt.Errorf("planning the rollout of %s: the new template drops the parameter %s, whose value AWS masks, so that a rollback could not give it back; set onFailure to stop", p.StackSet, was.Key)
		}
		for _, is := range next.Parameters {
			if is.Key == was.Key && !is.Masked() && !is.UsePrevious {
				return fmt.Errorf("planning the rollout of %s: it changes the parameter %s, whose value AWS masks, so that a rollback could not give it back; set onFailure to stop", p.StackSet, was.Key)
			}
		}
	}
	return nil
}

// reachable lists the targets that an update reaches, and notes the others.
func (p *Plan) reachable(f *fleet.Fleet, inventory *fleet.Inventory) []fleet.Target {
	var targets []fleet.Target
	for _, i := range inventory.List() {
		account, member := f.Organization.Accounts[i.Account]
		switch {
		case i.Status == fleet.InstanceInoperable:
			p.Left[i.Target.String()] = "it is inoperable"
		case member && account.State != fleet.AccountActive && account.State != fleet.AccountUnknown:
			p.Left[i.Target.String()] = "its account is " + strings.ToLower(string(account.State))
		case !member && inventory.StackSet.PermissionModel == fleet.ServiceManaged:
			p.Left[i.Target.String()] = "its account is not in the organization"
		default:
			targets = append(targets, i.Target)
		}
	}
	return targets
}

// expected works the pace and the time of a phase out.
func expected(p PlannedPhase) (Pace, time.Duration) {
	most, total := 0, time.Duration(0)
	for _, r := range p.Requests {
		n := len(r.Accounts)
		most = max(most, n)
		pace := PaceOf(p.Preferences, n)
		waves := (n + pace.AtOnce - 1) / pace.AtOnce
		if p.Preferences.RegionConcurrency != fleet.RegionsParallel {
			waves *= len(r.Regions)
		}
		total += time.Duration(waves) * stackTime
	}
	return PaceOf(p.Preferences, most), total
}

// differences says what differs between two definitions.
func differences(was, is Definition) []string {
	var list []string
	if was.TemplateHash != is.TemplateHash {
		list = append(list, "the template")
	}
	values := map[string]fleet.Parameter{}
	for _, p := range was.Parameters {
		values[p.Key] = p
	}
	for _, p := range is.Parameters {
		old, had := values[p.Key]
		switch {
		case p.UsePrevious || had && old.Value == p.Value:
		case p.Masked() || had && old.Masked():
			list = append(list, p.Key)
		case !had:
			list = append(list, fmt.Sprintf("%s = %s", p.Key, p.Value))
		default:
			list = append(list, fmt.Sprintf("%s %s → %s", p.Key, old.Value, p.Value))
		}
	}
	return list
}

func (p *Plan) hash() string {
	copied := *p
	copied.Hash = ""
	b, _ := json.Marshal(copied) // plain values: cannot fail
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Sealed reports whether the plan still is what its hash was computed from.
func (p *Plan) Sealed() bool { return p.Hash != "" && p.Hash == p.hash() }

// Targets counts the instances of all phases.
func (p *Plan) Targets() int {
	n := 0
	for _, phase := range p.Phases {
		n += len(phase.Targets)
	}
	return n
}

// Text writes the plan for a person.
func (p *Plan) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Rollout of %s (%s) to %d instances in %d phases: %s\n", p.StackSet, p.Strategy, p.Targets(), len(p.Phases), strings.Join(p.Changes, ", "))
	total := time.Duration(0)
	for i, phase := range p.Phases {
		fmt.Fprintf(&b, "\n%d. %s: %d instances in %d accounts, %s\n", i+1, phase.Name, len(phase.Targets), phase.Accounts(), operations(len(phase.Requests)))
		fmt.Fprintf(&b, "   %s; about %s\n", phase.Pace.text(phase.Preferences), round(phase.Expected))
		if phase.Bake > 0 {
			fmt.Fprintf(&b, "   then %s to see how it behaves\n", round(phase.Bake))
		}
		for _, g := range phase.Gates {
			fmt.Fprintf(&b, "   gate: %s\n", g.Text())
		}
		total += phase.Expected + phase.Bake
	}
	for _, target := range fleet.SortedKeys(p.Left) {
		fmt.Fprintf(&b, "\nLeft out: %s: %s\n", target, p.Left[target])
	}
	does := "stops, and a person decides"
	if p.OnFailure == RollBackOnFailure {
		does = "rolls back to the previous template and parameters, the last phase first"
	}
	fmt.Fprintf(&b, "\nWhat fails %s. Expected: about %s.\n", does, round(total))
	_, err := io.WriteString(w, b.String())
	return err
}

func operations(n int) string {
	if n == 1 {
		return "one operation"
	}
	return fmt.Sprintf("%d operations", n)
}

func (p Pace) text(of fleet.Preferences) string {
	regions := "regions one after another"
	if of.RegionConcurrency == fleet.RegionsParallel {
		regions = "all regions at once"
	}
	fails := "the first failure in a region ends it"
	if p.Tolerated > 0 {
		fails = fmt.Sprintf("more than %d failures in a region end it", p.Tolerated)
	}
	return fmt.Sprintf("%d accounts at once, %s; %s", p.AtOnce, regions, fails)
}

func round(d time.Duration) string {
	if d >= time.Hour {
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return d.Round(time.Second).String()
}
