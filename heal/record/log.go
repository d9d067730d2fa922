package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/fault"
)

// Log is the commands of one run: the replay of its events, which are all
// that is stored of them. Opening it claims the log in the journal, so that a
// process that was paused can record nothing more, and, since an intent is recorded
// before each request, send nothing more.
type Log struct {
	journal Journal
	clock   Clock
	run     string
	epoch   int64 // of the lease; recorded with each event
	claim   int64 // of the log; 0 if it was only read

	mu     sync.Mutex // guards what follows, and every command while an event is applied
	broken error      // an event could not be stored: the commands are ahead of the journal
	byID   map[string]*command.Command
	order  []string
	events int
}

// EventsLog is the name of the log of a run's events.
func EventsLog(run string) string { return "events/" + run }

// openPrefix starts the keys of the runs that have commands or pending restores
// which are not over. A run's is written before its first event.
const openPrefix = "open/"

// OpenLog claims a run's log and replays it.
func OpenLog(ctx context.Context, j Journal, clock Clock, run string, epoch int64) (*Log, error) {
	mark, err := Read[bool](ctx, j, openPrefix+run)
	if err != nil {
		return nil, err
	}
	if !mark.Exists() {
		mark.Value = true
		if err := mark.Write(ctx, j); err != nil && !IsConflict(err) {
			return nil, err
		}
	}
	claim, err := j.Claim(ctx, EventsLog(run))
	if err != nil {
		return nil, fmt.Errorf("claiming the events of run %s: %w", run, err)
	}
	l, err := ReadLog(ctx, j, run)
	if err != nil {
		return nil, err
	}
	l.clock, l.epoch, l.claim = clock, epoch, claim
	return l, nil
}

// ReadLog replays a run's log without claiming it.
func ReadLog(ctx context.Context, j Journal, run string) (*Log, error) {
	l := &Log{journal: j, run: run, byID: map[string]*command.Command{}}
	for text, err := range j.Read(ctx, EventsLog(run), 0) {
		if err != nil {
			return nil, fmt.Errorf("reading the events of run %s: %w", run, err)
		}
		var e command.Event
		if err := json.Unmarshal(text, &e); err != nil {
			return nil, fmt.Errorf("reading the events of run %s: %w", run, err)
		}
		if err := l.apply(e); err != nil {
			return nil, fmt.Errorf("replaying the events of run %s: %w", run, err)
		}
	}
	return l, nil
}

// apply applies an event to its command. The caller must hold the mutex, or have the
// only reference to the log.
func (l *Log) apply(e command.Event) error {
	c := l.byID[e.Command]
	if c == nil {
		c = &command.Command{}
	}
	if err := command.Apply(c, e); err != nil {
		return err
	}
	l.events++
	if l.byID[e.Command] == nil {
		l.byID[e.Command] = c
		l.order = append(l.order, e.Command)
	}
	return nil
}

// Run returns the id of the log's run.
func (l *Log) Run() string { return l.run }

// Events returns how many events the log has.
func (l *Log) Events() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.events
}

// Continue records what follows under another epoch of the lease.
func (l *Log) Continue(epoch int64) { l.epoch = epoch }

// Current reports whether the log is still claimed by this process.
func (l *Log) Current(ctx context.Context) (bool, error) {
	err := l.journal.Append(ctx, EventsLog(l.run), l.claim)
	if isFenced(err) {
		return false, nil
	}
	return err == nil, err
}

// Record makes facts of a command durable and applies them.
func (l *Log) Record(ctx context.Context, id string, facts ...command.Fact) error {
	events := make([]command.Event, len(facts))
	for i, f := range facts {
		events[i] = command.Event{Command: id, At: l.clock.Now(), Epoch: l.epoch, Fact: f}
	}
	return l.RecordAll(ctx, events)
}

// RecordAll makes events durable together. An event that cannot happen is an error
// and is not stored.
func (l *Log) RecordAll(ctx context.Context, events []command.Event) error {
	if len(events) == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return l.broken
	}
	lines := make([][]byte, len(events))
	for i, e := range events {
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		lines[i] = line
		if err := l.apply(e); err != nil {
			l.broken = err
			return err
		}
	}
	if err := l.journal.Append(ctx, EventsLog(l.run), l.claim, lines...); err != nil {
		if isFenced(err) {
			err = &fault.Error{Name: fault.LeaseLost, Err: fmt.Errorf("recording what happened in run %s: another healer has taken it over: %w", l.run, err)}
		}
		l.broken = fmt.Errorf("recording events of run %s: %w", l.run, err)
		return l.broken
	}
	return nil
}

// Open returns the command of an id: that which an earlier call has opened, else the one
// made, once its opening is durable.
func (l *Log) Open(ctx context.Context, id string, made func() command.Command) (*command.Command, error) {
	if list, err := l.Named([]string{id}); err == nil {
		return list[0], nil
	}
	if err := l.Record(ctx, id, command.Opened{Command: made()}); err != nil {
		return nil, err
	}
	list, err := l.Named([]string{id})
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// Commands lists the run's commands in the order in which they were opened.
func (l *Log) Commands() []*command.Command {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]*command.Command, len(l.order))
	for i, id := range l.order {
		list[i] = l.byID[id]
	}
	return list
}

// Named lists the commands of the given ids.
func (l *Log) Named(ids []string) ([]*command.Command, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]*command.Command, len(ids))
	for i, id := range ids {
		if list[i] = l.byID[id]; list[i] == nil {
			return nil, fmt.Errorf("loading command %s of run %s: the journal has no event of it", id, l.run)
		}
	}
	return list, nil
}

// Restores lists what the run's commands may have deleted and must create again.
func (l *Log) Restores() []command.Restore {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []command.Restore
	for _, id := range l.order {
		list = append(list, command.Restores(l.byID[id])...)
	}
	return list
}

// Over reports whether nothing of the run can matter to another any more.
func (l *Log) Over() bool {
	for _, c := range l.Commands() {
		if !c.Done() && c.Started() {
			return false
		}
	}
	return len(l.Restores()) == 0
}

// OpenRuns lists the runs whose commands or restores may not be over, sorted.
func OpenRuns(ctx context.Context, j Journal) ([]string, error) {
	keys, err := j.Keys(ctx, openPrefix)
	if err != nil {
		return nil, err
	}
	for i := range keys {
		keys[i] = strings.TrimPrefix(keys[i], openPrefix)
	}
	return keys, nil
}

// CloseRun removes a run from the open ones.
func CloseRun(ctx context.Context, j Journal, run string) error {
	mark, err := Read[bool](ctx, j, openPrefix+run)
	if err != nil || !mark.Exists() {
		return err
	}
	if err := mark.Delete(ctx, j); err != nil && !IsConflict(err) {
		return fmt.Errorf("closing run %s: %w", run, err)
	}
	return nil
}

// PendingRestores returns the cells that runs may have deleted and that were not
// seen again, with the copy of the overrides that each must get: the newest. known is
// one run's log as it is known already, nil if none is.
func PendingRestores(ctx context.Context, j Journal, known *Log) (map[fleet.Cell]command.Restore, error) {
	runs, err := OpenRuns(ctx, j)
	if err != nil {
		return nil, err
	}
	pending := map[fleet.Cell]command.Restore{}
	for _, run := range runs {
		l := known
		if l == nil || l.run != run {
			if l, err = ReadLog(ctx, j, run); err != nil {
				return nil, err
			}
		}
		for _, r := range l.Restores() {
			if newest, ok := pending[r.Cell]; !r.Refuted && (!ok || r.At.After(newest.At)) {
				pending[r.Cell] = r
			}
		}
	}
	return pending, nil
}

// isFenced reports whether a log was claimed by another.
func isFenced(err error) bool {
	var e interface {
		error
		Fenced() bool
	}
	return errors.As(err, &e) && e.Fenced()
}
