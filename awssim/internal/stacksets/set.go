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

// set is one stack set.
type set struct {
	home
	partition   string
	name, uuid  string
	description string
	deleted     bool
	definition
	model   string
	auto    autoDeployment
	managed bool // ManagedExecution.Active

	// targets are the regions by OU that instances were created through: where
	// automatic deployment looks.
	targets map[string]map[string]bool

	instances  table
	operations []*operation // oldest first
	byID       map[string]*operation
	active     []*operation // running or queued, in order of request
	started    int          // how many operations there ever were
	drift      driftSummary // of the last completed detection

	token   string // of CreateStackSet
	changed bool   // since its creation
}

// definition is what every stack of a set is made from.
type definition struct {
	template       string
	parameters     map[string]string // as given; the template's defaults are not among them
	capabilities   []string
	tags           map[string]string
	administration string // role ARN
	execution      string // role name
}

// same tells whether stacks made from both would be alike, tags aside.
func (d definition) same(other definition) bool {
	return d.template == other.template && maps.Equal(d.parameters, other.parameters)
}

type autoDeployment struct {
	enabled, retain bool
	dependsOn       []string // ARNs
}

// driftSummary is a stack set's or operation's drift details.
type driftSummary struct {
	status    string // of the instances seen
	detection string // of the detection itself
	checked   time.Time
	last      time.Time // when the last instance was checked
	total     int
	drifted   int
	inSync    int
	failed    int
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
