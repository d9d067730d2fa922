package plan

import (
	"time"

	"github.com/setmend/setmend/fleet"
)

// What things take, after the timestamps in AWS's own samples: about 37 s for a
// small instance, up to 10 s until an operation starts. AWS no longer states a
// bound for instances worked on at once in one operation; the one of 2023 was
// 100, and is assumed here.
const (
	instanceTime  = 40 * time.Second
	dispatchTime  = 10 * time.Second
	revertTime    = 90 * time.Second
	detectTime    = 45 * time.Second
	pollEvery     = 30 * time.Second
	atOnce        = 100
	pageSize      = 100
	callsToRevert = 6 // assume the role, create, describe twice, execute, describe
)

// estimate is what the actions cost, computed from their requests.
func estimate(actions []Action) Estimate {
	var e Estimate
	for _, a := range actions {
		for _, r := range a.Requests {
			e.Operations += r.operations()
			e.APICalls += r.apiCalls()
			if a.Remedy == RemedyRedeploy && r.Kind == RequestDelete {
				e.Unavailable += r.Cells()
			}
		}
		if a.Remedy == RemedyRedeploy {
			e.UnavailableFor = max(e.UnavailableFor, a.duration())
		}
	}
	e.Duration = criticalPath(actions)
	return e
}

// operations counts stack set operations and change sets. Restores may be more,
// where the saved overrides differ.
func (r Request) operations() int {
	if r.Kind == RequestChangeSet {
		return r.Cells()
	}
	return 1
}

// instances is how many instances the request has AWS work on.
func (r Request) instances() int {
	if r.Kind == RequestDetect {
		return r.Instances
	}
	return r.Cells()
}

// apiCalls counts calls to AWS: starting, asking how it goes, reading results, and
// for what is deleted and created again the overrides of every cell, before and
// after.
func (r Request) apiCalls() int {
	if r.Kind == RequestChangeSet {
		return callsToRevert * r.Cells()
	}
	calls := 1 + int(r.duration()/pollEvery) + pages(r.instances(), pageSize)
	if r.Restores || r.Kind == RequestDelete && !r.RetainStacks {
		calls += r.Cells()
	}
	return calls
}

// duration is how long the request takes.
func (r Request) duration() time.Duration {
	switch r.Kind {
	case RequestChangeSet:
		return revertTime * time.Duration(pages(r.Cells(), atOnce))
	case RequestDetect:
		return dispatchTime + detectTime*time.Duration(pages(r.Instances, atOnce))
	}
	return dispatchTime + instanceTime*time.Duration(pages(r.Cells(), atOnce))
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
