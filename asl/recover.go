package asl

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/setmend/setmend/asl/internal/value"
)

// compact takes the blanks out of a definition, so that a record is one line.
func compact(definition []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, definition) != nil {
		return definition
	}
	return b.Bytes()
}

// recover claims the log of an execution and applies all of it.
func (e *Engine) recover(ctx context.Context, name string) (*run, error) {
	log := logPrefix + name
	if err := e.mustExist(ctx, log); err != nil {
		return nil, fmt.Errorf("resuming execution %s: %w", name, err)
	}
	epoch, err := e.store.Claim(ctx, log)
	if err != nil {
		return nil, fmt.Errorf("claiming the log of execution %s: %w", name, err)
	}
	r := e.newRun(ctx, name, nil)
	r.owned, r.epoch, r.drawn = true, epoch, epoch
	r.byID = map[int]*frame{}
	if err := r.replay(ctx, nil); err != nil {
		return nil, fmt.Errorf("resuming execution %s: %w", name, err)
	}
	r.byID = nil
	return r, nil
}

func (e *Engine) mustExist(ctx context.Context, log string) error {
	for _, err := range e.store.Read(ctx, log, 0) {
		return err
	}
	return ErrNotFound
}

// replay applies the log. note, if there is one, sees each record first.
func (r *run) replay(ctx context.Context, note func(*record)) error {
	n := 0
	for entry, err := range r.engine.store.Read(ctx, r.log, 0) {
		if err != nil {
			return fmt.Errorf("reading entry %d of the log: %w", n, err)
		}
		if err := r.replayEntry(ctx, entry, note); err != nil {
			return fmt.Errorf("applying entry %d of the log: %w", n, err)
		}
		n++
	}
	if len(r.execs) == 0 {
		return fmt.Errorf("the log has no execution")
	}
	return nil
}

func (r *run) replayEntry(ctx context.Context, entry []byte, note func(*record)) error {
	records, err := parseRecords(entry)
	if err != nil {
		return err
	}
	for _, rec := range records {
		if note != nil {
			note(rec)
		}
		if err := r.replayRecord(ctx, rec); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) replayRecord(ctx context.Context, rec *record) error {
	if rec.Type == recordDefinition {
		return r.loadRecorded(ctx, rec)
	}
	if r.machine == nil {
		return fmt.Errorf("the log does not begin by naming its definition")
	}
	if err := rec.decode(); err != nil {
		return err
	}
	return r.applyRecorded(rec)
}

// decode works out what the log's text means.
func (rec *record) decode() (err error) {
	rec.op = rec.operation()
	if rec.Text != nil {
		if rec.data, err = recordedData(rec.Text); err != nil {
			return err
		}
	}
	if rec.Vars != nil {
		vars, err := recordedData(rec.Vars)
		if err != nil {
			return err
		}
		rec.vars, _ = vars.v.(*value.Object)
	}
	return nil
}

// loadRecorded compiles the definition that the log names.
func (r *run) loadRecorded(ctx context.Context, rec *record) error {
	definition, err := r.engine.Definition(ctx, rec.Hash)
	if err != nil {
		return err
	}
	r.machine, err = Parse(definition)
	return err
}

// applyRecorded applies a record as emit did when it was written.
func (r *run) applyRecorded(rec *record) error {
	if rec.op == opBegin {
		return r.beginRecorded(rec)
	}
	f := r.byID[rec.Frame]
	if f == nil || rec.Exec >= len(r.execs) || f.exec != r.execs[rec.Exec] {
		return fmt.Errorf("%s of frame %d, which is not there", rec.Type, rec.Frame)
	}
	if err := f.fits(rec); err != nil {
		return err
	}
	f.exec.lastID = max(f.exec.lastID, rec.ID)
	r.apply(f, rec)
	return nil
}

func (r *run) beginRecorded(rec *record) error {
	outer := r.byID[rec.Frame]
	if rec.data == nil || (rec.Exec == 0) != (len(r.execs) == 0) || rec.Exec != len(r.execs) {
		return fmt.Errorf("an execution begins out of order")
	}
	if rec.Exec == 0 {
		outer = nil
	} else if outer == nil || !outer.distributes() || rec.Index != outer.family.begun {
		return fmt.Errorf("a child execution of frame %d, which is not there", rec.Frame)
	}
	f := r.applyBegin(outer, rec)
	r.byID[f.id] = f
	return nil
}

// distributes tells whether f is in a distributed Map.
func (f *frame) distributes() bool {
	m, ok := f.work().(*mapState)
	return ok && m.distributed && f.family != nil
}

// fits checks that a record can be applied to f: a log that somebody has
// tampered with must not bring the process down.
func (f *frame) fits(rec *record) error {
	ok := true
	switch rec.op {
	case opEnter:
		ok = f.state != nil && f.state.name == rec.Name && rec.data != nil
	case opExit:
		ok = f.state != nil && rec.data != nil && (rec.Next == "" || f.prog.named[rec.Next] != nil)
	case opWait:
		_, ok = f.work().(*wait)
	case opRetry:
		ok = f.state != nil && rec.Index < len(f.state.retry)
	case opSchedule:
		_, isTask := f.work().(*task)
		ok = isTask && rec.data != nil
	case opSubmit, opBeat:
		ok = f.call != nil
	case opBranches:
		_, isParallel := f.work().(*parallel)
		ok = isParallel && rec.data != nil
	case opMap:
		_, ok = f.work().(*mapState)
	case opItems:
		ok = f.family != nil && rec.data != nil
	case opIterate:
		ok = f.family != nil && rec.data != nil && rec.Index == f.family.begun
	case opIterated:
		ok = f.family != nil && f.family.running[rec.Index] != nil
	case opItemsEnd:
		ok = f.family != nil
	}
	if !ok {
		return fmt.Errorf("%s does not fit the state that its frame is in", rec.Type)
	}
	return nil
}

// goOn takes up what was under way when the log ends. Answers that have come
// since are taken before anything is called or timed out.
func (r *run) goOn() error {
	r.armTimeout()
	r.resume(r.top().root)
	r.takeAnswers()
	return r.damage
}

// amidStep tells whether f is as it can only be within a step. A log that was
// written in whole batches never ends so.
func (f *frame) amidStep() bool {
	switch f.phase {
	case phaseCalling:
		return f.call == nil
	case phaseFamily:
		return f.family == nil
	}
	return f.phase == phaseDone
}

func (r *run) resume(f *frame) {
	if f.amidStep() {
		r.damage = fmt.Errorf("resuming execution %s: the log ends amid a step of frame %d", r.name, f.id)
		return
	}
	switch f.phase {
	case phaseNext, phaseEntered:
		r.enqueue(f)
	case phaseWaiting:
		f.state.work.(*wait).arm(r, f)
	case phaseRetrying:
		r.armRetry(f)
	case phaseCalling:
		if f.state.work.(*task).callback {
			r.await(f.call)
		}
		r.launch = append(r.launch, f.call)
	case phaseFamily:
		f.state.work.(parent).resume(r, f)
	}
}
