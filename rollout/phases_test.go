package rollout_test

import (
	"fmt"

	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/rollout"
)

var regions = []fleet.Region{"ap-southeast-1", "eu-west-1", "us-east-1"}

const (
	root = fleet.OUID("r-root")
	prod = fleet.OUID("ou-root-prod0000")
	dev  = fleet.OUID("ou-root-dev00000")
)

// scene is n accounts in three regions, every third in the OU dev.
func scene(n int) rollout.Scene {
	s := rollout.Scene{StackSet: "base", Tags: map[fleet.AccountID]map[string]string{}, Organization: fleet.Organization{Root: root,
		OUs: map[fleet.OUID]fleet.OU{root: {ID: root}, prod: {ID: prod}, dev: {ID: dev}}, Accounts: map[fleet.AccountID]fleet.Account{}}}
	for i := range n {
		id := fleet.AccountID(fmt.Sprintf("%012d", 100000000000+i))
		ou := prod
		if i%3 == 0 {
			ou = dev
		}
		s.Organization.Accounts[id] = fleet.Account{ID: id, OUs: []fleet.OUID{root, ou}}
		s.Tags[id] = map[string]string{"stage": string(ou)}
		for _, r := range regions {
			s.Targets = append(s.Targets, fleet.Target{Account: id, Region: r})
		}
	}
	return s
}

func divide(t interface{ Fatal(...any) }, text string, s rollout.Scene) []rollout.Phase {
	f, err := rollout.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	phases, err := f.Divide(s)
	if err != nil {
		t.Fatal(err)
	}
	return phases
}

func TestTheArticlesStrategiesHaveItsNumbers(t *testing.T) {
	for strategy, want := range map[rollout.Strategy]fleet.Preferences{
		rollout.Sequential: {MaxConcurrentPercentage: 5, RegionConcurrency: fleet.RegionsSequential},
		rollout.Parallel:   {MaxConcurrentPercentage: 80, FailureTolerancePercentage: 20, RegionConcurrency: fleet.RegionsParallel},
		rollout.Balanced:   {MaxConcurrentPercentage: 25, FailureTolerancePercentage: 8, RegionConcurrency: fleet.RegionsParallel},
	} {
		f, err := rollout.Of(strategy)
		if err != nil {
			t.Fatal(err)
		}
		phases, err := f.Divide(scene(10))
		if err != nil || len(phases) != 1 || fmt.Sprint(phases[0].Preferences) != fmt.Sprint(want) || len(phases[0].Targets) != 30 {
			t.Errorf("%s: %v %+v", strategy, err, phases)
		}
	}
	f, err := rollout.Of(rollout.Phased)
	if err != nil {
		t.Fatal(err)
	}
	phases, err := f.Divide(scene(100))
	if err != nil || len(phases) != 3 {
		t.Fatalf("%v %+v", err, phases)
	}
	for i, want := range []struct{ accounts, concurrent, tolerance int }{{10, 100, 0}, {30, 25, 5}, {60, 40, 10}} {
		p := phases[i]
		if p.Accounts() != want.accounts || p.Preferences.MaxConcurrentPercentage != want.concurrent || p.Preferences.FailureTolerancePercentage != want.tolerance {
			t.Errorf("%s: %d accounts, %+v", p.Name, p.Accounts(), p.Preferences)
		}
	}
}

// The numbers of AWS's own text on concurrency and tolerance.
func TestRoundingGivesAWSsNumbersInBothModes(t *testing.T) {
	strict, soft := fleet.StrictFailureTolerance, fleet.SoftFailureTolerance
	for _, c := range []struct {
		what     string
		p        fleet.Preferences
		accounts int
		want     rollout.Pace
	}{
		{"50 % of 10 accounts are five", fleet.Preferences{MaxConcurrentPercentage: 50, ConcurrencyMode: soft}, 10, rollout.Pace{AtOnce: 5, Tolerated: 0, Attempted: 5}},
		{"25 % of 10 are two, not 2.5", fleet.Preferences{MaxConcurrentPercentage: 25, ConcurrencyMode: soft}, 10, rollout.Pace{AtOnce: 2, Tolerated: 0, Attempted: 2}},
		{"20 % tolerance of 10 are two in a region", fleet.Preferences{FailureTolerancePercentage: 20}, 10, rollout.Pace{AtOnce: 1, Tolerated: 2, Attempted: 3}},
		{"25 % tolerance of 10 are two as well", fleet.Preferences{FailureTolerancePercentage: 25}, 10, rollout.Pace{AtOnce: 1, Tolerated: 2, Attempted: 3}},
		{"1 % of 10 is one at once", fleet.Preferences{MaxConcurrentPercentage: 1, ConcurrencyMode: soft}, 10, rollout.Pace{AtOnce: 1, Tolerated: 0, Attempted: 1}},
		{"strict: never more than the tolerance plus one", fleet.Preferences{MaxConcurrentCount: 10, FailureToleranceCount: 5, ConcurrencyMode: strict}, 100, rollout.Pace{AtOnce: 6, Tolerated: 5, Attempted: 6}},
		{"strict is AWS's default", fleet.Preferences{MaxConcurrentCount: 10, FailureToleranceCount: 5}, 100, rollout.Pace{AtOnce: 6, Tolerated: 5, Attempted: 6}},
		{"soft: ten at once, and up to 15 attempted", fleet.Preferences{MaxConcurrentCount: 10, FailureToleranceCount: 5, ConcurrencyMode: soft}, 100, rollout.Pace{AtOnce: 10, Tolerated: 5, Attempted: 15}},
		{"all at once without tolerance is one at once", fleet.Preferences{MaxConcurrentPercentage: 100}, 50, rollout.Pace{AtOnce: 1, Tolerated: 0, Attempted: 1}},
		{"1000 instances, strict", fleet.Preferences{MaxConcurrentCount: 250, FailureToleranceCount: 100, ConcurrencyMode: strict}, 1000, rollout.Pace{AtOnce: 101, Tolerated: 100, Attempted: 101}},
		{"1000 instances, soft", fleet.Preferences{MaxConcurrentCount: 250, FailureToleranceCount: 100, ConcurrencyMode: soft}, 1000, rollout.Pace{AtOnce: 250, Tolerated: 100, Attempted: 350}},
	} {
		if got := rollout.PaceOf(c.p, c.accounts); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.what, got, c.want)
		}
	}
}

func TestOverlapsHolesAndUnknownNamesAreRefusedWithTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"version: 1\nphases:\n  - ous: [ou-root-dev00000]\n  - accounts: ['100000000000']\n  - rest: true": "line 4: 100000000000/ap-southeast-1 is in phase \"phase 2\" and in \"phase 1\" (line 3)",
		"version: 1\nphases:\n  - ous: [ou-root-dev00000]":                                                 "line 3: 100000000001/ap-southeast-1 is in no phase",
		"version: 1\nphases:\n  - percentage: 50":                                                          "is in no phase",
		"version: 1\nphases:\n  - percentage: 100\n    regions: [us-east-1]":                               "is in no phase",
		"version: 1\nphases:\n  - ous: [ou-root-none0000]\n  - rest: true":                                 "line 3: the OU ou-root-none0000 of phase \"phase 1\" is not in the organization",
		"version: 1\nphases:\n  - accounts: ['999999999999']\n  - rest: true":                              "line 3: the account 999999999999 of phase \"phase 1\" is no target",
		"version: 1\nstackSet: other\nstrategy: parallel":                                                  "the file is for other",
	} {
		f, err := rollout.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Divide(scene(6)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestRegionsCanDifferByOUAndComeLater(t *testing.T) {
	phases := divide(t, `
version: 1
phases:
  - {name: pilot, tags: {stage: ou-root-dev00000}, regions: [us-east-1]}
  - {name: wider, ous: [r-root], regionsByOU: {ou-root-dev00000: [eu-west-1], ou-root-prod0000: [us-east-1, eu-west-1]}}
  - {name: rest, rest: true}
`, scene(6))
	got := map[string]int{}
	for _, p := range phases {
		got[p.Name] = len(p.Targets)
	}
	if got["pilot"] != 2 || got["wider"] != 2+4*2 || got["rest"] != 6 {
		t.Errorf("targets: %v", got)
	}
}

func TestADrawnPercentageIsTheSameAccountsEveryTimeAndOthersForAnotherSet(t *testing.T) {
	text := "version: 1\nphases:\n  - percentage: 10\n  - rest: true"
	first := divide(t, text, scene(100))[0]
	more := scene(103) // a few accounts join
	slices.Reverse(more.Targets)
	second := divide(t, text, more)[0]
	same := 0
	for _, target := range first.Targets {
		if slices.Contains(second.Targets, target) {
			same++
		}
	}
	if same < len(first.Targets)*8/10 {
		t.Errorf("of %d targets only %d stay in the pilot when accounts join", len(first.Targets), same)
	}
	other := scene(100)
	other.StackSet = "another"
	if third := divide(t, text, other)[0]; slices.Equal(first.Targets, third.Targets) {
		t.Error("another stack set's pilot is the same accounts")
	}
	if tiny := divide(t, text, scene(3))[0]; tiny.Accounts() != 1 {
		t.Errorf("the pilot of three accounts has %d", tiny.Accounts())
	}
}

// Whatever the phases: each target is in exactly one, or the file is refused.
func TestEveryTargetIsInExactlyOnePhase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "accounts")
		s := scene(n)
		var b strings.Builder
		b.WriteString("version: 1\nphases:\n")
		left := 100
		for i := range rapid.IntRange(0, 4).Draw(t, "phases") {
			fmt.Fprintf(&b, "  - name: p%d\n", i)
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				fmt.Fprintf(&b, "    accounts: ['%012d']\n", 100000000000+rapid.IntRange(0, n-1).Draw(t, "account"))
			case 1:
				fmt.Fprintf(&b, "    ous: [%s]\n", rapid.SampledFrom([]fleet.OUID{prod, dev}).Draw(t, "ou"))
			case 2:
				fmt.Fprintf(&b, "    tags: {stage: %s}\n    percentage: %d\n", rapid.SampledFrom([]fleet.OUID{prod, dev}).Draw(t, "tag"), rapid.IntRange(1, 100).Draw(t, "of them"))
			default:
				p := rapid.IntRange(1, max(1, left)).Draw(t, "percentage")
				left -= p
				fmt.Fprintf(&b, "    percentage: %d\n", p)
			}
			if rapid.Bool().Draw(t, "some regions") {
				fmt.Fprintf(&b, "    regions: [%s]\n", rapid.SampledFrom(regions).Draw(t, "region"))
			}
		}
		b.WriteString("  - {name: rest, rest: true}\n")
		f, err := rollout.Parse([]byte(b.String()))
		if err != nil {
			return // refused
		}
		phases, err := f.Divide(s)
		if err != nil {
			if !strings.Contains(err.Error(), "line ") {
				t.Fatalf("refused without a line: %v", err)
			}
			return
		}
		seen := map[fleet.Target]string{}
		for _, p := range phases {
			if len(p.Targets) == 0 {
				t.Fatalf("%s reaches nothing", p.Name)
			}
			for _, target := range p.Targets {
				if other, twice := seen[target]; twice {
					t.Fatalf("%s is in %s and %s of\n%s", target, other, p.Name, b.String())
				}
				seen[target] = p.Name
			}
		}
		if len(seen) != len(s.Targets) {
			t.Fatalf("%d of %d targets are in a phase of\n%s", len(seen), len(s.Targets), b.String())
		}
	})
}

// What AWS attempts never exceeds the pace that is shown, whichever accounts fail:
// a sliding window, as AWS documents it.
func TestThePaceIsAnUpperBoundOfWhatAWSDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		accounts := rapid.IntRange(1, 60).Draw(t, "accounts")
		p := fleet.Preferences{MaxConcurrentPercentage: rapid.IntRange(1, 100).Draw(t, "concurrent"), FailureTolerancePercentage: rapid.IntRange(0, 100).Draw(t, "tolerance"),
			ConcurrencyMode: rapid.SampledFrom([]fleet.ConcurrencyMode{fleet.SoftFailureTolerance, fleet.StrictFailureTolerance}).Draw(t, "mode")}
		pace := rollout.PaceOf(p, accounts)
		maximum := max(1, accounts*p.MaxConcurrentPercentage/100)
		tolerated := accounts * p.FailureTolerancePercentage / 100
		running, failures, attempted, most := 0, 0, 0, 0
		for attempted < accounts || running > 0 {
			window := maximum
			if p.ConcurrencyMode == fleet.StrictFailureTolerance {
				window = min(maximum, tolerated+1-failures)
			}
			for failures <= tolerated && running < window && attempted < accounts {
				running, attempted = running+1, attempted+1
			}
			if most = max(most, running); running == 0 {
				break
			}
			running, failures = running-1, failures+1 // all fail: the worst case
		}
		if most > pace.AtOnce || attempted > pace.Attempted || attempted < min(pace.Attempted, accounts) {
			t.Fatalf("%d at once and %d attempted of %d with %+v; shown %+v", most, attempted, accounts, p, pace)
		}
	})
}
