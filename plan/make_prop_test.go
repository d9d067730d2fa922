package plan

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// anyFleet draws an organization and stack sets in every kind of trouble: with
// cycles, collisions, exports, accounts in any state, instances in any status.
func anyFleet() *rapid.Generator[*fleet.Fleet] {
	return rapid.Custom(func(t *rapid.T) *fleet.Fleet {
		f := newFleet(rapid.IntRange(1, 14).Draw(t, "accounts"))
		sets := rapid.IntRange(1, 5).Draw(t, "sets")
		for n := range sets {
			drawSet(t, f, n, sets)
		}
		for id := range f.Organization.Accounts {
			if id != management {
				drawStanding(t, f, id)
			}
		}
		return f
	})
}

func drawSet(t *rapid.T, f *fleet.Fleet, n, sets int) {
	name := func() string { return fmt.Sprintf("set-%d", rapid.IntRange(0, sets-1).Draw(t, "other")) }
	var tags []string
	draw := func(label, tag string, one int) {
		if rapid.IntRange(0, one).Draw(t, label) == 0 {
			tags = append(tags, tag)
		}
	}
	draw("mandatory", "mandatory=true", 1)
	draw("region", "region=eu-central-1:eu-west-1", 1)
	draw("dependson", "dependson="+name(), 1)
	draw("antidependson", "antidependson="+name(), 4)
	if rapid.IntRange(0, 3).Draw(t, "selfhealing") > 0 {
		tags = append(tags, "selfhealing=true")
	}
	inventory := addSet(f, fleet.StackSetName(fmt.Sprintf("set-%d", n)), tags...)
	inventory.StackSet.Exports = rapid.Bool().Draw(t, "exports")
	inventory.StackSet.Imports = rapid.Bool().Draw(t, "imports")
	if rapid.Bool().Draw(t, "service") {
		serve(inventory)
	}
	for _, id := range fleet.SortedKeys(f.Organization.Accounts) {
		for _, region := range []fleet.Region{frankfurt, ireland} {
			if id != management {
				drawInstance(t, inventory, fleet.Target{Account: id, Region: region})
			}
		}
	}
}

func drawInstance(t *rapid.T, inventory *fleet.Inventory, target fleet.Target) {
	states := []func(*fleet.Instance){
		func(*fleet.Instance) {}, func(*fleet.Instance) {}, drifted, drifted,
		failedFor("Internal failure"), failedFor("Access Denied"), inoperable("Rate exceeded"),
		outdated(fleet.DetailedCancelled), func(i *fleet.Instance) { i.Drift = fleet.DriftNotChecked },
		failedFor("x already exists"),
	}
	if n := rapid.IntRange(-3, len(states)-1).Draw(t, "state"); n >= 0 {
		deployed(inventory, target, states[n])
	}
}

func drawStanding(t *rapid.T, f *fleet.Fleet, id fleet.AccountID) {
	switch rapid.IntRange(0, 11).Draw(t, "standing") {
	case 0:
		setState(f, id, fleet.AccountSuspended)
	case 1:
		leave(f, id)
	case 2:
		delete(f.Organization.Accounts, id)
	case 3:
		f.Organization.Accounts[id] = fleet.Account{ID: id, State: fleet.AccountActive, OUs: []fleet.OUID{root, sandbox}}
	case 4:
		setState(f, id, fleet.AccountPendingClosure)
	}
}

// open lets every guard that a person can open be open, so that plans are full.
var open = Memory{Accepted: map[string][]Answer{
	"organization-shrank": {{Beforehand: true}}, "mass-drift": {{Beforehand: true}}, "mass-removal": {{Beforehand: true}},
}}

const anyPolicy = "{limits: {runningInstances: 9}, accounts: {moved: remove}, defaults: {canaryFrom: 4}}"

// checkPlans draws fleets and hands every plan to check.
func checkPlans(t *testing.T, check func(t *rapid.T, f *fleet.Fleet, a *Assessment, p *Plan)) {
	policy := policyText(t, anyPolicy)
	rapid.Check(t, func(t *rapid.T) {
		f := anyFleet().Draw(t, "fleet")
		a, p := decide(f, policy, open)
		check(t, f, a, p)
	})
}

func TestRequestsReachExactlyTheActionsCells(t *testing.T) {
	checkPlans(t, func(t *rapid.T, f *fleet.Fleet, _ *Assessment, p *Plan) {
		for _, a := range p.Actions {
			if !a.exact() {
				t.Fatalf("%s does not reach its targets %v exactly: %+v", a.ID, a.Targets, a.Requests)
			}
			for _, r := range a.Requests {
				if r.Kind == RequestChangeSet || r.Kind == RequestDetect {
					continue
				}
				expanded := Expand(f, f.StackSets[r.StackSet].StackSet, r.Change("id"))
				if diff := cmp.Diff(r.Targets(), expanded); diff != "" {
					t.Fatalf("%s: AWS would make something else of a request:\n%s", a.ID, diff)
				}
			}
		}
	})
}

func TestNoCellIsActedOnWithoutItsVerdict(t *testing.T) {
	checkPlans(t, func(t *rapid.T, f *fleet.Fleet, a *Assessment, p *Plan) {
		seen := map[fleet.Cell]bool{}
		for _, action := range p.Actions {
			for _, target := range action.Targets {
				c := cellAt(a, action.StackSet, target)
				if c.Remedy != action.Remedy || seen[c.Cell] {
					t.Fatalf("%s on %s, which wants %q (acted on before: %t)", action.Remedy, c.Cell, c.Remedy, seen[c.Cell])
				}
				seen[c.Cell] = true
				checkRemedyFits(t, f, c)
			}
		}
	})
}

// checkRemedyFits holds the rules that no policy can bend.
func checkRemedyFits(t *rapid.T, f *fleet.Fleet, c Assessed) {
	account, member := f.Organization.Accounts[c.Account]
	active := member && account.State == fleet.AccountActive
	tags := f.StackSets[c.StackSet].StackSet.Tags
	switch {
	case c.Remedy == RemedyQuarantine:
	case (c.Remedy == RemedyDetach) == active:
		t.Fatalf("%s for %s, whose account is active: %t", c.Remedy, c.Cell, active)
	case c.Remedy == RemedyDetach && account.State != fleet.AccountSuspended && !f.Departed[c.Account]:
		t.Fatalf("%s is let go of although its account is neither suspended nor confirmed gone", c.Cell)
	case c.Remedy == RemedyRedeploy && tags["selfhealing"] != "true":
		t.Fatalf("%s is redeployed without selfhealing", c.Cell)
	case c.Remedy == RemedyDeploy && tags["mandatory"] != "true":
		t.Fatalf("%s is deployed without being mandatory", c.Cell)
	}
}

func TestEveryUnhealthyCellIsActedOnTakenAlongOrLeft(t *testing.T) {
	checkPlans(t, func(t *rapid.T, _ *fleet.Fleet, a *Assessment, p *Plan) {
		accounted := map[fleet.Cell]bool{}
		for _, action := range p.Actions {
			for _, set := range action.touched() {
				for _, target := range action.Targets {
					accounted[fleet.Cell{StackSet: set, Target: target}] = true
				}
			}
		}
		for _, c := range p.Unhandled {
			accounted[c.Cell] = true
		}
		for _, c := range a.Cells {
			if c.Verdict != Healthy && c.Verdict != NotChecked && !accounted[c.Cell] {
				t.Fatalf("%s is %s, and nothing is said of it", c.Cell, c.Verdict)
			}
		}
	})
}

// reaches tells which actions an action waits for, directly or not.
func reaches(p *Plan) map[string]map[string]bool {
	waits := map[string]map[string]bool{}
	for _, a := range p.Actions {
		waits[a.ID] = map[string]bool{}
		for _, before := range a.After {
			waits[a.ID][before] = true
			for further := range waits[before] {
				waits[a.ID][further] = true
			}
		}
	}
	return waits
}

func TestActionsWaitOnlyForEarlierOnesAndStagesNeverGoBack(t *testing.T) {
	form := regexp.MustCompile(`^[a-z0-9-]{1,100}$`)
	checkPlans(t, func(t *rapid.T, _ *fleet.Fleet, _ *Assessment, p *Plan) {
		seen, stage := map[string]bool{}, 0
		for _, a := range p.Actions {
			for _, before := range a.After {
				if !seen[before] {
					t.Fatalf("%s waits for %s, which does not come before it", a.ID, before)
				}
			}
			if now := slices.Index(stages, a.Stage); now < stage {
				t.Fatalf("%s goes back to stage %s", a.ID, a.Stage)
			} else {
				stage = now
			}
			if seen[a.ID] || !form.MatchString(a.ID) {
				t.Fatalf("id %q is taken or malformed", a.ID)
			}
			seen[a.ID] = true
		}
	})
}

func TestDependentsComeLaterWhenCreatedAndEarlierWhenDeleted(t *testing.T) {
	checkPlans(t, func(t *rapid.T, f *fleet.Fleet, a *Assessment, p *Plan) {
		waits, g := reaches(p), newWorld(f, policy.Default()).graph
		for i, x := range p.Actions {
			for _, y := range p.Actions[i+1:] {
				if x.Remedy == RemedyQuarantine || y.Remedy == RemedyQuarantine || !shares(x.Targets, y.Targets, fleet.Target.Compare) {
					continue
				}
				down, up := g.above[y.StackSet][x.StackSet], g.above[x.StackSet][y.StackSet]
				if (down || up || slices.Contains(g.anti[x.StackSet], y.StackSet)) && !waits[y.ID][x.ID] {
					t.Fatalf("%s does not wait for %s", y.ID, x.ID)
				}
				if down == up || x.Stage != y.Stage || g.level[x.StackSet] == g.level[y.StackSet] {
					continue // unrelated, ordered by stage, or on or behind a cycle
				}
				if (x.Stage == StageCleanup) == down {
					t.Fatalf("stage %s: %s comes before %s", x.Stage, x.ID, y.ID)
				}
			}
		}
	})
}

func TestNeverMoreIsTakenDownThanAllowed(t *testing.T) {
	checkPlans(t, func(t *rapid.T, f *fleet.Fleet, _ *Assessment, p *Plan) {
		waits := reaches(p)
		for i, x := range p.Actions {
			if x.Remedy != RemedyRedeploy {
				continue
			}
			for _, set := range x.touched() {
				if n, most := len(x.Targets), max(1, len(f.StackSets[set].Instances)/10); n > most {
					t.Fatalf("%s takes down %d of %s, allowed are %d", x.ID, n, set, most)
				}
			}
			for _, y := range p.Actions[i+1:] {
				if y.Remedy == RemedyRedeploy && overlap(x.touched(), y.touched()) && !waits[y.ID][x.ID] {
					t.Fatalf("%s and %s take down instances of one set at the same time", x.ID, y.ID)
				}
			}
		}
	})
}

func overlap(x, y []fleet.StackSetName) bool {
	return slices.ContainsFunc(x, func(name fleet.StackSetName) bool { return slices.Contains(y, name) })
}

func TestNoActionExceedsTheRunningInstances(t *testing.T) {
	checkPlans(t, func(t *rapid.T, _ *fleet.Fleet, _ *Assessment, p *Plan) {
		for _, a := range p.Actions {
			if n := len(a.Targets) * len(a.touched()); a.Remedy != RemedyQuarantine && len(a.Targets) > 1 && n > 9 {
				t.Fatalf("%s has %d instances in operation, allowed are 9", a.ID, n)
			}
		}
	})
}

func TestASetIsNeverDeployedWhereItCollides(t *testing.T) {
	checkPlans(t, func(t *rapid.T, f *fleet.Fleet, _ *Assessment, p *Plan) {
		g := newWorld(f, policy.Default()).graph
		placed := map[fleet.Cell]bool{}
		for _, a := range p.Actions {
			for _, target := range a.Targets {
				for _, other := range g.anti[a.StackSet] {
					_, present := f.StackSets[other].Instances[target]
					if a.Remedy == RemedyDeploy && (present || placed[fleet.Cell{StackSet: other, Target: target}]) {
						t.Fatalf("%s puts %s where %s is", a.ID, a.StackSet, other)
					}
				}
				placed[fleet.Cell{StackSet: a.StackSet, Target: target}] = a.Remedy == RemedyDeploy
			}
		}
	})
}

func TestTheSameFleetGivesTheSamePlan(t *testing.T) {
	checkPlans(t, func(t *rapid.T, f *fleet.Fleet, a *Assessment, p *Plan) {
		again, plan := decide(f, policy.Default(), open)
		twice, second := decide(f, policy.Default(), open)
		if diff := cmp.Diff(again, twice, cmpopts.IgnoreUnexported(Assessment{})); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(plan, second); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestASavedPlanReadsAsItWas(t *testing.T) {
	checkPlans(t, func(t *rapid.T, _ *fleet.Fleet, _ *Assessment, p *Plan) {
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		read, err := Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, read, cmp.Transformer("utc", time.Time.UTC)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestANarrowedPlanDoesNothingElse(t *testing.T) {
	checkPlans(t, func(t *rapid.T, _ *fleet.Fleet, _ *Assessment, p *Plan) {
		scope := Scope{
			StackSets: rapid.SampledFrom([][]fleet.StackSetName{nil, {"set-0"}, {"set-0", "set-1"}}).Draw(t, "sets"),
			Accounts:  rapid.SampledFrom([][]fleet.AccountID{nil, {member(1)}, {member(1), member(2)}}).Draw(t, "accounts"),
		}
		narrow := p.Narrow(scope)
		remedies, kept := map[fleet.Cell]Remedy{}, 0
		for _, a := range p.Actions {
			for _, target := range a.Targets {
				cell := fleet.Cell{StackSet: a.StackSet, Target: target}
				remedies[cell] = a.Remedy
				if scope.Covers(cell) {
					kept++
				}
			}
		}
		ids := map[string]bool{}
		for _, a := range narrow.Actions {
			for _, before := range a.After {
				if !ids[before] {
					t.Fatalf("%s waits for %s, which is not before it", a.ID, before)
				}
			}
			ids[a.ID] = true
			kept -= len(a.Targets)
			for _, target := range a.Targets {
				cell := fleet.Cell{StackSet: a.StackSet, Target: target}
				if remedies[cell] != a.Remedy || !scope.Covers(cell) {
					t.Fatalf("%s acts on %s", a.ID, cell)
				}
			}
		}
		if kept != 0 {
			t.Fatalf("%d cells in scope were lost", kept)
		}
		if diff := cmp.Diff(p, p.Narrow(Scope{})); diff != "" {
			t.Fatalf("no scope changes the plan:\n%s", diff)
		}
	})
}

func TestThePlanCanAlwaysBePrinted(t *testing.T) {
	checkPlans(t, func(t *rapid.T, _ *fleet.Fleet, _ *Assessment, p *Plan) {
		var text strings.Builder
		if err := p.Text(&text, TextOptions{All: true}); err != nil {
			t.Fatal(err)
		}
		for _, a := range p.Actions {
			if !strings.Contains(text.String(), a.ID) {
				t.Fatalf("%s is not printed", a.ID)
			}
		}
	})
}
