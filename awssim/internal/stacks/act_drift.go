package stacks

import (
	"slices"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

type detectInput struct {
	StackName          string   `valid:"required,min=1"`
	LogicalResourceIds []string `valid:"min=1,max=200"`
}

type detectOutput struct{ StackDriftDetectionId string }

func (e *Engine) detectStackDrift(c *core.Call, in *detectInput) (*detectOutput, error) {
	s, err := e.existing(c, in.StackName)
	if err != nil {
		return nil, err
	}
	if !s.detectable() {
		return nil, undetectable(s)
	}
	if e.detecting(s) {
		return nil, core.Invalid("Drift detection is already in progress for stack [%s]", s.id)
	}
	v := e.view(s)
	for _, id := range in.LogicalResourceIds {
		if _, ok := v.active(id); !ok {
			return nil, core.Invalid("Resource %s does not exist for stack %s", id, s.name)
		}
	}
	return &detectOutput{e.runDrift(s, actor{c.Caller.ARN}, in.LogicalResourceIds).id}, nil
}

// detecting reports whether a detection that a caller started still runs.
func (e *Engine) detecting(s *stack) bool {
	return s.more != nil && s.more.detection != nil && !s.more.detection.done
}

type detectionStatusInput struct {
	StackDriftDetectionId string `valid:"required,min=1,max=36"`
}

type detectionStatusOutput struct {
	StackId, StackDriftDetectionId string
	StackDriftStatus               string
	DetectionStatus                string
	DetectionStatusReason          string
	DriftedStackResourceCount      *int32
	Timestamp                      time.Time
}

func (e *Engine) describeStackDriftDetectionStatus(c *core.Call, in *detectionStatusInput) (*detectionStatusOutput, error) {
	run, ok := e.drifts[in.StackDriftDetectionId]
	s := (*stack)(nil)
	if ok {
		s = e.stacks[run.stackID]
	}
	if s == nil || s.place != placeOf(c) {
		return nil, core.Invalid("Drift detection [%s] does not exist", in.StackDriftDetectionId)
	}
	out := &detectionStatusOutput{StackId: run.stackID, StackDriftDetectionId: run.id, DetectionStatus: run.detection(), Timestamp: run.began}
	if run.done {
		out.StackDriftStatus, out.DetectionStatusReason = run.outcome.Status, run.outcome.Reason
		if run.outcome.OK {
			out.DriftedStackResourceCount = &run.drifted
		}
	}
	return out, nil
}

type differenceShape struct{ PropertyPath, ExpectedValue, ActualValue, DifferenceType string }

type resourceDriftShape struct {
	StackId, LogicalResourceId, PhysicalResourceId, ResourceType string
	ExpectedProperties, ActualProperties                         string
	PropertyDifferences                                          []*differenceShape
	StackResourceDriftStatus                                     string
	Timestamp                                                    time.Time
}

type detectResourceInput struct {
	StackName         string `valid:"required,min=1"`
	LogicalResourceId string `valid:"required"`
}

type detectResourceOutput struct{ StackResourceDrift *resourceDriftShape }

func (e *Engine) detectStackResourceDrift(c *core.Call, in *detectResourceInput) (*detectResourceOutput, error) {
	s, err := e.existing(c, in.StackName)
	if err != nil {
		return nil, err
	}
	if !s.detectable() {
		return nil, undetectable(s)
	}
	v := e.view(s)
	r, ok := v.active(in.LogicalResourceId)
	if !ok {
		return nil, core.Invalid("Resource %s does not exist for stack %s", in.LogicalResourceId, s.name)
	}
	if typeOf(r).NoDrift {
		return nil, core.Invalid("Drift detection is not supported for resource type %s", r.Type)
	}
	d, why := v.drift(r, actor{c.Caller.ARN})
	if why != "" {
		return nil, core.Invalid("Failed to detect drift on resource [%s]: %s", r.LogicalID, why)
	}
	m := s.extra()
	if m.checked == nil {
		m.checked = map[string]*checkedOne{}
	}
	one := checkedOne{d, c.Now()}
	m.checked[r.LogicalID] = &one
	return &detectResourceOutput{e.driftShape(s, one)}, nil
}

// driftShape spells a resource's drift out. Of resources in sync the properties
// are the template's, which is why they are not stored.
func (e *Engine) driftShape(s *stack, c checkedOne) *resourceDriftShape {
	d := c.drift
	out := &resourceDriftShape{
		StackId: s.id, LogicalResourceId: d.LogicalID, PhysicalResourceId: d.PhysicalID, ResourceType: d.Type,
		ExpectedProperties: d.Expected, ActualProperties: d.Actual,
		StackResourceDriftStatus: d.Status, Timestamp: c.at, PropertyDifferences: []*differenceShape{},
	}
	for _, one := range d.Differences {
		out.PropertyDifferences = append(out.PropertyDifferences, &differenceShape{one.Path, one.Expected, one.Actual, one.Type})
	}
	if d.Status == "IN_SYNC" {
		out.ExpectedProperties = e.expectedJSON(s, d.LogicalID)
		out.ActualProperties = out.ExpectedProperties
	}
	return out
}

type describeDriftsInput struct {
	StackName                       string   `valid:"required,min=1"`
	StackResourceDriftStatusFilters []string `valid:"min=1,max=4" each:"enum=IN_SYNC|MODIFIED|DELETED|NOT_CHECKED|UNKNOWN|UNSUPPORTED"`
	NextToken                       string   `valid:"min=1,max=1024"`
	MaxResults                      *int32   `valid:"min=1,max=100"`
}

type describeDriftsOutput struct {
	StackResourceDrifts []*resourceDriftShape
	NextToken           string
}

func (e *Engine) describeStackResourceDrifts(c *core.Call, in *describeDriftsInput) (*describeDriftsOutput, error) {
	s, err := e.existing(c, in.StackName)
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(e.lastDrift(s), func(c checkedOne) bool {
		return len(in.StackResourceDriftStatusFilters) > 0 && !slices.Contains(in.StackResourceDriftStatusFilters, c.drift.Status)
	})
	size := pageSize
	if in.MaxResults != nil {
		size = int(*in.MaxResults)
	}
	some, next, err := page(all, in.NextToken, size)
	out := &describeDriftsOutput{StackResourceDrifts: []*resourceDriftShape{}, NextToken: next}
	for _, one := range some {
		out.StackResourceDrifts = append(out.StackResourceDrifts, e.driftShape(s, one))
	}
	return out, err
}
