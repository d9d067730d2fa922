package stacks

import (
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/resource"
)

type resourceDriftInformation struct {
	StackResourceDriftStatus string
	LastCheckTimestamp       time.Time
}

type resourceShape struct {
	StackName, StackId, LogicalResourceId, PhysicalResourceId, ResourceType string
	Timestamp                                                               time.Time
	ResourceStatus, ResourceStatusReason                                    string
	DriftInformation                                                        *resourceDriftInformation
}

// knownDrift is the last known drift of a stack's resources, by logical id.
type knownDrift map[string]*resourceDriftInformation

func (e *Engine) knownDrift(s *stack) knownDrift {
	known := knownDrift{}
	for _, c := range e.lastDrift(s) {
		known[c.drift.LogicalID] = &resourceDriftInformation{c.drift.Status, c.at}
	}
	return known
}

func (k knownDrift) of(logicalID string) *resourceDriftInformation {
	if d := k[logicalID]; d != nil {
		return d
	}
	return &resourceDriftInformation{StackResourceDriftStatus: "NOT_CHECKED"}
}

type describeResourcesInput struct {
	StackName          string
	LogicalResourceId  string
	PhysicalResourceId string
}

type describeResourcesOutput struct{ StackResources []*resourceShape }

func (e *Engine) describeStackResources(c *core.Call, in *describeResourcesInput) (*describeResourcesOutput, error) {
	s, err := e.owning(c, in)
	if err != nil {
		return nil, err
	}
	out, drift := &describeResourcesOutput{StackResources: []*resourceShape{}}, e.knownDrift(s)
	for _, r := range e.states(s) {
		if in.LogicalResourceId != "" && in.LogicalResourceId != r.logicalID || in.StackName == "" && in.PhysicalResourceId != r.physicalID {
			continue
		}
		if len(out.StackResources) < 100 { // AWS's limit for this action
			out.StackResources = append(out.StackResources, &resourceShape{s.name, s.id, r.logicalID, r.physicalID, r.typ,
				r.at, r.status, r.reason, drift.of(r.logicalID)})
		}
	}
	return out, nil
}

// owning finds the stack by its name, or by a resource that it owns.
func (e *Engine) owning(c *core.Call, in *describeResourcesInput) (*stack, error) {
	switch {
	case in.StackName != "" && in.PhysicalResourceId != "":
		return nil, core.Invalid("Both StackName and PhysicalResourceId cannot be specified")
	case in.StackName != "":
		return e.described(c, in.StackName)
	case in.PhysicalResourceId == "":
		return nil, core.Invalid("Either StackName or PhysicalResourceId must be specified")
	}
	for _, l := range e.Resources(c.Caller.Account, c.Region, "") {
		if l.ID == in.PhysicalResourceId && l.StackID != "" {
			return e.stacks[l.StackID], nil
		}
	}
	return nil, core.Invalid("Stack for %s does not exist", in.PhysicalResourceId)
}

type describeResourceInput struct {
	StackName         string `valid:"required"`
	LogicalResourceId string `valid:"required"`
}

type resourceDetail struct {
	StackName, StackId, LogicalResourceId, PhysicalResourceId, ResourceType string
	LastUpdatedTimestamp                                                    time.Time
	ResourceStatus, ResourceStatusReason                                    string
	Metadata                                                                string
	DriftInformation                                                        *resourceDriftInformation
}

type describeResourceOutput struct{ StackResourceDetail *resourceDetail }

func (e *Engine) describeStackResource(c *core.Call, in *describeResourceInput) (*describeResourceOutput, error) {
	s, err := e.described(c, in.StackName)
	if err != nil {
		return nil, err
	}
	for _, r := range e.states(s) {
		if r.logicalID != in.LogicalResourceId {
			continue
		}
		return &describeResourceOutput{&resourceDetail{s.name, s.id, r.logicalID, r.physicalID, r.typ, r.at, r.status, r.reason,
			e.metadataOf(s, r.logicalID), e.knownDrift(s).of(r.logicalID)}}, nil
	}
	return nil, core.Invalid("Resource %s does not exist for stack %s", in.LogicalResourceId, s.name)
}

// metadataOf is a resource's metadata as evaluated when it was deployed.
func (e *Engine) metadataOf(s *stack, logicalID string) string {
	v := e.view(s)
	r, ok := v.deployment.template.Resource(logicalID)
	if !ok || r.Metadata == nil {
		return "{}"
	}
	metadata, err := v.binding.Metadata(r)
	if err != nil {
		return "{}"
	}
	return resource.JSON(metadata)
}

type listResourcesInput struct {
	StackName string `valid:"required"`
	NextToken string `valid:"min=1,max=1024"`
}

type resourceSummary struct {
	LogicalResourceId, PhysicalResourceId, ResourceType string
	LastUpdatedTimestamp                                time.Time
	ResourceStatus, ResourceStatusReason                string
	DriftInformation                                    *resourceDriftInformation
}

type listResourcesOutput struct {
	StackResourceSummaries []*resourceSummary
	NextToken              string
}

func (e *Engine) listStackResources(c *core.Call, in *listResourcesInput) (*listResourcesOutput, error) {
	s, err := e.described(c, in.StackName)
	if err != nil {
		return nil, err
	}
	drift := e.knownDrift(s)
	some, next, err := page(e.states(s), in.NextToken, pageSize)
	out := &listResourcesOutput{StackResourceSummaries: []*resourceSummary{}, NextToken: next}
	for _, r := range some {
		out.StackResourceSummaries = append(out.StackResourceSummaries, &resourceSummary{r.logicalID, r.physicalID, r.typ,
			r.at, r.status, r.reason, drift.of(r.logicalID)})
	}
	return out, err
}
