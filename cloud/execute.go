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

// ExecuteRevert executes what Revert prepared and waits until the stack rests. It
// can be repeated at any point: the change set itself tells how far it came. If
// the stack rolled back, the error is Invalid, its code the stack's status and
// its message the resource that failed, with AWS's reason.
func (a *AWS) ExecuteRevert(ctx context.Context, stack fleet.MemberStack, token string) error {
	m, err := a.member(ctx, stack)
	if err != nil {
		return err
	}
	name := changeSetName(token)
	set, err := m.changeSet(ctx, name)
	if err != nil {
		return err
	}
	switch set.ExecutionStatus {
	case cfn.ExecutionStatusAvailable:
		if err := m.execute(ctx, name); err != nil {
			return err
		}
	case cfn.ExecutionStatusExecuteInProgress, cfn.ExecutionStatusExecuteComplete, cfn.ExecutionStatusExecuteFailed:
		// Executed before: only its end is left to see.
	case cfn.ExecutionStatusObsolete:
		return m.failure(executeChangeSet, fleet.Conflict, string(set.ExecutionStatus), "the stack was updated since the change set was made")
	default:
		return m.failure(executeChangeSet, fleet.Invalid, string(set.ExecutionStatus), "the change set cannot be executed: %s", aws.ToString(set.StatusReason))
	}
	return m.outcome(ctx, name)
}

// execute starts the change set. Where the answer does not say whether it did,
// the change set does.
func (m reach) execute(ctx context.Context, name string) error {
	_, err := call(ctx, m.AWS, m.on(executeChangeSet), m.cfn.ExecuteChangeSet, &cloudformation.ExecuteChangeSetInput{
		StackName: m.id(), ChangeSetName: aws.String(name), ClientRequestToken: aws.String(name),
	})
	if fleet.KindOf(err) != fleet.UnknownOutcome && codeOf(err) != "InvalidChangeSetStatus" {
		return err
	}
	set, lookup := m.changeSet(ctx, name)
	if lookup == nil && set.ExecutionStatus != cfn.ExecutionStatusAvailable {
		return nil
	}
	return err
}

// outcome waits until the stack rests and tells how the execution went. Errors
// on the way say nothing of it.
func (m reach) outcome(ctx context.Context, name string) error {
	stack, execution, err := m.rested(ctx, name)
	if err != nil {
		return m.on(executeChangeSet).underWay(err)
	}
	if stack.StackStatus == cfn.StackStatusUpdateComplete && execution != cfn.ExecutionStatusExecuteFailed {
		return nil
	}
	return m.failedFor(ctx, executeChangeSet, stack, name)
}

// rested waits until the change set's execution has ended and the stack rests.
// The stack alone does not tell: right after the call it may still show how it
// was before. Nor does the change set, which somebody may have deleted.
func (m reach) rested(ctx context.Context, name string) (stack *cfn.Stack, execution cfn.ExecutionStatus, err error) {
	err = m.poll(ctx, m.on(executeChangeSet), stackTime, stackLimit, func() (bool, error) {
		var err error
		if stack, err = m.describeStack(ctx); err != nil || strings.HasSuffix(string(stack.StackStatus), "_IN_PROGRESS") {
			return false, err
		}
		set, err := m.changeSet(ctx, name)
		if fleet.KindOf(err) == fleet.NotFound {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		execution = set.ExecutionStatus
		return execution != cfn.ExecutionStatusExecuteInProgress && execution != cfn.ExecutionStatusAvailable, nil
	})
	return stack, execution, err
}

// whyFailed finds the first resource that failed in the execution, in the words
// that StackSets uses for it. Events come newest first, so the first failure is
// the last one read before the execution's start; those after it are its echo.
func (m reach) whyFailed(ctx context.Context, token string) (string, error) {
	reason := ""
	err := m.eventPages(ctx, func(events []cfn.StackEvent) (enough bool) {
		for _, event := range events {
			own := aws.ToString(event.PhysicalResourceId) == aws.ToString(event.StackId)
			if own && event.ResourceStatus == cfn.ResourceStatusUpdateInProgress {
				return true
			}
			if other := aws.ToString(event.ClientRequestToken); other != "" && other != token {
				return true
			}
			if !own && strings.HasSuffix(string(event.ResourceStatus), "_FAILED") {
				reason = "ResourceLogicalId:" + aws.ToString(event.LogicalResourceId) + ", ResourceType:" + aws.ToString(event.ResourceType) +
					", ResourceStatusReason:" + aws.ToString(event.ResourceStatusReason) + "."
			}
		}
		return false
	})
	return reason, err
}

// failedFor returns the error of an action that left its stack failed: Invalid, its code
// the stack's status and its message the resource that failed, with AWS's reason.
func (m reach) failedFor(ctx context.Context, done action, stack *cfn.Stack, token string) error {
	reason, err := m.whyFailed(ctx, token)
	if err != nil {
		reason = "why is not known: " + err.Error()
	}
	if reason == "" {
		reason = aws.ToString(stack.StackStatusReason)
	}
	return m.failure(done, fleet.Invalid, string(stack.StackStatus), "%s", reason)
}

// eventPages calls f with the stack's events a page at a time, newest first, until f has
// seen enough.
func (m reach) eventPages(ctx context.Context, f func(events []cfn.StackEvent) (enough bool)) error {
	err := pages(func(page *string) (*string, error) {
		out, err := call(ctx, m.AWS, m.on(describeStackEvents), m.cfn.DescribeStackEvents,
			&cloudformation.DescribeStackEventsInput{StackName: m.id(), NextToken: page})
		if err != nil {
			return nil, err
		}
		if f(out.StackEvents) {
			return nil, errEnough
		}
		return out.NextToken, nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// codeOf is AWS's error code in err, without the suffix Exception.
func codeOf(err error) string {
	var e *fleet.Error
	if !errors.As(err, &e) {
		return ""
	}
	return strings.TrimSuffix(e.Code, "Exception")
}
