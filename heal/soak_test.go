package heal_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/report"
)

// The soak heals fleets that nobody thought of. From one seed come a small
// organization, its stack sets, what is wrong with them, the policy (soak_fleet,
// soak_wrongs, soak_rules), and what happens while setmend heals: faults, deaths
// of the process, and people (soak_chaos, soak_people). A witness (soak_witness)
// watches the embedded AWS at every moment, and the end is held against what the
// embedded AWS holds, never against what setmend says of itself (soak_check).
//
// `make soak` runs many seeds. One that failed is run again with
//
//	go test ./heal -run TestSoak -soak.first=SEED -soak.seeds=1 -v
//
// A seed fixes the world and what befalls it. Which of two works that are due at
// the same moment goes first is the Go scheduler's, so that a failure which
// depends on that may take a few tries.
var (
	soakFirst = flag.Uint64("soak.first", 1, "the first seed of TestSoak")
	soakSeeds = flag.Uint64("soak.seeds", 8, "the number of seeds of TestSoak")
)

// TestSoakNothingIsLostWhateverTheFleetAndWhateverHappens is the soak.
func TestSoakNothingIsLostWhateverTheFleetAndWhateverHappens(t *testing.T) {
	for seed := *soakFirst; seed < *soakFirst+*soakSeeds; seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			soakOnce(t, seed)
			if t.Failed() {
				t.Logf("again: go test ./heal -run TestSoak -soak.first=%d -soak.seeds=1 -v", seed)
			}
		})
	}
}

// soak is one seed's world.
type soak struct {
	*world
	seed     uint64
	dice     *dice
	ous      []string // the root first, then OUs, parents before children
	members  []*member
	sets     []*soakSet
	rules    *rules
	witness  *witness
	chaos    *chaos
	accepted bool // the calm heals accept all guards

	logging sync.Mutex // guards log
	// log is what was done to the world, for whoever reads a failure.
	log []string
}

func soakOnce(t *testing.T, seed uint64) {
	synctest.Test(t, func(t *testing.T) {
		s := newSoak(t, seed)
		defer s.tell()
		s.populate()
		s.spoil()
		s.witness = s.watch()
		s.disturbed()
		s.calm()
	})
}

func newSoak(t *testing.T, seed uint64) *soak {
	d := &dice{rand.New(rand.NewPCG(seed, 0x50a4))}
	s := &soak{seed: seed, dice: d}
	aws, err := awssim.New(awssim.Options{Seed: seed, Account: management, StackSets: d.undocumented()})
	if err != nil {
		t.Fatal(err)
	}
	s.world = &world{t: t, aws: aws, journal: journal.NewMemory(), policy: lossy(policy.Default())}
	return s
}

// undocumented chooses what AWS's documentation leaves open: setmend must not
// rest on any of it.
func (d *dice) undocumented() awssim.StackSetOptions {
	return awssim.StackSetOptions{
		IdempotentOperationIDs:   d.chance(0.2),
		StrictQueue:              d.chance(0.2),
		ParallelStopsAll:         d.chance(0.2),
		SuspendedCountsAsFailure: d.chance(0.2),
		InoperableAccepts:        d.chance(0.2),
		DriftStatusOnOperation:   d.chance(0.2),
		DeployResetsDrift:        d.chance(0.2),
		ForgetDeparted:           d.chance(0.1),
		DriftKeepsDetailed:       d.chance(0.2),
		DepartedReachable:        d.chance(0.2),
	}
}

// note writes down what was done to the world.
func (s *soak) note(format string, args ...any) {
	s.logging.Lock()
	defer s.logging.Unlock()
	s.log = append(s.log, time.Now().UTC().Format("15:04:05 ")+fmt.Sprintf(format, args...))
}

// tell shows the story of a seed that failed.
func (s *soak) tell() {
	if !s.t.Failed() && !testing.Verbose() {
		return
	}
	for _, line := range s.log {
		s.t.Log(line)
	}
}

// disturbed is the heal that everything happens to.
func (s *soak) disturbed() {
	s.chaos = s.newChaos()
	report := s.healThrough("run-1")
	s.chaos.over()
	if report != nil {
		s.note("disturbed: %s %+v %s %+v", report.Run.Result, report.After, report.Run.Error, report.Guards)
		s.checkReport(report)
	}
}

// calm heals until nothing is left to be done later, proves that one more heal
// writes nothing, and holds the end against the truth. People and faults rest.
func (s *soak) calm() {
	time.Sleep(pickOne(s.dice, 4*hour, 26*hour)) // leases and others' operations end
	s.accepted = s.dice.chance(0.5)
	var last *report.Report
	for n := range 8 {
		last = s.healCalmly(fmt.Sprintf("calm-%d", n+1))
		s.note("calm %d: %s before %+v after %+v %+v", n+1, last.Run.Result, last.Before, last.After, last.Guards)
		s.checkReport(last)
		wait := pending(last)
		if wait == 0 {
			break
		}
		time.Sleep(wait)
	}
	s.checkEnd(last)
	before := len(s.ours())
	again := s.healCalmly("calm-last")
	for _, c := range s.ours()[before:] {
		s.t.Errorf("one more heal writes %s on %s%s", c.Action, c.Params["StackSetName"], c.Params["StackName"])
	}
	s.checkReport(again)
	if steady(again.After) != steady(last.After) {
		s.t.Errorf("one more heal, which changes nothing, finds %+v; before %+v", again.After, last.After)
		s.tellDifference(last, again)
	}
}

// tellDifference names the cells of which two reports say different things.
func (s *soak) tellDifference(x, y *report.Report) {
	was := map[fleet.Cell]report.Cell{}
	for _, c := range x.Cells {
		was[c.Cell] = c
	}
	for _, c := range y.Cells {
		if old := was[c.Cell]; old.Verdict != c.Verdict {
			s.t.Logf("%s: %s (%s %s), was %s (%s %s)", c.Cell, c.Verdict, c.DriftStatus, c.Reason, old.Verdict, old.DriftStatus, old.Reason)
		}
	}
}

// steady puts what was outdated together: a drift detection writes over the status
// that tells a failed operation from one that was never made, and a run reads
// again only what has drifted.
func steady(c plan.Counts) plan.Counts {
	c.Outdated, c.Failed = c.Outdated+c.Failed, 0
	return c
}

// pending is how long the first cell that backs off has to wait, zero if none does.
func pending(r *report.Report) time.Duration {
	var wait time.Duration
	for _, c := range r.Cells {
		if c.Remedy == "" || c.Remedy == plan.RemedyQuarantine || c.Attention {
			continue
		}
		if d := time.Until(c.NotBefore); d > 0 && (wait == 0 || d < wait) {
			wait = d + time.Minute
		}
	}
	return wait
}

// dice is what is random.
type dice struct{ *rand.Rand }

func (d *dice) chance(p float64) bool { return d.Float64() < p }

// between is a number from low to high, both included.
func (d *dice) between(low, high int) int { return low + d.IntN(high-low+1) }

func pickOne[T any](d *dice, list ...T) T { return list[d.IntN(len(list))] }

func (d *dice) span(low, high time.Duration) time.Duration {
	return low + time.Duration(d.Int64N(int64(high-low)+1))
}

// at makes a cell's name.
func at(set, account, region string) fleet.Cell {
	return fleet.Cell{StackSet: fleet.StackSetName(set), Target: fleet.Target{Account: fleet.AccountID(account), Region: fleet.Region(region)}}
}
