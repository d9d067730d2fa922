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

// whole reports whether targets mean OUs as they are, without some of their
// accounts.
func (d *DeploymentTargets) whole() bool {
	if d == nil {
		return false
	}
	return d.AccountFilterType != "INTERSECTION" && d.AccountFilterType != "DIFFERENCE"
}

// cross multiplies accounts by regions, region by region.
func cross(accounts, regions []string) []place {
	out := make([]place, 0, len(accounts)*len(regions))
	for _, region := range regions {
		for _, account := range accounts {
			out = append(out, place{account, region})
		}
	}
	return out
}

func scopeOf(places []place) map[place]bool {
	out := make(map[place]bool, len(places))
	for _, p := range places {
		out[p] = true
	}
	return out
}

// fresh counts the places without an instance.
func (t *set) fresh(places []place) int {
	n := 0
	for _, p := range places {
		if t.instances.at[p] == nil {
			n++
		}
	}
	return n
}

// existing returns the instances at the accounts and regions, for updates. It
// fails where an account that was named lacks one; of those that an OU stands for,
// what exists is meant.
func (t *set) existing(chosen *selection, regions []string) ([]place, error) {
	out := t.present(chosen, regions)
	if t.serviceManaged() || len(out) == len(chosen.accounts)*len(regions) {
		return out, nil
	}
	for _, p := range cross(chosen.accounts, regions) {
		if t.instances.at[p] == nil {
			return nil, instanceNotFound(t, p)
		}
	}
	return out, nil
}

// present returns the places of a cross product where instances are. Deleting what
// is not there is no error: StackInstanceNotFoundException is modelled for updates
// only, and the operation succeeds at once (seen: copilot-cli#5060).
func (t *set) present(chosen *selection, regions []string) []place {
	out := []place{}
	for _, p := range cross(chosen.accounts, regions) {
		if t.instances.at[p] != nil {
			out = append(out, p)
		}
	}
	return out
}

// hasOUs fails for an OU through which the set has neither instances nor targets
// (seen: terraform-provider-aws#27877, #33785).
func (t *set) hasOUs(ous []string) error {
	known := map[string]bool{}
	for _, list := range t.instances.accounts {
		for _, i := range list {
			known[i.ou] = true
		}
	}
	for _, ou := range ous {
		if !known[ou] && t.targets[ou] == nil {
			return core.Invalid("Organizational unit %s not found in StackSet", ou)
		}
	}
	return nil
}

// targetsAt are the instances that are still at the places.
func (t *set) targetsAt(places []place) []target {
	out := make([]target, 0, len(places))
	for _, p := range places {
		if i := t.instances.at[p]; i != nil {
			out = append(out, target{place: p, ou: i.ou, instance: i})
		}
	}
	return out
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

func (t *set) instance(p place) (*instance, error) {
	if i := t.instances.at[p]; i != nil {
		return i, nil
	}
	return nil, instanceNotFound(t, p)
}
