package stacksets

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Permission models.
const (
	selfManaged    = "SELF_MANAGED"
	serviceManaged = "SERVICE_MANAGED"
)

// The roles of the self-managed permission model, if a stack set names no others.
const (
	administrationRole = "AWSCloudFormationStackSetAdministrationRole"
	executionRole      = "AWSCloudFormationStackSetExecutionRole"
)

// same tells whether stacks made from both would be alike, tags aside.
func (d definition) same(other definition) bool {
	return d.template == other.template && maps.Equal(d.parameters, other.parameters)
}

func (d driftSummary) inProgress() int { return d.total - d.drifted - d.inSync - d.failed }

func (s *set) stackSetID() string { return s.name + ":" + s.uuid }

func (s *set) arn() string {
	return fmt.Sprintf("arn:%s:cloudformation:%s:%s:stackset/%s", s.partition, s.region, s.account, s.stackSetID())
}

// ous lists the OUs that instances were created through.
func (s *set) ous() []string { return slices.Sorted(maps.Keys(s.targets)) }

// addTargets remembers where instances are deployed through OUs.
func (s *set) addTargets(ous, regions []string) {
	for _, ou := range ous {
		if s.targets[ou] == nil {
			s.targets[ou] = map[string]bool{}
		}
		for _, region := range regions {
			s.targets[ou][region] = true
		}
	}
}

// dropTargets is what deleting instances at an OU does besides.
func (s *set) dropTargets(ous, regions []string) {
	for _, ou := range ous {
		for _, region := range regions {
			delete(s.targets[ou], region)
		}
		if len(s.targets[ou]) == 0 {
			delete(s.targets, ou)
		}
	}
}

// serviceManaged reports the permission model.
func (s *set) serviceManaged() bool { return s.model == serviceManaged }

// find returns an operation by its id.
func (s *set) find(id string) (*operation, bool) {
	o, ok := s.byID[id]
	return o, ok
}

func (s *Service) shelf(h home) *shelf {
	found := s.homes[h]
	if found == nil {
		found = &shelf{active: map[string]*set{}, ids: map[string]*set{}}
		s.homes[h] = found
	}
	return found
}

// targetRegions lists the regions that the set is deployed to through OUs.
func (t *set) targetRegions() []string {
	all := map[string]bool{}
	for _, regions := range t.targets {
		maps.Copy(all, regions)
	}
	return slices.Sorted(maps.Keys(all))
}

// nearest is the deepest OU of a path that is a target in a region, "" if none is.
func (t *set) nearest(path []string, region string) string {
	for _, ou := range slices.Backward(path) {
		if t.targets[ou][region] {
			return ou
		}
	}
	return ""
}

// busy is how many of the set's instances are under way.
func (s *set) busy() int {
	n := 0
	for _, o := range s.active {
		n += o.busy
	}
	return n
}

func without[T comparable](list []T, gone T) []T {
	out := make([]T, 0, len(list))
	for _, each := range list {
		if each != gone {
			out = append(out, each)
		}
	}
	return out
}

// see takes down when an instance was checked. In AWS's samples the timestamp of
// the whole lags one instance behind the last check.
func (d *driftSummary) see(at time.Time) {
	if d.last.IsZero() {
		d.last = at
	}
	d.checked, d.last = d.last, at
}
