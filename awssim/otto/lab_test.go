package otto_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/sdktest"
	"github.com/setmend/setmend/awssim/otto"
)

// lab is a filled AWS in the hands of an operator with the SDK.
type lab struct {
	t     testing.TB
	aws   *awssim.AWS
	truth *otto.Truth
	cf    *cloudformation.Client
	org   string // the root, which all service-managed targets are below
}

func fill(t testing.TB, accounts int, seed uint64) *lab {
	t.Helper()
	a, err := awssim.New(awssim.Options{Seed: seed, Unthrottled: true})
	must(t, err)
	truth, err := otto.Fill(a, otto.Options{Accounts: accounts, Seed: seed})
	must(t, err)
	return newLab(t, a, truth)
}

func newLab(t testing.TB, a *awssim.AWS, truth *otto.Truth) *lab {
	l := &lab{t: t, aws: a, truth: truth, cf: cloudformation.NewFromConfig(sdktest.Config(a, "any-key", otto.HomeRegion))}
	a.Lock()
	l.org = a.Organization().Root()
	a.Unlock()
	return l
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

// list reads a set's instances, in order of account and region.
func (l *lab) list(name string) []types.StackInstanceSummary {
	l.t.Helper()
	var all []types.StackInstanceSummary
	p := cloudformation.NewListStackInstancesPaginator(l.cf, &cloudformation.ListStackInstancesInput{StackSetName: &name})
	for p.HasMorePages() {
		out, err := p.NextPage(context.Background())
		must(l.t, err)
		all = append(all, out.Summaries...)
	}
	return all
}

// stacks are the ids of a set's stacks.
func (l *lab) stacks(name string) []string {
	var ids []string
	for _, i := range l.list(name) {
		ids = append(ids, aws.ToString(i.StackId))
	}
	return ids
}

func (l *lab) describeSet(name string) *types.StackSet {
	l.t.Helper()
	out, err := l.cf.DescribeStackSet(context.Background(), &cloudformation.DescribeStackSetInput{StackSetName: &name})
	must(l.t, err)
	return out.StackSet
}

func (l *lab) tags(name string) map[string]string {
	tags := map[string]string{}
	for _, tag := range l.describeSet(name).Tags {
		tags[*tag.Key] = *tag.Value
	}
	return tags
}

// instance reads a cell's instance; nil if there is none.
func (l *lab) instance(c otto.Cell) *types.StackInstance {
	l.t.Helper()
	out, err := l.cf.DescribeStackInstance(context.Background(), &cloudformation.DescribeStackInstanceInput{
		StackSetName: &c.StackSet, StackInstanceAccount: &c.Account, StackInstanceRegion: &c.Region})
	var missing *types.StackInstanceNotFoundException
	if errors.As(err, &missing) {
		return nil
	}
	must(l.t, err)
	return out.StackInstance
}

func overridesOf(i *types.StackInstance) map[string]string {
	out := map[string]string{}
	for _, p := range i.ParameterOverrides {
		out[*p.ParameterKey] = *p.ParameterValue
	}
	return out
}

func parameters(overrides map[string]string) []types.Parameter {
	var out []types.Parameter
	for key, value := range overrides {
		out = append(out, types.Parameter{ParameterKey: aws.String(key), ParameterValue: aws.String(value)})
	}
	return out
}

// target names a cell's account in the way that its set's permission model wants.
func (l *lab) target(c otto.Cell) ([]string, *types.DeploymentTargets) {
	if l.describeSet(c.StackSet).PermissionModel != types.PermissionModelsServiceManaged {
		return []string{c.Account}, nil
	}
	ou := l.org
	if i := l.instance(c); i != nil {
		ou = *i.OrganizationalUnitId
	}
	return nil, &types.DeploymentTargets{OrganizationalUnitIds: []string{ou}, Accounts: []string{c.Account}, AccountFilterType: types.AccountFilterTypeIntersection}
}

func (l *lab) create(c otto.Cell, overrides map[string]string) (types.StackSetOperationResultStatus, string) {
	l.t.Helper()
	accounts, targets := l.target(c)
	out, err := l.cf.CreateStackInstances(context.Background(), &cloudformation.CreateStackInstancesInput{
		StackSetName: &c.StackSet, Accounts: accounts, DeploymentTargets: targets, Regions: []string{c.Region}, ParameterOverrides: parameters(overrides)})
	must(l.t, err)
	return l.end(c, out.OperationId)
}

func (l *lab) update(c otto.Cell) (types.StackSetOperationResultStatus, string) {
	l.t.Helper()
	accounts, targets := l.target(c)
	out, err := l.cf.UpdateStackInstances(context.Background(), &cloudformation.UpdateStackInstancesInput{
		StackSetName: &c.StackSet, Accounts: accounts, DeploymentTargets: targets, Regions: []string{c.Region}})
	must(l.t, err)
	return l.end(c, out.OperationId)
}

func (l *lab) delete(c otto.Cell, retain bool) (types.StackSetOperationResultStatus, string) {
	l.t.Helper()
	accounts, targets := l.target(c)
	out, err := l.cf.DeleteStackInstances(context.Background(), &cloudformation.DeleteStackInstancesInput{
		StackSetName: &c.StackSet, Accounts: accounts, DeploymentTargets: targets, Regions: []string{c.Region}, RetainStacks: &retain})
	must(l.t, err)
	return l.end(c, out.OperationId)
}

// end lets an operation on one cell end, and answers the cell's result.
func (l *lab) end(c otto.Cell, operation *string) (types.StackSetOperationResultStatus, string) {
	l.t.Helper()
	for range 100 {
		l.aws.Advance(minutes(1))
		out, err := l.cf.DescribeStackSetOperation(context.Background(), &cloudformation.DescribeStackSetOperationInput{StackSetName: &c.StackSet, OperationId: operation})
		must(l.t, err)
		if slices.Contains([]types.StackSetOperationStatus{"SUCCEEDED", "FAILED", "STOPPED"}, out.StackSetOperation.Status) {
			break
		}
	}
	out, err := l.cf.ListStackSetOperationResults(context.Background(), &cloudformation.ListStackSetOperationResultsInput{StackSetName: &c.StackSet, OperationId: operation})
	must(l.t, err)
	if len(out.Summaries) != 1 || *out.Summaries[0].Account != c.Account {
		l.t.Fatalf("the operation on %v has %d results", c, len(out.Summaries))
	}
	return out.Summaries[0].Status, aws.ToString(out.Summaries[0].StatusReason)
}

// drifted reports whether a cell's stack differs from its template now.
func (l *lab) drifted(cells ...otto.Cell) map[otto.Cell]bool {
	l.t.Helper()
	found := map[otto.Cell]bool{}
	for _, c := range cells {
		id, ok := l.aws.StackOf(c.StackSet, c.Account, c.Region)
		if !ok {
			continue
		}
		l.aws.Lock()
		l.aws.Stacks().DetectDrift(id, func(d core.StackDrift) {
			if !d.OK {
				l.t.Errorf("detecting drift of %v: %s", c, d.Reason)
			}
			if d.Status == "DRIFTED" {
				found[c] = true
			}
		})
		l.aws.Unlock()
	}
	l.aws.Advance(minutes(2))
	return found
}

// cells are all cells with instances.
func (l *lab) cells() []otto.Cell {
	l.t.Helper()
	var all []otto.Cell
	for _, name := range l.truth.StackSets {
		for _, i := range l.list(name) {
			all = append(all, otto.Cell{StackSet: name, Account: *i.Account, Region: *i.Region})
		}
	}
	return all
}

// wantHealthy checks that a cell ended as the truth wants its healthy ones.
func (l *lab) wantHealthy(c otto.Cell) {
	l.t.Helper()
	i := l.instance(c)
	switch {
	case i == nil:
		l.t.Errorf("%v has no instance", c)
	case i.Status != types.StackInstanceStatusCurrent:
		l.t.Errorf("%v is %s: %s", c, i.Status, aws.ToString(i.StatusReason))
	case l.drifted(c)[c]:
		l.t.Errorf("%v has drifted", c)
	default:
		l.aws.Lock()
		info, _ := l.aws.Stacks().Stack(*i.StackId)
		l.aws.Unlock()
		if info.Template != otto.Template(c.StackSet) {
			l.t.Errorf("%v has another template than its stack set", c)
		}
	}
}

// revert puts a cell's stack right in place, with a drift-aware change set in the
// member account.
func (l *lab) revert(c otto.Cell) error {
	l.t.Helper()
	ctx := context.Background()
	member := cloudformation.NewFromConfig(sdktest.Config(l.aws, c.Account, c.Region))
	id, ok := l.aws.StackOf(c.StackSet, c.Account, c.Region)
	if !ok {
		return errors.New("it has no stack")
	}
	stack, err := member.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &id})
	must(l.t, err)
	in := &cloudformation.CreateChangeSetInput{
		StackName: &id, ChangeSetName: aws.String("revert"), DeploymentMode: types.DeploymentModeRevertDrift, UsePreviousTemplate: aws.Bool(true),
		Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam},
	}
	for _, p := range stack.Stacks[0].Parameters {
		in.Parameters = append(in.Parameters, types.Parameter{ParameterKey: p.ParameterKey, UsePreviousValue: aws.Bool(true)})
	}
	made, err := member.CreateChangeSet(ctx, in)
	must(l.t, err)
	l.aws.Advance(minutes(2))
	set, err := member.DescribeChangeSet(ctx, &cloudformation.DescribeChangeSetInput{ChangeSetName: made.Id})
	must(l.t, err)
	if set.Status != types.ChangeSetStatusCreateComplete {
		return errors.New(aws.ToString(set.StatusReason))
	}
	_, err = member.ExecuteChangeSet(ctx, &cloudformation.ExecuteChangeSetInput{ChangeSetName: made.Id})
	must(l.t, err)
	l.aws.Advance(minutes(2))
	return nil
}
