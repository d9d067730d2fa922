package cloud

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// An Action is one API action, for packages below this one that bring service
// clients of their own.
type Action struct {
	Service string // as in IAM policies: rds, elasticloadbalancing, …
	Name    string // such as CopyDBSnapshot
	Write   bool   // it changes something
	// Repeatable: sending it again after an unknown outcome does no harm.
	Repeatable bool
	Rate       float64 // requests per second at most; 0 is no limit
	Burst      int     // how many of them may come at once
}

// Permission is the IAM action that a caller needs.
func (a Action) Permission() string { return a.private().permission() }

func (a Action) private() action {
	return action{
		service: a.Service, name: a.Name, write: a.Write, repeatable: a.Repeatable, rate: a.Rate, burst: a.Burst,
	}
}

// Actions lists the actions that this package itself sends, with AWS's rates.
// Whoever sends one of them through [Send] shares its rate with this package, and
// must give it as it stands here.
func Actions() []Action {
	var list []Action
	for _, a := range own {
		list = append(list, Action{a.service, a.name, a.write, a.repeatable, a.rate, a.burst})
	}
	return list
}

var own = []action{
	listStackSets, describeStackSet, listStackInstances, describeStackInstance, listStackSetOperations,
	describeStackSetOperation, listStackSetOperationResults, listStackInstanceResourceDrifts,
	describeOrganizationsAccess, listAutoDeploymentTargets, createStackInstances, updateStackInstances, deleteStackInstances,
	detectStackSetDrift, updateStackSet, describeStacks, describeStackEvents, getTemplate, describeChangeSet, detectStackDrift,
	describeStackDriftDetectionStatus, describeStackResourceDrifts, createChangeSet, deleteChangeSet,
	executeChangeSet, continueUpdateRollback, deleteStack, describeOrganization, listRoots, listAccounts, describeAccount, describeOrganizationalUnit,
	listDelegatedAdministrators, listServiceAccess, listParents, listAccountsForParent, listOUsForParent,
	getCallerIdentity, assumeRole, describeAlarms, listTagsForResource, startExecution, listExecutions, getParameter, putParameter, getParametersByPath, describeParameters, deleteParameters, publish, getObject, putObject, deleteObject, listObjects, listVersions,
}

// SDK is the SDK's configuration of the connection: region, credentials and
// endpoint, without retries of the SDK's, and with every request counted. What
// is called with it goes through [Send].
func (a *AWS) SDK() aws.Config {
	sdk := a.sdk.Copy()
	sdk.APIOptions = append(slices.Clone(sdk.APIOptions), a.count)
	return sdk
}

// Send makes one API call through an SDK method, as this package makes its own:
// within the action's rate, counted, and sent again where that is safe and may
// help. object says what it is done to, for errors. The error is a *fleet.Error.
func Send[In, Out, Options any](ctx context.Context, a *AWS, x Action, object string,
	method func(context.Context, In, ...func(*Options)) (Out, error), in In,
) (Out, error) {
	return call(ctx, a, x.private().on("%s", object), method, in)
}
