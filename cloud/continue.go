package cloud

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/fleet"
)

// ContinueRollback continues the rollback of a stack in UPDATE_ROLLBACK_FAILED and
// waits until the stack rests. It skips no resource. Repeated with its token it does
// nothing twice: the stack's events carry the token, and say how far it came. A stack
// that has left the state is fine. If the rollback failed again, the error is Invalid,
// its code the stack's status and its message the resource that failed, with AWS's
// reason.
func (a *AWS) ContinueRollback(ctx context.Context, stack fleet.MemberStack, token string) error {
	m, err := a.member(ctx, stack)
	if err != nil {
		return err
	}
	token = changeSetName(token)
	began, ended, err := m.continued(ctx, token)
	if err != nil {
		return err
	}
	if !began {
		described, err := m.describeStack(ctx)
		if err != nil {
			return err
		}
		if described.StackStatus != cfn.StackStatusUpdateRollbackFailed && !strings.HasSuffix(string(described.StackStatus), "_IN_PROGRESS") {
			return m.settledAs(described)
		}
		if described.StackStatus == cfn.StackStatusUpdateRollbackFailed {
			if err := m.sendContinue(ctx, token); err != nil {
				return err
			}
		}
	}
	if !ended {
		return m.continueOutcome(ctx, token)
	}
	described, err := m.describeStack(ctx)
	if err != nil {
		return err
	}
	return m.rollbackEnd(ctx, described, token)
}

// sendContinue asks for the continuation. Where the answer does not say whether AWS
// took it, the stack's events do.
func (m reach) sendContinue(ctx context.Context, token string) error {
	_, err := call(ctx, m.AWS, m.on(continueUpdateRollback), m.cfn.ContinueUpdateRollback,
		&cloudformation.ContinueUpdateRollbackInput{StackName: m.id(), ClientRequestToken: aws.String(token)})
	if err == nil {
		return nil
	}
	if fleet.KindOf(err) != fleet.UnknownOutcome && codeOf(err) != "ValidationError" && codeOf(err) != "TokenAlreadyExists" {
		return err
	}
	if began, _, lookup := m.continued(ctx, token); lookup == nil && began {
		return nil
	}
	return err
}

// continued reads from the stack's events whether the continuation with the token has
// begun, and whether it has ended. Events come newest first.
func (m reach) continued(ctx context.Context, token string) (began, ended bool, err error) {
	err = m.eventPages(ctx, func(events []cfn.StackEvent) (enough bool) {
		for _, event := range events {
			own := aws.ToString(event.PhysicalResourceId) == aws.ToString(event.StackId)
			if aws.ToString(event.ClientRequestToken) != token {
				if own && event.ResourceStatus == cfn.ResourceStatusUpdateInProgress {
					return true // the update whose rollback it would be
				}
				continue
			}
			began = true
			if own && !strings.HasSuffix(string(event.ResourceStatus), "_IN_PROGRESS") {
				ended = true
			}
		}
		return began // the newest page has its end, if there is one
	})
	return began, ended, err
}

// continueOutcome waits until the stack rests, and says how it went.
func (m reach) continueOutcome(ctx context.Context, token string) error {
	var last *cfn.Stack
	err := m.poll(ctx, m.on(continueUpdateRollback), stackTime, stackLimit, func() (bool, error) {
		var err error
		if last, err = m.describeStack(ctx); err != nil || strings.HasSuffix(string(last.StackStatus), "_IN_PROGRESS") {
			return false, err
		}
		if last.StackStatus != cfn.StackStatusUpdateRollbackFailed {
			return true, nil
		}
		// Right after the call, the stack may still show how it was before.
		_, ended, err := m.continued(ctx, token)
		return ended, err
	})
	if err != nil {
		return m.on(continueUpdateRollback).underWay(err)
	}
	return m.rollbackEnd(ctx, last, token)
}

// rollbackEnd is the outcome of a continuation that has ended.
func (m reach) rollbackEnd(ctx context.Context, stack *cfn.Stack, token string) error {
	if stack.StackStatus != cfn.StackStatusUpdateRollbackFailed {
		return m.settledAs(stack)
	}
	return m.failedFor(ctx, continueUpdateRollback, stack, token)
}

// settledAs is nil for a stack that serves, and its state as an error for one that
// does not.
func (m reach) settledAs(stack *cfn.Stack) error {
	switch stack.StackStatus {
	case cfn.StackStatusCreateComplete, cfn.StackStatusUpdateComplete, cfn.StackStatusUpdateRollbackComplete, cfn.StackStatusImportComplete, cfn.StackStatusImportRollbackComplete:
		return nil
	case cfn.StackStatusDeleteComplete:
		return m.failure(continueUpdateRollback, fleet.NotFound, string(stack.StackStatus), "the stack was deleted")
	}
	return m.failure(continueUpdateRollback, fleet.Invalid, string(stack.StackStatus), "the stack cannot be continued: %s", aws.ToString(stack.StackStatusReason))
}
