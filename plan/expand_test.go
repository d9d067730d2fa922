package plan

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
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
	ous := func(f *fleet.Fleet, kind RequestKind) []fleet.OUID {
		b := &builder{world: newWorld(f, policy.Default())}
		return b.ousOf(b.sets["baseline"], kind, member(1), []fleet.Region{frankfurt})
	}
	move := func(f *fleet.Fleet, to ...fleet.OUID) {
		f.Organization.Accounts[member(1)] = fleet.Account{ID: member(1), State: fleet.AccountActive, OUs: append([]fleet.OUID{root}, to...)}
	}
	tests := []struct {
		promise string
		meant   []fleet.OUID
		move    bool // to the sandbox, after it was deployed through workloads
		kind    RequestKind
		want    []fleet.OUID
	}{
		{"an update names where an instance was recorded and where its account belongs now", []fleet.OUID{workloads, sandbox}, true, RequestUpdate, []fleet.OUID{sandbox, workloads}},
		{"a deletion does, too", []fleet.OUID{workloads, sandbox}, true, RequestDelete, []fleet.OUID{sandbox, workloads}},
		{"a creation names only where the account belongs", []fleet.OUID{workloads, sandbox}, true, RequestCreate, []fleet.OUID{sandbox}},
		{"a creation names no OU that the set is not meant for", []fleet.OUID{workloads}, true, RequestCreate, nil},
		{"an update of what has moved out names where it was recorded", []fleet.OUID{workloads}, true, RequestUpdate, []fleet.OUID{workloads}},
		{"a deletion of what has moved out names where the account is, too", []fleet.OUID{workloads}, true, RequestDelete, []fleet.OUID{sandbox, workloads}},
		{"the root is named if the set targets it", []fleet.OUID{root}, false, RequestCreate, []fleet.OUID{root}},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			f := newFleet(1)
			set := serve(addSet(f, "baseline"))
			set.StackSet.OUs = test.meant
			deployed(set, at(1, frankfurt))
			if test.move {
				move(f, sandbox)
			}
			if got := ous(f, test.kind); !slices.Equal(got, test.want) {
				t.Errorf("OUs %v, want %v", got, test.want)
			}
		})
	}
	t.Run("a self-managed set's requests name none", func(t *testing.T) {
		f := newFleet(1)
		addSet(f, "baseline", "mandatory=true")
		_, p := decide(f, policy.Default(), Memory{})
		if got := p.Actions[0].Requests; len(got) != 1 || got[0].OUs != nil {
			t.Errorf("requests %+v", got)
		}
	})
}

func TestNoRequestNamesMoreThanFiftyOUs(t *testing.T) {
	f := newFleet(0)
	set := serve(addSet(f, "baseline", "mandatory=true"))
	set.StackSet.OUs = nil
	for i := 1; i <= 120; i++ {
		ou := fleet.OUID(fmt.Sprintf("ou-ab12-%08d", i))
		f.Organization.OUs[ou] = fleet.OU{ID: ou, Parent: root}
		f.Organization.Accounts[member(i)] = fleet.Account{ID: member(i), State: fleet.AccountActive, OUs: []fleet.OUID{root, ou}}
		set.StackSet.OUs = append(set.StackSet.OUs, ou)
	}
	_, p := decide(f, policy.Default(), Memory{})
	requests, reached := 0, 0
	for _, a := range p.Actions {
		for _, r := range a.Requests {
			if len(r.OUs) > maxOUs {
				t.Errorf("%s names %d OUs", a.ID, len(r.OUs))
			}
			if r.Kind == RequestCreate {
				requests++
				reached += len(Expand(f, set.StackSet, r.Change("")))
			}
		}
	}
	if requests != 3 || reached != 120 {
		t.Errorf("%d requests reach %d accounts, want 3 and 120", requests, reached)
	}
}
