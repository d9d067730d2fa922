package stacksets

import (
	"net/http"

	"github.com/setmend/setmend/awssim/internal/core"
)

// named is the input of actions on one stack set.
type named struct {
	StackSetName string `valid:"required"`
	As
}

func (s *Service) deleteStackSet(c *core.Call, in *named) (*nothing, error) {
	t, err := s.lookUpActive(c, in.As, in.StackSetName)
	if refused, ok := err.(*core.Error); ok && refused.Code == "StackSetNotFoundException" && !s.options.DeleteMissingFails {
		return &nothing{}, nil // the model has no such error for this action
	}
	if err != nil {
		return nil, err
	}
	if len(t.active) > 0 {
		return nil, inProgress(t)
	}
	if t.instances.len() > 0 {
		return nil, core.Errorf(http.StatusConflict, "StackSetNotEmptyException", "StackSet is not empty")
	}
	t.deleted = true
	delete(s.shelf(t.home).active, t.name)
	delete(s.arns, t.arn())
	s.dropDependency(t.arn())
	return &nothing{}, nil
}

type describeStackSetOutput struct{ StackSet *StackSet }

func (s *Service) describeStackSet(c *core.Call, in *named) (*describeStackSetOutput, error) {
	t, err := s.lookUp(c, in.As, in.StackSetName)
	if err != nil {
		return nil, err
	}
	return &describeStackSetOutput{s.describe(t)}, nil
}

// Template is a set's template as a caller may read it, for GetTemplateSummary.
func (s *Service) Template(c *core.Call, name, callAs string) (string, error) {
	t, err := s.lookUp(c, As{callAs}, name)
	if err != nil {
		return "", err
	}
	return t.template, nil
}

type listStackSetsInput struct {
	Paging
	Status string `valid:"enum=ACTIVE|DELETED"`
	As
}

type listStackSetsOutput struct {
	Summaries []StackSetSummary
	NextToken string
}

func (s *Service) listStackSets(c *core.Call, in *listStackSetsInput) (*listStackSetsOutput, error) {
	h, err := s.homeOf(c, in.As)
	if err != nil {
		return nil, err
	}
	p, err := s.page(in.Paging, "sets "+in.Status)
	if err != nil {
		return nil, err
	}
	out := &listStackSetsOutput{Summaries: []StackSetSummary{}}
	if s.homes[h] == nil {
		return out, nil
	}
	sets := s.homes[h].sets
	for n := p.from; n < len(sets); n++ {
		t := sets[n]
		if in.Status != "" && t.status() != in.Status || in.CallAs == callAsDelegate && !t.serviceManaged() {
			continue
		}
		if len(out.Summaries) == p.size {
			out.NextToken = p.token(n)
			break
		}
		out.Summaries = append(out.Summaries, t.summary())
	}
	return out, nil
}
