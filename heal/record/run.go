package record

import (
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// Run is the durable head of a run.
type Run struct {
	ID      string    `json:"id"`
	Engine  string    `json:"engine"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
	Stage   string    `json:"stage"`
	Epoch   int64     `json:"epoch,omitempty"` // of the lease
	// OrganizationRead is when the organization in the run's view was read: the
	// view as a whole grows younger with every operation that is taken in.
	OrganizationRead time.Time     `json:"organizationRead,omitzero"`
	Result           report.Result `json:"result,omitempty"`
	Error            string        `json:"error,omitempty"`
	Options          Options       `json:"options"`
	// Passes counts how often each stage has planned; it names the plans.
	Passes map[plan.Stage]int `json:"passes,omitempty"`
	// Recovered is set once what earlier runs have left was looked up.
	Recovered bool `json:"recovered,omitempty"`
	// Drift are the drift detections whose findings are in the run's view of the
	// fleet, by command.
	Drift map[string]bool `json:"drift,omitempty"`
	// API counts the run's calls, over all processes it has lived in.
	API    report.API      `json:"api"`
	Guards []plan.GuardHit `json:"guards,omitempty"`
	// Suspended are sets of which a deleted stack could not be created again, and why.
	Suspended map[fleet.StackSetName]string `json:"suspended,omitempty"`
	// First are the numbers that guards accepted beforehand had counted when the run
	// met them first, by the guard's id: more than those asks anew.
	First map[string]plan.Numbers `json:"first,omitempty"`
}

// RunKey is the key of a part of a run.
func RunKey(id, part string) string { return "runs/" + id + "/" + part }

// Options narrow a run; they are the execution's input.
type Options struct {
	// Accept lists guards that a person has accepted, as "guard" or "guard:stackset".
	Accept []string `json:"accept,omitempty"`
	// StackSets, Accounts and Targets narrow the run; empty is everything.
	StackSets []fleet.StackSetName `json:"stackSets,omitempty"`
	Accounts  []fleet.AccountID    `json:"accounts,omitempty"`
	Targets   []fleet.Target       `json:"targets,omitempty"`
}

// Scope is the part of the fleet that the options leave.
func (o Options) Scope() plan.Scope {
	return plan.Scope{StackSets: o.StackSets, Accounts: o.Accounts, Targets: o.Targets}
}

// Covers reports whether any of a stack set is in scope.
func (o Options) Covers(name fleet.StackSetName) bool {
	return len(o.StackSets) == 0 || slices.Contains(o.StackSets, name)
}

func sameGuard(a plan.GuardHit) func(plan.GuardHit) bool {
	return func(b plan.GuardHit) bool { return a.Guard == b.Guard && a.StackSet == b.StackSet }
}

// KeepGuards keeps the guards that were hit for the report, one entry each.
func (r *Run) KeepGuards(hits []plan.GuardHit) {
	for _, hit := range hits {
		if i := slices.IndexFunc(r.Guards, sameGuard(hit)); i >= 0 {
			r.Guards[i] = hit
			continue
		}
		r.Guards = append(r.Guards, hit)
	}
}

// MarkOpened marks the guards that open by themselves and have.
func (r *Run) MarkOpened(hits []plan.GuardHit) {
	for i := range r.Guards {
		if g := &r.Guards[i]; g.Waits && !slices.ContainsFunc(hits, sameGuard(*g)) {
			g.Opened = true
		}
	}
}

// KeepFirst remembers what guards that were accepted beforehand have counted.
func (r *Run) KeepFirst(hits []plan.GuardHit) {
	for _, hit := range hits {
		id := hit.Guard.Of(hit.StackSet)
		if _, known := r.First[id]; known || !hit.Accepted {
			continue
		}
		if r.First == nil {
			r.First = map[string]plan.Numbers{}
		}
		r.First[id] = hit.Numbers
	}
}

// Suspend remembers that no more of a stack set is taken down in this run, and why.
func (r *Run) Suspend(set fleet.StackSetName, why string) {
	if r.Suspended == nil {
		r.Suspended = map[fleet.StackSetName]string{}
	}
	r.Suspended[set] = why
}

// Learned remembers that what a drift detection found is in the run's view of the
// fleet.
func (r *Run) Learned(command string) {
	if r.Drift == nil {
		r.Drift = map[string]bool{}
	}
	r.Drift[command] = true
}
