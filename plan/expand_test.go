package plan

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/fleet"
)

func TestExpand(t *testing.T) {
	f := newFleet(3)
	f.Organization.Accounts[member(3)] = fleet.Account{ID: member(3), State: fleet.AccountActive, OUs: []fleet.OUID{root, sandbox}}
	set := serve(addSet(f, "baseline"))
	deployed(set, at(4, frankfurt)) // of an account that left, recorded with the workloads OU
	own := addSet(f, "own")

	everyone := []fleet.AccountID{management, member(1), member(2), member(3), member(4)}
	tests := []struct {
		promise string
		set     fleet.StackSet
		call    fleet.InstanceChange
		want    []fleet.Target
	}{
		{
			"a self-managed call reaches the whole cross product",
			own.StackSet, fleet.InstanceChange{Accounts: []fleet.AccountID{management, member(3)}, Regions: []fleet.Region{ireland, frankfurt}},
			[]fleet.Target{{Account: management, Region: frankfurt}, {Account: management, Region: ireland}, at(3, frankfurt), at(3, ireland)},
		},
		{
			"a service-managed call reaches only accounts inside the OUs, and those deployed through them",
			set.StackSet, fleet.InstanceChange{Accounts: everyone, Regions: []fleet.Region{frankfurt}, OUs: []fleet.OUID{workloads}},
			[]fleet.Target{at(1, frankfurt), at(2, frankfurt), at(4, frankfurt)},
		},
		{
			"an account that has no instance in a region is not found there by its record",
			set.StackSet, fleet.InstanceChange{Accounts: everyone, Regions: []fleet.Region{ireland}, OUs: []fleet.OUID{workloads}},
			[]fleet.Target{at(1, ireland), at(2, ireland)},
		},
		{
			"the root reaches all members, and never the management account",
			set.StackSet, fleet.InstanceChange{Accounts: everyone, Regions: []fleet.Region{frankfurt}, OUs: []fleet.OUID{root}},
			[]fleet.Target{at(1, frankfurt), at(2, frankfurt), at(3, frankfurt)},
		},
		{
			"without OUs a service-managed call reaches nothing",
			set.StackSet, fleet.InstanceChange{Accounts: everyone, Regions: []fleet.Region{frankfurt}},
			nil,
		},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Expand(f, test.set, test.call), cmp.Transformer("nil", func(l []fleet.Target) []fleet.Target { return append([]fleet.Target{}, l...) })); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOUs(t *testing.T) {
	t.Run("name where an instance was recorded and where its account sits now", func(t *testing.T) {
		f := newFleet(1)
		set := serve(addSet(f, "baseline"))
		set.StackSet.OUs = []fleet.OUID{workloads, sandbox}
		deployed(set, at(1, frankfurt))
		f.Organization.Accounts[member(1)] = fleet.Account{ID: member(1), State: fleet.AccountActive, OUs: []fleet.OUID{root, sandbox}}
		if got := OUs(f, DefaultPolicy(), "baseline", []fleet.Target{at(1, frankfurt)}); !slices.Equal(got, []fleet.OUID{sandbox, workloads}) {
			t.Errorf("OUs %v", got)
		}
	})
	t.Run("are none for a self-managed or an unknown set", func(t *testing.T) {
		f := newFleet(1)
		addSet(f, "baseline")
		for _, name := range []fleet.StackSetName{"baseline", "nowhere"} {
			if got := OUs(f, DefaultPolicy(), name, []fleet.Target{at(1, frankfurt)}); got != nil {
				t.Errorf("%s: OUs %v", name, got)
			}
		}
	})
	t.Run("never the root, unless the set targets it", func(t *testing.T) {
		f := newFleet(1)
		serve(addSet(f, "baseline")).StackSet.OUs = []fleet.OUID{sandbox}
		if got := OUs(f, DefaultPolicy(), "baseline", []fleet.Target{at(1, frankfurt)}); len(got) != 0 {
			t.Errorf("OUs %v", got)
		}
		f.StackSets["baseline"].StackSet.OUs = []fleet.OUID{root}
		if got := OUs(f, DefaultPolicy(), "baseline", []fleet.Target{at(1, frankfurt)}); !slices.Equal(got, []fleet.OUID{root}) {
			t.Errorf("OUs %v", got)
		}
	})
}

func TestNoCallNamesMoreThanFiftyOUs(t *testing.T) {
	f := newFleet(0)
	set := serve(addSet(f, "baseline", "mandatory=true"))
	set.StackSet.OUs = nil
	for i := 1; i <= 120; i++ {
		ou := fleet.OUID(fmt.Sprintf("ou-ab12-%08d", i))
		f.Organization.OUs[ou] = fleet.OU{ID: ou, Parent: root}
		f.Organization.Accounts[member(i)] = fleet.Account{ID: member(i), State: fleet.AccountActive, OUs: []fleet.OUID{root, ou}}
		set.StackSet.OUs = append(set.StackSet.OUs, ou)
	}
	_, p := decide(f, DefaultPolicy(), Memory{})
	reached := 0
	for _, a := range p.Actions {
		if len(a.OUs) > maxOUs {
			t.Errorf("%s names %d OUs", a.ID, len(a.OUs))
		}
		for _, call := range a.Calls {
			reached += len(Expand(f, set.StackSet, a.Change(call, fleet.OperationCreate)))
		}
	}
	if len(p.Actions) != 3 || reached != 120 {
		t.Errorf("%d actions reach %d accounts, want 3 and 120", len(p.Actions), reached)
	}
}
