package stacksets

import (
	"github.com/setmend/setmend/awssim/internal/core"
)

// namespace is what AWS's answers to the actions of StackSets carry, unlike
// those of the rest of CloudFormation.
const namespace = "http://internal.amazon.com/coral/com.amazonaws.maestro.service.v20160713/"

// New makes the service. It listens to the organization for automatic deployment.
func New(w *core.World, stacks core.Stacks, org core.Organization, objects Objects, options Options) *Service {
	s := &Service{
		world:   w,
		stacks:  stacks,
		org:     org,
		objects: objects,
		options: options.defaulted(),
		homes:   map[home]*shelf{},
		arns:    map[string]*set{},
		gates:   map[place]gate{},
		regions: map[place]bool{},
		wakes:   map[home][]*operation{},
	}
	org.OnChange(s.organizationChanged)
	return s
}

// Actions is the StackSets part of CloudFormation's API.
func (s *Service) Actions() map[string]core.Action {
	actions := map[string]core.Action{
		"CreateStackSet":   core.Write(core.Do(s.createStackSet)),
		"UpdateStackSet":   core.Write(core.Do(s.updateStackSet)),
		"DeleteStackSet":   core.Write(core.Do(s.deleteStackSet)),
		"DescribeStackSet": core.Do(s.describeStackSet),
		"ListStackSets":    core.Do(s.listStackSets),

		"CreateStackInstances":  core.Write(core.Do(s.createStackInstances)),
		"UpdateStackInstances":  core.Write(core.Do(s.updateStackInstances)),
		"DeleteStackInstances":  core.Write(core.Do(s.deleteStackInstances)),
		"DescribeStackInstance": core.Do(s.describeStackInstance),
		"ListStackInstances":    core.Do(s.listStackInstances),

		"DescribeStackSetOperation":    core.Do(s.describeOperation),
		"ListStackSetOperations":       core.Do(s.listOperations),
		"ListStackSetOperationResults": core.Do(s.listResults),
		"StopStackSetOperation":        core.Write(core.Do(s.stopOperation)),

		"DetectStackSetDrift":             core.Write(core.Do(s.detectDrift)),
		"ListStackInstanceResourceDrifts": core.Do(s.listResourceDrifts),
		"ImportStacksToStackSet":          core.Write(core.Do(s.importStacks)),

		"ListStackSetAutoDeploymentTargets": core.Do(s.listAutoDeploymentTargets),
		"ActivateOrganizationsAccess":       core.Write(core.Do(s.activateAccess)),
		"DeactivateOrganizationsAccess":     core.Write(core.Do(s.deactivateAccess)),
		"DescribeOrganizationsAccess":       core.Do(s.describeAccess),
	}
	for name, action := range actions {
		action.Namespace = namespace
		actions[name] = action
	}
	return actions
}
