package heal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/setmend/setmend/fleet"
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
	Turn    int64     `json:"turn,omitempty"` // of the lease
	// OrganizationRead is when the organization in the run's view was read: the
	// view as a whole grows younger with every operation that is taken in.
	OrganizationRead time.Time `json:"organizationRead,omitzero"`
	Result           Result    `json:"result,omitempty"`
	Error            string    `json:"error,omitempty"`
	Options          Options   `json:"options"`
	// Rounds counts how often each stage has planned; it names the plans.
	Rounds map[plan.Stage]int `json:"rounds,omitempty"`
	// Detections are the drift detections of this run.
	Detections []Detection `json:"detections,omitempty"`
	// Unverified are sets in which something was healed since their last drift
	// detection.
	Unverified []fleet.StackSetName `json:"unverified,omitempty"`
	// API counts the run's calls, over all processes it has lived in.
	API APIReport `json:"api"`
	// Healed and Planned count the cells of rounds that have ended.
	Healed  int             `json:"healed"`
	Planned int             `json:"planned"`
	Guards  []plan.GuardHit `json:"guards,omitempty"`
	// Removed counts the instances of each set that this run removed or let go of.
	Removed map[fleet.StackSetName]int `json:"removed,omitempty"`
	// Held are sets of which a deleted stack could not be created again, and why.
	Held map[fleet.StackSetName]string `json:"held,omitempty"`
}

// run is an open run: its record and what a handler call has loaded of it.
type run struct {
	h        *Healer
	rec      *document[RunRecord]
	lease    *lease
	request  Request
	began    time.Time
	deadline time.Time
	inv      *document[fleet.Fleet]
	last     *plan.Assessment // of the report
}

func runKey(id, part string) string { return "runs/" + id + "/" + part }

// open loads (or begins) the run and makes sure that this healer may act.
func (h *Healer) open(ctx context.Context, stage string, request Request) (*run, error) {
	if request.Run == "" {
		return nil, fmt.Errorf("opening a run: its id is missing from the input")
	}
	now := h.Clock.Now()
	rec, err := read[RunRecord](ctx, h.Journal, runKey(request.Run, "run"))
	if err != nil {
		return nil, err
	}
	if !rec.exists() {
		rec.Value = RunRecord{ID: request.Run, Engine: h.Engine, Started: now, Options: request.Input}
	}
	if rec.Value.Rounds == nil {
		rec.Value.Rounds = map[plan.Stage]int{}
	}
	r := &run{h: h, rec: rec, request: request, began: now, deadline: now.Add(h.Budget)}
	if r.lease, err = h.acquire(ctx, request.Run, rec.Value.Turn); err != nil {
		if request.Failure == nil || !isLeaseLost(err) {
			return nil, err
		}
		r.lease = nil // what failed can be told without it; nothing can be changed
	}
	if request.Failure == nil {
		if err := r.checkStop(ctx); err != nil {
			return nil, err
		}
	}
	if turn := r.turn(); rec.Value.Stage != stage || !rec.exists() || rec.Value.Turn != turn {
		rec.Value.Stage, rec.Value.Turn = stage, turn
		if err := r.save(ctx); err != nil {
			return nil, err
		}
		r.progress(0, 0, 0)
	}
	return r, nil
}

// turn is the run's own, known when it first has the lease.
func (r *run) turn() int64 {
	if r.lease == nil {
		return r.rec.Value.Turn
	}
	return r.lease.doc.Value.Turn
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

// progress tells whoever listens how far the run is.
func (r *run) progress(done, all, running int) {
	if r.h.Progress == nil {
		return
	}
	v := &r.rec.Value
	r.h.Progress(Progress{Run: v.ID, Stage: v.Stage, At: r.now(), Sets: done, AllSets: all,
		Healed: v.Healed, Planned: v.Planned, Running: running})
}
