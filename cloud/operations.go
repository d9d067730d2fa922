package cloud

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/fleet"
)

// errEnough ends a list before its last page, where the rest is not wanted.
var errEnough = errors.New("enough")

// Running lists the operations that have not ended, newest first. AWS lists
// operations newest first, so the first page without one of them ends it: those
// before are history.
func (a *AWS) Running(ctx context.Context, name fleet.StackSetName) ([]fleet.Operation, error) {
	running := []fleet.Operation{}
	err := a.operations(ctx, name, stackSetPage, func(page []fleet.Operation) error {
		before := len(running)
		for _, operation := range page {
			if !operation.Status.Ended() {
				running = append(running, operation)
			}
		}
		if len(running) == before {
			return errEnough
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return running, nil
}

// Recent lists the newest operations, newest first, at most limit.
func (a *AWS) Recent(ctx context.Context, name fleet.StackSetName, limit int) ([]fleet.Operation, error) {
	recent := []fleet.Operation{}
	if limit <= 0 {
		return recent, nil
	}
	err := a.operations(ctx, name, min(limit, stackSetPage), func(page []fleet.Operation) error {
		recent = append(recent, page...)
		if len(recent) >= limit {
			return errEnough
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return recent[:min(limit, len(recent))], nil
}

// operations hands the pages to see, until that has seen enough.
func (a *AWS) operations(ctx context.Context, name fleet.StackSetName, size int, see func([]fleet.Operation) error) error {
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, a, listStackSetOperations.on("stack set %s", name), a.cfn.ListStackSetOperations,
			&cloudformation.ListStackSetOperationsInput{
				StackSetName: aws.String(string(name)), CallAs: a.callAs, NextToken: token, MaxResults: aws.Int32(int32(size)),
			})
		if err != nil {
			return nil, err
		}
		var page []fleet.Operation
		for _, from := range out.Summaries {
			page = append(page, fleet.Operation{
				ID: aws.ToString(from.OperationId), StackSet: name, Kind: fleet.OperationKind(from.Action),
				Status: fleet.OperationStatus(from.Status), Reason: aws.ToString(from.StatusReason),
				FailedInstances: failedInstances(from.StatusDetails),
				Created:         timeOf(from.CreationTimestamp), Ended: timeOf(from.EndTimestamp),
			})
		}
		return out.NextToken, see(page)
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// Operation reads one operation; NotFound if AWS knows none of that id.
func (a *AWS) Operation(ctx context.Context, name fleet.StackSetName, id string) (fleet.Operation, error) {
	r := describeStackSetOperation.on("operation %s of stack set %s", id, name)
	out, err := call(ctx, a, r, a.cfn.DescribeStackSetOperation, &cloudformation.DescribeStackSetOperationInput{
		StackSetName: aws.String(string(name)), OperationId: aws.String(id), CallAs: a.callAs,
	})
	if err != nil {
		return fleet.Operation{}, err
	}
	from := out.StackSetOperation
	if from == nil {
		return fleet.Operation{}, unreadable(describeStackSetOperation, r.object)
	}
	return fleet.Operation{
		ID: aws.ToString(from.OperationId), StackSet: name, Kind: fleet.OperationKind(from.Action),
		Status: fleet.OperationStatus(from.Status), Reason: aws.ToString(from.StatusReason),
		FailedInstances: failedInstances(from.StatusDetails),
		Created:         timeOf(from.CreationTimestamp), Ended: timeOf(from.EndTimestamp),
		Drift: driftOf(from.StackSetDriftDetectionDetails),
	}, nil
}

func failedInstances(details *cfn.StackSetOperationStatusDetails) int {
	if details == nil {
		return 0
	}
	return int(aws.ToInt32(details.FailedStackInstancesCount))
}

// Results lists what an operation did at each target.
func (a *AWS) Results(ctx context.Context, name fleet.StackSetName, id string) ([]fleet.Result, error) {
	results := []fleet.Result{}
	r := listStackSetOperationResults.on("operation %s of stack set %s", id, name)
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, a, r, a.cfn.ListStackSetOperationResults, &cloudformation.ListStackSetOperationResultsInput{
			StackSetName: aws.String(string(name)), OperationId: aws.String(id), CallAs: a.callAs,
			NextToken: token, MaxResults: aws.Int32(stackSetPage),
		})
		if err != nil {
			return nil, err
		}
		for _, from := range out.Summaries {
			results = append(results, fleet.Result{
				Target: fleet.Target{Account: fleet.AccountID(aws.ToString(from.Account)), Region: fleet.Region(aws.ToString(from.Region))},
				Status: string(from.Status), Reason: aws.ToString(from.StatusReason),
				OU: fleet.OUID(aws.ToString(from.OrganizationalUnitId)),
			})
		}
		return out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}
