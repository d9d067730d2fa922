package heal

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/observe"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
)

// planner judges the fleet as a run knows it and plans the run's passes.
type planner struct {
	cloud   Cloud // nil: AWS is not asked
	journal record.Journal
	clock   Clock
	policy  *policy.Policy
	log     *record.Log
	view    *observe.View
	run     *record.Run
}

// plannerOf plans for a run.
func plannerOf(r *run) *planner {
	return &planner{cloud: r.h.Cloud, journal: r.h.Journal, clock: r.h.Clock, policy: r.h.Policy, log: r.log, view: r.view, run: &r.rec.Value}
}

// plan assesses the fleet as the run knows it and plans the nth pass of a stage.
func (p *planner) plan(ctx context.Context, stage plan.Stage, n int) (*plan.Plan, *plan.Assessment, error) {
	f, err := p.view.Fleet(ctx)
	if err != nil {
		return nil, nil, err
	}
	memory, err := p.memory(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	if err := observe.NoteCauses(ctx, p.cloud, p.journal, f, &memory); err != nil {
		return nil, nil, err
	}
	if stage == plan.StageDetect || stage == plan.StageHeal {
		if err := observe.RecallDetections(ctx, p.cloud, f, p.policy, p.clock.Now(), &memory); err != nil {
			return nil, nil, err
		}
	}
	assessment := plan.Assess(f, p.policy, memory, p.clock.Now())
	made := assessment.Plan(plan.Options{Scope: p.run.Options.Scope()})
	made = p.suspend(made, &memory)
	made = made.Select(stage, func(a plan.Action) bool { return stageTakes(stage, a) })
	made, err = p.within(ctx, made, stage, n)
	return made, assessment, err
}

// stageTakes reports whether an action is carried out in the stage. The last one
// takes what could not be done in its own, too: its set was busy, it waited for
// another try, or it was deleted since.
func stageTakes(stage plan.Stage, a plan.Action) bool {
	return a.Stage == stage || stage == plan.StageHeal
}

// memory is what earlier runs and this one remember.
func (p *planner) memory(ctx context.Context, f *fleet.Fleet) (plan.Memory, error) {
	memory, err := record.LoadMemory(ctx, p.journal, p.run.Options.Accept, p.log)
	if err != nil {
		return memory, err
	}
	memory.Run = p.run.ID
	for _, answers := range memory.Accepted {
		for i := range answers {
			if answers[i].Beforehand {
				answers[i].First = p.run.First
			}
		}
	}
	commands := p.log.Commands()
	memory.Operations, memory.Removed, memory.Detected = p.view.OwnOperations(), removed(commands), observe.Detected(commands)
	if p.cloud == nil {
		return memory, nil
	}
	return memory, observe.RecallSaved(ctx, p.cloud, f, p.policy, &memory)
}

// assess judges the fleet with what earlier runs and this one remember.
func (p *planner) assess(ctx context.Context) (*plan.Assessment, plan.Memory, error) {
	f, err := p.view.Fleet(ctx)
	if err != nil {
		return nil, plan.Memory{}, err
	}
	memory, err := p.memory(ctx, f)
	if err != nil {
		return nil, memory, err
	}
	return plan.Assess(f, p.policy, memory, p.clock.Now()), memory, nil
}

// removed counts the instances of each set that the commands have removed or detached.
func removed(commands []*command.Command) map[fleet.StackSetName]int {
	counts := map[fleet.StackSetName]int{}
	for _, c := range commands {
		if c.Kind != command.Detach && c.Kind != command.Remove {
			continue
		}
		for i := range c.Cells {
			if c.Cells[i].State == command.Healed {
				counts[c.Cells[i].StackSet]++
			}
		}
	}
	return counts
}

// given loads what the run was given, nil if nothing.
func (p *planner) given(ctx context.Context) (*record.Given, error) {
	doc, err := record.Read[record.Given](ctx, p.journal, record.RunKey(p.run.ID, "given"))
	if err != nil || !doc.Exists() {
		return nil, err
	}
	if !doc.Value.Plan.Sealed() {
		return nil, errors.New("reading the plan that the run was given: it is not what was sealed; nothing is done")
	}
	return &doc.Value, nil
}

// within returns the part of a plan that the run may carry out in the nth pass of
// the stage. What lies beyond is kept as a new plan.
func (p *planner) within(ctx context.Context, made *plan.Plan, stage plan.Stage, n int) (*plan.Plan, error) {
	g, err := p.given(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case g == nil:
		within, beyond := plan.AllowedBy(p.policy).Split(made)
		return within, p.keepBeyond(ctx, beyond)
	case !g.Exact:
		within, beyond := plan.ShownBy(g.Plan).Split(made)
		return within, p.keepBeyond(ctx, beyond)
	case n > 1:
		return made.Select(stage, func(plan.Action) bool { return false }), p.keepBeyond(ctx, made)
	}
	if _, beyond := plan.ShownBy(g.Plan).Split(made); stage == plan.StageHeal {
		if err := p.keepBeyond(ctx, beyond); err != nil {
			return nil, err
		}
	}
	return g.Plan.Select(stage, func(a plan.Action) bool {
		return a.Stage == stage || stage == plan.StageHeal && a.Stage == plan.StageVerify
	}), nil
}

// keepBeyond keeps what the run found and may not do, as the plan of another run.
func (p *planner) keepBeyond(ctx context.Context, beyond *plan.Plan) error {
	doc, err := record.Read[plan.Plan](ctx, p.journal, record.RunKey(p.run.ID, "beyond"))
	if err != nil || !doc.Exists() && !beyond.Writes() {
		return err
	}
	doc.Value = *beyond
	return doc.Write(ctx, p.journal)
}

// suspend takes out of a plan what would take down more of a suspended set, as a
// guard that a person can open.
func (p *planner) suspend(made *plan.Plan, memory *plan.Memory) *plan.Plan {
	suspended := p.run.Suspended
	for _, set := range fleet.SortedKeys(suspended) {
		hit := plan.GuardHit{Guard: plan.GuardCanary, StackSet: set,
			Reason: "A stack that was deleted could not be created again. " + suspended[set],
			Hint:   fmt.Sprintf("Put right what AWS names; to redeploy the others all the same, --accept %s.", plan.GuardCanary.Of(set))}
		if memory.Accepts(hit, p.clock.Now()).Accepted {
			continue
		}
		made, _ = made.Without(hit, func(a plan.Action) bool {
			return a.Remedy == plan.RemedyRedeploy && (a.StackSet == set || slices.Contains(a.Together, set))
		})
	}
	return made
}
