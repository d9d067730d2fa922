package stacksets

import (
	"slices"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Filter is the StackInstanceFilter structure of the API. Values holds one value
// despite its name.
type Filter struct {
	Name   string `valid:"enum=DETAILED_STATUS|LAST_OPERATION_ID|DRIFT_STATUS"`
	Values string `valid:"min=1,max=128,pattern=\\S{1,128}"`
}

type listStackInstancesInput struct {
	StackSetName string `valid:"required"`
	Paging
	Filters              []Filter `valid:"max=3"`
	StackInstanceAccount string   `valid:"pattern=[0-9]{12}"`
	StackInstanceRegion  string   `valid:"pattern=[a-zA-Z0-9-]{1,128}"`
	As
}

type listStackInstancesOutput struct {
	Summaries []StackInstanceSummary
	NextToken string
}

func (s *Service) listStackInstances(c *core.Call, in *listStackInstancesInput) (*listStackInstancesOutput, error) {
	t, err := s.lookUp(c, in.As, in.StackSetName)
	if err != nil {
		return nil, err
	}
	p, err := s.page(in.Paging, "instances "+t.uuid)
	if err != nil {
		return nil, err
	}
	out := &listStackInstancesOutput{Summaries: make([]StackInstanceSummary, 0, p.size)}
	sets, some := t.filters(in)
	if !some {
		return out, nil
	}
	if in.StackInstanceAccount != "" {
		return t.listAccount(in.StackInstanceAccount, sets, p, out), nil
	}
	for n := next(p.from, sets...); n >= 0; n = next(n+1, sets...) {
		if len(out.Summaries) == p.size {
			out.NextToken = p.token(n)
			break
		}
		out.Summaries = append(out.Summaries, t.instanceSummary(t.instances.slots[n]))
	}
	return out, nil
}

// filters are the sets of slots that a request's filters stand for; some is false
// if one of them holds nothing.
func (t *set) filters(in *listStackInstancesInput) (sets []*bitset, some bool) {
	sets = []*bitset{&t.instances.live}
	for _, f := range in.Filters {
		switch f.Name {
		case "DETAILED_STATUS":
			sets = append(sets, t.instances.detailed[f.Values])
		case "DRIFT_STATUS":
			sets = append(sets, t.instances.drift[f.Values])
		case "LAST_OPERATION_ID":
			o, ok := t.find(f.Values)
			if !ok {
				return nil, false
			}
			sets = append(sets, t.instances.operations[o])
		}
	}
	if in.StackInstanceRegion != "" {
		sets = append(sets, t.instances.regions[in.StackInstanceRegion])
	}
	return sets, !slices.Contains(sets, nil)
}

// listAccount lists an account's instances: there are as many as regions.
func (t *set) listAccount(account string, sets []*bitset, p page, out *listStackInstancesOutput) *listStackInstancesOutput {
	var slots []int
	for _, i := range t.instances.accounts[account] {
		if i.slot >= p.from && !slices.ContainsFunc(sets, func(b *bitset) bool { return !b.has(i.slot) }) {
			slots = append(slots, i.slot)
		}
	}
	slices.Sort(slots)
	for _, n := range slots {
		if len(out.Summaries) == p.size {
			out.NextToken = p.token(n)
			break
		}
		out.Summaries = append(out.Summaries, t.instanceSummary(t.instances.slots[n]))
	}
	return out
}
