package cloud

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/fleet"
)

// Change starts an operation on stack instances: exactly the change's accounts
// times its regions. A nil error means that AWS accepted it under its id, now or
// before.
func (a *AWS) Change(ctx context.Context, change fleet.InstanceChange) error {
	if err := checkChange(change); err != nil {
		return err
	}
	return a.accepted(ctx, change.StackSet, change.OperationID, change.Kind, a.change(ctx, change))
}

// DetectDrift starts drift detection on the whole stack set; AWS knows no part
// of one. A nil error means the same as for Change.
func (a *AWS) DetectDrift(ctx context.Context, name fleet.StackSetName, operationID string, preferences fleet.Preferences) error {
	if operationID == "" {
		return refuse(detectStackSetDrift.name, "stack set "+string(name), "an operation needs an id")
	}
	_, err := call(ctx, a, detectStackSetDrift.on("stack set %s", name), a.cfn.DetectStackSetDrift,
		&cloudformation.DetectStackSetDriftInput{
			StackSetName: aws.String(string(name)), OperationId: aws.String(operationID),
			OperationPreferences: preferencesTo(preferences), CallAs: a.callAs,
		})
	return a.accepted(ctx, name, operationID, fleet.OperationDetectDrift, err)
}

// accepted decides what err means for an operation with an id of ours. AWS
// answers the repetition of a request that it took with "exists already", or,
// while the operation runs, with "in progress": both are success if it is ours.
func (a *AWS) accepted(ctx context.Context, name fleet.StackSetName, id string, kind fleet.OperationKind, err error) error {
	refusal := fleet.KindOf(err)
	if refusal != fleet.Duplicate && refusal != fleet.Conflict {
		return err
	}
	operation, lookup := a.Operation(ctx, name, id)
	if lookup == nil && operation.Kind == kind {
		return nil
	}
	if lookup != nil && fleet.KindOf(lookup) != fleet.NotFound {
		// Whether the operation is ours is not known, so neither is the outcome.
		return &fleet.Error{
			Kind: fleet.UnknownOutcome, Call: describeStackSetOperation.name, Object: fmt.Sprintf("operation %s of stack set %s", id, name),
			Message: fmt.Sprintf("looking up a refused operation: %v", lookup), Err: lookup,
		}
	}
	return err
}

// checkChange refuses what AWS would take for more, or for other, than asked.
func checkChange(c fleet.InstanceChange) error {
	refuse := func(format string, args ...any) error {
		return refuse(string(c.Kind), "stack set "+string(c.StackSet), format, args...)
	}
	if c.OperationID == "" {
		return refuse("an operation needs an id")
	}
	if len(c.Accounts) == 0 || len(c.Regions) == 0 {
		return refuse("no account or no region is named, which AWS may take for all of them")
	}
	for _, account := range c.Accounts {
		if !account.Valid() {
			return refuse("%q is not an account id", account)
		}
	}
	for _, p := range c.Overrides {
		if !p.UsePrevious && p.Masked() {
			return refuse("the override of %s is AWS's mask for a secret, not its value", p.Key)
		}
	}
	return nil
}

func (a *AWS) change(ctx context.Context, c fleet.InstanceChange) error {
	name, id, preferences := aws.String(string(c.StackSet)), aws.String(c.OperationID), preferencesTo(c.Preferences)
	regions := plain(c.Regions)
	accounts, targets := targetsTo(c)
	of := func(x action) request {
		r := x.on("stack set %s (%d accounts × %d regions)", c.StackSet, len(c.Accounts), len(c.Regions))
		for _, p := range c.Overrides {
			r.secrets = append(r.secrets, p.Value)
		}
		return r
	}
	var err error
	switch c.Kind {
	case fleet.OperationCreate:
		_, err = call(ctx, a, of(createStackInstances), a.cfn.CreateStackInstances, &cloudformation.CreateStackInstancesInput{
			StackSetName: name, OperationId: id, Accounts: accounts, DeploymentTargets: targets, Regions: regions,
			ParameterOverrides: overridesTo(c.Overrides), OperationPreferences: preferences, CallAs: a.callAs,
		})
	case fleet.OperationUpdate:
		_, err = call(ctx, a, of(updateStackInstances), a.cfn.UpdateStackInstances, &cloudformation.UpdateStackInstancesInput{
			StackSetName: name, OperationId: id, Accounts: accounts, DeploymentTargets: targets, Regions: regions,
			ParameterOverrides: overridesTo(c.Overrides), OperationPreferences: preferences, CallAs: a.callAs,
		})
	case fleet.OperationDelete:
		_, err = call(ctx, a, of(deleteStackInstances), a.cfn.DeleteStackInstances, &cloudformation.DeleteStackInstancesInput{
			StackSetName: name, OperationId: id, Accounts: accounts, DeploymentTargets: targets, Regions: regions,
			RetainStacks: aws.Bool(c.RetainStacks), OperationPreferences: preferences, CallAs: a.callAs,
		})
	default:
		err = refuse(string(c.Kind), "stack set "+string(c.StackSet), "not an operation on stack instances")
	}
	return err
}

// targetsTo says where: plain accounts for a self-managed set, and for a
// service-managed one the accounts within the OUs. AWS takes a missing filter for
// UNION: the accounts and all others in the OUs.
func targetsTo(c fleet.InstanceChange) (accounts []string, targets *cfn.DeploymentTargets) {
	if len(c.OUs) == 0 {
		return plain(c.Accounts), nil
	}
	return nil, &cfn.DeploymentTargets{
		Accounts: plain(c.Accounts), OrganizationalUnitIds: plain(c.OUs),
		AccountFilterType: cfn.AccountFilterTypeIntersection,
	}
}

// overridesTo keeps nil apart from empty: AWS leaves the overrides alone if the
// list is absent, and drops all those that a given list does not name.
func overridesTo(overrides []fleet.Parameter) []cfn.Parameter {
	if overrides == nil {
		return nil
	}
	list := make([]cfn.Parameter, 0, len(overrides))
	for _, p := range overrides {
		to := cfn.Parameter{ParameterKey: aws.String(p.Key)}
		if p.UsePrevious {
			to.UsePreviousValue = aws.Bool(true)
		} else {
			to.ParameterValue = aws.String(p.Value)
		}
		list = append(list, to)
	}
	return list
}

// preferencesTo leaves out whatever is zero, and the whole if all is: AWS then
// takes its defaults. A count and a percentage of one kind exclude each other.
func preferencesTo(p fleet.Preferences) *cfn.StackSetOperationPreferences {
	to := &cfn.StackSetOperationPreferences{
		RegionConcurrencyType:      cfn.RegionConcurrencyType(p.RegionConcurrency),
		ConcurrencyMode:            cfn.ConcurrencyMode(p.ConcurrencyMode),
		RegionOrder:                plain(p.RegionOrder),
		FailureToleranceCount:      count(p.FailureToleranceCount),
		FailureTolerancePercentage: count(p.FailureTolerancePercentage),
		MaxConcurrentCount:         count(p.MaxConcurrentCount),
		MaxConcurrentPercentage:    count(p.MaxConcurrentPercentage),
	}
	empty := to.RegionConcurrencyType == "" && to.ConcurrencyMode == "" && to.RegionOrder == nil &&
		to.FailureToleranceCount == nil && to.FailureTolerancePercentage == nil &&
		to.MaxConcurrentCount == nil && to.MaxConcurrentPercentage == nil
	if empty {
		return nil
	}
	return to
}

func count(n int) *int32 {
	if n == 0 {
		return nil
	}
	return aws.Int32(int32(n))
}

// plain turns typed names into strings, in their order; nil stays nil.
func plain[T ~string](from []T) []string {
	var to []string
	for _, s := range from {
		to = append(to, string(s))
	}
	return to
}
