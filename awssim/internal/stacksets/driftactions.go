package stacksets

import (
	"slices"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

type detectDriftInput struct {
	StackSetName         string `valid:"required"`
	OperationPreferences *Preferences
	OperationId          string `valid:"min=1,max=128,pattern=[a-zA-Z0-9][-a-zA-Z0-9]*"`
	As
}

// detectDrift checks every instance of the set; there is no way to name some.
func (s *Service) detectDrift(c *core.Call, in *detectDriftInput) (*operationOutput, error) {
	t, err := s.lookUpActive(c, in.As, in.StackSetName)
	if err != nil {
		return nil, err
	}
	if err := s.free(t, in.OperationPreferences); err != nil {
		return nil, err
	}
	o := s.newOperation(t, actionDrift, in.OperationId, in.OperationPreferences, in)
	o.work = detect{}
	o.plan = func() []target {
		var out []target
		for _, i := range t.instances.all() {
			out = append(out, target{place: i.place, ou: i.ou, instance: i})
		}
		return out
	}
	return s.answer(o, s.accept(o))
}

// PropertyDifference is the structure of that name of the API.
type PropertyDifference struct{ PropertyPath, ExpectedValue, ActualValue, DifferenceType string }

// ResourceDrift is the StackInstanceResourceDriftsSummary structure of the API.
type ResourceDrift struct {
	StackId                  string
	LogicalResourceId        string
	PhysicalResourceId       string
	ResourceType             string
	PropertyDifferences      []PropertyDifference
	StackResourceDriftStatus string
	Timestamp                time.Time
}

type listResourceDriftsInput struct {
	StackSetName string `valid:"required"`
	Paging
	StackInstanceResourceDriftStatuses []string `valid:"min=1,max=4" each:"enum=IN_SYNC|MODIFIED|DELETED|NOT_CHECKED|UNKNOWN|UNSUPPORTED"`
	StackInstanceAccount               string   `valid:"required,pattern=[0-9]{12}"`
	StackInstanceRegion                string   `valid:"required,pattern=[a-zA-Z0-9-]{1,128}"`
	OperationId                        string   `valid:"required,min=1,max=128,pattern=[a-zA-Z0-9][-a-zA-Z0-9]*"`
	As
}

type listResourceDriftsOutput struct {
	Summaries []ResourceDrift
	NextToken string
}

// listResourceDrifts tells what the last drift detection found in one instance,
// while the detection runs too.
func (s *Service) listResourceDrifts(c *core.Call, in *listResourceDriftsInput) (*listResourceDriftsOutput, error) {
	o, err := s.lookUpOperation(c, &operationInput{in.StackSetName, in.OperationId, in.As})
	if err != nil {
		return nil, err
	}
	i, err := o.set.instance(place{in.StackInstanceAccount, in.StackInstanceRegion})
	if err != nil {
		return nil, err
	}
	p, err := s.page(in.Paging, "drifts "+o.id)
	if err != nil {
		return nil, err
	}
	out := &listResourceDriftsOutput{Summaries: []ResourceDrift{}}
	if i.foundBy == o {
		out.Summaries, out.NextToken = cut(p, i.resourceDrifts(in.StackInstanceResourceDriftStatuses))
	}
	return out, nil
}

// resourceDrifts lists the resources with one of the statuses; none means all.
func (i *instance) resourceDrifts(statuses []string) []ResourceDrift {
	out := []ResourceDrift{}
	for _, r := range i.found.Resources {
		if len(statuses) > 0 && !slices.Contains(statuses, r.Status) {
			continue
		}
		drift := ResourceDrift{
			StackId:                  i.stackID,
			LogicalResourceId:        r.LogicalID,
			PhysicalResourceId:       r.PhysicalID,
			ResourceType:             r.Type,
			StackResourceDriftStatus: r.Status,
			Timestamp:                i.found.Checked,
		}
		for _, d := range r.Differences {
			drift.PropertyDifferences = append(drift.PropertyDifferences, PropertyDifference{d.Path, d.Expected, d.Actual, d.Type})
		}
		out = append(out, drift)
	}
	return out
}
