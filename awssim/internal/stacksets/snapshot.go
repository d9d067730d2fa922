package stacksets

import (
	"cmp"
	"maps"
	"slices"
)

// SetSnapshot is a stack set with its instances, written down.
type SetSnapshot struct {
	Spec
	Instances []InstanceSnapshot `json:"instances,omitempty"`
}

// Reference is what names the set in calls that take a name, id or ARN.
func (s SetSnapshot) Reference() string {
	if s.ID == "" {
		return s.Name
	}
	return s.Name + ":" + s.ID
}

// InstanceSnapshot is a stack instance, written down.
type InstanceSnapshot struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	InstanceSeed
}

// Save writes the active stack sets down, those that others depend on first.
// Operations are not part of it: what runs is written down as it stands.
func (s *Service) Save() []SetSnapshot {
	var out []SetSnapshot
	for _, t := range s.inOrder(slices.Collect(maps.Values(s.arns))) {
		snapshot := SetSnapshot{Spec: t.spec()}
		for _, i := range t.instances.all() {
			snapshot.Instances = append(snapshot.Instances, s.saveInstance(t, i))
		}
		slices.SortFunc(snapshot.Instances, func(a, b InstanceSnapshot) int {
			return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region))
		})
		out = append(out, snapshot)
	}
	return out
}

func (t *set) spec() Spec {
	out := Spec{
		Name:             t.name,
		ID:               t.uuid,
		Description:      t.description,
		Template:         t.template,
		Parameters:       maps.Clone(t.parameters),
		Tags:             maps.Clone(t.tags),
		Capabilities:     slices.Clone(t.capabilities),
		PermissionModel:  t.model,
		AutoDeploy:       t.auto.enabled,
		RetainOnRemoval:  t.auto.retain,
		DependsOn:        slices.Clone(t.auto.dependsOn),
		ManagedExecution: t.managed,
		Account:          t.account,
		Region:           t.region,
	}
	if !t.serviceManaged() {
		out.AdministrationRoleARN, out.ExecutionRoleName = t.administration, t.execution
	}
	for ou, regions := range t.targets {
		if out.Targets == nil {
			out.Targets = map[string][]string{}
		}
		out.Targets[ou] = slices.Sorted(maps.Keys(regions))
	}
	return out
}

func (s *Service) saveInstance(t *set, i *instance) InstanceSnapshot {
	out := InstanceSnapshot{Account: i.account, Region: i.region, InstanceSeed: InstanceSeed{
		Overrides: maps.Clone(i.overrides),
		Status:    i.status,
		Detailed:  i.detailed,
		Reason:    i.reason,
		Drift:     i.drift,
		Checked:   i.checked,
		OU:        i.ou,
		NoStack:   i.stackID == "",
	}}
	if stack, ok := s.stacks.Stack(i.stackID); ok && stack.Template != t.template {
		out.Template = stack.Template
	}
	return out
}

// Load makes the stack sets and instances that were written down. A stack that
// imports what another exports is made after it, whatever the order they stand in.
func (s *Service) Load(sets []SetSnapshot) error {
	var waiting []loading
	for _, snapshot := range sets {
		arn, err := s.Seed(snapshot.Spec)
		if err != nil {
			return err
		}
		for _, i := range snapshot.Instances {
			waiting = append(waiting, loading{arn, i})
		}
	}
	for len(waiting) > 0 {
		left, err := s.loadWhatCanBe(waiting)
		if len(left) == len(waiting) {
			return err
		}
		waiting = left
	}
	return nil
}

// loading is an instance that is to be made.
type loading struct {
	set      string
	instance InstanceSnapshot
}

// loadWhatCanBe makes the instances that can be made now; left are the others,
// and err is what the first of them met.
func (s *Service) loadWhatCanBe(waiting []loading) (left []loading, err error) {
	for _, l := range waiting {
		if met := s.SeedInstance(l.set, l.instance.Account, l.instance.Region, l.instance.InstanceSeed); met != nil {
			left = append(left, l)
			if err == nil {
				err = met
			}
		}
	}
	return left, err
}
