package cloud

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/template"
)

// StackSets lists the names of the active stack sets, sorted.
func (a *AWS) StackSets(ctx context.Context) ([]fleet.StackSetName, error) {
	names := []fleet.StackSetName{}
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, a, listStackSets.on("%s", a.region), a.cfn.ListStackSets, &cloudformation.ListStackSetsInput{
			Status: cfn.StackSetStatusActive, CallAs: a.callAs, NextToken: token, MaxResults: aws.Int32(stackSetPage),
		})
		if err != nil {
			return nil, err
		}
		for _, summary := range out.Summaries {
			names = append(names, fleet.StackSetName(aws.ToString(summary.StackSetName)))
		}
		return out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// StackSet reads a stack set's definition.
func (a *AWS) StackSet(ctx context.Context, name fleet.StackSetName) (fleet.StackSet, error) {
	out, err := call(ctx, a, describeStackSet.on("stack set %s", name), a.cfn.DescribeStackSet,
		&cloudformation.DescribeStackSetInput{StackSetName: aws.String(string(name)), CallAs: a.callAs})
	if err != nil {
		return fleet.StackSet{}, err
	}
	if out.StackSet == nil {
		return fleet.StackSet{}, unreadable(describeStackSet, "stack set "+string(name))
	}
	set := stackSetOf(out.StackSet)
	if set.PermissionModel == fleet.ServiceManaged && set.AutoDeployment.Enabled {
		set.DeployTargets, err = a.deployTargets(ctx, name)
	}
	return set, err
}

// Template reads the text of a stack set's template.
func (a *AWS) Template(ctx context.Context, name fleet.StackSetName) (string, error) {
	out, err := call(ctx, a, describeStackSet.on("stack set %s", name), a.cfn.DescribeStackSet,
		&cloudformation.DescribeStackSetInput{StackSetName: aws.String(string(name)), CallAs: a.callAs})
	if err != nil {
		return "", err
	}
	if out.StackSet == nil {
		return "", unreadable(describeStackSet, "stack set "+string(name))
	}
	return aws.ToString(out.StackSet.TemplateBody), nil
}

// deployTargets reads the regions of each OU that automatic deployment serves. A
// caller without the permission for it gets none: the set's instances tell nearly
// as much. AWS documents that the list may end with an empty token.
func (a *AWS) deployTargets(ctx context.Context, name fleet.StackSetName) ([]fleet.DeployTarget, error) {
	var targets []fleet.DeployTarget
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, a, listAutoDeploymentTargets.on("stack set %s", name), a.cfn.ListStackSetAutoDeploymentTargets,
			&cloudformation.ListStackSetAutoDeploymentTargetsInput{StackSetName: aws.String(string(name)), CallAs: a.callAs, NextToken: token, MaxResults: aws.Int32(stackSetPage)})
		if err != nil {
			return nil, err
		}
		for _, summary := range out.Summaries {
			targets = append(targets, fleet.DeployTarget{OU: fleet.OUID(aws.ToString(summary.OrganizationalUnitId)), Regions: stringsOf[fleet.Region](summary.Regions)})
		}
		if aws.ToString(out.NextToken) == "" {
			return nil, nil
		}
		return out.NextToken, nil
	})
	if fleet.KindOf(err) == fleet.Denied {
		return nil, nil
	}
	slices.SortFunc(targets, func(x, y fleet.DeployTarget) int { return strings.Compare(string(x.OU), string(y.OU)) })
	return targets, err
}

func stackSetOf(from *cfn.StackSet) fleet.StackSet {
	set := fleet.StackSet{
		Name: fleet.StackSetName(aws.ToString(from.StackSetName)), ID: aws.ToString(from.StackSetId),
		ARN: aws.ToString(from.StackSetARN), Description: aws.ToString(from.Description),
		PermissionModel:       fleet.PermissionModel(from.PermissionModel),
		AutoDeployment:        autoDeploymentOf(from.AutoDeployment, aws.ToString(from.StackSetARN)),
		Managed:               from.ManagedExecution != nil && aws.ToBool(from.ManagedExecution.Active),
		Tags:                  map[string]string{},
		Parameters:            parametersOf(from.Parameters),
		Capabilities:          stringsOf[string](from.Capabilities),
		AdministrationRoleARN: aws.ToString(from.AdministrationRoleARN),
		ExecutionRoleName:     aws.ToString(from.ExecutionRoleName),
		OUs:                   stringsOf[fleet.OUID](from.OrganizationalUnitIds),
		Regions:               stringsOf[fleet.Region](from.Regions),
	}
	if set.PermissionModel == "" { // AWS's default, left out of older answers
		set.PermissionModel = fleet.SelfManaged
	}
	for _, tag := range from.Tags {
		set.Tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	if drift := driftOf(from.StackSetDriftDetectionDetails); drift != nil {
		set.Drift = *drift
	}
	text := aws.ToString(from.TemplateBody)
	facts := template.Read(text)
	set.TemplateHash, set.Template = template.Hash(text), facts.TemplateFacts
	set.Exports, set.Imports = len(facts.Exports) > 0, len(facts.Imports) > 0
	set.NoEcho = maskedToo(facts, set.Parameters)
	return set
}

// maskedToo names the parameters whose values AWS masks: those the template
// declares, and any whose value reads so. Of an opaque template that speaks of
// NoEcho, every parameter may be one.
func maskedToo(facts template.Facts, parameters []fleet.Parameter) []string {
	names := slices.Clone(facts.NoEcho)
	for _, p := range parameters {
		if facts.HidesParameters || p.Masked() {
			names = append(names, p.Key)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// autoDeploymentOf reads the automatic deployment of the stack set of the given ARN.
func autoDeploymentOf(from *cfn.AutoDeployment, own string) fleet.AutoDeployment {
	if from == nil {
		return fleet.AutoDeployment{}
	}
	auto := fleet.AutoDeployment{
		Enabled:                      aws.ToBool(from.Enabled),
		RetainStacksOnAccountRemoval: aws.ToBool(from.RetainStacksOnAccountRemoval),
	}
	for _, arn := range from.DependsOn {
		if !samePlace(arn, own) {
			auto.Elsewhere = append(auto.Elsewhere, arn)
			continue
		}
		auto.DependsOn = append(auto.DependsOn, nameInARN(arn))
	}
	return auto
}

// samePlace reports whether two ARNs are of the same account and region. What is
// no ARN is taken to be of the same.
func samePlace(arn, own string) bool {
	a, b := strings.SplitN(arn, ":", 6), strings.SplitN(own, ":", 6)
	if len(a) < 6 || len(b) < 6 {
		return true
	}
	return a[3] == b[3] && a[4] == b[4]
}

// nameInARN is the name in "arn:…:stackset/NAME:UUID". AWS's own examples write the
// resource type as stackset, StackSet and Stackset.
func nameInARN(arn string) fleet.StackSetName {
	name := arn
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		if kind, rest, found := strings.Cut(parts[5], "/"); found && strings.EqualFold(kind, "stackset") {
			name = rest
		}
	}
	name, _, _ = strings.Cut(name, ":")
	return fleet.StackSetName(name)
}

func driftOf(from *cfn.StackSetDriftDetectionDetails) *fleet.DriftDetection {
	if from == nil {
		return nil
	}
	return &fleet.DriftDetection{
		Status: fleet.DriftStatus(from.DriftStatus), Detection: string(from.DriftDetectionStatus),
		LastCheck: timeOf(from.LastDriftCheckTimestamp),
		Total:     int(aws.ToInt32(from.TotalStackInstancesCount)),
		Drifted:   int(aws.ToInt32(from.DriftedStackInstancesCount)),
		InSync:    int(aws.ToInt32(from.InSyncStackInstancesCount)),
		Failed:    int(aws.ToInt32(from.FailedStackInstancesCount)),
		Running:   int(aws.ToInt32(from.InProgressStackInstancesCount)),
	}
}

// parametersOf is never nil, and sorted: AWS's order means nothing.
func parametersOf(from []cfn.Parameter) []fleet.Parameter {
	parameters := make([]fleet.Parameter, 0, len(from))
	for _, p := range from {
		parameters = append(parameters, fleet.Parameter{
			Key: aws.ToString(p.ParameterKey), Value: aws.ToString(p.ParameterValue), UsePrevious: aws.ToBool(p.UsePreviousValue),
		})
	}
	slices.SortFunc(parameters, func(p, q fleet.Parameter) int { return strings.Compare(p.Key, q.Key) })
	return parameters
}

// stringsOf converts between string types, sorted; nil stays nil.
func stringsOf[To, From ~string](from []From) []To {
	var to []To
	for _, s := range from {
		to = append(to, To(s))
	}
	slices.Sort(to)
	return to
}
