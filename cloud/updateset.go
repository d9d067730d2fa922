package cloud

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/fleet"
)

// UpdateSet changes a stack set's definition and starts the update of its instances.
// What the change leaves out stays as it is: AWS takes a parameter that a request
// does not name for one to be reset to the template's default, and capabilities and
// roles for absent, so they are read and sent again. A nil error means that AWS
// accepted the operation under its id, now or before.
func (a *AWS) UpdateSet(ctx context.Context, change fleet.SetChange) error {
	in, err := a.updateInput(ctx, change)
	if err != nil {
		return err
	}
	r := updateStackSet.on("stack set %s", change.StackSet)
	for _, p := range change.Parameters {
		r.secrets = append(r.secrets, p.Value)
	}
	_, err = call(ctx, a, r, a.cfn.UpdateStackSet, in)
	return a.accepted(ctx, change.StackSet, change.OperationID, fleet.OperationUpdate, err)
}

// updateInput is the change as a request.
func (a *AWS) updateInput(ctx context.Context, change fleet.SetChange) (*cloudformation.UpdateStackSetInput, error) {
	refused := func(format string, args ...any) error {
		return refuse(updateStackSet.name, "stack set "+string(change.StackSet), format, args...)
	}
	if change.OperationID == "" {
		return nil, refused("an operation needs an id")
	}
	if change.DependsOn != nil && len(change.Accounts)+len(change.Regions) > 0 {
		return nil, refused("dependencies cannot be changed for some instances only")
	}
	if (len(change.Accounts) == 0) != (len(change.Regions) == 0) {
		return nil, refused("accounts and regions must be named together, or AWS takes all")
	}
	out, err := call(ctx, a, describeStackSet.on("stack set %s", change.StackSet), a.cfn.DescribeStackSet,
		&cloudformation.DescribeStackSetInput{StackSetName: aws.String(string(change.StackSet)), CallAs: a.callAs})
	if err != nil {
		return nil, err
	}
	set := out.StackSet
	if set == nil {
		return nil, unreadable(describeStackSet, "stack set "+string(change.StackSet))
	}
	in := &cloudformation.UpdateStackSetInput{
		StackSetName: set.StackSetName, OperationId: aws.String(change.OperationID), CallAs: a.callAs,
		Description: set.Description, Capabilities: set.Capabilities,
		Parameters: parametersTo(change, set.Parameters), OperationPreferences: preferencesTo(change.Preferences),
	}
	for _, capability := range change.Capabilities {
		in.Capabilities = append(in.Capabilities, cfn.Capability(capability))
	}
	if set.PermissionModel != cfn.PermissionModelsServiceManaged {
		// AWS fills these in by itself for service-managed sets, and forgets a custom
		// role that an update does not name.
		in.AdministrationRoleARN, in.ExecutionRoleName = set.AdministrationRoleARN, set.ExecutionRoleName
	}
	if in.TemplateBody = optional(change.Template); in.TemplateBody == nil {
		in.UsePreviousTemplate = aws.Bool(true)
	}
	if change.Tags != nil {
		in.Tags = []cfn.Tag{}
		for _, key := range fleet.SortedKeys(change.Tags) {
			in.Tags = append(in.Tags, cfn.Tag{Key: aws.String(key), Value: aws.String(change.Tags[key])})
		}
	}
	if len(change.Regions) > 0 {
		accounts, targets := targetsTo(fleet.InstanceChange{Accounts: change.Accounts, OUs: change.OUs})
		in.Accounts, in.DeploymentTargets, in.Regions = accounts, targets, plain(change.Regions)
	}
	if change.DependsOn != nil {
		if in.AutoDeployment, err = dependencies(set.AutoDeployment, change.DependsOn); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// parametersTo gives the change's parameters their values, and has every other
// parameter that the set has, and that the change's template declares, stay.
func parametersTo(change fleet.SetChange, has []cfn.Parameter) []cfn.Parameter {
	given := map[string]bool{}
	var list []cfn.Parameter
	for _, p := range change.Parameters {
		given[p.Key] = true
		list = append(list, overridesTo([]fleet.Parameter{p})...)
	}
	declared := map[string]bool{}
	for _, name := range change.Declared {
		declared[name] = true
	}
	for _, p := range has {
		key := aws.ToString(p.ParameterKey)
		if given[key] || change.Template != "" && change.Declared != nil && !declared[key] {
			continue
		}
		list = append(list, cfn.Parameter{ParameterKey: p.ParameterKey, UsePreviousValue: aws.Bool(true)})
	}
	return list
}

// dependencies is automatic deployment as it is, with other dependencies. AWS
// replaces the structure as a whole.
func dependencies(was *cfn.AutoDeployment, arns []string) (*cfn.AutoDeployment, error) {
	if was == nil || !aws.ToBool(was.Enabled) {
		return nil, refuse(updateStackSet.name, "", "automatic deployment is off: AWS takes dependencies only with it")
	}
	return &cfn.AutoDeployment{Enabled: was.Enabled, RetainStacksOnAccountRemoval: was.RetainStacksOnAccountRemoval, DependsOn: arns}, nil
}
