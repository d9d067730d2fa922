package heal_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/deploy"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/journal"
)

// harm is what happens to one call that changes AWS.
type harm int

const (
	notApplied harm = iota // the call fails without effect, and nobody can tell
	applied                // the call takes effect and its answer is lost
	diesBefore             // the process dies right before the call
	diesAfter              // the process dies right after it
)

func (h harm) String() string {
	return [...]string{"fails, not applied", "fails, but applied", "process dies before", "process dies after"}[h]
}

// harmed is a Cloud of which one call to change something comes to harm.
type harmed struct {
	heal.Cloud
	at  int // the how-manieth, from 1; 0 for none
	how harm
	die context.CancelFunc

	mu   sync.Mutex // guards what follows: works call side by side
	made int
	// cells are all cells that instance changes were asked for.
	cells map[fleet.Cell]bool
}

var errDead = errors.New("the process is dead")

func (c *harmed) call(ctx context.Context, name string, do func() error) error {
	c.mu.Lock()
	c.made++
	hit := c.made == c.at
	c.mu.Unlock()
	if !hit {
		return do()
	}
	lost := &fleet.Error{Kind: fleet.UnknownOutcome, Call: name, Message: "connection reset by peer"}
	switch c.how {
	case notApplied:
		return lost
	case applied:
		if err := do(); err != nil {
			return err
		}
		return lost
	case diesAfter:
		if err := do(); err != nil {
			return err
		}
	}
	c.die()
	<-ctx.Done() // nothing of the process goes on after this
	return errDead
}

func (c *harmed) Change(ctx context.Context, change fleet.InstanceChange) error {
	c.mu.Lock()
	for _, t := range change.Targets() {
		c.cells[fleet.Cell{StackSet: change.StackSet, Target: t}] = true
	}
	c.mu.Unlock()
	return c.call(ctx, string(change.Kind), func() error { return c.Cloud.Change(ctx, change) })
}

func (c *harmed) DetectDrift(ctx context.Context, name fleet.StackSetName, id string, p fleet.Preferences) error {
	return c.call(ctx, "DetectStackSetDrift", func() error { return c.Cloud.DetectDrift(ctx, name, id, p) })
}

func (c *harmed) ExecuteRevert(ctx context.Context, stack fleet.MemberStack, token string) error {
	return c.call(ctx, "ExecuteChangeSet", func() error { return c.Cloud.ExecuteRevert(ctx, stack, token) })
}

func (c *harmed) Revert(ctx context.Context, stack fleet.MemberStack, token string) (p fleet.RevertPlan, err error) {
	err = c.call(ctx, "CreateChangeSet", func() error { p, err = c.Cloud.Revert(ctx, stack, token); return err })
	return p, err
}

func (c *harmed) AbandonRevert(ctx context.Context, stack fleet.MemberStack, token string) error {
	return c.call(ctx, "DeleteChangeSet", func() error { return c.Cloud.AbandonRevert(ctx, stack, token) })
}

// trouble is a fleet with one of each: missing, drifted with and without
// overrides, failed, in an account that left, and healthy neighbours.
type trouble struct {
	*world
	accounts  []string
	overrides map[string]map[string]string // by account
	allowed   map[fleet.Cell]bool
	refuse    bool // every change set would replace something
}

// inPlaceRefused is a policy under which change sets are made, read and deleted.
const inPlaceRefused = inPlace + " # refused"

func makeTrouble(w *world) *trouble {
	tr := &trouble{world: w, accounts: w.accounts(25), overrides: map[string]map[string]string{}, allowed: map[fleet.Cell]bool{}}
	w.stackSet("queue", tr.accounts[6:])
	tr.overrides[tr.accounts[0]] = map[string]string{"Owner": "payments", "Retention": "1209600"}
	tr.overrides[tr.accounts[1]] = map[string]string{"Owner": "search"}
	tr.overrides[tr.accounts[2]] = map[string]string{}
	for _, account := range tr.accounts[:3] {
		w.instance("queue", account, awssim.InstanceSeed{Overrides: tr.overrides[account]})
		w.drift("queue", account)
	}
	w.instance("queue", tr.accounts[3], awssim.InstanceSeed{Status: "OUTDATED", Reason: "Failed to get stack status"})
	w.instance("queue", tr.accounts[4], awssim.InstanceSeed{})
	w.aws.Lock()
	w.must(w.aws.Organization().Leave(tr.accounts[4]))
	w.aws.Unlock() // accounts[5] has none: missing
	for _, account := range tr.accounts[:6] {
		tr.allowed[fleet.Cell{StackSet: "queue", Target: target(account)}] = true
	}
	return tr
}

// check holds a finished run against what must be true however it came there.
func (tr *trouble) check(cloud *harmed) {
	t := tr.t
	t.Helper()
	f := tr.read()
	instances := f.StackSets["queue"].Instances
	for i, account := range tr.accounts {
		instance, there := instances[target(account)]
		switch {
		case i == 4 && there:
			t.Errorf("the instance in the account that left is still there")
		case i != 4 && (!there || instance.Status != fleet.InstanceCurrent || instance.Drift == fleet.DriftDrifted):
			t.Errorf("account %d: there %t, %s, drift %s", i, there, instance.Status, instance.Drift)
		}
	}
	for account, want := range tr.overrides {
		if diff := cmp.Diff(want, tr.world.overrides("queue", account)); diff != "" {
			t.Errorf("overrides in %s (-before +after):\n%s", account, diff)
		}
	}
	for cell := range cloud.cells {
		if !tr.allowed[cell] {
			t.Errorf("%s was acted on, and nothing was wrong with it", cell)
		}
	}
	debts, err := record.LoadMemory(t.Context(), tr.journal, nil, nil)
	tr.must(err)
	if len(debts.PendingRestores) > 0 {
		t.Errorf("still owed: %v", slicesOf(debts.PendingRestores))
	}
	tr.runs = 90
	if r := tr.heal(heal.Options{}); len(writes(r)) > 0 {
		t.Errorf("a second run writes %v", writes(r))
	}
}

func slicesOf(m map[fleet.Cell][]fleet.Parameter) []fleet.Cell {
	var cells []fleet.Cell
	for cell := range maps.Keys(m) {
		cells = append(cells, cell)
	}
	return cells
}

// untilDone runs a heal as a process that may die, again and again.
func (tr *trouble) untilDone(cloud *harmed, j store) {
	t := tr.t
	t.Helper()
	const id = "run-1"
	machine, err := asl.Parse(deploy.SelfHeal)
	tr.must(err)
	input, err := json.Marshal(heal.Options{})
	tr.must(err)
	for life := 0; life < 5; life++ {
		ctx, die := context.WithCancel(t.Context())
		cloud.die = die
		config := tr.config(tr.connect())
		cloud.Cloud = config.Cloud
		if tr.refuse {
			cloud.Cloud = &reverting{cloud.Cloud, func(p *fleet.RevertPlan) { p.Changes[0].Replacement = "True" }}
		}
		config.Cloud, config.Journal, config.Holder = cloud, j, fmt.Sprintf("life-%d", life)
		engine := tr.engineOn(config, j)
		outcome, err := engine.Resume(ctx, id)
		if errors.Is(err, asl.ErrNotFound) {
			outcome, err = engine.Run(ctx, id, machine, input)
		}
		die()
		if err == nil {
			if outcome.Status != asl.StatusSucceeded {
				t.Fatalf("the run ended as %s: %s %s", outcome.Status, outcome.Error, outcome.Cause)
			}
			return
		}
		j = tr.journal // the next process finds a journal that works
	}
	t.Fatal("the run did not end in five lives")
}

// TestWhateverHappensToACallNothingIsLost is the fault table: every call that
// changes AWS, lost in every way it can be lost.
func TestWhateverHappensToACallNothingIsLost(t *testing.T) {
	for _, policy := range []struct{ name, yaml string }{
		{"redeploying", `{version: 1}`},
		{"reverting", `{version: 1, stackSets: [{match: "*", memberRole: OrganizationAccountAccessRole}]}`},
		{"refusing to revert", inPlaceRefused},
	} {
		calls := 0
		t.Run(policy.name+"/undisturbed", func(t *testing.T) {
			calls = disturb(t, policy.yaml, 0, notApplied)
		})
		for how := notApplied; how <= diesAfter; how++ {
			for at := 1; at <= calls; at++ {
				t.Run(fmt.Sprintf("%s/call %d of %d %s", policy.name, at, calls, how), func(t *testing.T) {
					disturb(t, policy.yaml, at, how)
				})
			}
		}
	}
}

func disturb(t *testing.T, policy string, at int, how harm) (calls int) {
	scenario(t, func(w *world) {
		w.setPolicy(policy)
		tr := makeTrouble(w)
		tr.refuse = policy == inPlaceRefused
		cloud := &harmed{at: at, how: how, cells: map[fleet.Cell]bool{}}
		tr.untilDone(cloud, w.journal)
		tr.check(cloud)
		calls = cloud.made
	})
	return calls
}

// TestWhateverHappensToAJournalWriteNothingIsLost lets every write to the journal
// fail, applied and not, with the process dying of it.
func TestWhateverHappensToAJournalWriteNothingIsLost(t *testing.T) {
	writes := journalFault(t, journal.Fault{})
	step := 1
	if testing.Short() {
		step = 7
	}
	for at := 1; at <= writes; at += step {
		for _, applied := range []bool{false, true} {
			t.Run(fmt.Sprintf("write %d of %d, applied %t", at, writes, applied), func(t *testing.T) {
				journalFault(t, journal.Fault{Write: at, Applied: applied, Dead: true})
			})
		}
	}
}

func journalFault(t *testing.T, fault journal.Fault) (writes int) {
	scenario(t, func(w *world) {
		tr := makeTrouble(w)
		faulty := journal.NewFaulty(w.journal.(journal.Journal), fault)
		cloud := &harmed{cells: map[fleet.Cell]bool{}}
		tr.untilDone(cloud, faulty)
		tr.check(cloud)
		writes = faulty.Writes()
	})
	return writes
}
