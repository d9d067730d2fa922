package heal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
)

// RunRecord is the durable head of a run.
type RunRecord struct {
	ID      string    `json:"id"`
	Engine  string    `json:"engine"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
	Stage   string    `json:"stage"`
	Epoch   int64     `json:"epoch,omitempty"` // of the lease
	// OrganizationRead is when the organization in the run's view was read: the
	// view as a whole grows younger with every operation that is taken in.
	OrganizationRead time.Time `json:"organizationRead,omitzero"`
	Result           Result    `json:"result,omitempty"`
	Error            string    `json:"error,omitempty"`
	// Unpublished is why the finished report could not be put where people look.
	Unpublished string  `json:"unpublished,omitempty"`
	Options     Options `json:"options"`
	// Passes counts how often each stage has planned; it names the plans.
	Passes map[plan.Stage]int `json:"passes,omitempty"`
	// Recovered is set once what earlier runs have left was looked up.
	Recovered bool `json:"recovered,omitempty"`
	// Drift are the drift detections whose findings are in the run's view of the
	// fleet, by command.
	Drift map[string]bool `json:"drift,omitempty"`
	// Unread are drifted cells of which it could not be read what has drifted.
	Unread []unreadDrift `json:"unread,omitempty"`
	// API counts the run's calls, over all processes it has lived in.
	API    APIReport       `json:"api"`
	Guards []plan.GuardHit `json:"guards,omitempty"`
	// Suspended are sets of which a deleted stack could not be created again, and why.
	Suspended map[fleet.StackSetName]string `json:"suspended,omitempty"`
	// First are the numbers that guards accepted beforehand had counted when the run
	// met them first, by the guard's id: more than those asks anew.
	First map[string]plan.Numbers `json:"first,omitempty"`
}

// run is an open run: its record and what a call of a stage has loaded of it.
type run struct {
	h        *Healer
	rec      *document[RunRecord]
	fence    *fence
	log      *commandLog
	others   map[string]*commandLog // logs of earlier runs that this one has taken over
	taking   *sync.Mutex            // guards others while commands are carried out
	pace     *pacing
	request  Request
	deadline time.Time
	inv      *document[fleet.Fleet]
	last     *plan.Assessment // of the report
}

func runKey(id, part string) string { return "runs/" + id + "/" + part }

// open loads (or begins) the run and makes sure that this healer may act.
func (h *Healer) open(ctx context.Context, stage string, request Request) (*run, error) {
	if request.Run == "" {
		return nil, errors.New("opening a run: its id is missing from the input")
	}
	now := h.Clock.Now()
	rec, err := read[RunRecord](ctx, h.Journal, runKey(request.Run, "run"))
	if err != nil {
		return nil, err
	}
	if !rec.exists() {
		rec.Value = RunRecord{ID: request.Run, Engine: h.Engine, Started: now, Options: request.Input}
	}
	if rec.Value.Passes == nil {
		rec.Value.Passes = map[plan.Stage]int{}
	}
	if request.Failure == nil {
		if err := h.checkStop(ctx, request.Run); err != nil { // before the lease: a run that may not begin takes none
			return nil, err
		}
	}
	r := &run{h: h, rec: rec, request: request, deadline: now.Add(h.Budget), others: map[string]*commandLog{}, taking: &sync.Mutex{}}
	if err := r.takeLease(ctx); err != nil {
		return nil, err
	}
	if err := r.openLog(ctx); err != nil {
		return nil, err
	}
	if epoch := r.epoch(); rec.Value.Stage != stage || !rec.exists() || rec.Value.Epoch != epoch {
		rec.Value.Stage, rec.Value.Epoch = stage, epoch
		if err := r.save(ctx); err != nil {
			return nil, err
		}
		r.progress(0, 0, 0)
	}
	return r, nil
}

// takeLease takes the run's lease. A run that failed for having lost it continues
// without: it can report what failed, and change nothing.
func (r *run) takeLease(ctx context.Context) error {
	r.fence = &fence{h: r.h, run: r.id()}
	lease, err := r.h.acquire(ctx, r.id(), r.rec.Value.Epoch)
	if err != nil && (r.request.Failure == nil || !isLeaseLost(err)) {
		return err
	}
	if err == nil {
		r.fence.lease = lease
	}
	return nil
}

// openLog loads the run's commands: the copy that the call before has left, if the
// log is this process's still.
func (r *run) openLog(ctx context.Context) (err error) {
	if r.fence.lease == nil {
		r.pace = newPacing()
		r.log, err = readLog(ctx, r.h.Journal, r.id())
		return err
	}
	if kept := r.h.kept.Swap(nil); kept != nil && kept.log.run == r.id() {
		current, err := kept.log.current(ctx)
		if err != nil {
			return err
		}
		if current {
			r.log, r.pace = kept.log, kept.pace
			r.log.turn = r.epoch()
			return nil
		}
	}
	r.pace = newPacing()
	r.log, err = openLog(ctx, r.h.Journal, r.h.Clock, r.id(), r.epoch())
	return err
}

// keptLog is what one call of a stage leaves to the next in the same process.
type keptLog struct {
	log  *commandLog
	pace *pacing
}

// epoch is the run's own, known when it first has the lease.
func (r *run) epoch() int64 {
	if r.fence.lease == nil {
		return r.rec.Value.Epoch
	}
	return r.fence.lease.doc.Value.Epoch
}

func isLeaseLost(err error) bool {
	var e *StageError
	return errors.As(err, &e) && e.Name == ErrorLeaseLost
}

// save writes the run's record.
func (r *run) save(ctx context.Context) error {
	r.countCalls()
	return r.rec.write(ctx, r.h.Journal)
}

// now is the current time.
func (r *run) now() time.Time { return r.h.Clock.Now() }

// id is the run's id.
func (r *run) id() string { return r.rec.Value.ID }

// again answers that the stage wants to be called again after a while.
func again(wait time.Duration) Answer {
	return Answer{Wait: max(1, int((wait+time.Second-1)/time.Second))}
}

// inventory loads the run's view of the fleet.
func (r *run) inventory(ctx context.Context) (*fleet.Fleet, error) {
	if r.inv != nil {
		return &r.inv.Value, nil
	}
	key := runKey(r.id(), "fleet")
	if copied := r.h.decoded.Swap(nil); copied != nil && copied.key == key {
		_, version, err := r.h.Journal.Get(ctx, key)
		if err != nil {
			return nil, fmt.Errorf("reading the version of %s: %w", key, err)
		}
		if version == copied.version {
			r.inv = copied
			return &r.inv.Value, nil
		}
	}
	inv, err := read[fleet.Fleet](ctx, r.h.Journal, key)
	if err != nil {
		return nil, err
	}
	r.inv = inv
	return &r.inv.Value, nil
}

// saveInventory stores the run's view of the fleet.
func (r *run) saveInventory(ctx context.Context) error { return r.inv.write(ctx, r.h.Journal) }

// policy is what holds for a stack set of the loaded inventory.
func (r *run) policy(set fleet.StackSetName) policy.Set {
	return r.h.Policy.For(r.inv.Value.StackSets[set].StackSet)
}

// progress reports how far the run is.
func (r *run) progress(done, all, running int) {
	if r.h.Progress == nil {
		return
	}
	healed, planned := r.counted()
	r.h.Progress(Progress{Run: r.id(), Stage: r.rec.Value.Stage, At: r.now(), Sets: done, AllSets: all,
		Healed: healed, Planned: planned, Running: running})
}

// counted returns how many cells commands of the run have put right, and how many
// they are for.
func (r *run) counted() (healed, planned int) {
	for _, c := range r.log.commands() {
		if c.Kind == command.Quarantine || c.Kind == command.Detect {
			continue
		}
		planned += len(c.Cells)
		for i := range c.Cells {
			if c.Cells[i].State == command.Healed {
				healed++
			}
		}
	}
	return healed, planned
}

// removed counts the instances of each set that the run has removed or detached.
func (r *run) removed() map[fleet.StackSetName]int {
	removed := map[fleet.StackSetName]int{}
	for _, c := range r.log.commands() {
		if c.Kind != command.Detach && c.Kind != command.Remove {
			continue
		}
		for i := range c.Cells {
			if c.Cells[i].State == command.Healed {
				removed[c.Cells[i].StackSet]++
			}
		}
	}
	return removed
}
