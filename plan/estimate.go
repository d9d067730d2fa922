package plan

import (
	"time"

	"github.com/setmend/setmend/fleet"
)

// Estimate is what a plan will cost.
type Estimate struct {
	Operations  int           `json:"operations"` // stack set operations, change sets and continued rollbacks
	APICalls    int           `json:"apiCalls"`
	Duration    time.Duration `json:"durationNanoseconds"`
	Unavailable int           `json:"unavailable"` // instances deleted and created again
	// UnavailableFor is how long one of them is gone, about.
	UnavailableFor time.Duration `json:"unavailableForNanoseconds"`
	// Reading is what APICalls assumes of each reading of the fleet.
	Reading Reading `json:"reading"`
}

// Reading is the number of calls that it takes to read the fleet once.
type Reading struct {
	StackSets    int `json:"stackSets"`
	Organization int `json:"organization"`
}

// What things take, after the timestamps in AWS's own samples: about 37 s for a
// small instance, up to 10 s until an operation starts. AWS no longer states a
// bound for instances worked on at once in one operation; the one of 2023 was
// 100, and is assumed here.
const (
	instanceTime = 40 * time.Second
	dispatchTime = 10 * time.Second
	revertTime   = 90 * time.Second
	detectTime   = 45 * time.Second
	firstPoll    = 45 * time.Second // a stack takes 20 to 60 s
	nextPoll     = 20 * time.Second
	atOnce       = 100
	pageSize     = 100
)

// Calls to AWS around a request, besides the request and its polls.
const (
	callsAround = 2  // is the set as it was planned, and what did the operation touch
	callsBefore = 3  // of a deletion: has an external operation run on the set, thrice
	callsAfter  = 2  // of a detection: the set, and what has drifted
	callsRevert = 10 // of a change set: role, create, describe, execute, describe the stack; at most, of a continued rollback
	callsOfSet  = 3  // of a reading: the set, its operations, and its newest ones for the report
)

// organizationAge is how old, about, a reading of the organization gets that
// deletions rest on.
const organizationAge = 10 * time.Minute

// estimate returns what the actions cost, computed from their requests.
func estimate(actions []Action, reading Reading) Estimate {
	if len(actions) == 0 {
		return Estimate{Reading: reading}
	}
	e := Estimate{Reading: reading, Duration: criticalPath(actions)}
	e.APICalls = reading.StackSets + reading.Organization*(2+int(e.Duration/organizationAge))
	for _, a := range actions {
		for _, r := range a.Requests {
			e.Operations += r.operations()
			e.APICalls += r.apiCalls()
			if a.Remedy == RemedyRedeploy && r.Kind == RequestDelete {
				e.Unavailable += r.Cells()
				e.APICalls += r.Cells() // what has drifted, for the report
			}
		}
		if a.Remedy == RemedyRedeploy {
			e.UnavailableFor = max(e.UnavailableFor, a.duration())
		}
	}
	return e
}

// reading returns what one reading of the fleet costs.
func (w *world) reading() Reading {
	r := Reading{Organization: 4 + len(w.fleet.Organization.OUs) + pages(len(w.fleet.Organization.Accounts), 20)}
	for _, name := range w.names {
		r.StackSets += callsOfSet + max(1, pages(len(w.sets[name].instances), pageSize))
	}
	return r
}

// operations counts stack set operations and change sets. Restores may be more,
// where the saved overrides differ.
func (r Request) operations() int {
	if r.Kind.InMembers() {
		return r.Cells()
	}
	return 1
}

// apiCalls counts calls to AWS: the request, asking how it goes, what goes around
// it; and for what is deleted and created again the overrides of every cell, before
// and after.
func (r Request) apiCalls() int {
	calls := 1 + callsAround + 1 + int((r.duration()-firstPoll+nextPoll-1)/nextPoll)
	switch {
	case r.Kind.InMembers():
		return callsRevert * r.Cells()
	case r.Kind == RequestDetect:
		return calls + callsAfter + pages(r.Instances, pageSize)
	case r.Kind == RequestDelete:
		calls += callsBefore
	}
	if r.Restores || r.Kind == RequestDelete && !r.RetainStacks {
		calls += r.Cells()
	}
	return calls
}

// duration is how long it takes until the request is seen to have ended.
func (r Request) duration() time.Duration {
	switch {
	case r.Kind.InMembers():
		return revertTime * time.Duration(pages(r.Cells(), atOnce))
	case r.Kind == RequestDetect:
		return seenAfter(dispatchTime + detectTime*time.Duration(pages(r.Instances, atOnce)))
	}
	return seenAfter(dispatchTime + instanceTime*time.Duration(pages(r.Cells(), atOnce)))
}

// seenAfter is when polling notices what has ended after the time.
func seenAfter(d time.Duration) time.Duration {
	if d <= firstPoll {
		return firstPoll
	}
	return firstPoll + nextPoll*((d-firstPoll+nextPoll-1)/nextPoll)
}

// duration is how long the action takes. Its requests run one after another.
func (a Action) duration() time.Duration {
	var total time.Duration
	for _, r := range a.Requests {
		total += r.duration()
	}
	return total
}

// pages is how often size goes into n, rounded up.
func pages(n, size int) int { return (n + size - 1) / size }

// criticalPath is when the last action ends, if each starts as soon as its stage
// has begun, those before it have ended, and its stack sets are free.
func criticalPath(actions []Action) time.Duration {
	ends := map[string]time.Duration{}
	free := map[fleet.StackSetName]time.Duration{}
	var stage Stage
	var stageStart, last time.Duration
	for _, a := range actions {
		if a.Stage != stage {
			stage, stageStart = a.Stage, last
		}
		start := stageStart
		for _, before := range a.After {
			start = max(start, ends[before])
		}
		for _, set := range a.touched() {
			start = max(start, free[set])
		}
		end := start + a.duration()
		ends[a.ID], last = end, max(last, end)
		for _, set := range a.touched() {
			free[set] = end
		}
	}
	return last
}
