package asl

import (
	"context"
	"fmt"
)

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
	return f.state != nil && f.state.kind == KindMap && f.state.work.programs()[0].distributed && f.family != nil
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
