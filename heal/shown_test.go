package heal_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
)

// randomFleets is how many random fleets are held against their plans.
const randomFleets = 12

// TestEveryWriteOfARandomFleetIsInThePlanThatWasApplied: what reaches AWS is a part of a
// request that the applied plan holds.
func TestEveryWriteOfARandomFleetIsInThePlanThatWasApplied(t *testing.T) {
	writes := 0
	for seed := range uint64(randomFleets) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			randomFleet(t, seed, func(s *soak) {
				p := s.planned()
				before := len(s.aws.Writes())
				s.carryOut(record.Given{Plan: p, Exact: true})
				for _, w := range s.aws.Writes()[before:] {
					writes++
					if !slices.ContainsFunc(p.Actions, func(a plan.Action) bool { return slices.ContainsFunc(a.Requests, wrote(w).within) }) {
						t.Errorf("%s reached AWS, and the plan has no such request", describe(w))
					}
				}
			})
		})
	}
	if writes < 5*randomFleets {
		t.Errorf("%d writes in all: the fleets have too little wrong with them", writes)
	}
}

// TestEveryWriteOfARandomFleetLiesWithinWhatWasShown: a heal makes plans of its own. What
// reaches AWS is in one of them, and no cell gets a harsher remedy than the plan that was
// shown says it may come to.
func TestEveryWriteOfARandomFleetLiesWithinWhatWasShown(t *testing.T) {
	writes := 0
	for seed := range uint64(randomFleets) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			randomFleet(t, seed, func(s *soak) {
				shown := s.planned()
				before := len(s.aws.Writes())
				s.carryOut(record.Given{Plan: shown})
				planned := s.requestsOfPasses()
				for _, w := range s.aws.Writes()[before:] {
					writes++
					if !slices.ContainsFunc(planned, wrote(w).within) {
						t.Errorf("%s reached AWS, and no pass has such a request", describe(w))
					}
					for _, cell := range wrote(w).cells() {
						if !mayCome(shown, cell, wrote(w)) {
							t.Errorf("%s reached %s, of which the plan that was shown does not say so", w.Action, cell)
						}
					}
				}
			})
		})
	}
	if writes < 5*randomFleets {
		t.Errorf("%d writes in all: the fleets have too little wrong with them", writes)
	}
}

// randomFleet makes a fleet of a soak with all that is wrong with it. AWS has detected
// its drift, so that a plan knows of it.
func randomFleet(t *testing.T, seed uint64, f func(*soak)) {
	synctest.Test(t, func(t *testing.T) {
		s := newSoak(t, seed)
		s.populate()
		s.spoil()
		time.Sleep(2 * time.Hour) // operations of other people that were under way end
		for _, set := range s.sets {
			s.detectByHand(set.name)
		}
		f(s)
	})
}

// requestsOfPasses are the requests of all plans that runs have made.
func (s *soak) requestsOfPasses() []plan.Request {
	keys, err := s.journal.Keys(s.t.Context(), "runs/")
	s.must(err)
	var requests []plan.Request
	for _, key := range keys {
		if !strings.Contains(key, "/passes/") {
			continue
		}
		text, _, err := s.journal.Get(s.t.Context(), key)
		s.must(err)
		var pass record.Pass
		s.must(json.Unmarshal(text, &pass))
		for _, a := range pass.Plan.Actions {
			requests = append(requests, a.Requests...)
		}
	}
	return requests
}

// mayCome reports whether the plan says that a cell may come to a write: to the deletion
// of its stack only where a remedy deletes it, to its detachment only where it is to be
// detached.
func mayCome(p *plan.Plan, cell fleet.Cell, w written) bool {
	return slices.ContainsFunc(p.Actions, func(a plan.Action) bool {
		takenAlong := slices.ContainsFunc(a.Destroys, func(d plan.Destruction) bool {
			return d.Kind == plan.DestroysDependent && d.StackSet == cell.StackSet && slices.Contains(a.Targets, cell.Target)
		})
		if !slices.Contains(a.Cells(), cell) && !takenAlong {
			return false
		}
		switch {
		case w.Action != "DeleteStackInstances":
			return true
		case w.Params["RetainStacks"] == "true":
			return a.Remedy == plan.RemedyDetach
		}
		return a.Remedy.Deletes() || a.Furthest.Deletes()
	})
}

// written is a write as AWS saw it.
type written awssim.WriteCall

func wrote(w awssim.WriteCall) written { return written(w) }

func describe(w awssim.WriteCall) string { return fmt.Sprintf("%s %v", w.Action, w.Params) }

func list[T ~string](text string) []T {
	var all []T
	for _, one := range strings.Split(text, ",") {
		if one != "" {
			all = append(all, T(one))
		}
	}
	return all
}

// kindOfAction says which kind of request each action of AWS belongs to.
var kindOfAction = map[string]plan.RequestKind{
	"CreateStackInstances": plan.RequestCreate, "UpdateStackInstances": plan.RequestUpdate, "DeleteStackInstances": plan.RequestDelete,
	"DetectStackSetDrift": plan.RequestDetect, "CreateChangeSet": plan.RequestChangeSet, "ExecuteChangeSet": plan.RequestChangeSet, "DeleteChangeSet": plan.RequestChangeSet,
}

func (w written) accounts() []fleet.AccountID {
	if kindOfAction[w.Action] == plan.RequestChangeSet {
		return []fleet.AccountID{fleet.AccountID(w.Caller.Account)}
	}
	return append(list[fleet.AccountID](w.Params["Accounts"]), list[fleet.AccountID](w.Params["DeploymentTargets.Accounts"])...)
}

func (w written) regions() []fleet.Region {
	if kindOfAction[w.Action] == plan.RequestChangeSet {
		return []fleet.Region{fleet.Region(w.Region)}
	}
	return list[fleet.Region](w.Params["Regions"])
}

// cells are the cells of an operation on instances, none of a detection; a change set's
// are known by its stack only.
func (w written) cells() []fleet.Cell {
	if w.Params["StackSetName"] == "" {
		return nil
	}
	var cells []fleet.Cell
	for _, account := range w.accounts() {
		for _, region := range w.regions() {
			cells = append(cells, fleet.Cell{StackSet: fleet.StackSetName(w.Params["StackSetName"]), Target: fleet.Target{Account: account, Region: region}})
		}
	}
	return cells
}

// within reports whether the write is the request, or a part of it.
func (w written) within(r plan.Request) bool {
	kind, known := kindOfAction[w.Action]
	if !known || r.Kind != kind {
		return w.Service == "sts" || w.Service == "ssm"
	}
	if set := w.Params["StackSetName"]; kind != plan.RequestChangeSet && fleet.StackSetName(set) != r.StackSet {
		return false
	}
	for _, account := range w.accounts() {
		if !slices.Contains(r.Accounts, account) {
			return false
		}
	}
	for _, region := range w.regions() {
		if !slices.Contains(r.Regions, region) {
			return false
		}
	}
	for _, ou := range list[fleet.OUID](w.Params["DeploymentTargets.OrganizationalUnitIds"]) {
		if !slices.Contains(r.OUs, ou) {
			return false
		}
	}
	return kind != plan.RequestDelete || w.Params["RetainStacks"] == fmt.Sprint(r.RetainStacks)
}
