package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/explain"
	"github.com/setmend/setmend/plan"
)

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain STACKSET [ACCOUNT REGION]",
		Short: "Tell what should be in a cell, what is, what was tried and what comes next",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 && len(args) != 3 {
				return fmt.Errorf("explain takes a stack set, or a stack set with an account and a region")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.explain(cmd.Context(), args) },
	}
}

func (a *app) explain(ctx context.Context, args []string) error {
	name := fleet.StackSetName(args[0])
	r, err := a.read(ctx, nil, nil)
	if err != nil {
		return err
	}
	defer r.close()
	if err := knownSets(r.fleet, []fleet.StackSetName{name}); err != nil {
		return err
	}
	if len(args) == 1 {
		story := explain.Set(r.fleet, r.assessment, r.policy, name)
		return a.print(story, func(w io.Writer) error { return setStory(w, story) })
	}
	target, err := fleet.ParseTarget(args[1] + "/" + args[2])
	if err != nil {
		return &usageError{err, "as in setmend explain guard-baseline 111122223333 eu-central-1"}
	}
	p := r.assessment.Plan(plan.Options{})
	story, err := explain.Cell(ctx, r.aws, r.journal, explain.Question{Fleet: r.fleet, Assessment: r.assessment, Plan: p,
		Policy: r.policy, Memory: r.memory, Cell: fleet.Cell{StackSet: name, Target: target}})
	if err != nil {
		return err
	}
	return a.print(story, func(w io.Writer) error { return cellStory(w, story) })
}

func setStory(w io.Writer, s explain.SetStory) error {
	fmt.Fprintf(w, "%s (%s)\n", s.Name, s.PermissionModel)
	for _, line := range s.Rules {
		fmt.Fprintf(w, "  %s\n", oneLine(line))
	}
	fmt.Fprintln(w)
	for _, v := range plan.Verdicts {
		if n := s.Counts.Of(v); n > 0 {
			fmt.Fprintf(w, "  %6d %s\n", n, inWords(v))
		}
	}
	for _, cell := range s.Attention {
		fmt.Fprintf(w, "\n%s: %s\n  %s\n", cell.Target, cell.Verdict, oneLine(cell.Reason))
		if cell.Hint != "" {
			fmt.Fprintf(w, "  %shint: %s\n", markFaint, oneLine(cell.Hint))
		}
	}
	return nil
}

func cellStory(w io.Writer, s *explain.Story) error {
	fmt.Fprintf(w, "%s in account %s, %s\n\n", s.Cell.StackSet, s.Cell.Account, s.Cell.Region)
	fmt.Fprintf(w, "Should be there: %s. %s\n", desire(s.Desire), oneLine(s.Because))
	fmt.Fprintf(w, "Verdict: %s. %s\n", inWords(s.Verdict), oneLine(s.Reason))
	if s.Hint != "" {
		fmt.Fprintf(w, "Hint: %s\n", oneLine(s.Hint))
	}
	if i := s.Instance; i != nil {
		fmt.Fprintf(w, "Instance: %s/%s, drift %s%s\n", i.Status, i.Detailed, i.Drift, lastOperation(i.LastOperation))
		if i.Reason != "" {
			fmt.Fprintf(w, "  AWS says: %s\n", oneLine(i.Reason))
		}
		for _, p := range s.Overrides {
			fmt.Fprintf(w, "  override %s = %s\n", p.Key, oneLine(p.Value))
		}
	}
	for _, resource := range s.Drift {
		fmt.Fprintf(w, "Drift: %s %s (%s)\n", resource.Status, resource.LogicalID, resource.ResourceType)
		for _, d := range resource.Differences {
			fmt.Fprintf(w, "  %s: expected %s, is %s\n", d.Path, oneLine(d.Expected), oneLine(d.Actual))
		}
	}
	for _, resource := range s.Ignored {
		for _, d := range resource.Differences {
			fmt.Fprintf(w, "Ignored by the policy: %s%s: expected %s, is %s\n", resource.LogicalID, d.Path, oneLine(d.Expected), oneLine(d.Actual))
		}
	}
	for _, o := range s.Running {
		fmt.Fprintf(w, "Under way: %s %s, %s\n", o.Kind, o.ID, o.Status)
	}
	for _, h := range s.Tried {
		outcome := "succeeded"
		if !h.OK {
			outcome = "failed: " + oneLine(h.Reason)
		}
		fmt.Fprintf(w, "Tried: %s at %s in run %s, %s\n", h.Remedy, h.At.UTC().Format("2006-01-02 15:04"), h.Run, outcome)
	}
	cellStanding(w, s)
	fmt.Fprintf(w, "Next: %s\n", oneLine(s.Next))
	for _, rule := range s.Rules {
		fmt.Fprintf(w, "  %s\n", oneLine(rule))
	}
	return nil
}

func lastOperation(id string) string {
	if id == "" {
		return ""
	}
	return ", last operation " + id
}

// cellStanding tells what is remembered of a cell: quarantine, debts, questions.
func cellStanding(w io.Writer, s *explain.Story) {
	if !s.Quarantined.IsZero() {
		released := ""
		if s.Released {
			released = ", and released since"
		}
		fmt.Fprintf(w, "Given up at %s%s\n", s.Quarantined.UTC().Format("2006-01-02 15:04"), released)
	}
	for _, saved := range s.Saved {
		owed := ""
		if saved.Pending {
			owed = "; it is owed since"
		}
		fmt.Fprintf(w, "Saved: %d overrides at %s in run %s%s\n", len(saved.Overrides), saved.At.UTC().Format("2006-01-02 15:04"), saved.Run, owed)
	}
	for _, a := range s.Approvals {
		answer := "waits for an answer: setmend approvals approve " + a.ID
		if a.Decision != "" {
			answer = string(a.Decision) + " by " + a.By
		}
		fmt.Fprintf(w, "Guard %s: %s (%s)\n", a.ID, oneLine(a.Reason), oneLine(answer))
	}
}

func desire(d plan.Desire) string {
	switch d {
	case plan.Must:
		return "yes"
	case plan.MustNot:
		return "no"
	}
	return "may be"
}
