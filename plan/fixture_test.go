package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// noon is when the tests' fleets are observed.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

const (
	management = fleet.AccountID("100000000000")
	root       = fleet.OUID("r-ab12")
	workloads  = fleet.OUID("ou-ab12-workload1")
	sandbox    = fleet.OUID("ou-ab12-sandbox01")
	frankfurt  = fleet.Region("eu-central-1")
	ireland    = fleet.Region("eu-west-1")
)

// member is the nth member account.
func member(n int) fleet.AccountID { return fleet.AccountID(fmt.Sprintf("2%011d", n)) }

func at(n int, region fleet.Region) fleet.Target {
	return fleet.Target{Account: member(n), Region: region}
}

// newFleet is an organization with n active members in the workloads OU, and no
// stack set.
func newFleet(n int) *fleet.Fleet {
	f := &fleet.Fleet{
		HomeRegion: frankfurt,
		Organization: fleet.Organization{
			ID: "o-abcdefghij", Management: management, Root: root, TrustedAccess: true,
			OUs: map[fleet.OUID]fleet.OU{
				root: {ID: root}, workloads: {ID: workloads, Parent: root}, sandbox: {ID: sandbox, Parent: root},
			},
			Accounts: map[fleet.AccountID]fleet.Account{},
		},
		Departed:  map[fleet.AccountID]bool{},
		StackSets: map[fleet.StackSetName]*fleet.Inventory{},
		ReadAt:    noon,
	}
	f.Organization.Accounts[management] = fleet.Account{ID: management, State: fleet.AccountActive, OUs: []fleet.OUID{root}}
	for i := 1; i <= n; i++ {
		f.Organization.Accounts[member(i)] = fleet.Account{ID: member(i), State: fleet.AccountActive, OUs: []fleet.OUID{root, workloads}}
	}
	return f
}

// setState puts an account into a state.
func setState(f *fleet.Fleet, id fleet.AccountID, state fleet.AccountState) {
	account := f.Organization.Accounts[id]
	account.State = state
	f.Organization.Accounts[id] = account
}

// leave takes an account out of the organization, confirmed.
func leave(f *fleet.Fleet, id fleet.AccountID) {
	delete(f.Organization.Accounts, id)
	f.Departed[id] = true
}

// addSet adds a self-managed stack set in Frankfurt, with tags as "key=value".
func addSet(f *fleet.Fleet, name fleet.StackSetName, tags ...string) *fleet.Inventory {
	inventory := &fleet.Inventory{
		StackSet: fleet.StackSet{
			Name: name, PermissionModel: fleet.SelfManaged, Tags: map[string]string{},
			Regions: []fleet.Region{frankfurt},
		},
		Instances: map[fleet.Target]fleet.Instance{}, ReadAt: noon,
	}
	for _, tag := range tags {
		for i := range tag {
			if tag[i] == '=' {
				inventory.StackSet.Tags[tag[:i]] = tag[i+1:]
			}
		}
	}
	f.StackSets[name] = inventory
	return inventory
}

// serve makes the set service-managed in the workloads OU.
func serve(inventory *fleet.Inventory) *fleet.Inventory {
	inventory.StackSet.PermissionModel = fleet.ServiceManaged
	inventory.StackSet.OUs = []fleet.OUID{workloads}
	return inventory
}

// instance is a current instance, found in sync an hour ago.
func instance(target fleet.Target) fleet.Instance {
	return fleet.Instance{
		Target: target, StackID: "arn:aws:cloudformation:" + string(target.Region) + ":" + string(target.Account) + ":stack/StackSet-x/1",
		Status: fleet.InstanceCurrent, Detailed: fleet.DetailedSucceeded,
		Drift: fleet.DriftInSync, LastDriftCheck: noon.Add(-time.Hour),
	}
}

// deployed adds an instance, changed by the given functions.
func deployed(inventory *fleet.Inventory, target fleet.Target, changes ...func(*fleet.Instance)) {
	i := instance(target)
	if inventory.StackSet.PermissionModel == fleet.ServiceManaged {
		i.OU = workloads
	}
	for _, change := range changes {
		change(&i)
	}
	inventory.Instances[target] = i
}

// fill gives every member 1 to n an instance in Frankfurt.
func fill(inventory *fleet.Inventory, n int, changes ...func(*fleet.Instance)) {
	for i := 1; i <= n; i++ {
		deployed(inventory, at(i, frankfurt), changes...)
	}
}

func drifted(i *fleet.Instance) { i.Drift = fleet.DriftDrifted }

func failedFor(reason string) func(*fleet.Instance) {
	return func(i *fleet.Instance) {
		i.Status, i.Detailed, i.Reason = fleet.InstanceOutdated, fleet.DetailedFailed, reason
	}
}

func inoperable(reason string) func(*fleet.Instance) {
	return func(i *fleet.Instance) {
		i.Status, i.Detailed, i.Reason = fleet.InstanceInoperable, fleet.DetailedInoperable, reason
	}
}

func outdated(detailed fleet.DetailedStatus) func(*fleet.Instance) {
	return func(i *fleet.Instance) { i.Status, i.Detailed = fleet.InstanceOutdated, detailed }
}

// policyText is a policy read from YAML that the test is sure of.
func policyText(t interface{ Fatal(...any) }, text string) *policy.Policy {
	p, err := policy.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// decide assesses and plans with the same inputs.
func decide(f *fleet.Fleet, p *policy.Policy, m Memory) (*Assessment, *Plan) {
	a := Assess(f, p, m, noon)
	return a, a.Plan(Options{})
}

// cellAt finds a cell's assessment.
func cellAt(a *Assessment, set fleet.StackSetName, target fleet.Target) Assessed {
	for _, c := range a.Cells {
		if c.StackSet == set && c.Target == target {
			return c
		}
	}
	return Assessed{}
}

// healing are the plan's actions but for the detections of drift.
func healing(p *Plan) []Action {
	return slices.DeleteFunc(slices.Clone(p.Actions), func(a Action) bool { return a.Remedy == RemedyDetect })
}
