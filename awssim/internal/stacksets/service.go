package stacksets

import (
	"github.com/setmend/setmend/awssim/internal/core"
)

// namespace is what AWS's answers to the actions of StackSets carry, unlike
// those of the rest of CloudFormation.
const namespace = "http://internal.amazon.com/coral/com.amazonaws.maestro.service.v20160713/"

// Objects is where templates and lists of accounts come from that a request
// names by URL: S3.
type Objects interface {
	// Fetch reads an object as the caller; the URL is s3://… or https://….
	Fetch(c *core.Call, url string) ([]byte, error)
}

// Service is StackSets in every account and region. The world's lock guards it.
type Service struct {
	world   *core.World
	stacks  core.Stacks
	org     core.Organization
	objects Objects // nil: nothing can be fetched
	options Options

	homes   map[home]*shelf
	arns    map[string]*set       // active sets by ARN
	gates   map[place]gate        // account gate functions that exist
	regions map[place]bool        // regions that are disabled in an account
	wakes   map[home][]*operation // operations that wait for a place, see take
	moves   map[string]change     // accounts that moved since the last round of automatic deployment
	// keys are the parameters that the template keysOf declares.
	keysOf string
	keys   map[string]bool
	// landed is called after every instance that an operation brought to CURRENT.
	landed []func(Landing)
}

// Landing is an instance that an operation has just deployed.
type Landing struct {
	StackSet, Account, Region, StackID, OperationID string
}

// home is where stack sets live.
type home struct{ account, region string }

// shelf is a home's stack sets.
type shelf struct {
	sets   []*set          // in order of creation, deleted ones included
	active map[string]*set // by name
	ids    map[string]*set // by StackSetId, deleted ones included
	busy   int             // instances being operated on
}

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

func (s *Service) shelf(h home) *shelf {
	found := s.homes[h]
	if found == nil {
		found = &shelf{active: map[string]*set{}, ids: map[string]*set{}}
		s.homes[h] = found
	}
	return found
}
