package stacksets

import (
	"github.com/setmend/setmend/awssim/internal/core"
)

// createStackInstancesInput is the input of CreateStackInstances and
// UpdateStackInstances.
type createStackInstancesInput struct {
	StackSetName         string   `valid:"required"`
	Accounts             []string `each:"pattern=[0-9]{12}"`
	DeploymentTargets    *DeploymentTargets
	Regions              []string `valid:"required" each:"pattern=[a-zA-Z0-9-]{1,128}"`
	ParameterOverrides   []Parameter
	OperationPreferences *Preferences
	OperationId          string `valid:"min=1,max=128,pattern=[a-zA-Z0-9][-a-zA-Z0-9]*"`
	As
}

// createStackInstances makes instances at accounts × regions. Those that exist
// are deployed again, as AWS does.
func (s *Service) createStackInstances(c *core.Call, in *createStackInstancesInput) (*operationOutput, error) {
	t, chosen, regions, err := s.prepare(c, in, true)
	if err != nil {
		return nil, err
	}
	o := s.newOperation(t, actionCreate, in.OperationId, in.OperationPreferences, in)
	places := cross(chosen.accounts, regions)
	o.scope = scopeOf(places)
	if fresh := t.fresh(places); t.instances.len()+fresh > s.options.MaxInstances {
		return nil, limitExceeded("The limit of %d stack instances in a StackSet has been reached", s.options.MaxInstances)
	}
	o.echo = in.DeploymentTargets
	o.work = &deploy{overrides: sharing(in.ParameterOverrides)}
	o.plan = func() []target {
		t.changed = true
		out := make([]target, 0, len(places))
		for _, p := range places {
			out = append(out, target{place: p, ou: chosen.through[p.account]})
		}
		return out
	}
	if err := s.accept(o); err != nil {
		return s.answer(o, err)
	}
	t.addTargets(chosen.ous, regions)
	return s.answer(o, nil)
}

// updateStackInstances deploys existing instances again, with changed overrides.
func (s *Service) updateStackInstances(c *core.Call, in *createStackInstancesInput) (*operationOutput, error) {
	t, chosen, regions, err := s.prepare(c, in, false)
	if err != nil {
		return nil, err
	}
	if err := t.hasOUs(chosen.ous); err != nil {
		return nil, err
	}
	places, err := t.existing(chosen, regions)
	if err != nil {
		return nil, err
	}
	o := s.newOperation(t, actionUpdate, in.OperationId, in.OperationPreferences, in)
	o.scope = scopeOf(places)
	o.echo = in.DeploymentTargets
	o.work = &deploy{overrides: sharing(in.ParameterOverrides)}
	o.plan = func() []target { t.changed = true; return t.targetsAt(places) }
	return s.answer(o, s.accept(o))
}

// prepare is what both have in common.
func (s *Service) prepare(c *core.Call, in *createStackInstancesInput, forCreate bool) (*set, *selection, []string, error) {
	t, err := s.lookUpActive(c, in.As, in.StackSetName)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := s.free(t, in.OperationPreferences); err != nil {
		return nil, nil, nil, err
	}
	regions, err := s.regionList(in.Regions)
	if err != nil {
		return nil, nil, nil, err
	}
	chosen, err := s.choose(c, t, in.Accounts, in.DeploymentTargets, forCreate)
	if err != nil {
		return nil, nil, nil, err
	}
	return t, chosen, regions, s.checkOverrides(t.definition, in.ParameterOverrides)
}

// deleteStackInstancesInput is the input of DeleteStackInstances.
type deleteStackInstancesInput struct {
	StackSetName         string   `valid:"required"`
	Accounts             []string `each:"pattern=[0-9]{12}"`
	DeploymentTargets    *DeploymentTargets
	Regions              []string `valid:"required" each:"pattern=[a-zA-Z0-9-]{1,128}"`
	OperationPreferences *Preferences
	RetainStacks         *bool  `valid:"required"`
	OperationId          string `valid:"min=1,max=128,pattern=[a-zA-Z0-9][-a-zA-Z0-9]*"`
	As
}

// deleteStackInstances takes instances out of the set. With OUs as targets it
// drops those as targets of automatic deployment too.
func (s *Service) deleteStackInstances(c *core.Call, in *deleteStackInstancesInput) (*operationOutput, error) {
	t, err := s.lookUpActive(c, in.As, in.StackSetName)
	if err != nil {
		return nil, err
	}
	if err := s.free(t, in.OperationPreferences); err != nil {
		return nil, err
	}
	regions, err := s.regionList(in.Regions)
	if err != nil {
		return nil, err
	}
	chosen, err := s.choose(c, t, in.Accounts, in.DeploymentTargets, false)
	if err != nil {
		return nil, err
	}
	places := t.present(chosen, regions)
	o := s.newOperation(t, actionDelete, in.OperationId, in.OperationPreferences, in)
	o.scope = scopeOf(places)
	o.echo, o.retain = in.DeploymentTargets, in.RetainStacks
	o.work = &remove{retain: *in.RetainStacks}
	o.plan = func() []target { t.changed = true; return t.targetsAt(places) }
	if err := s.accept(o); err != nil {
		return s.answer(o, err)
	}
	if in.DeploymentTargets.whole() {
		t.dropTargets(chosen.ous, regions)
	}
	return s.answer(o, nil)
}

type describeStackInstanceInput struct {
	StackSetName         string `valid:"required"`
	StackInstanceAccount string `valid:"required,pattern=[0-9]{12}"`
	StackInstanceRegion  string `valid:"required,pattern=[a-zA-Z0-9-]{1,128}"`
	As
}

type describeStackInstanceOutput struct{ StackInstance *StackInstance }

func (s *Service) describeStackInstance(c *core.Call, in *describeStackInstanceInput) (*describeStackInstanceOutput, error) {
	t, err := s.lookUp(c, in.As, in.StackSetName)
	if err != nil {
		return nil, err
	}
	i, err := t.instance(place{in.StackInstanceAccount, in.StackInstanceRegion})
	if err != nil {
		return nil, err
	}
	return &describeStackInstanceOutput{&StackInstance{
		StackInstanceSummary: t.instanceSummary(i),
		ParameterOverrides:   s.overrideShapes(t.definition, i.overrides),
	}}, nil
}
