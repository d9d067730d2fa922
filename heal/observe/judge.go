package observe

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
)

// Before anything is done about drift, its details are read: the policy may ignore
// them, and AWS reports some drift wrongly. A cell whose every difference is of that
// kind is healthy. One whose details cannot be read is not redeployed.

// judging reads the details of drift, and notes in the memory what they mean.
type judging struct {
	fleet   *fleet.Fleet
	policy  *policy.Policy
	memory  *plan.Memory // Cells and Unread are changed
	now     time.Time
	details func(context.Context, fleet.Cell, fleet.Instance) ([]fleet.ResourceDrift, error)
	late    func() bool             // reports whether no time is left
	width   func(sp policy.Set) int // how many cells are read side by side

	mu     sync.Mutex
	counts map[fleet.StackSetName]int          // guarded by mu; how many are known to have drifted
	judged map[fleet.StackSetName][]fleet.Cell // guarded by mu, as the memory is while a chunk is read
	read   []cellDrift                         // guarded by mu; the first few, for the report
}

// RecallDrift adds to the memory what the details of drift say that no run has read
// yet: a call for each drifted cell, or two. It needs what [RecallDetections] adds.
func RecallDrift(ctx context.Context, cloud Reader, f *fleet.Fleet, p *policy.Policy, now time.Time, m *plan.Memory) error {
	j := &judging{fleet: f, policy: p, memory: m, now: now, late: func() bool { return false }, width: func(policy.Set) int { return readers },
		details: func(ctx context.Context, cell fleet.Cell, instance fleet.Instance) ([]fleet.ResourceDrift, error) {
			return DetailsOf(ctx, cloud, cell, instance)
		}}
	_, err := j.all(ctx)
	return err
}

// Judge does the same for a run, and keeps it in the journal and in the run's record,
// which the caller saves. It reports false if the time was not enough; the next call
// continues.
func (v *Details) Judge(ctx context.Context, run *record.Run) (bool, error) {
	f, err := v.Fleet(ctx)
	if err != nil {
		return false, err
	}
	if len(drifted(f)) == 0 { // nothing to ask AWS about
		run.Unread = nil
		return true, nil
	}
	memory, err := record.LoadMemory(ctx, v.Journal, run.Options.Accept, v.Commands)
	if err != nil {
		return false, err
	}
	memory.Detected = Detected(v.Commands.Commands())
	if err := RecallDetections(ctx, v.Cloud, f, v.Policy, v.Clock.Now(), &memory); err != nil {
		return false, err
	}
	j := &judging{fleet: f, policy: v.Policy, memory: &memory, now: v.Clock.Now(), details: v.details, width: abreast,
		late: func() bool { return v.Clock.Now().After(v.Deadline) }}
	done, err := j.all(ctx)
	if err != nil {
		return false, err
	}
	for _, set := range fleet.SortedKeys(j.judged) {
		if err := v.rememberJudged(ctx, set, j); err != nil {
			return false, err
		}
	}
	if err := v.keepDetails(ctx, j.read); err != nil {
		return false, err
	}
	run.Unread = nil
	for _, cell := range slices.SortedFunc(maps.Keys(memory.Unread), fleet.Cell.Compare) {
		run.Unread = append(run.Unread, record.UnreadDrift{Cell: cell, Why: memory.Unread[cell]})
	}
	return done, nil
}

func (v *Details) rememberJudged(ctx context.Context, set fleet.StackSetName, j *judging) error {
	return record.Remember(ctx, v.Journal, set, func(cells map[string]plan.CellMemory) {
		for _, cell := range j.judged[set] {
			memory, now := cells[cell.Target.String()], j.memory.Cells[cell]
			memory.DriftIgnored, memory.DriftCounts, memory.Noise = now.DriftIgnored, now.DriftCounts, now.Noise
			cells[cell.Target.String()] = memory
		}
	})
}

// all judges the cells that need it, one set after another; not those whose drift is
// detected again first. Sets that are only
// reported on get what a report shows. It reports false if time ran out.
func (j *judging) all(ctx context.Context) (bool, error) {
	j.counts, j.judged, j.memory.Unread = map[fleet.StackSetName]int{}, map[fleet.StackSetName][]fleet.Cell{}, map[fleet.Cell]string{}
	informed, again := 0, plan.DetectedAgain(j.fleet, j.policy, *j.memory, j.now)
	for _, name := range j.fleet.Names() {
		sp := j.policy.For(j.fleet.StackSets[name].StackSet)
		cells := slices.DeleteFunc(j.open(name), func(c fleet.Cell) bool { return again[c] })
		switch sp.Healing {
		case policy.HealOff:
			continue
		case policy.HealNotify:
			cells = cells[:min(len(cells), driftDetails-informed)]
			informed += len(cells)
		}
		if done, err := j.set(ctx, name, sp, cells); err != nil || !done {
			return false, err
		}
	}
	return true, nil
}

// open lists a set's drifted cells whose details are not known, sorted, and counts
// those that are known to have drifted.
func (j *judging) open(name fleet.StackSetName) []fleet.Cell {
	var cells []fleet.Cell
	for _, instance := range j.fleet.StackSets[name].List() {
		cell := fleet.Cell{StackSet: name, Target: instance.Target}
		if instance.Drift != fleet.DriftDrifted || !active(j.fleet, cell.Target) {
			continue
		}
		memory := j.memory.Cells[cell]
		switch {
		case !memory.DriftJudged(instance.LastDriftCheck):
			cells = append(cells, cell)
		case memory.DriftIgnored.IsZero():
			j.counts[name]++
		}
	}
	return cells
}

// set judges cells of one set. What could not be read is tried once more at the end.
// Once so many have truly drifted that the guard stops the set, the rest is left
// unread: AWS allows two reads a second.
func (j *judging) set(ctx context.Context, name fleet.StackSetName, sp policy.Set, cells []fleet.Cell) (bool, error) {
	for range 2 {
		var failed []fleet.Cell
		for len(cells) > 0 {
			if j.late() {
				return false, nil
			}
			if j.massDrifted(name, sp) {
				for _, cell := range cells {
					j.memory.Unread[cell] = "so many others of its stack set have drifted that a person is asked first."
				}
				return true, nil
			}
			n := min(j.width(sp), len(cells))
			again, err := j.chunk(ctx, sp, cells[:n])
			if err != nil {
				return false, err
			}
			failed, cells = append(failed, again...), cells[n:]
		}
		cells = failed
	}
	return true, nil
}

// massDrifted reports whether so many of a set's instances are known to have drifted
// that the guard stops it, and no person has said otherwise.
func (j *judging) massDrifted(name fleet.StackSetName, sp policy.Set) bool {
	if len(j.memory.Accepted[string(plan.GuardMassDrift)])+len(j.memory.Accepted[plan.GuardMassDrift.Of(name)]) > 0 {
		return false
	}
	return plan.MassDrift(sp, j.counts[name], len(j.fleet.StackSets[name].Instances))
}

// chunk reads cells side by side, and returns those that could not be read.
func (j *judging) chunk(ctx context.Context, sp policy.Set, cells []fleet.Cell) (failed []fleet.Cell, err error) {
	var group errgroup.Group
	for _, cell := range cells {
		instance := j.fleet.StackSets[cell.StackSet].Instances[cell.Target]
		group.Go(func() error {
			details, err := j.details(ctx, cell, instance)
			j.mu.Lock()
			defer j.mu.Unlock()
			if why := unreadable(details, err); why != "" {
				failed = append(failed, cell)
				j.memory.Unread[cell] = why
				return ctx.Err()
			}
			delete(j.memory.Unread, cell)
			j.memory.Cells[cell] = j.memory.Cells[cell].JudgeDrift(sp, details, instance.LastDriftCheck)
			if j.memory.Cells[cell].DriftIgnored.IsZero() {
				j.counts[cell.StackSet]++
			}
			j.judged[cell.StackSet] = append(j.judged[cell.StackSet], cell)
			if len(j.read) < driftDetails {
				j.read = append(j.read, cellDrift{Cell: cell, Resources: details, Checked: instance.LastDriftCheck})
			}
			return nil
		})
	}
	err = group.Wait()
	slices.SortFunc(failed, fleet.Cell.Compare)
	return failed, err
}

// unreadable says why details are not enough to judge a drifted cell by, "" if they
// are.
func unreadable(details []fleet.ResourceDrift, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case len(details) == 0:
		return "AWS names no resource that has drifted."
	}
	return ""
}

// keepDetails keeps details for the report.
func (v *Details) keepDetails(ctx context.Context, details []cellDrift) error {
	if len(details) == 0 {
		return nil
	}
	doc, err := record.Read[[]cellDrift](ctx, v.Journal, record.RunKey(v.Run, "drift"))
	if err != nil {
		return err
	}
	newer := map[fleet.Cell]bool{}
	for _, d := range details {
		newer[d.Cell] = true
	}
	doc.Value = slices.DeleteFunc(doc.Value, func(old cellDrift) bool { return newer[old.Cell] })
	doc.Value = append(doc.Value, details...)
	slices.SortFunc(doc.Value, func(a, b cellDrift) int { return a.Compare(b.Cell) })
	return doc.Write(ctx, v.Journal)
}

// KeepDrift reads property by property what has drifted, for the report. It decides
// nothing, so a cell whose details cannot be read is reported without.
func (v *Details) KeepDrift(ctx context.Context) error {
	f, err := v.Fleet(ctx)
	if err != nil {
		return err
	}
	doc, err := record.Read[[]cellDrift](ctx, v.Journal, record.RunKey(v.Run, "drift"))
	if err != nil {
		return err
	}
	known := map[fleet.Cell]bool{}
	for _, d := range doc.Value {
		known[d.Cell] = f.StackSets[d.StackSet] != nil && f.StackSets[d.StackSet].Instances[d.Target].LastDriftCheck.Equal(d.Checked)
	}
	cells := drifted(f)
	left := slices.DeleteFunc(cells[:min(len(cells), driftDetails)], func(c fleet.Cell) bool { return known[c] })
	for part := range slices.Chunk(left, readers) {
		if v.Clock.Now().After(v.Deadline) {
			return nil
		}
		read := make([]cellDrift, len(part))
		group, gctx := errgroup.WithContext(ctx)
		for i, cell := range part {
			instance := f.StackSets[cell.StackSet].Instances[cell.Target]
			group.Go(func() error {
				resources, err := v.details(gctx, cell, instance)
				if err != nil {
					v.Log.Warn("reading drift details", "cell", cell.String(), "error", err)
				}
				read[i] = cellDrift{Cell: cell, Resources: resources, Checked: instance.LastDriftCheck}
				return gctx.Err()
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		if err := v.keepDetails(ctx, read); err != nil {
			return err
		}
	}
	return nil
}

// memberReaders is how many member stacks are read side by side: each is in an account
// and region of its own, with rate limits of its own.
const memberReaders = 40

// abreast is how many cells of a set are read side by side: in the member accounts
// each has a rate of its own.
func abreast(sp policy.Set) int {
	if sp.MemberRole != "" {
		return memberReaders
	}
	return readers
}

// details reads a cell's drifted resources: from the stack itself where a role lets
// the run in, since the stack set's API allows two such calls a second for all; from
// there where that does not help.
func (v *Details) details(ctx context.Context, cell fleet.Cell, instance fleet.Instance) ([]fleet.ResourceDrift, error) {
	if role := v.policy(cell.StackSet).MemberRole; role != "" && instance.StackID != "" {
		details, err := v.Cloud.LastDrift(ctx, fleet.MemberStack{Target: cell.Target, StackID: instance.StackID, Role: role})
		if err == nil && len(details) > 0 {
			return details, nil
		}
	}
	return v.resourceDrifts(ctx, cell, instance)
}

// resourceDrifts reads a cell's drifted resources as of the detection that found
// them: the run's own, if it came to the cell.
func (v *Details) resourceDrifts(ctx context.Context, cell fleet.Cell, instance fleet.Instance) ([]fleet.ResourceDrift, error) {
	for _, c := range slices.Backward(v.Commands.Commands()) {
		a := detection(c)
		if c.Kind != command.Detect || a == nil || c.Action.StackSet != cell.StackSet {
			continue
		}
		details, err := v.Cloud.ResourceDrifts(ctx, cell, a.Operation)
		if fleet.KindOf(err) == fleet.NotFound || fleet.KindOf(err) == fleet.Invalid {
			break
		}
		return details, err
	}
	return DetailsOf(ctx, v.Cloud, cell, instance)
}

// DetailsOf reads a cell's drifted resources as of the detection that found them:
// the last operation on the instance, unless another came after it; then the newest
// detection that knows the cell.
func DetailsOf(ctx context.Context, cloud Reader, cell fleet.Cell, instance fleet.Instance) ([]fleet.ResourceDrift, error) {
	if instance.LastOperation != "" {
		details, err := cloud.ResourceDrifts(ctx, cell, instance.LastOperation)
		if fleet.KindOf(err) != fleet.NotFound && fleet.KindOf(err) != fleet.Invalid {
			return details, err
		}
	}
	return LastDrift(ctx, cloud, cell)
}
