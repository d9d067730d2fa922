package execute

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/lease"
	"github.com/setmend/setmend/heal/observe"
	"github.com/setmend/setmend/heal/record"
)

// refutedFor is how long a deletion that AWS has no record of is looked for again:
// a healer that was paused inside the call can still send it.
const refutedFor = 30 * 24 * time.Hour

// Restores looks after what runs have deleted and not created again: this one's and
// those of earlier runs, whose logs it takes over.
type Restores struct {
	Setting
	Epoch int64 // of the lease

	mu    sync.Mutex // guards taken while commands are carried out
	taken map[string]*record.Log
}

// Recover takes over what earlier runs have left: it looks each of their open
// operations up, and finds out which of their pending restores are there again. It
// reads only what they were about. An operation that still runs is left to a later
// call; nothing is planned for its stack set meanwhile.
func (x *Restores) Recover(ctx context.Context) error {
	runs, err := record.OpenRuns(ctx, x.Journal)
	if err != nil {
		return err
	}
	for _, run := range runs {
		l, err := x.logOf(ctx, run)
		if err != nil {
			return err
		}
		if run != x.Run {
			if err := x.takeOver(ctx, l); err != nil {
				return fmt.Errorf("taking over run %s: %w", run, err)
			}
		}
		if err := x.settle(ctx, l); err != nil {
			return fmt.Errorf("looking for what run %s has deleted: %w", run, err)
		}
		if run != x.Run && l.Over() {
			if err := record.CloseRun(ctx, x.Journal, run); err != nil {
				return err
			}
			delete(x.taken, run)
		}
	}
	return nil
}

// logOf returns a run's log. Another run's is claimed, once in a call of a stage.
func (x *Restores) logOf(ctx context.Context, run string) (*record.Log, error) {
	if run == x.Run {
		return x.Commands, nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if l := x.taken[run]; l != nil {
		return l, nil
	}
	l, err := record.OpenLog(ctx, x.Journal, x.Clock, run, x.Epoch)
	if err != nil {
		return nil, err
	}
	if x.taken == nil {
		x.taken = map[string]*record.Log{}
	}
	x.taken[run] = l
	return l, nil
}

// takeOver ends the commands of an earlier run: what is under way is looked up, what
// was not sent is not sent any more.
func (x *Restores) takeOver(ctx context.Context, l *record.Log) error {
	theirs := x.Setting
	theirs.Commands = l
	for _, c := range l.Commands() {
		if c.Done() {
			continue
		}
		running, err := followOpen(ctx, &theirs, c)
		if err != nil {
			return err
		}
		if running {
			continue
		}
		if err := l.Record(ctx, c.ID, command.Interrupted{By: x.Run}); err != nil {
			return err
		}
	}
	return nil
}

// followOpen brings a command's open request as far as AWS's record of it goes, and
// reports whether it still runs. It sends nothing.
func followOpen(ctx context.Context, s *Setting, c *command.Command) (running bool, err error) {
	operations := &operations{Setting: s, pace: NewPacing()}
	for {
		n := slices.IndexFunc(c.Attempts, func(a command.Attempt) bool { return a.Open() || a.State == command.Ended })
		if n < 0 {
			return false, nil
		}
		switch a := &c.Attempts[n]; a.State {
		case command.Intended:
			err = operations.lookUp(ctx, c, n)
		case command.Accepted:
			var operation fleet.Operation
			if operation, err = s.Cloud.Operation(ctx, a.Request.StackSet, a.Operation); err == nil && !operation.Status.Ended() {
				return true, nil
			}
			if fleet.KindOf(err) == fleet.NotFound { // the stack set is gone, and its instances with it
				return false, nil
			}
			if err == nil {
				err = operations.poll(ctx, c, n)
			}
		case command.Ended:
			err = (&results{s}).read(ctx, c, n)
		}
		if err != nil {
			return false, err
		}
	}
}

// settle looks whether the restores of a log are pending still. A stack that is
// there proves nothing by itself: AWS's record of the deletion comes first, read
// after the latest moment at which the request could arrive.
func (x *Restores) settle(ctx context.Context, l *record.Log) error {
	for _, restore := range l.Restores() {
		fact, err := x.settled(ctx, restore)
		if err != nil {
			return fmt.Errorf("%s: %w", restore.Cell, err)
		}
		if fact == nil {
			continue
		}
		if err := l.Record(ctx, restore.Command, fact); err != nil {
			return err
		}
	}
	return nil
}

// settled returns what has become of a restore, nil if nothing new.
func (x *Restores) settled(ctx context.Context, restore command.Restore) (command.Fact, error) {
	one := []fleet.Cell{restore.Cell}
	if restore.Refuted {
		return x.refuted(ctx, restore)
	}
	operation, err := x.Cloud.Operation(ctx, restore.StackSet, restore.Operation)
	switch {
	case fleet.KindOf(err) == fleet.NotFound && x.now().Before(restore.Deadline):
		return nil, nil // it can still arrive
	case fleet.KindOf(err) == fleet.NotFound && !restore.Gone:
		return command.RestoreResolved{Cells: one, Refuted: true, Why: "AWS has no record of the deletion " + restore.Operation + "."}, nil
	case err != nil && fleet.KindOf(err) != fleet.NotFound:
		return nil, fmt.Errorf("looking up the deletion %s: %w", restore.Operation, err)
	case err == nil && !operation.Status.Ended():
		return nil, nil // its outcome is not known yet
	}
	instance, err := x.Cloud.Instance(ctx, restore.Cell)
	if fleet.KindOf(err) == fleet.NotFound || err == nil && instance.StackID == "" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading its overrides: %w", err)
	}
	if record.SameOverrides(instance.Overrides, restore.Overrides) {
		return command.RestoreResolved{Cells: one, Why: "The deletion is over, and it is there with its overrides."}, nil
	}
	o, err := observe.ExternalSince(ctx, x.Cloud, restore.StackSet, restore.Run, restore.Operation)
	if err != nil || !givenSince(o, instance) {
		return nil, err
	}
	return command.RestoreResolved{Cells: one, Why: "It was given other overrides by an external operation since."}, nil
}

// refuted looks again for a deletion that AWS had no record of.
func (x *Restores) refuted(ctx context.Context, restore command.Restore) (command.Fact, error) {
	_, err := x.Cloud.Operation(ctx, restore.StackSet, restore.Operation)
	switch {
	case fleet.KindOf(err) == fleet.NotFound && x.now().Sub(restore.At) > refutedFor:
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
func (x *Restores) resolve(ctx context.Context, cells []fleet.Cell, why string) error {
	if len(cells) == 0 {
		return nil
	}
	back := map[fleet.Cell]bool{}
	for _, cell := range cells {
		back[cell] = true
	}
	runs, err := record.OpenRuns(ctx, x.Journal)
	if err != nil {
		return err
	}
	for _, run := range runs {
		l, err := x.logOf(ctx, run)
		if err != nil {
			return err
		}
		found := map[string][]fleet.Cell{}
		for _, restore := range l.Restores() {
			if back[restore.Cell] && !restore.Refuted {
				found[restore.Command] = append(found[restore.Command], restore.Cell)
			}
		}
		for _, id := range fleet.SortedKeys(found) {
			if err := l.Record(ctx, id, command.RestoreResolved{Cells: found[id], Why: why, By: x.Run}); err != nil {
				return err
			}
		}
	}
	return nil
}

// GiveUp records that a person does not want cells created again. It fails
// if one of them is not pending.
func GiveUp(ctx context.Context, j record.Journal, clock Clock, cells []fleet.Cell, by string) error {
	pending, err := record.PendingRestores(ctx, j, nil)
	if err != nil {
		return err
	}
	for _, cell := range cells {
		if _, ok := pending[cell]; !ok {
			return fmt.Errorf("giving up the restore of %s: none is pending; `setmend overrides saved` lists them", cell)
		}
	}
	holder, err := lease.Read(ctx, j)
	if err != nil {
		return err
	}
	if holder.Held(clock.Now()) {
		return fmt.Errorf("giving up restores: run %s is healing; stop it first, or let it end", holder.Run)
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
		l, err := record.OpenLog(ctx, j, clock, run, holder.Epoch)
		if err != nil {
			return err
		}
		for _, id := range slices.Sorted(maps.Keys(runs[run])) {
			if err := l.Record(ctx, id, command.RestoreResolved{Cells: runs[run][id], Why: "It is not wanted any more.", By: by}); err != nil {
				return err
			}
		}
	}
	return nil
}
