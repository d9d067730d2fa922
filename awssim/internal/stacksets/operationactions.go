package stacksets

import (
	"github.com/setmend/setmend/awssim/internal/core"
)

type operationInput struct {
	StackSetName string `valid:"required"`
	OperationId  string `valid:"required,min=1,max=128,pattern=[a-zA-Z0-9][-a-zA-Z0-9]*"`
	As
}

// lookUpOperation finds an operation of a set.
func (s *Service) lookUpOperation(c *core.Call, in *operationInput) (*operation, error) {
	t, err := s.lookUp(c, in.As, in.StackSetName)
	if err != nil {
		return nil, err
	}
	s.forget(t)
	o, ok := t.find(in.OperationId)
	if !ok {
		return nil, operationNotFound(in.OperationId)
	}
	return o, nil
}

type describeOperationOutput struct{ StackSetOperation *Operation }

func (s *Service) describeOperation(c *core.Call, in *operationInput) (*describeOperationOutput, error) {
	o, err := s.lookUpOperation(c, in)
	if err != nil {
		return nil, err
	}
	return &describeOperationOutput{s.describeShape(o)}, nil
}

type listOperationsInput struct {
	StackSetName string `valid:"required"`
	Paging
	As
}

type listOperationsOutput struct {
	Summaries []OperationSummary
	NextToken string
}

// listOperations lists the newest first.
func (s *Service) listOperations(c *core.Call, in *listOperationsInput) (*listOperationsOutput, error) {
	t, err := s.lookUp(c, in.As, in.StackSetName)
	if err != nil {
		return nil, err
	}
	p, err := s.page(in.Paging, "operations "+t.uuid)
	if err != nil {
		return nil, err
	}
	s.forget(t)
	out := &listOperationsOutput{Summaries: []OperationSummary{}}
	for n := len(t.operations) - 1; n >= 0; n-- {
		o := t.operations[n]
		if p.from > 0 && o.number > p.from {
			continue
		}
		if len(out.Summaries) == p.size {
			out.NextToken = p.token(o.number)
			break
		}
		out.Summaries = append(out.Summaries, o.summary())
	}
	return out, nil
}

// ResultFilter is the OperationResultFilter structure of the API.
type ResultFilter struct {
	Name   string `valid:"enum=OPERATION_RESULT_STATUS"`
	Values string `valid:"min=6,max=9,pattern=\\S{6,9}"`
}

type listResultsInput struct {
	StackSetName string `valid:"required"`
	OperationId  string `valid:"required,min=1,max=128,pattern=[a-zA-Z0-9][-a-zA-Z0-9]*"`
	As
	Paging
	Filters []ResultFilter `valid:"max=1"`
}

type listResultsOutput struct {
	Summaries []ResultSummary
	NextToken string
}

func (s *Service) listResults(c *core.Call, in *listResultsInput) (*listResultsOutput, error) {
	o, err := s.lookUpOperation(c, &operationInput{in.StackSetName, in.OperationId, in.As})
	if err != nil {
		return nil, err
	}
	p, err := s.page(in.Paging, "results "+o.id)
	if err != nil {
		return nil, err
	}
	out := &listResultsOutput{Summaries: []ResultSummary{}}
	var wanted *bitset
	if len(in.Filters) > 0 {
		if wanted = o.byStatus[in.Filters[0].Values]; wanted == nil {
			return out, nil
		}
	}
	for n := p.from; n < len(o.results); n++ {
		if wanted != nil {
			if n = next(n, wanted); n < 0 {
				break
			}
		}
		if len(out.Summaries) == p.size {
			out.NextToken = p.token(n)
			break
		}
		out.Summaries = append(out.Summaries, o.results[n].summary(o.set.partition))
	}
	return out, nil
}

// stopOperation cancels what an operation has not started and lets the rest end.
// One that waits in the queue stops at once.
func (s *Service) stopOperation(c *core.Call, in *operationInput) (*nothing, error) {
	o, err := s.lookUpOperation(c, in)
	if err != nil {
		return nil, err
	}
	switch o.status {
	case queued:
		o.status = stopped
		s.conclude(o)
	case running:
		s.stop(o)
	case stopping: // it is being done already
	default:
		if s.options.StopFinishedSucceeds {
			return &nothing{}, nil
		}
		return nil, invalidOperation("Operation %s is in %s status and can not be stopped", o.id, o.status)
	}
	return &nothing{}, nil
}

func (s *Service) stop(o *operation) {
	o.status = stopping
	s.operationEvent(o)
	for _, r := range o.regions {
		s.cancel(o, r, s.options.StopReason)
	}
	s.world.After(s.between(s.options.Detach), func() { s.pump(o) })
}
