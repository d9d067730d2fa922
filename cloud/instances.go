package cloud

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/fleet"
)

// Instances lists a stack set's instances, without overrides.
func (a *AWS) Instances(ctx context.Context, name fleet.StackSetName, filter fleet.InstanceFilter) ([]fleet.Instance, error) {
	instances := []fleet.Instance{}
	r := listStackInstances.on("stack set %s", name)
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, a, r, a.cfn.ListStackInstances, &cloudformation.ListStackInstancesInput{
			StackSetName: aws.String(string(name)), CallAs: a.callAs, NextToken: token, MaxResults: aws.Int32(stackSetPage),
			Filters:              instanceFilters(filter),
			StackInstanceAccount: optional(string(filter.Account)), StackInstanceRegion: optional(string(filter.Region)),
		})
		if err != nil {
			return nil, err
		}
		for _, summary := range out.Summaries {
			instance := instanceOf(summary)
			if !instance.Account.Valid() || instance.Region == "" {
				return nil, unreadable(listStackInstances, r.object)
			}
			instances = append(instances, instance)
		}
		return out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	return instances, nil
}

func instanceFilters(f fleet.InstanceFilter) []cfn.StackInstanceFilter {
	var filters []cfn.StackInstanceFilter
	add := func(name cfn.StackInstanceFilterName, value string) {
		if value != "" {
			filters = append(filters, cfn.StackInstanceFilter{Name: name, Values: aws.String(value)})
		}
	}
	add(cfn.StackInstanceFilterNameDetailedStatus, string(f.Detailed))
	add(cfn.StackInstanceFilterNameLastOperationId, f.Operation)
	add(cfn.StackInstanceFilterNameDriftStatus, string(f.Drift))
	return filters
}

func instanceOf(from cfn.StackInstanceSummary) fleet.Instance {
	instance := fleet.Instance{
		Target:  fleet.Target{Account: fleet.AccountID(aws.ToString(from.Account)), Region: fleet.Region(aws.ToString(from.Region))},
		StackID: aws.ToString(from.StackId), OU: fleet.OUID(aws.ToString(from.OrganizationalUnitId)),
		Status: fleet.InstanceStatus(from.Status), Reason: aws.ToString(from.StatusReason),
		Drift: fleet.DriftStatus(from.DriftStatus), LastDriftCheck: timeOf(from.LastDriftCheckTimestamp),
		LastOperation: aws.ToString(from.LastOperationId),
	}
	if from.StackInstanceStatus != nil {
		instance.Detailed = fleet.DetailedStatus(from.StackInstanceStatus.DetailedStatus)
	}
	return instance
}

// Instance reads one instance with its overrides, which are never nil.
func (a *AWS) Instance(ctx context.Context, cell fleet.Cell) (fleet.Instance, error) {
	r := describeStackInstance.on("%s", cell)
	out, err := call(ctx, a, r, a.cfn.DescribeStackInstance, &cloudformation.DescribeStackInstanceInput{
		StackSetName:         aws.String(string(cell.StackSet)),
		StackInstanceAccount: aws.String(string(cell.Account)), StackInstanceRegion: aws.String(string(cell.Region)),
		CallAs: a.callAs,
	})
	if err != nil {
		return fleet.Instance{}, err
	}
	from := out.StackInstance
	if from == nil {
		return fleet.Instance{}, unreadable(describeStackInstance, r.object)
	}
	instance := instanceOf(cfn.StackInstanceSummary{
		Account: from.Account, Region: from.Region, StackId: from.StackId, OrganizationalUnitId: from.OrganizationalUnitId,
		Status: from.Status, StatusReason: from.StatusReason, StackInstanceStatus: from.StackInstanceStatus,
		DriftStatus: from.DriftStatus, LastDriftCheckTimestamp: from.LastDriftCheckTimestamp, LastOperationId: from.LastOperationId,
	})
	if instance.Target != cell.Target {
		return fleet.Instance{}, unreadable(describeStackInstance, r.object)
	}
	instance.Overrides = parametersOf(from.ParameterOverrides)
	return instance, nil
}

// ResourceDrifts reads a cell's drifted resources as of a drift operation.
func (a *AWS) ResourceDrifts(ctx context.Context, cell fleet.Cell, operation string) ([]fleet.ResourceDrift, error) {
	drifts := []fleet.ResourceDrift{}
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, a, listStackInstanceResourceDrifts.on("%s", cell), a.cfn.ListStackInstanceResourceDrifts,
			&cloudformation.ListStackInstanceResourceDriftsInput{
				StackSetName:         aws.String(string(cell.StackSet)),
				StackInstanceAccount: aws.String(string(cell.Account)), StackInstanceRegion: aws.String(string(cell.Region)),
				OperationId: aws.String(operation), CallAs: a.callAs, NextToken: token, MaxResults: aws.Int32(stackSetPage),
				StackInstanceResourceDriftStatuses: driftedStatuses,
			})
		if err != nil {
			return nil, err
		}
		for _, from := range out.Summaries {
			drifts = append(drifts, fleet.ResourceDrift{
				LogicalID: aws.ToString(from.LogicalResourceId), PhysicalID: aws.ToString(from.PhysicalResourceId),
				ResourceType: aws.ToString(from.ResourceType), Status: fleet.ResourceDriftStatus(from.StackResourceDriftStatus),
				Differences: differencesOf(from.PropertyDifferences), Checked: timeOf(from.Timestamp),
			})
		}
		return out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	return drifts, nil
}

// driftedStatuses are the states of a resource that differs from its template.
var driftedStatuses = []cfn.StackResourceDriftStatus{cfn.StackResourceDriftStatusModified, cfn.StackResourceDriftStatusDeleted}

func differencesOf(from []cfn.PropertyDifference) []fleet.PropertyDifference {
	var differences []fleet.PropertyDifference
	for _, d := range from {
		differences = append(differences, fleet.PropertyDifference{
			Path: aws.ToString(d.PropertyPath), Expected: aws.ToString(d.ExpectedValue),
			Actual: aws.ToString(d.ActualValue), Type: string(d.DifferenceType),
		})
	}
	return differences
}
