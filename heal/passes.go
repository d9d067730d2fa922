package heal

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/plan"
)

// Pass is one sealed plan of a stage and the commands that carry it out. A stage
// plans again when all commands of its pass have ended, until a plan has nothing to
// do.
type Pass struct {
	Stage plan.Stage `json:"stage"`
	N     int        `json:"n"`
	Plan  *plan.Plan `json:"plan"`
	// Commands are the ids of the commands, in the plan's order.
	Commands []string `json:"commands"`
	Ended    bool     `json:"ended"`
	// Waiting are sets left out because an external operation runs on them.
	Waiting []fleet.StackSetName `json:"waiting,omitempty"`
	// Applied is set once what the commands changed is in the run's view of the fleet.
	Applied bool `json:"applied,omitempty"`
	// Again is set if commands were stopped, so that the stage has to plan anew.
	Again bool `json:"again,omitempty"`
}

func passKey(run string, stage plan.Stage, n int) string {
	return runKey(run, "passes/"+string(stage)+"-"+strconv.Itoa(n))
}

// currentPass loads the stage's latest pass, nil before the first.
func (r *run) currentPass(ctx context.Context, stage plan.Stage) (*document[Pass], error) {
	n := r.rec.Value.Passes[stage]
	if n == 0 {
		return nil, nil
	}
	return read[Pass](ctx, r.h.Journal, passKey(r.id(), stage, n))
}

// nextPass plans the stage anew from the run's view of the fleet, and makes the
// plan and its commands durable. The commands come first: a pass that is in the
// journal always finds them there.
func (r *run) nextPass(ctx context.Context, stage plan.Stage) (*document[Pass], error) {
	n := r.rec.Value.Passes[stage] + 1
	pass, err := read[Pass](ctx, r.h.Journal, passKey(r.id(), stage, n))
	if err != nil {
		return nil, err
	}
	if !pass.exists() {
		p, assessment, err := r.plan(ctx, stage, n)
		if err != nil {
			return nil, err
		}
		pass.Value = Pass{Stage: stage, N: n, Plan: p, Waiting: r.external(&r.inv.Value)}
		if err := r.openPass(ctx, pass, assessment); err != nil {
			return nil, err
		}
	}
	r.rec.Value.Passes[stage] = n
	r.markOpened(pass.Value.Plan.Guards)
	r.keepGuards(pass.Value.Plan.Guards)
	r.keepFirst(pass.Value.Plan.Guards)
	return pass, r.save(ctx)
}

// openPass opens the commands of a pass and writes it.
func (r *run) openPass(ctx context.Context, pass *document[Pass], assessment *plan.Assessment) error {
	v := &pass.Value
	if !v.Plan.Sealed() {
		return fmt.Errorf("opening a pass of stage %s: its plan is not what was sealed under %s", v.Stage, v.Plan.Hash)
	}
	for _, action := range v.Plan.Actions {
		for _, set := range append([]fleet.StackSetName{action.StackSet}, action.Together...) {
			if r.inv.Value.StackSets[set] == nil {
				return fmt.Errorf("opening a pass of stage %s: the stack set %s of the plan is gone; plan anew", v.Stage, set)
			}
		}
	}
	verdicts := index(assessment)
	known := map[string]bool{}
	for _, c := range r.log.commands() {
		known[c.ID] = true
	}
	var opened []command.Event
	for _, action := range v.Plan.Actions {
		c := r.commandOf(v, action, verdicts)
		v.Commands = append(v.Commands, c.ID)
		if !known[c.ID] { // else a process has died between opening it and writing the pass
			opened = append(opened, command.Event{Command: c.ID, At: r.now(), Epoch: r.epoch(), Fact: command.Opened{Command: c}})
		}
	}
	if err := r.log.recordAll(ctx, opened); err != nil {
		return err
	}
	if err := r.ask(ctx, v.Plan.Guards); err != nil {
		return err
	}
	return pass.write(ctx, r.h.Journal)
}

// commandOf is an action as a command that has not begun.
func (r *run) commandOf(pass *Pass, action plan.Action, verdicts map[fleet.Cell]*plan.Assessed) command.Command {
	f := &r.inv.Value
	c := command.Command{ID: fmt.Sprintf("%s-%d-%s", pass.Stage, pass.N, action.ID), Run: r.id(),
		Kind: command.Kind(action.Remedy), Action: action, Pins: pins(f, action)}
	if action.Remedy == plan.RemedyDetect {
		return c
	}
	for _, cell := range action.Cells() {
		d := command.Cell{Cell: cell, StackID: f.StackSets[cell.StackSet].Instances[cell.Target].StackID}
		if found := verdicts[cell]; found != nil && cell.StackSet == action.StackSet {
			d.Verdict, d.Why, d.Found = found.Verdict, found.Reason, found.Class
		} else if cell.StackSet != action.StackSet {
			d.Why = "imports from " + string(action.StackSet) + ", which is redeployed"
		}
		c.Cells = append(c.Cells, d)
	}
	return c
}

// plan assesses the fleet as the run knows it and plans one stage.
func (r *run) plan(ctx context.Context, stage plan.Stage, n int) (*plan.Plan, *plan.Assessment, error) {
	f, err := r.inventory(ctx)
	if err != nil {
		return nil, nil, err
	}
	memory, err := r.memory(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	if err := r.noteCauses(ctx, f, &memory); err != nil {
		return nil, nil, err
	}
	if stage == plan.StageDetect || stage == plan.StageHeal {
		if err := RecallDetections(ctx, r.h.Cloud, f, r.h.Policy, r.now(), &memory); err != nil {
			return nil, nil, err
		}
	}
	assessment := plan.Assess(f, r.h.Policy, memory, r.now())
	p := assessment.Plan(plan.Options{Scope: r.rec.Value.Options.Scope()})
	p = r.suspend(p, &memory)
	p = p.Select(stage, func(a plan.Action) bool { return stageTakes(stage, a) })
	p, err = r.within(ctx, p, stage, n)
	return p, assessment, err
}

// stageTakes reports whether an action is carried out in the stage. The last one
// takes what could not be done in its own, too: its set was busy, it waited for
// another try, or it was deleted since.
func stageTakes(stage plan.Stage, a plan.Action) bool {
	return a.Stage == stage || stage == plan.StageHeal
}

// memory is what earlier runs and this one remember.
func (r *run) memory(ctx context.Context, f *fleet.Fleet) (plan.Memory, error) {
	memory, err := loadMemory(ctx, r.h.Journal, r.rec.Value.Options.Accept, r.log)
	if err != nil {
		return memory, err
	}
	memory.Run, memory.Unread = r.id(), r.unread()
	for _, answers := range memory.Accepted {
		for i := range answers {
			if answers[i].Beforehand {
				answers[i].First = r.rec.Value.First
			}
		}
	}
	memory.Operations, memory.Removed, memory.Detected = r.ownOperations(f), r.removed(), r.detected()
	return memory, RecallSaved(ctx, r.h.Cloud, f, r.h.Policy, &memory)
}

// assess judges the fleet with what earlier runs and this one remember.
func (r *run) assess(ctx context.Context, f *fleet.Fleet) (*plan.Assessment, plan.Memory, error) {
	memory, err := r.memory(ctx, f)
	if err != nil {
		return nil, memory, err
	}
	return plan.Assess(f, r.h.Policy, memory, r.now()), memory, nil
}

// index finds an assessment's cells.
func index(a *plan.Assessment) map[fleet.Cell]*plan.Assessed {
	cells := make(map[fleet.Cell]*plan.Assessed, len(a.Cells))
	for i := range a.Cells {
		cells[a.Cells[i].Cell] = &a.Cells[i]
	}
	return cells
}

// carryOut carries a pass's commands out, those that verify after the others. It
// returns how long to wait before the next look; zero means that all are done.
func (r *run) carryOut(ctx context.Context, pass *document[Pass]) (time.Duration, error) {
	commands, err := r.log.named(pass.Value.Commands)
	if err != nil {
		return 0, err
	}
	first := slices.DeleteFunc(slices.Clone(commands), verifies)
	if wait, err := r.execute(ctx, first); err != nil || wait > 0 {
		return wait, err
	}
	if err := r.applyPass(ctx, pass, first); err != nil {
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

// applyPass brings what the commands changed into the run's view, once.
func (r *run) applyPass(ctx context.Context, pass *document[Pass], commands []*command.Command) error {
	if pass.Value.Applied {
		return nil
	}
	if err := r.applyResults(ctx, commands); err != nil {
		return err
	}
	if err := r.readSkipped(ctx, commands); err != nil {
		return err
	}
	// What verifies detects drift, which overwrites why something failed just now.
	memory := plan.Memory{Cells: map[fleet.Cell]plan.CellMemory{}}
	if err := loadCells(ctx, r.h.Journal, &memory); err != nil {
		return err
	}
	if err := r.noteCauses(ctx, &r.inv.Value, &memory); err != nil {
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
	return pass.write(ctx, r.h.Journal)
}

// endPass ends a pass whose commands are done.
func (r *run) endPass(ctx context.Context, pass *document[Pass]) error {
	pass.Value.Ended = true
	return pass.write(ctx, r.h.Journal)
}

// keepRefusals makes guards of what commands found out about single cells right
// before they would have acted.
func (r *run) keepRefusals(commands []*command.Command) {
	for _, c := range commands {
		for i := range c.Cells {
			if d := &c.Cells[i]; d.State == command.Failed && d.Class == plan.ReasonMaskedOverride {
				r.keepGuards([]plan.GuardHit{{Guard: plan.GuardMaskedOverride, StackSet: d.StackSet, Reason: d.Reason, Hint: plan.Hint(d.Class)}})
			}
		}
	}
}

// keepGuards keeps the guards that were hit for the report, one entry each.
func (r *run) keepGuards(hits []plan.GuardHit) {
	v := &r.rec.Value
	for _, hit := range hits {
		if i := slices.IndexFunc(v.Guards, sameGuard(hit)); i >= 0 {
			v.Guards[i] = hit
			continue
		}
		v.Guards = append(v.Guards, hit)
	}
}

// markOpened marks the guards that open by themselves and have.
func (r *run) markOpened(hits []plan.GuardHit) {
	for i := range r.rec.Value.Guards {
		if g := &r.rec.Value.Guards[i]; g.Waits && !slices.ContainsFunc(hits, sameGuard(*g)) {
			g.Opened = true
		}
	}
}

func sameGuard(a plan.GuardHit) func(plan.GuardHit) bool {
	return func(b plan.GuardHit) bool { return a.Guard == b.Guard && a.StackSet == b.StackSet }
}
