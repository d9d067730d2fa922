package asl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/setmend/setmend/asl/internal/source"
)

// Config is what an [Engine] works with. The zero value is usable.
type Config struct {
	Store    Store       // nil: a new MemoryStore
	Tasks    Tasks       // nil: no functions
	Objects  ObjectStore // for item readers and result writers on S3; nil: none
	Clock    Clock       // nil: package time
	Random   rand.Source // seeds each run's generator, together with its name; nil: unpredictable
	Limits   Limits      // zero fields: as on AWS
	Listener Listener    // nil: nobody listens
	Context  ContextValues

	// AnswerPoll is how often an execution looks for answers that other processes
	// have sent to its tasks that wait for a token, by the Clock; 0: every 500 ms.
	// While no task waits, it does not look.
	AnswerPoll time.Duration
}

// NewEngine makes an engine.
func NewEngine(c Config) *Engine {
	e := &Engine{
		store: c.Store, tasks: c.Tasks, objects: c.Objects, clock: c.Clock,
		limits: c.Limits.withDefaults(), listener: c.Listener, values: c.Context,
		running: map[string]*run{}, defined: map[string]bool{}, poll: c.AnswerPoll,
	}
	if e.store == nil {
		e.store = NewMemoryStore()
	}
	if e.tasks == nil {
		e.tasks = FunctionMap{}
	}
	if e.clock == nil {
		e.clock = systemClock{}
	}
	if e.poll <= 0 {
		e.poll = DefaultAnswerPoll
	}
	if c.Random != nil {
		e.seed = c.Random.Uint64()
	} else {
		e.seed = rand.Uint64()
	}
	e.values.setDefaults()
	return e
}

func (v *ContextValues) setDefaults() {
	for _, field := range []struct {
		to       *string
		standard string
	}{
		{&v.StateMachine, "setmend"}, {&v.Region, "local"}, {&v.Account, "000000000000"},
	} {
		if *field.to == "" {
			*field.to = field.standard
		}
	}
	if v.RoleARN == "" {
		v.RoleARN = "arn:aws:iam::" + v.Account + ":role/" + v.StateMachine
	}
}

// Run starts an execution and works on it until it is over. name identifies it
// from then on; it must be new ([ErrExists]).
//
// The Outcome says how the execution ended, in failure too. An error says that
// it has not ended, but cannot go on here: the store failed, another owner has
// taken it over (the error has a method Fenced() bool that gives true), or ctx
// was cancelled. Resume goes on with it. Functions that were running have
// returned when Run does.
func (e *Engine) Run(ctx context.Context, name string, m *Machine, input json.RawMessage) (Outcome, error) {
	if err := checkName(name); err != nil {
		return Outcome{}, err
	}
	if len(input) == 0 {
		input = json.RawMessage("{}")
	}
	input, err := source.Clean(input)
	if err != nil {
		return Outcome{}, fmt.Errorf("reading the input of execution %s: %w", name, err)
	}
	in, err := parseData(input)
	if err != nil {
		return Outcome{}, fmt.Errorf("reading the input of execution %s: %w", name, err)
	}
	if len(input) > e.limits.Payload {
		return Outcome{}, fmt.Errorf("reading the input of execution %s: larger than %d bytes", name, e.limits.Payload)
	}
	r := e.newRun(ctx, name, m)
	if err := e.register(r); err != nil {
		return Outcome{}, err
	}
	defer e.unregister(r)
	if err := r.create(ctx, in); err != nil {
		r.end()
		return Outcome{}, err
	}
	return r.loop(ctx)
}

func (e *Engine) register(r *run) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running[r.name] != nil {
		return fmt.Errorf("running execution %s: %w", r.name, ErrRunning)
	}
	e.running[r.name] = r
	return nil
}

func (e *Engine) unregister(r *run) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.running, r.name)
}

func (e *Engine) runningNow(name string) *run {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.running[name]
}

// create begins the log. The records go out with the first batch, and the
// definition before that.
func (r *run) create(ctx context.Context, input *data) error {
	if err := r.engine.define(ctx, r.machine); err != nil {
		return fmt.Errorf("starting execution %s: %w", r.name, err)
	}
	r.batch = make([]byte, 0, len(input.json())+firstBatch)
	r.write(&record{Type: recordDefinition, Hash: r.machine.hash, At: r.now()})
	r.begin(nil, &record{Name: r.name, data: input})
	return nil
}

// Stop ends an execution with status ABORTED. It may be running here, elsewhere,
// or not at all; elsewhere it is fenced off. Stopping one that is over changes
// nothing.
func (e *Engine) Stop(ctx context.Context, name, errorName, cause string) error {
	abort := &record{Type: ExecutionAborted, Error: errorName, Cause: cause}
	if r := e.runningNow(name); r != nil {
		err := r.ask(ctx, func() error { r.abort(abort); return nil })
		if !errors.Is(err, ErrNoSuchTask) {
			return err
		}
	}
	r, err := e.recover(ctx, name)
	if err != nil {
		return err
	}
	r.abort(abort)
	return r.commit(ctx)
}

func (r *run) abort(rec *record) {
	if r.top().outcome == nil {
		r.endExecution(r.top().root, rec)
	}
}

// Resume goes on with an execution from its log, with the definition that it was
// started with. Of one that is over it gives the outcome. What Run says of the
// results holds here too.
func (e *Engine) Resume(ctx context.Context, name string) (Outcome, error) {
	placeholder := e.newRun(ctx, name, nil)
	placeholder.end() // it takes no messages: who has any finds nobody running yet
	if err := e.register(placeholder); err != nil {
		return Outcome{}, err
	}
	defer e.unregister(placeholder)
	r, err := e.recover(ctx, name)
	if err != nil {
		return Outcome{}, err
	}
	if done := r.top().outcome; done != nil {
		return *done, nil
	}
	e.replace(r)
	if err := r.goOn(); err != nil {
		r.end()
		return Outcome{}, err
	}
	return r.loop(ctx)
}

// replace puts the run that has been read in place of the one that kept its
// place.
func (e *Engine) replace(r *run) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.running[r.name] = r
}
