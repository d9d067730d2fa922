package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/deploy"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/lease"
	"github.com/setmend/setmend/heal/rollouts"
	"github.com/setmend/setmend/review"
	"github.com/setmend/setmend/rollout"
	"github.com/setmend/setmend/template"
)

// rolloutFlags say how an update is rolled out.
type rolloutFlags struct {
	proposalFlags
	file, strategy string
	rollback, dry  bool
}

func (a *app) rolloutCommand() *cobra.Command {
	var f rolloutFlags
	cmd := &cobra.Command{
		Use:   "rollout STACKSET",
		Short: "Bring an update to a stack set phase by phase, with gates between them",
		Long: `rollout changes a stack set's template or parameters and brings the change to its
instances: by one of the strategies sequential, parallel, balanced and phased, or by
the phases of a file (--file). It shows the plan and asks.

Between phases it waits for the bake time and looks at the gates: no new failures, a
success rate, alarms in the member accounts, drift, a command, a person's approval
(setmend approvals). What fails stops the rollout, or rolls it back (onFailure).

Every step is in the journal. A rollout that was cut off or stopped goes on with
` + "`setmend rollout resume ID`" + `; rollback gives the previous template and
parameters back, abort leaves everything as it is.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.rollOut(cmd.Context(), fleet.StackSetName(args[0]), f)
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&f.file, "file", "", "the strategy's `FILE`")
	cmd.Flags().StringVar(&f.strategy, "strategy", "", "sequential, parallel, balanced or phased, where there is no file")
	cmd.Flags().BoolVar(&f.rollback, "rollback", false, "roll back if anything fails, whatever the file says")
	cmd.Flags().BoolVar(&f.dry, "dry-run", false, "show the plan, and write nothing")
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	cmd.AddCommand(a.rolloutStatusCommand(), a.rolloutResumeCommand(), a.rolloutRollbackCommand(), a.rolloutAbortCommand())
	return cmd
}

func (a *app) rollOut(ctx context.Context, set fleet.StackSetName, f rolloutFlags) error {
	if f.none() {
		return &usageError{errors.New("nothing is to be rolled out"), "give --template FILE or --parameter KEY=VALUE; `setmend rollout resume` goes on with one"}
	}
	file, err := a.strategy(f)
	if err != nil {
		return err
	}
	r, err := a.read(ctx, nil, []fleet.StackSetName{set})
	if err != nil {
		return err
	}
	defer r.close()
	p, next, previous, err := a.planRollout(ctx, r, set, file, f)
	if err != nil {
		return err
	}
	if err := a.print(p, p.Text); err != nil {
		return err
	}
	if f.dry {
		return nil
	}
	if err := a.consent("rollout", "`setmend rollout "+string(set)+" --dry-run`", fmt.Sprintf("Roll this out to %d instances", p.Targets())); err != nil {
		return err
	}
	id := runID(r.clock, rand.Uint64)
	err = rollouts.Begin(ctx, r.journal, id, p, r.clock.Now(), next, previous)
	var unfinished *rollouts.Unfinished
	if errors.As(err, &unfinished) {
		return &hintedError{err, fmt.Sprintf("`setmend rollout status %s` shows it; resume, rollback or abort it first", unfinished.ID), exitBusy}
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "rollout %s begins\n", id)
	return a.carryRollout(ctx, r, id, 1)
}

// strategy reads the file, or makes one of the named strategy.
func (a *app) strategy(f rolloutFlags) (*rollout.File, error) {
	if f.file != "" && f.strategy != "" {
		return nil, &usageError{errors.New("--file and --strategy exclude each other"), "the file names its strategy itself"}
	}
	var file *rollout.File
	var err error
	if f.file != "" {
		text, read := os.ReadFile(f.file)
		if read != nil {
			return nil, &hintedError{fmt.Errorf("reading the rollout: %w", read), "check --file", exitNotFound}
		}
		if file, err = rollout.Parse(text); err != nil {
			return nil, &hintedError{fmt.Errorf("%s: %w", f.file, err), "docs/rollout.md shows what may stand in it; nothing was done", exitConfig}
		}
	} else {
		strategy := rollout.Strategy(f.strategy)
		if strategy == "" {
			strategy = rollout.Phased
		}
		if file, err = rollout.Of(strategy); err != nil {
			return nil, &usageError{fmt.Errorf("strategy %q is not known", f.strategy), "choose sequential, parallel, balanced or phased"}
		}
	}
	if f.rollback {
		file.OnFailure = rollout.RollBackOnFailure
	}
	return file, nil
}

// planRollout plans, with what is refused before anything runs.
func (a *app) planRollout(ctx context.Context, r *reading, set fleet.StackSetName, file *rollout.File, f rolloutFlags) (p *rollout.Plan, next, previous rollout.Definition, err error) {
	proposal, err := a.proposal(ctx, r, set, f.proposalFlags)
	if err != nil {
		return nil, next, previous, err
	}
	if next, previous, err = definitions(r.fleet.StackSets[set].StackSet, proposal); err != nil {
		return nil, next, previous, &hintedError{err, "change it with AWS's own tools: setmend keeps no secret in its journal", exitFailed}
	}
	if file.OnFailure == rollout.RollBackOnFailure {
		if err := a.keepsOverrides(ctx, r, set, proposal, next, previous); err != nil {
			return nil, next, previous, err
		}
	}
	var tags map[fleet.AccountID]map[string]string
	if file.NeedsTags() {
		var ids []fleet.AccountID
		for _, i := range r.fleet.StackSets[set].List() {
			ids = append(ids, i.Account)
		}
		if tags, err = r.aws.AccountTags(ctx, slices.Compact(ids)); err != nil {
			return nil, next, previous, err
		}
	}
	if p, err = rollout.Make(r.fleet, r.policy, file, set, tags, next, previous); err != nil {
		name := ""
		if f.file != "" {
			name = f.file + ": "
		}
		return nil, next, previous, &hintedError{fmt.Errorf("%s%w", name, err), "nothing was done", exitConfig}
	}
	return p, next, previous, nil
}

// definitions are what the set shall have and what it has.
func definitions(set fleet.StackSet, p review.Proposal) (next, previous rollout.Definition, err error) {
	facts := template.Read(p.Template)
	for _, given := range p.Parameters {
		if slices.Contains(facts.NoEcho, given.Key) || facts.HidesParameters {
			return next, previous, fmt.Errorf("rolling out %s: the parameter %s is NoEcho", set.Name, given.Key)
		}
	}
	previous = rollout.Definition{Template: p.Present, TemplateHash: template.Hash(p.Present), Declared: template.Read(p.Present).Parameters, Parameters: set.Parameters, Capabilities: set.Capabilities}
	next = rollout.Definition{Template: p.Template, TemplateHash: template.Hash(p.Template), Declared: p.Declared, Capabilities: slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(set.Capabilities), p.Capabilities...))))}
	next.Parameters = p.Effective(set, nil)
	slices.SortFunc(next.Parameters, func(a, b fleet.Parameter) int { return strings.Compare(a.Key, b.Key) })
	for i, value := range next.Parameters { // what stays masked is the same in both
		if value.UsePrevious {
			next.Parameters[i] = fleet.Parameter{Key: value.Key, Value: "****"}
		}
	}
	return next.Named(), previous.Named(), nil
}

// keepsOverrides refuses a rollback that would lose overrides: AWS drops those of a
// parameter that a new template does not declare.
func (a *app) keepsOverrides(ctx context.Context, r *reading, set fleet.StackSetName, p review.Proposal, next, previous rollout.Definition) error {
	var dropped []string
	for _, name := range previous.Declared {
		if !slices.Contains(next.Declared, name) {
			dropped = append(dropped, name)
		}
	}
	if len(dropped) == 0 {
		return nil
	}
	overrides, err := a.overridesOf(ctx, r, r.fleet.StackSets[set], p)
	if err != nil {
		return err
	}
	for target, list := range overrides {
		for _, o := range list {
			if slices.Contains(dropped, o.Key) {
				return &hintedError{fmt.Errorf("rolling out %s: the new template drops the parameter %s, which is overridden in %s, and a rollback could not give that back", set, o.Key, target),
					"keep the overrides with `setmend overrides export FILE`, and set onFailure to stop", exitFailed}
			}
		}
	}
	return nil
}

// carryRollout runs the state machine of a rollout to its end, and says how it ended.
func (a *app) carryRollout(ctx context.Context, r *reading, id string, execution int) error {
	shown := newRolloutView(a.stderr, r.clock)
	engine, machine, err := a.rolloutEngine(r, shown.show)
	if err != nil {
		return err
	}
	input, err := json.Marshal(map[string]string{"rollout": id})
	if err != nil {
		return err
	}
	name := fmt.Sprintf("rollout-%s.%d", id, execution)
	_, err = engine.Run(ctx, name, machine, input)
	shown.end()
	if err != nil {
		return fmt.Errorf("rollout %s: %w", id, err)
	}
	return a.concludeRollout(ctx, r.journal, id)
}

// rolloutEngine wires the stages into the interpreter.
func (a *app) rolloutEngine(r *reading, progress func(rollouts.Rollout)) (*asl.Engine, *asl.Machine, error) {
	host, _ := os.Hostname() // only a name in the lease
	runner, err := rollouts.New(rollouts.Config{Cloud: r.aws, Journal: r.journal, Policy: r.policy, Clock: r.clock, Log: a.logger(), HomeRegion: r.aws.Region(),
		Holder: fmt.Sprintf("%s:%d", host, os.Getpid()), KillSwitch: a.killSwitch(r.aws), Shared: a.sharedLease(r.aws), Command: runGate, Progress: progress})
	if err != nil {
		return nil, nil, err
	}
	definition, err := patient(deploy.Rollout, r.clock)
	if err != nil {
		return nil, nil, fmt.Errorf("loading the rollout's state machine: %w", err)
	}
	machine, err := asl.Parse(definition)
	if err != nil {
		return nil, nil, fmt.Errorf("loading the rollout's state machine: %w", err)
	}
	tasks := asl.FunctionMap{}
	for name, stage := range runner.Stages() {
		tasks[name] = taskOf(stage)
	}
	return asl.NewEngine(asl.Config{Store: r.journal, Tasks: tasks, Clock: r.clock}), machine, nil
}

// longestOutput is how much of what a gate's command writes is kept.
const longestOutput = 400

// runGate runs a gate's command, without a shell.
func runGate(ctx context.Context, argv, environment []string) (string, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), environment...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if filepath.Base(argv[0]) == argv[0] && cmd.Err != nil {
		return "", cmd.Err
	}
	err := cmd.Run()
	said := oneLine(out.String())
	if len(said) > longestOutput {
		said = "…" + said[len(said)-longestOutput:]
	}
	return strings.ToValidUTF8(said, ""), err
}

func (a *app) concludeRollout(ctx context.Context, j store, id string) error {
	r, err := rollouts.Load(ctx, j, id)
	if err != nil {
		return err
	}
	if err := a.print(r, func(w io.Writer) error { return rolloutTable(w, r) }); err != nil {
		return err
	}
	switch r.Result {
	case rollouts.Stopped:
		return &hintedError{fmt.Errorf("rollout %s of %s stopped: %s", id, r.Plan.StackSet, r.Why),
			fmt.Sprintf("`setmend rollout resume %s` goes on, `setmend rollout rollback %s` gives back what was there, `setmend rollout abort %s` leaves it so", id, id, id), exitAttention}
	case rollouts.RolledBack:
		return &hintedError{fmt.Errorf("rollout %s of %s was rolled back: %s", id, r.Plan.StackSet, r.Why), "mend the cause, and roll out anew", exitFailed}
	}
	return nil
}

func (a *app) rolloutStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status [ID]", Short: "Show how far a rollout is, or list all (reads only)", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withJournal(cmd.Context(), func(j store) error {
				if len(args) == 1 {
					r, err := rollouts.Load(cmd.Context(), j, args[0])
					if err != nil {
						return noRollout(err)
					}
					return a.print(r, func(w io.Writer) error { return rolloutTable(w, r) })
				}
				list, err := rollouts.List(cmd.Context(), j)
				if err != nil {
					return err
				}
				return a.print(list, func(w io.Writer) error {
					row(w, "ROLLOUT", "STACK SET", "STARTED", "PHASE", "RESULT")
					for _, r := range list {
						row(w, r.ID, r.Plan.StackSet, r.Started.UTC().Format("2006-01-02 15:04"), fmt.Sprintf("%d of %d", r.Phase+1, len(r.Plan.Phases)), resultOrStep(&r))
					}
					return nil
				})
			})
		},
	}
}

func noRollout(err error) error {
	if errors.Is(err, rollouts.ErrNone) {
		return &hintedError{err, "`setmend rollout status` lists the rollouts", exitNotFound}
	}
	return err
}

func resultOrStep(r *rollouts.Rollout) string {
	if r.Result == "" {
		return "under way, or cut off: " + string(r.Step)
	}
	return string(r.Result)
}

func rolloutTable(w io.Writer, r *rollouts.Rollout) error {
	fmt.Fprintf(w, "Rollout %s of %s: %s\n", r.ID, r.Plan.StackSet, resultOrStep(r))
	if r.Why != "" {
		fmt.Fprintf(w, "%s%s\n", markWarn, oneLine(r.Why))
	}
	fmt.Fprintln(w)
	row(w, "PHASE", "INSTANCES", "UPDATED", "FAILED", "CANCELLED", "GATES")
	for i, phase := range r.Plan.Phases {
		p := r.Phases[i]
		row(w, fmt.Sprintf("%d. %s", i+1, phase.Name), len(phase.Targets), dashForNone(p.Done), dashForNone(p.Failed), dashForNone(p.Cancelled), gatesText(p, len(phase.Gates)))
	}
	if b := r.Rollback; b != nil {
		row(w, "rollback", r.Plan.Targets(), dashForNone(b.Done), dashForNone(b.Failed), dashForNone(b.Cancelled), "")
	}
	for i := range r.Phases {
		for _, reason := range fleet.SortedKeys(r.Phases[i].Failures) {
			targets := r.Phases[i].Failures[reason]
			fmt.Fprintf(w, "\n%s%d failed: %s\n  %s%s\n", markBad, len(targets), oneLine(reason), markFaint, someTargets(targets))
		}
		for _, g := range r.Phases[i].Gates {
			if !g.OK {
				fmt.Fprintf(w, "\n%sgate: %s: %s\n", markBad, oneLine(g.Gate), oneLine(g.Found))
			}
		}
	}
	return nil
}

func someTargets(targets []fleet.Target) string {
	var cells []fleet.Cell
	for _, t := range targets {
		cells = append(cells, fleet.Cell{Target: t})
	}
	return someCells(cells)
}

func gatesText(p rollouts.Progress, all int) string {
	passed := 0
	for _, g := range p.Gates {
		if g.OK {
			passed++
		}
	}
	if all == 0 {
		return "-"
	}
	return fmt.Sprintf("%d of %d passed", passed, all)
}

func (a *app) rolloutResumeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "resume ID", Short: "Go on with a rollout that stopped or was cut off", Args: cobra.ExactArgs(1),
		Long: `resume goes on with a rollout that stopped: with the instances of its phase that do
not have the new template and parameters, and with its gates anew. One that was cut
off goes on where it was.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.goOn(cmd.Context(), args[0], func(ctx context.Context, r *reading) (*rollouts.Rollout, error) {
				return rollouts.Resume(ctx, r.journal, args[0], a.person())
			})
		},
	}
}

func (a *app) rolloutRollbackCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rollback ID", Short: "Give back the template and the parameters that were there before a rollout", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.consent("rollout rollback", "`setmend rollout status "+args[0]+"`", "Roll back "+args[0]); err != nil {
				return err
			}
			return a.goOn(cmd.Context(), args[0], func(ctx context.Context, r *reading) (*rollouts.Rollout, error) {
				return rollouts.RollBack(ctx, r.journal, args[0], a.person())
			})
		},
	}
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	return cmd
}

func (a *app) rolloutAbortCommand() *cobra.Command {
	return &cobra.Command{
		Use: "abort ID", Short: "End a rollout for good, and leave everything as it is", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			now, err := a.worldTime(cmd.Context())
			if err != nil {
				return err
			}
			return a.withJournal(cmd.Context(), func(j store) error {
				r, err := rollouts.Abort(cmd.Context(), j, args[0], a.person(), now)
				if err != nil {
					return refusedRollout(err)
				}
				fmt.Fprintf(a.stderr, "aborted; %s has the new template, and what the rollout did not reach is outdated\n", r.Plan.StackSet)
				return nil
			})
		},
	}
}

// person is who types.
func (a *app) person() string {
	if user := a.getenv("USER"); user != "" {
		return user
	}
	return "somebody"
}

// refusedRollout gives what a rollout's state does not allow its hint.
func refusedRollout(err error) error {
	if errors.Is(err, rollouts.ErrNone) {
		return noRollout(err)
	}
	return &hintedError{err, "`setmend rollout status` shows the rollouts", exitFailed}
}

// goOn runs a rollout's state machine after a person's decision. One that was cut off
// needs none: its execution is resumed.
func (a *app) goOn(ctx context.Context, id string, decide func(context.Context, *reading) (*rollouts.Rollout, error)) error {
	c, j, err := a.connectJournal(ctx)
	if err != nil {
		return err
	}
	defer j.Close()
	r := &reading{connection: c, journal: j, close: j.Close}
	before, err := rollouts.Load(ctx, j, id)
	if err != nil {
		return noRollout(err)
	}
	state := before
	if decided, err := decide(ctx, r); err == nil {
		state = decided
	} else if before.Result != "" {
		return refusedRollout(err)
	}
	held, err := lease.Read(ctx, j)
	if err != nil {
		return err
	}
	if before.Result == "" && held.Run == id && held.Held(c.clock.Now()) {
		fmt.Fprintf(a.stderr, "%s is being carried out by %s, which takes it from here; if that process has died, try again at %s\n", id, held.Holder, held.Expires.UTC().Format("15:04:05"))
		return nil
	}
	if state.Executions > before.Executions {
		return a.carryRollout(ctx, r, id, state.Executions)
	}
	return a.resumeRollout(ctx, r, id, state.Executions)
}

// resumeRollout resumes an execution that was cut off, or starts it if it was cut off
// before it had begun.
func (a *app) resumeRollout(ctx context.Context, r *reading, id string, execution int) error {
	shown := newRolloutView(a.stderr, r.clock)
	engine, _, err := a.rolloutEngine(r, shown.show)
	if err != nil {
		return err
	}
	_, err = engine.Resume(ctx, fmt.Sprintf("rollout-%s.%d", id, execution))
	shown.end()
	if errors.Is(err, asl.ErrNotFound) {
		return a.carryRollout(ctx, r, id, execution)
	}
	if err != nil {
		return fmt.Errorf("rollout %s: %w", id, err)
	}
	return a.concludeRollout(ctx, r.journal, id)
}
