package cloud

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/fleet"
)

// Revert prepares a drift-aware change set on the stack and reads what it would
// do. The template and every parameter stay as they are; only what drifted is
// put back. Repeated with the same token it finds what it prepared before. An
// empty change set is deleted again.
func (a *AWS) Revert(ctx context.Context, stack fleet.MemberStack, token string) (fleet.RevertPlan, error) {
	m, err := a.member(ctx, stack)
	if err != nil {
		return fleet.RevertPlan{}, err
	}
	name := changeSetName(token)
	set, err := m.changeSet(ctx, name)
	if err == nil && set.ExecutionStatus == cfn.ExecutionStatusObsolete {
		// The stack was updated since; what was prepared is worth nothing.
		if err = m.deleteChangeSet(ctx, name); err == nil {
			err = m.changeSetGone(ctx, name)
		}
		set = nil
	}
	if set == nil && (err == nil || fleet.KindOf(err) == fleet.NotFound) {
		err = m.createChangeSet(ctx, name)
	}
	if err != nil {
		return fleet.RevertPlan{}, err
	}
	return m.readPlan(ctx, name)
}

// AbandonRevert deletes what Revert prepared. That it is not there is fine.
func (a *AWS) AbandonRevert(ctx context.Context, stack fleet.MemberStack, token string) error {
	m, err := a.member(ctx, stack)
	if err != nil {
		return err
	}
	return m.deleteChangeSet(ctx, changeSetName(token))
}

// createChangeSet asks for the change set of that name; one that exists is fine.
// The name alone makes the call repeatable. A client token would too, but AWS
// does not say how long it remembers one of a change set that was deleted.
func (m reach) createChangeSet(ctx context.Context, name string) error {
	stack, err := m.describeStack(ctx)
	if err != nil {
		return err
	}
	var parameters []cfn.Parameter
	for _, p := range stack.Parameters {
		parameters = append(parameters, cfn.Parameter{ParameterKey: p.ParameterKey, UsePreviousValue: aws.Bool(true)})
	}
	_, err = call(ctx, m.AWS, m.on(createChangeSet), m.cfn.CreateChangeSet, &cloudformation.CreateChangeSetInput{
		StackName: m.id(), ChangeSetName: aws.String(name),
		ChangeSetType: cfn.ChangeSetTypeUpdate, DeploymentMode: cfn.DeploymentModeRevertDrift,
		UsePreviousTemplate: aws.Bool(true), Parameters: parameters, Capabilities: stack.Capabilities,
		IncludeNestedStacks: aws.Bool(false), Description: aws.String("Puts back what was changed outside CloudFormation"),
	})
	if codeOf(err) == "AlreadyExists" {
		return nil
	}
	return err
}

// readPlan waits until the change set is made, and reads it.
func (m reach) readPlan(ctx context.Context, name string) (fleet.RevertPlan, error) {
	var made *cloudformation.DescribeChangeSetOutput
	err := m.poll(ctx, m.on(createChangeSet), preparationTime, preparationLimit, func() (bool, error) {
		var err error
		made, err = m.changeSet(ctx, name)
		return err == nil && made.Status != cfn.ChangeSetStatusCreatePending && made.Status != cfn.ChangeSetStatusCreateInProgress, err
	})
	if err != nil {
		return fleet.RevertPlan{}, err
	}
	if made.Status == cfn.ChangeSetStatusFailed && hasNoChanges(aws.ToString(made.StatusReason)) {
		return fleet.RevertPlan{Empty: true}, m.deleteChangeSet(ctx, name)
	}
	if made.Status != cfn.ChangeSetStatusCreateComplete {
		return fleet.RevertPlan{}, m.failure(createChangeSet, fleet.Invalid, string(made.Status), "%s", aws.ToString(made.StatusReason))
	}
	changes := made.Changes
	for made.NextToken != nil && *made.NextToken != "" {
		if made, err = m.changeSetPage(ctx, name, made.NextToken); err != nil {
			return fleet.RevertPlan{}, err
		}
		changes = append(changes, made.Changes...)
	}
	plan := fleet.RevertPlan{Changes: changesOf(changes)}
	plan.Empty = len(plan.Changes) == 0
	return plan, m.putBack(ctx, changes, plan.Changes)
}

// hasNoChanges recognises how CloudFormation says that a change set would do
// nothing; it has no code for that.
func hasNoChanges(reason string) bool {
	return strings.Contains(reason, "didn't contain changes") || strings.Contains(reason, "No updates are to be performed")
}

func changesOf(from []cfn.Change) []fleet.RevertChange {
	var changes []fleet.RevertChange
	for _, change := range from {
		resource := change.ResourceChange
		if resource == nil {
			continue // a hook's invocation, not a change
		}
		changes = append(changes, fleet.RevertChange{
			LogicalID: aws.ToString(resource.LogicalResourceId), ResourceType: aws.ToString(resource.ResourceType),
			Action: string(resource.Action), Replacement: string(resource.Replacement),
		})
	}
	return changes
}

func (m reach) changeSet(ctx context.Context, name string) (*cloudformation.DescribeChangeSetOutput, error) {
	return m.changeSetPage(ctx, name, nil)
}

func (m reach) changeSetPage(ctx context.Context, name string, token *string) (*cloudformation.DescribeChangeSetOutput, error) {
	return call(ctx, m.AWS, m.on(describeChangeSet), m.cfn.DescribeChangeSet, &cloudformation.DescribeChangeSetInput{
		StackName: m.id(), ChangeSetName: aws.String(name), NextToken: token, IncludePropertyValues: aws.Bool(true),
	})
}

func (m reach) deleteChangeSet(ctx context.Context, name string) error {
	_, err := call(ctx, m.AWS, m.on(deleteChangeSet), m.cfn.DeleteChangeSet,
		&cloudformation.DeleteChangeSetInput{StackName: m.id(), ChangeSetName: aws.String(name)})
	switch {
	case fleet.KindOf(err) == fleet.NotFound:
		return nil
	case codeOf(err) == "InvalidChangeSetStatus":
		return m.failure(deleteChangeSet, fleet.Conflict, "InvalidChangeSetStatus", "the change set is being executed")
	}
	return err
}

// changeSetGone waits until a deleted change set's name is free.
func (m reach) changeSetGone(ctx context.Context, name string) error {
	return m.poll(ctx, m.on(deleteChangeSet), deletionTime, preparationLimit, func() (bool, error) {
		_, err := m.changeSet(ctx, name)
		if fleet.KindOf(err) == fleet.NotFound {
			return true, nil
		}
		return false, err
	})
}

func (m reach) describeStack(ctx context.Context) (*cfn.Stack, error) {
	r := m.on(describeStacks)
	out, err := call(ctx, m.AWS, r, m.cfn.DescribeStacks, &cloudformation.DescribeStacksInput{StackName: m.id()})
	if err != nil {
		return nil, err
	}
	if len(out.Stacks) != 1 {
		return nil, unreadable(describeStacks, r.object)
	}
	return &out.Stacks[0], nil
}

// failure is an error about the stack that no answer's code says: code is the
// state that it was found in.
func (m reach) failure(x action, kind fleet.ErrorKind, code, format string, args ...any) error {
	return &fleet.Error{Kind: kind, Call: x.name, Object: m.on(x).object, Code: code, Message: fmt.Sprintf(format, args...)}
}

// changeSetName follows from the token alone. AWS takes letters, digits and
// hyphens, 128 at most; another token is hashed.
func changeSetName(token string) string {
	fits := token != "" && len(token) <= 100 && strings.IndexFunc(token, func(r rune) bool { return r != '-' && !isAlphanumeric(r) }) < 0
	if !fits {
		sum := sha256.Sum256([]byte(token))
		token = "x" + hex.EncodeToString(sum[:16])
	}
	return "setmend-" + token
}
