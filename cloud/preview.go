package cloud

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/fleet"
)

// largestInlineTemplate is what AWS takes in a request; larger templates must lie in
// S3.
const largestInlineTemplate = 51200

// Preview makes a change set of the update on the stack, reads what it would change,
// and deletes it, also if it could not be read. The change set's name follows from
// the token alone, so that [AWS.AbandonRevert] deletes one that a crash has left.
// Nothing is executed.
func (a *AWS) Preview(ctx context.Context, stack fleet.MemberStack, token string, update fleet.Update) (preview fleet.ChangePreview, err error) {
	m, err := a.member(ctx, stack)
	if err != nil {
		return preview, err
	}
	if len(update.Template) > largestInlineTemplate {
		return preview, m.failure(createChangeSet, fleet.Invalid, "", "the template has %d bytes, and AWS takes %d in a request", len(update.Template), largestInlineTemplate)
	}
	name := changeSetName(token)
	if err := m.requestChangeSet(ctx, name, update); err != nil {
		return preview, err
	}
	defer func() { err = errors.Join(err, m.deleteChangeSet(context.WithoutCancel(ctx), name)) }()
	return m.readPreview(ctx, name)
}

func (m reach) requestChangeSet(ctx context.Context, name string, update fleet.Update) error {
	stack, err := m.describeStack(ctx)
	if err != nil {
		return err
	}
	in := &cloudformation.CreateChangeSetInput{
		StackName: m.id(), ChangeSetName: aws.String(name), ChangeSetType: cfn.ChangeSetTypeUpdate,
		Capabilities: stack.Capabilities, IncludeNestedStacks: aws.Bool(false),
		TemplateBody: optional(update.Template), Parameters: known(overridesTo(update.Parameters), stack.Parameters),
		Description: aws.String("Shows what an update would change; it is deleted at once"),
	}
	for _, capability := range update.Capabilities {
		in.Capabilities = append(in.Capabilities, cfn.Capability(capability))
	}
	if in.TemplateBody == nil {
		in.UsePreviousTemplate = aws.Bool(true)
	}
	if update.DriftAware {
		in.DeploymentMode = cfn.DeploymentModeRevertDrift
	}
	r := m.on(createChangeSet)
	for _, p := range update.Parameters {
		r.secrets = append(r.secrets, p.Value)
	}
	_, err = call(ctx, m.AWS, r, m.cfn.CreateChangeSet, in)
	if codeOf(err) == "AlreadyExists" {
		return nil
	}
	return err
}

// known leaves out parameters that are to keep a value that the stack has not: the
// template's default holds then.
func known(parameters, has []cfn.Parameter) []cfn.Parameter {
	var list []cfn.Parameter
	for _, p := range parameters {
		there := false
		for _, h := range has {
			there = there || aws.ToString(h.ParameterKey) == aws.ToString(p.ParameterKey)
		}
		if there || !aws.ToBool(p.UsePreviousValue) {
			list = append(list, p)
		}
	}
	return list
}

// readPreview waits until the change set is made, and reads it.
func (m reach) readPreview(ctx context.Context, name string) (preview fleet.ChangePreview, err error) {
	var made *cloudformation.DescribeChangeSetOutput
	err = m.poll(ctx, m.on(createChangeSet), preparationTime, preparationLimit, func() (bool, error) {
		var err error
		made, err = m.changeSet(ctx, name)
		return err == nil && made.Status != cfn.ChangeSetStatusCreatePending && made.Status != cfn.ChangeSetStatusCreateInProgress, err
	})
	if err != nil {
		return preview, err
	}
	if made.Status == cfn.ChangeSetStatusFailed && hasNoChanges(aws.ToString(made.StatusReason)) {
		return preview, nil
	}
	if made.Status != cfn.ChangeSetStatusCreateComplete {
		return preview, m.failure(createChangeSet, fleet.Invalid, string(made.Status), "%s", aws.ToString(made.StatusReason))
	}
	for {
		for _, change := range made.Changes {
			if change.ResourceChange != nil {
				preview.Changes = append(preview.Changes, resourceChangeOf(change.ResourceChange))
			}
		}
		if aws.ToString(made.NextToken) == "" {
			return preview, nil
		}
		if made, err = m.changeSetPage(ctx, name, made.NextToken); err != nil {
			return preview, err
		}
	}
}

func resourceChangeOf(from *cfn.ResourceChange) fleet.ResourceChange {
	to := fleet.ResourceChange{
		LogicalID: aws.ToString(from.LogicalResourceId), ResourceType: aws.ToString(from.ResourceType),
		Action: string(from.Action), Replacement: string(from.Replacement), Drift: string(from.ResourceDriftStatus),
	}
	for _, ignored := range from.ResourceDriftIgnoredAttributes {
		to.Ignored = append(to.Ignored, aws.ToString(ignored.Path)+": "+string(ignored.Reason))
	}
	seen := map[string]bool{}
	for _, detail := range from.Details {
		if detail.Target == nil {
			continue
		}
		p := propertyChangeOf(detail.Target)
		// AWS gives one change several times where it has several causes.
		if key := p.Path + "\x00" + p.After; !seen[key] {
			seen[key] = true
			to.Properties = append(to.Properties, p)
		}
	}
	return to
}

func propertyChangeOf(from *cfn.ResourceTargetDefinition) fleet.PropertyChange {
	p := fleet.PropertyChange{
		Path: strings.TrimPrefix(aws.ToString(from.Path), "/Properties"), Kind: string(from.AttributeChangeType),
		Before: aws.ToString(from.BeforeValue), After: aws.ToString(from.AfterValue), Recreates: string(from.RequiresRecreation),
	}
	if p.Path == "" { // without values
		p.Path = "/" + aws.ToString(from.Name)
		if from.Attribute != cfn.ResourceAttributeProperties {
			p.Path = string(from.Attribute)
		}
	}
	if p.Kind == "" {
		p.Kind = "Modify"
	}
	if from.Drift != nil {
		p.Drifted, p.Previous, p.Actual = true, aws.ToString(from.Drift.PreviousValue), aws.ToString(from.Drift.ActualValue)
	}
	return p
}
