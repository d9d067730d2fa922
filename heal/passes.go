package heal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/execute"
	"github.com/setmend/setmend/heal/observe"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
)

// passes plans a run's passes and carries them out.
type passes struct{ *run }

// current loads the stage's latest pass, nil before the first.
func (r *passes) current(ctx context.Context, stage plan.Stage) (*record.Document[record.Pass], error) {
	n := r.rec.Value.Passes[stage]
	if n == 0 {
		return nil, nil
	}
	return record.Read[record.Pass](ctx, r.h.Journal, record.PassKey(r.id(), stage, n))
}

// next plans the stage anew from the run's view of the fleet, and makes the
// plan and its commands durable. The commands come first: a pass that is in the
// journal always finds them there.
func (r *passes) next(ctx context.Context, stage plan.Stage) (*record.Document[record.Pass], error) {
	n := r.rec.Value.Passes[stage] + 1
	pass, err := record.Read[record.Pass](ctx, r.h.Journal, record.PassKey(r.id(), stage, n))
	if err != nil {
		return nil, err
	}
	if !pass.Exists() {
		made, assessment, err := plannerOf(r.run).plan(ctx, stage, n)
		if err != nil {
			return nil, err
		}
		pass.Value = record.Pass{Stage: stage, N: n, Plan: made, Waiting: r.view.External()}
		if err := r.open(ctx, pass, assessment); err != nil {
			return nil, err
		}
	}
	rec := &r.rec.Value
	rec.Passes[stage] = n
	rec.MarkOpened(pass.Value.Plan.Guards)
	rec.KeepGuards(pass.Value.Plan.Guards)
	rec.KeepFirst(pass.Value.Plan.Guards)
	return pass, r.save(ctx)
}

// open opens the commands of a pass and writes it.
func (r *passes) open(ctx context.Context, pass *record.Document[record.Pass], assessment *plan.Assessment) error {
	v := &pass.Value
	if !v.Plan.Sealed() {
		return fmt.Errorf("opening a pass of stage %s: its plan is not what was sealed under %s", v.Stage, v.Plan.Hash)
	}
	for _, action := range v.Plan.Actions {
		for _, set := range append([]fleet.StackSetName{action.StackSet}, action.Together...) {
			if r.view.Loaded().StackSets[set] == nil {
				return fmt.Errorf("opening a pass of stage %s: the stack set %s of the plan is gone; plan anew", v.Stage, set)
			}
		}
	}
	known := map[string]bool{}
	for _, c := range r.log.Commands() {
		known[c.ID] = true
	}
	var opened []command.Event
	for _, action := range v.Plan.Actions {
		c := r.commandOf(v, action, assessment)
		v.Commands = append(v.Commands, c.ID)
		if !known[c.ID] { // else a process has died between opening it and writing the pass
			opened = append(opened, command.Event{Command: c.ID, At: r.now(), Epoch: r.epoch(), Fact: command.Opened{Command: c}})
		}
	}
	if err := r.log.RecordAll(ctx, opened); err != nil {
		return err
	}
	if err := record.Ask(ctx, r.h.Journal, r.id(), v.Plan.Guards, r.now()); err != nil {
		return err
	}
	return pass.Write(ctx, r.h.Journal)
}

// commandOf is an action as a command that has not begun.
func (r *passes) commandOf(pass *record.Pass, action plan.Action, found *plan.Assessment) command.Command {
	f := r.view.Loaded()
	c := command.Command{ID: fmt.Sprintf("%s-%d-%s", pass.Stage, pass.N, action.ID), Run: r.id(),
		Kind: command.Kind(action.Remedy), Action: action, Pins: execute.Pins(f, action)}
	if action.Remedy == plan.RemedyDetect {
		return c
	}
	for _, cell := range action.Cells() {
		d := command.Cell{Cell: cell, StackID: f.StackSets[cell.StackSet].Instances[cell.Target].StackID}
		if a := found.Find(cell); a != nil && cell.StackSet == action.StackSet {
			d.Verdict, d.Why, d.Found = a.Verdict, a.Reason, a.Class
		} else if cell.StackSet != action.StackSet {
			d.Why = "imports from " + string(action.StackSet) + ", which is redeployed"
		}
		c.Cells = append(c.Cells, d)
	}
	return c
}

// carryOut carries a pass's commands out, those that verify after the others. It
// returns how long to wait before the next look; zero means that all are done.
func (r *passes) carryOut(ctx context.Context, pass *record.Document[record.Pass]) (time.Duration, error) {
	commands, err := r.log.Named(pass.Value.Commands)
	if err != nil {
		return 0, err
	}
	first := slices.DeleteFunc(slices.Clone(commands), verifies)
	if wait, err := r.execute(ctx, first); err != nil || wait > 0 {
		return wait, err
	}
	if err := r.apply(ctx, pass, first); err != nil {
		return 0, err
	}
	changed := map[fleet.StackSetName]bool{}
	for _, set := range touchedSets(first) {
		changed[set] = true
	}
	then := slices.DeleteFunc(slices.Clone(commands), func(c *command.Command) bool {
		return !verifies(c) || !changed[c.Action.StackSet]
	})
	if len(then) == 0 {
		return 0, nil
	}
	return r.execute(ctx, then)
}

// execute carries commands as far as they go without waiting.
func (r *passes) execute(ctx context.Context, commands []*command.Command) (time.Duration, error) {
	f, err := r.view.Fleet(ctx) // loaded here: the commands share it, read-only
	if err != nil {
		return 0, err
	}
	setting := r.setting()
	setting.Fleet = f
	x := &execute.Executor{Setting: setting, Restores: r.restores, Pace: r.pace, Deadline: r.deadline, Others: r.view, Progress: r.progress}
	return x.Execute(ctx, commands)
}

// verifies reports whether a command proves what others have done.
func verifies(c *command.Command) bool { return c.Action.Stage == plan.StageVerify }

// touchedSets lists the stack sets that commands have changed something in, sorted.
func touchedSets(commands []*command.Command) []fleet.StackSetName {
	changed := map[fleet.StackSetName]bool{}
	for _, c := range commands {
		if !c.Touched() {
			continue
		}
		for _, set := range c.Sets() {
			changed[set] = true
		}
	}
	return fleet.SortedKeys(changed)
}

// apply brings what the commands changed into the run's view, once.
func (r *passes) apply(ctx context.Context, pass *record.Document[record.Pass], commands []*command.Command) error {
	if pass.Value.Applied {
		return nil
	}
	if err := r.view.ApplyResults(ctx, commands); err != nil {
		return err
	}
	if err := r.view.ReadSkipped(ctx, commands); err != nil {
		return err
	}
	// What verifies detects drift, which overwrites why something failed just now.
	memory := plan.Memory{Cells: map[fleet.Cell]plan.CellMemory{}}
	if err := record.LoadCells(ctx, r.h.Journal, &memory); err != nil {
		return err
	}
	if err := observe.NoteCauses(ctx, r.h.Cloud, r.h.Journal, r.view.Loaded(), &memory); err != nil {
		return err
	}
	r.keepSuspensions(commands)
	r.keepRefusals(commands)
	again, err := r.afterStopping(ctx, commands)
	if err != nil {
		return err
	}
	if err := r.save(ctx); err != nil {
		return err
	}
	pass.Value.Applied, pass.Value.Again = true, again
	return pass.Write(ctx, r.h.Journal)
}

// afterStopping reads anew what the stopped commands rested on, and reports whether
// there were any.
func (r *passes) afterStopping(ctx context.Context, commands []*command.Command) (bool, error) {
	var names []fleet.StackSetName
	for _, c := range commands {
		if c.Stopped == "" {
			continue
		}
		r.rec.Value.KeepGuards([]plan.GuardHit{{Guard: plan.GuardChangedMeanwhile, StackSet: c.Action.StackSet, Waits: true,
			Reason: c.Stopped, Hint: "Nothing needs to be done: it is planned anew."}})
		names = append(names, c.Sets()...)
	}
	if len(names) == 0 {
		return false, nil
	}
	r.rec.Value.OrganizationRead = r.now()
	slices.Sort(names)
	return true, r.view.ReadAnew(ctx, slices.Compact(names))
}

// keepSuspensions remembers the sets of which no more is taken down in this run.
func (r *passes) keepSuspensions(commands []*command.Command) {
	for _, c := range commands {
		if lost := execute.CannotComeBack(c); lost != nil {
			r.rec.Value.Suspend(c.Action.StackSet, lost.Reason)
		}
	}
}

// keepRefusals makes guards of what commands found out about single cells right
// before they would have acted.
func (r *passes) keepRefusals(commands []*command.Command) {
	for _, c := range commands {
		for i := range c.Cells {
			if d := &c.Cells[i]; d.State == command.Failed && d.Class == plan.ReasonMaskedOverride {
				r.rec.Value.KeepGuards([]plan.GuardHit{{Guard: plan.GuardMaskedOverride, StackSet: d.StackSet, Reason: d.Reason, Hint: plan.Hint(d.Class)}})
			}
		}
	}
}

// end ends a pass whose commands are done.
func (r *passes) end(ctx context.Context, pass *record.Document[record.Pass]) error {
	pass.Value.Ended = true
	return pass.Write(ctx, r.h.Journal)
}
