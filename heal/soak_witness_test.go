package heal_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/record"
)

// witness follows the embedded AWS event by event, and holds every moment
// against what must always be true: who is down, why, and what is saved of it.
type witness struct {
	*soak
	mu sync.Mutex // guards what follows, and the soak's cells once it watches
	// live is every cell's stack that stands.
	live map[fleet.Cell]string
	// down are the cells whose stack setmend deleted and that have none since.
	down map[fleet.Cell]bool
	// asked are setmend's operations by id, sent or not, open those of them that
	// AWS has begun or queued, and order all that it ever did, oldest first.
	asked map[string]*asked
	open  map[string]bool
	order []*asked
	size  map[fleet.StackSetName]int
	// had are the cells that have had an instance in this run, size how many of a set.
	had map[fleet.Cell]bool
	// restored counts the cells with overrides that came back in this run.
	restored int
	// changed is when an account was last moved or changed its state.
	changed map[fleet.AccountID]time.Time
}

// asked is an operation that setmend asked for.
type asked struct {
	fleet.InstanceChange
	cells []fleet.Cell
	at    time.Time
}

// watch begins to follow the world.
func (s *soak) watch() *witness {
	w := &witness{soak: s, live: map[fleet.Cell]string{}, down: map[fleet.Cell]bool{}, asked: map[string]*asked{},
		open: map[string]bool{}, size: map[fleet.StackSetName]int{}, changed: map[fleet.AccountID]time.Time{}}
	s.settleNothing()
	for cell, i := range s.truth() {
		if id, ok := s.aws.StackOf(string(cell.StackSet), string(cell.Account), string(cell.Region)); ok && !i.NoStack && s.aws.StackExists(id) {
			w.live[cell] = id
		}
	}
	w.begin()
	s.aws.Subscribe(w.hear)
	return w
}

// settleNothing lets what was started at this very moment come into the world.
func (s *soak) settleNothing() { s.aws.Now() }

// begin starts a run: what is counted by run begins anew.
func (w *witness) begin() {
	truth := w.truth()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.size, w.had, w.restored = map[fleet.StackSetName]int{}, map[fleet.Cell]bool{}, 0
	for cell := range truth {
		w.has(cell)
	}
}

// has notes that a cell has an instance.
func (w *witness) has(cell fleet.Cell) {
	if !w.had[cell] {
		w.had[cell] = true
		w.size[cell.StackSet]++
	}
}

// truth is every instance that there is.
func (s *soak) truth() map[fleet.Cell]awssim.InstanceSnapshot {
	all := map[fleet.Cell]awssim.InstanceSnapshot{}
	for _, set := range s.aws.Snapshot().StackSets {
		for _, i := range set.Instances {
			all[at(set.Name, i.Account, i.Region)] = i
		}
	}
	return all
}

// cellOfStack reads the cell from a member stack's id.
func (s *soak) cellOfStack(id string) (fleet.Cell, bool) {
	parts := strings.SplitN(id, ":", 6)
	if len(parts) < 6 {
		return fleet.Cell{}, false
	}
	name := strings.TrimPrefix(parts[5], "stack/StackSet-")
	for _, set := range s.sets {
		if strings.HasPrefix(name, set.name+"-") && len(name) > len(set.name)+37 {
			return at(set.name, parts[4], parts[3]), true
		}
	}
	return fleet.Cell{}, false
}

// hear takes an event in. The world is locked.
func (w *witness) hear(e awssim.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	details, _ := e.Detail["status-details"].(map[string]any)
	status, _ := details["status"].(string)
	switch e.DetailType {
	case "CloudFormation StackSet Operation Status Change":
		id, _ := e.Detail["stack-set-operation-id"].(string)
		w.operation(id, status)
	case "CloudFormation Stack Status Change":
		if cell, ok := w.cellOfStack(e.Resources[0]); ok {
			w.stack(cell, e.Resources[0], status)
		}
	}
}

// operation takes an operation's new status in.
func (w *witness) operation(id, status string) {
	switch a := w.asked[id]; {
	case status == "SUCCEEDED" || status == "FAILED" || status == "STOPPED":
		delete(w.open, id)
	case a != nil && !w.open[id]:
		w.open[id] = true
		w.order = append(w.order, a)
		if a.Kind == fleet.OperationCreate {
			for _, cell := range a.cells {
				w.has(cell)
			}
		}
		w.room(a)
	}
}

// stack takes a member stack's new status in.
func (w *witness) stack(cell fleet.Cell, id, status string) {
	switch status {
	case "CREATE_COMPLETE":
		w.live[cell] = id
		if by := w.worker(cell, fleet.OperationCreate); by != nil && len(by.Overrides) > 0 {
			w.restored++
		}
		w.has(cell)
		delete(w.down, cell)
	case "DELETE_IN_PROGRESS":
		if w.live[cell] == id {
			w.deletion(cell)
		}
	case "DELETE_FAILED":
		delete(w.down, cell)
	case "DELETE_COMPLETE":
		if w.live[cell] == id {
			delete(w.live, cell)
		}
		w.stillOwed()
	}
}

// stillOwed checks that the journal says of every cell that is down that it is owed.
func (w *witness) stillOwed() {
	memory, err := record.LoadMemory(context.Background(), w.journal, nil, nil)
	if err != nil {
		w.t.Errorf("reading the journal: %v", err)
		return
	}
	for cell := range w.down {
		c := w.cell(cell)
		if overrides, owes := memory.PendingRestores[cell]; c != nil && !c.unsure && (!owes || !maps.Equal(plainly(overrides), plainMap(c.overrides))) {
			w.t.Errorf("%s is down, and the journal owes it %v (%t); it had %v", cell, overrides, owes, c.overrides)
		}
	}
}

// deletion is a standing stack that begins to be deleted.
func (w *witness) deletion(cell fleet.Cell) {
	if w.worker(cell, fleet.OperationDelete) == nil {
		return // somebody else, or AWS's automatic deployment
	}
	c := w.cell(cell)
	if c == nil { // made since, for an account that came in
		c = &soakCell{Cell: cell, unsure: true, wrong: "made since"}
	}
	if w.mayRemove(c) {
		w.saved(c, false)
		return
	}
	w.down[cell] = true
	w.justified(c)
	w.saved(c, true)
	w.limits(cell.StackSet)
}

// worker is the operation of setmend's that creates or deletes a cell now, nil for
// none.
func (w *witness) worker(cell fleet.Cell, kind fleet.OperationKind) *asked {
	for id := range w.open {
		if a := w.asked[id]; a != nil && a.Kind == kind && !a.RetainStacks && slices.Contains(a.cells, cell) {
			return a
		}
	}
	return nil
}

// justified holds a deletion for redeployment against policy and truth.
func (w *witness) justified(c *soakCell) {
	set := w.set(c.StackSet)
	switch {
	case !set.rules.mayRedeploy():
		w.t.Errorf("%s is deleted, and the policy forbids it: healing %s, protected %t", c.Cell, set.rules.Healing, set.rules.Protected)
	case c.wrong == "" && !c.unsure && !w.goesAlong(c):
		w.t.Errorf("%s is deleted, and nothing was ever wrong with it", c.Cell)
	case c.overrides["Key"] != "" && !c.unsure:
		w.t.Errorf("%s is deleted, and its override of Key cannot be read back", c.Cell)
	}
	member, ok := w.aws.Organization().Account(string(c.Account))
	if (!ok || member.State != "ACTIVE") && !w.lately(c.Account) {
		w.t.Errorf("%s is deleted to be redeployed, and its account is %q", c.Cell, member.State)
	}
}

// lately reports whether somebody changed the account's standing or place since a
// deletion that is under way can have been decided.
func (w *witness) lately(account fleet.AccountID) bool {
	return time.Since(w.changed[account]) < 16*time.Minute
}

// goesAlong reports whether what the cell imports from is deleted with it.
func (w *witness) goesAlong(c *soakCell) bool {
	base := w.cell(fleet.Cell{StackSet: "net-base", Target: c.Target})
	return w.set(c.StackSet).imports && base != nil && (base.wrong != "" || base.unsure)
}

// mayRemove reports whether the policy has the cell removed for good.
func (w *witness) mayRemove(c *soakCell) bool {
	set := w.set(c.StackSet)
	if set.rules.Protected || set.rules.Healing == "off" {
		return false
	}
	if slices.Contains(w.rules.Exclude.Accounts, string(c.Account)) {
		return w.rules.Accounts.Excluded == "remove"
	}
	return set.service && w.rules.Accounts.Moved == "remove" && (!w.inside(set, c) || w.lately(c.Account))
}

// inside reports whether the cell's account sits in the set's OUs. The world is locked.
func (w *witness) inside(set *soakSet, c *soakCell) bool {
	member, _ := w.aws.Organization().Account(string(c.Account))
	return slices.ContainsFunc(set.targets, func(ou string) bool { return slices.Contains(member.OUs, ou) })
}

// saved checks that the journal holds the overrides of a cell whose stack begins
// to be deleted.
func (w *witness) saved(c *soakCell, owed bool) {
	list, err := record.SavedOverrides(context.Background(), w.journal)
	if err != nil {
		w.t.Errorf("reading the saved overrides: %v", err)
		return
	}
	found, owes := false, false
	for _, saved := range list {
		if saved.StackSet != c.StackSet {
			continue
		}
		for _, cell := range saved.Cells {
			if cell.Target == c.Target && maps.Equal(plainly(cell.Overrides), plainMap(c.overrides)) {
				found = true
				owes = owes || slices.Contains(saved.Pending, c.Target)
			}
		}
	}
	if !found && !c.unsure && (owed || c.overrides["Key"] == "") {
		w.t.Errorf("%s is deleted, and the journal does not hold its overrides %v", c.Cell, c.overrides)
	}
	if owed && found && !owes && !c.unsure {
		w.t.Errorf("%s is deleted, and the journal does not say that it is owed", c.Cell)
	}
}

func plainly(list []fleet.Parameter) map[string]string {
	values := map[string]string{}
	for _, p := range list {
		values[p.Key] = p.Value
	}
	return values
}

func plainMap(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// limits checks that no more of a set is down than may be.
func (w *witness) limits(name fleet.StackSetName) {
	down, live := w.count(name)
	n := max(w.size[name], down+live)
	if most := w.set(name).rules.most(n); down > most {
		w.t.Errorf("%d of %d instances of %s are down by setmend, and at most %d may be", down, n, name, most)
	}
}

func (w *witness) count(name fleet.StackSetName) (down, live int) {
	for cell := range w.down {
		if _, member := w.aws.Organization().Account(string(cell.Account)); cell.StackSet == name && member {
			down++ // who has left misses nothing
		}
	}
	for cell := range w.live {
		if cell.StackSet == name && !w.down[cell] {
			live++
		}
	}
	return down, live
}

// of is a Cloud that tells the witness what setmend asks for.
func (w *witness) of(cloud heal.Cloud) heal.Cloud { return &witnessed{cloud, w} }

type witnessed struct {
	heal.Cloud
	w *witness
}

func (c *witnessed) Change(ctx context.Context, change fleet.InstanceChange) error {
	c.w.ask(change)
	return c.Cloud.Change(ctx, change)
}

// ask notes an operation before AWS hears of it.
func (w *witness) ask(change fleet.InstanceChange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := &asked{InstanceChange: change, at: time.Now()}
	for _, t := range change.Targets() {
		cell := fleet.Cell{StackSet: change.StackSet, Target: t}
		a.cells = append(a.cells, cell)
		if c := w.cell(cell); c != nil && change.RetainStacks {
			c.obstacle = "a stack that was let go of"
		}
	}
	w.asked[change.OperationID] = a
	w.note("setmend: %s %s %v retain %t %v", a.Kind, a.StackSet, targetsText(a), a.RetainStacks, a.Overrides)
	w.preferences(a)
}

func targetsText(a *asked) (list []string) {
	for _, c := range a.cells {
		list = append(list, c.Target.String())
	}
	return list
}

// preferences checks that an operation has the tolerance and concurrency that the
// policy wants; AWS keeps to them.
func (w *witness) preferences(a *asked) {
	want := w.set(a.StackSet).rules.Preferences
	if want == nil {
		return
	}
	p := a.Preferences
	got := map[string]any{"failureTolerancePercentage": p.FailureTolerancePercentage, "maxConcurrentPercentage": p.MaxConcurrentPercentage,
		"concurrencyMode": string(p.ConcurrencyMode), "regionConcurrency": string(p.RegionConcurrency)}
	if !maps.Equal(got, want) {
		w.t.Errorf("%s on %s asks for %v, and the policy wants %v", a.Kind, a.StackSet, got, want)
	}
}

// room checks the instances that setmend has in operation at one time.
func (w *witness) room(last *asked) {
	n, operations := 0, 0
	for id := range w.open {
		if a := w.asked[id]; a != nil {
			n, operations = n+len(a.cells), operations+1
		}
	}
	if operations > 1 && n > w.rules.running {
		w.t.Errorf("%d instances are in operation with %s on %s, and at most %d may be", n, last.Kind, last.StackSet, w.rules.running)
	}
}

// ours are the writes that AWS accepted and that are not AssumeRole's.
func (s *soak) ours() []awssim.WriteCall {
	return slices.DeleteFunc(s.aws.Writes(), func(c awssim.WriteCall) bool { return c.Service != "cloudformation" || c.Code != "" })
}
