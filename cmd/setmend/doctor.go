package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/observe"
	"github.com/setmend/setmend/plan"
)

// finding is one line of the doctor's.
type finding struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
}

// examination collects findings.
type examination struct{ list []finding }

func (e *examination) good(check, format string, args ...any) {
	e.list = append(e.list, finding{Check: check, OK: true, Detail: fmt.Sprintf(format, args...)})
}

func (e *examination) bad(check, detail, hint string) {
	e.list = append(e.list, finding{Check: check, Detail: detail, Hint: hint})
}

// warnOfLongLivedKey warns of the access key of an IAM user, which stays valid until it
// is deleted, also in the hands of others.
func (e *examination) warnOfLongLivedKey(caller fleet.Caller) {
	if !strings.Contains(caller.ARN, ":user/") && !strings.HasSuffix(caller.ARN, ":root") {
		return
	}
	e.list = append(e.list, finding{Check: "access key", OK: true, Detail: caller.ARN + " calls with a key that does not run out",
		Hint: "people sign in with `aws sso login`; pipelines assume a role by OpenID Connect: `setmend install --print=pipeline` is its template; then delete the key"})
}

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Check permissions, trusted access, delegation, quotas, tags and policy (reads only)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e := &examination{}
			if err := a.examine(cmd.Context(), e); err != nil {
				return err
			}
			if err := a.print(e.list, func(w io.Writer) error { return findings(w, e.list) }); err != nil {
				return err
			}
			if slices.ContainsFunc(e.list, func(f finding) bool { return !f.OK }) {
				return exitCode(exitFailed)
			}
			return nil
		},
	}
}

func findings(w io.Writer, list []finding) error {
	for _, f := range list {
		mark := "ok  "
		if !f.OK {
			mark = "FAIL"
		}
		fmt.Fprintf(w, "%s  %s: %s\n", mark, f.Check, oneLine(f.Detail))
		if f.Hint != "" {
			fmt.Fprintf(w, "      %shint: %s\n", markFaint, oneLine(f.Hint))
		}
	}
	return nil
}

// examine makes every check. What fails is a finding; only what makes further
// checks pointless ends the examination.
func (a *app) examine(ctx context.Context, e *examination) error {
	shown := newProgress(a.stderr)
	defer shown.clear()
	c, err := a.connect(ctx, shown.called)
	if err != nil {
		return err
	}
	caller, err := c.aws.Caller(ctx)
	if err != nil {
		return err
	}
	e.good("credentials", "%s in %s", caller.ARN, c.aws.Region())
	if a.endpoint == "" {
		e.warnOfLongLivedKey(caller)
	}
	organization, ok := try(e, "organization", func() (fleet.Organization, error) { return c.aws.Organization(ctx) })
	if ok {
		e.good("organization", "%s with %d accounts in %d OUs", organization.ID, len(organization.Accounts), len(organization.OUs))
		a.examineAccess(ctx, e, c, caller, organization)
	}
	names, ok := try(e, "stack sets", func() ([]fleet.StackSetName, error) { return c.aws.StackSets(ctx) })
	if !ok {
		return nil
	}
	e.good("stack sets", "%d of 1000 that the default quota allows", len(names))
	f, ok := try(e, "reading the fleet", func() (*fleet.Fleet, error) { return observe.Fleet(ctx, c.aws, c.clock, c.aws.Region(), names) })
	if ok {
		examineFleet(e, f, c)
	}
	return nil
}

// try runs a check that reads something; its failure is a finding with the hint
// of its class.
func try[T any](e *examination, check string, read func() (T, error)) (T, bool) {
	value, err := read()
	if err != nil {
		_, hint := classifyCloud(err)
		e.bad(check, err.Error(), hint)
		return value, false
	}
	return value, true
}

// examineAccess looks at who calls, and whether StackSets may act for them.
func (a *app) examineAccess(ctx context.Context, e *examination, c *connection, caller fleet.Caller, o fleet.Organization) {
	if o.TrustedAccess {
		e.good("trusted access", "StackSets may act across the organization")
	} else {
		e.bad("trusted access", "StackSets has no trusted access to the organization; service-managed stack sets cannot work",
			"activate it in the CloudFormation console, or with `aws cloudformation activate-organizations-access`")
	}
	if caller.Account == o.Management {
		e.good("administrator", "this is the management account")
		return
	}
	admins, ok := try(e, "delegated administrators", func() ([]fleet.AccountID, error) { return c.aws.DelegatedAdministrators(ctx) })
	switch {
	case !ok:
	case !slices.Contains(admins, caller.Account):
		e.bad("administrator", fmt.Sprintf("account %s is neither the management account nor a delegated administrator for StackSets", caller.Account),
			"use the management account, or register this one with `aws organizations register-delegated-administrator --service-principal member.org.stacksets.cloudformation.amazonaws.com`")
	case !asDelegate(a.callAs):
		e.bad("administrator", "this is a delegated administrator, and calls are made as SELF: service-managed stack sets are not seen",
			"add --call-as DELEGATED_ADMIN")
	default:
		e.good("administrator", "delegated administrator for StackSets")
	}
}

// examineFleet looks at sizes, tags and policy.
func examineFleet(e *examination, f *fleet.Fleet, c *connection) {
	largest := fleet.StackSetName("")
	for _, name := range f.Names() {
		if largest == "" || len(f.StackSets[name].Instances) > len(f.StackSets[largest].Instances) {
			largest = name
		}
	}
	if largest != "" {
		e.good("instances", "%d in all; %s has most, %d of 100000 that the default quota allows", f.Count(), largest, len(f.StackSets[largest].Instances))
	}
	assessment := plan.Assess(f, c.policy, plan.Memory{}, c.clock.Now())
	for _, problem := range assessment.Problems {
		e.bad("configuration "+string(problem.StackSet), problem.Text, problem.Hint)
	}
	if len(assessment.Problems) == 0 {
		e.good("configuration", "tags and policy fit together; %d levels of dependencies", len(assessment.Levels))
	}
}
