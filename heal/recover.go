package heal

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
)

// refutedFor is how long a deletion that AWS has no record of is looked for again:
// a healer that was paused inside the call can still send it.
const refutedFor = 30 * 24 * time.Hour

// recover takes over what earlier runs have left: it looks each of their open
// operations up, and finds out which of their pending restores are there again. It
// reads only what they were about. An operation that still runs is left to a later
// call; nothing is planned for its stack set meanwhile.
func (r *run) recover(ctx context.Context) error {
	runs, err := openRuns(ctx, r.h.Journal)
	if err != nil {
		return err
	}
	for _, run := range runs {
		l := r.log
		if run != r.id() {
			if l, err = r.taken(ctx, run); err != nil {
				return err
			}
			if err := r.takeOver(ctx, l); err != nil {
				return fmt.Errorf("taking over run %s: %w", run, err)
			}
		}
		if err := r.settle(ctx, l); err != nil {
			return fmt.Errorf("looking for what run %s has deleted: %w", run, err)
		}
		if run != r.id() && l.over() {
			if err := closeRun(ctx, r.h.Journal, run); err != nil {
				return err
			}
			delete(r.others, run)
		}
	}
	return nil
}

// taken claims another run's log, once in a call of a stage.
func (r *run) taken(ctx context.Context, run string) (*commandLog, error) {
	if l := r.others[run]; l != nil {
		return l, nil
	}
	l, err := openLog(ctx, r.h.Journal, r.h.Clock, run, r.epoch())
	if err == nil {
		r.others[run] = l
	}
	return l, err
}

// takeOver ends the commands of an earlier run: what is under way is looked up, what
// was not sent is not sent any more.
func (r *run) takeOver(ctx context.Context, l *commandLog) error {
	x := &executor{run: r.with(l), pace: newPacing()}
	for _, c := range l.commands() {
		if c.Done() {
			continue
		}
		running, err := x.followOpen(ctx, c)
		if err != nil {
			return err
		}
		if running {
			continue
		}
		if err := l.record(ctx, c.ID, command.Interrupted{By: r.id()}); err != nil {
			return err
		}
	}
	return nil
}

// with is the run with the log of another: its events are recorded there.
func (r *run) with(l *commandLog) *run {
	other := *r
	other.log = l
	return &other
}

// followOpen brings a command's open request as far as AWS's record of it goes, and
// reports whether it still runs. It sends nothing.
func (x *executor) followOpen(ctx context.Context, c *command.Command) (running bool, err error) {
	for {
		n := slices.IndexFunc(c.Attempts, func(a command.Attempt) bool { return a.Open() || a.State == command.Ended })
		if n < 0 {
			return false, nil
		}
		switch a := &c.Attempts[n]; a.State {
		case command.Intended:
			err = x.lookUp(ctx, c, n)
		case command.Accepted:
			var operation fleet.Operation
			if operation, err = x.h.Cloud.Operation(ctx, a.Request.StackSet, a.Operation); err == nil && !operation.Status.Ended() {
				return true, nil
			}
			if fleet.KindOf(err) == fleet.NotFound { // the stack set is gone, and its instances with it
				return false, nil
			}
			if err == nil {
				err = x.poll(ctx, c, n)
			}
		case command.Ended:
			err = x.readResults(ctx, c, n)
		}
		if err != nil {
			return false, err
		}
	}
}

// settle looks whether the restores of a log are pending still. A stack that is
// there proves nothing by itself: AWS's record of the deletion comes first, read
// after the latest moment at which the request could arrive.
func (r *run) settle(ctx context.Context, l *commandLog) error {
	for _, restore := range l.restores() {
		fact, err := r.settled(ctx, restore)
		if err != nil {
			return fmt.Errorf("%s: %w", restore.Cell, err)
		}
		if fact == nil {
			continue
		}
		if err := l.record(ctx, restore.Command, fact); err != nil {
			return err
		}
	}
	return nil
}

// settled returns what has become of a restore, nil if nothing new.
func (r *run) settled(ctx context.Context, restore command.Restore) (command.Fact, error) {
	one := []fleet.Cell{restore.Cell}
	if restore.Refuted {
		return r.refuted(ctx, restore)
	}
	operation, err := r.h.Cloud.Operation(ctx, restore.StackSet, restore.Operation)
	switch {
	case fleet.KindOf(err) == fleet.NotFound && r.now().Before(restore.Deadline):
		return nil, nil // it can still arrive
	case fleet.KindOf(err) == fleet.NotFound && !restore.Gone:
		return command.RestoreResolved{Cells: one, Refuted: true, Why: "AWS has no record of the deletion " + restore.Operation + "."}, nil
	case err != nil && fleet.KindOf(err) != fleet.NotFound:
		return nil, fmt.Errorf("looking up the deletion %s: %w", restore.Operation, err)
	case err == nil && !operation.Status.Ended():
		return nil, nil // its outcome is not known yet
	}
	instance, err := r.h.Cloud.Instance(ctx, restore.Cell)
	if fleet.KindOf(err) == fleet.NotFound || err == nil && instance.StackID == "" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading its overrides: %w", err)
	}
	if sameOverrides(instance.Overrides, restore.Overrides) {
		return command.RestoreResolved{Cells: one, Why: "The deletion is over, and it is there with its overrides."}, nil
	}
	o, err := externalSince(ctx, r.h.Cloud, restore.StackSet, restore.Run, restore.Operation)
	if err != nil || !givenSince(o, instance) {
		return nil, err
	}
	return command.RestoreResolved{Cells: one, Why: "It was given other overrides by an external operation since."}, nil
}

// refuted looks again for a deletion that AWS had no record of.
func (r *run) refuted(ctx context.Context, restore command.Restore) (command.Fact, error) {
	_, err := r.h.Cloud.Operation(ctx, restore.StackSet, restore.Operation)
	switch {
	case fleet.KindOf(err) == fleet.NotFound && r.now().Sub(restore.At) > refutedFor:
		return command.RestoreResolved{Cells: []fleet.Cell{restore.Cell}, Why: "AWS has had no record of the deletion for 30 days."}, nil
	case fleet.KindOf(err) == fleet.NotFound:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("looking again for the deletion %s: %w", restore.Operation, err)
	}
	return command.RestoreReopened{Cells: []fleet.Cell{restore.Cell}, Why: "The deletion " + restore.Operation + " has arrived after all."}, nil
}

// resolve records that cells are there again, in the events of whichever runs
// have them pending.
func (r *run) resolve(ctx context.Context, cells []fleet.Cell, why string) error {
	if len(cells) == 0 {
		return nil
	}
	back := map[fleet.Cell]bool{}
	for _, cell := range cells {
		back[cell] = true
	}
	runs, err := openRuns(ctx, r.h.Journal)
	if err != nil {
		return err
	}
	for _, run := range runs {
		l := r.log
		if run != r.id() {
			r.taking.Lock()
			l, err = r.taken(ctx, run)
			r.taking.Unlock()
			if err != nil {
				return err
			}
		}
		found := map[string][]fleet.Cell{}
		for _, restore := range l.restores() {
			if back[restore.Cell] && !restore.Refuted {
				found[restore.Command] = append(found[restore.Command], restore.Cell)
			}
		}
		for _, id := range fleet.SortedKeys(found) {
			if err := l.record(ctx, id, command.RestoreResolved{Cells: found[id], Why: why, By: r.id()}); err != nil {
				return err
			}
		}
	}
	return nil
}

// GiveUpRestores records that a person does not want cells created again. It fails
// if one of them is not pending.
func GiveUpRestores(ctx context.Context, j Journal, clock Clock, cells []fleet.Cell, by string) error {
	pending, err := PendingRestores(ctx, j)
	if err != nil {
		return err
	}
	for _, cell := range cells {
		if _, ok := pending[cell]; !ok {
			return fmt.Errorf("giving up the restore of %s: none is pending; `setmend overrides saved` lists them", cell)
		}
	}
	lease, err := read[Lease](ctx, j, "lease")
	if err != nil {
		return err
	}
	if lease.Value.Run != "" && clock.Now().Before(lease.Value.Expires) {
		return fmt.Errorf("giving up restores: run %s is healing; stop it first, or let it end", lease.Value.Run)
	}
	runs := map[string]map[string][]fleet.Cell{}
	for _, cell := range cells {
		r := pending[cell]
		if runs[r.Run] == nil {
			runs[r.Run] = map[string][]fleet.Cell{}
		}
		runs[r.Run][r.Command] = append(runs[r.Run][r.Command], cell)
	}
	for _, run := range fleet.SortedKeys(runs) {
		l, err := openLog(ctx, j, clock, run, lease.Value.Epoch)
		if err != nil {
			return err
		}
		for _, id := range slices.Sorted(maps.Keys(runs[run])) {
			if err := l.record(ctx, id, command.RestoreResolved{Cells: runs[run][id], Why: "It is not wanted any more.", By: by}); err != nil {
				return err
			}
		}
	}
	return nil
}
