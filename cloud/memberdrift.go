package cloud

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/template"
)

// StackDrift runs drift detection on the one stack, waits for it, and reads the
// resources that drifted. A detection of somebody else's that is under way is
// waited for first.
func (a *AWS) StackDrift(ctx context.Context, stack fleet.MemberStack) (fleet.DriftStatus, []fleet.ResourceDrift, error) {
	m, err := a.member(ctx, stack)
	if err != nil {
		return "", nil, err
	}
	return m.detectDrift(ctx)
}

// detectDrift runs drift detection, waits for it, and reads the resources that drifted.
func (m reach) detectDrift(ctx context.Context) (fleet.DriftStatus, []fleet.ResourceDrift, error) {
	detection, err := m.startDetection(ctx)
	if err != nil {
		return "", nil, err
	}
	status, err := m.detected(ctx, detection)
	if err != nil {
		return "", nil, err
	}
	drifts, err := m.driftedResources(ctx)
	return status, drifts, err
}

// LastDrift reads the resources that drifted as of the stack's last drift detection,
// which is that of its stack set unless a person has made another since. It starts
// none.
func (a *AWS) LastDrift(ctx context.Context, stack fleet.MemberStack) ([]fleet.ResourceDrift, error) {
	m, err := a.member(ctx, stack)
	if err != nil {
		return nil, err
	}
	return m.driftedResources(ctx)
}

func (m reach) startDetection(ctx context.Context) (detection string, err error) {
	r := m.on(detectStackDrift)
	err = m.poll(ctx, r, 0, preparationLimit, func() (bool, error) {
		out, err := call(ctx, m.AWS, r, m.cfn.DetectStackDrift, &cloudformation.DetectStackDriftInput{StackName: m.id()})
		if err == nil {
			detection = aws.ToString(out.StackDriftDetectionId)
			return true, nil
		}
		if codeOf(err) == "ValidationError" && strings.Contains(err.Error(), "already in progress") {
			return false, nil
		}
		return false, err
	})
	return detection, err
}

func (m reach) detected(ctx context.Context, detection string) (fleet.DriftStatus, error) {
	var last *cloudformation.DescribeStackDriftDetectionStatusOutput
	r := m.on(describeStackDriftDetectionStatus)
	err := m.poll(ctx, r, detectionTime, preparationLimit, func() (bool, error) {
		var err error
		last, err = call(ctx, m.AWS, r, m.cfn.DescribeStackDriftDetectionStatus,
			&cloudformation.DescribeStackDriftDetectionStatusInput{StackDriftDetectionId: aws.String(detection)})
		return err == nil && last.DetectionStatus != cfn.StackDriftDetectionStatusDetectionInProgress, err
	})
	if err != nil {
		return "", err
	}
	if last.DetectionStatus != cfn.StackDriftDetectionStatusDetectionComplete {
		return "", m.failure(detectStackDrift, fleet.Invalid, string(last.DetectionStatus), "%s", aws.ToString(last.DetectionStatusReason))
	}
	return fleet.DriftStatus(last.StackDriftStatus), nil
}

func (m reach) driftedResources(ctx context.Context) ([]fleet.ResourceDrift, error) {
	drifts := []fleet.ResourceDrift{}
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, m.AWS, m.on(describeStackResourceDrifts), m.cfn.DescribeStackResourceDrifts,
			&cloudformation.DescribeStackResourceDriftsInput{
				StackName: m.id(), NextToken: token, MaxResults: aws.Int32(stackSetPage),
				StackResourceDriftStatusFilters: driftedStatuses,
			})
		if err != nil {
			return nil, err
		}
		for _, from := range out.StackResourceDrifts {
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

// StackTemplate reads the hash of the stack's own template and its parameters.
// The hash compares with a stack set's TemplateHash. A stack that was deleted is not
// found.
func (a *AWS) StackTemplate(ctx context.Context, stack fleet.MemberStack) (string, []fleet.Parameter, error) {
	m, err := a.member(ctx, stack)
	if err != nil {
		return "", nil, err
	}
	own, err := call(ctx, a, m.on(getTemplate), m.cfn.GetTemplate,
		&cloudformation.GetTemplateInput{StackName: m.id(), TemplateStage: cfn.TemplateStageOriginal})
	if err != nil {
		return "", nil, err
	}
	described, err := m.describeStack(ctx)
	if err != nil {
		return "", nil, err
	}
	if described.StackStatus == cfn.StackStatusDeleteComplete { // AWS describes it by its id for 90 days
		return "", nil, m.failure(describeStacks, fleet.NotFound, string(described.StackStatus), "the stack was deleted")
	}
	return template.Hash(aws.ToString(own.TemplateBody)), parametersOf(described.Parameters), nil
}
