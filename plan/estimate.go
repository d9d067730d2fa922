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
	pollEvery     = 30 * time.Second
	atOnce        = 100
	pageSize      = 100
	callsToRevert = 6 // assume the role, create, describe twice, execute, describe
)

// estimate is what the actions cost.
func estimate(actions []Action) Estimate {
	var e Estimate
	for _, a := range actions {
		e.Operations += a.operations()
		e.APICalls += a.apiCalls()
		if a.Rung == RungRedeploy {
			e.Unavailable += len(a.Targets) * len(a.touched())
			e.UnavailableFor = max(e.UnavailableFor, a.duration())
		}
	}
	e.Duration = criticalPath(actions)
	return e
}

// operations counts stack set operations and change sets.
func (a Action) operations() int {
	switch a.Rung {
	case RungQuarantine:
		return 0
	case RungRevert:
		return len(a.Targets)
	case RungRedeploy:
		return 2 * len(a.Calls) * len(a.touched()) // at least: creations are grouped by overrides
	}
	return len(a.Calls)
}

// apiCalls counts calls to AWS: starting, asking how it goes, reading results,
// and for a redeployment the overrides of every cell before and after.
func (a Action) apiCalls() int {
	if a.Rung == RungRevert {
		return callsToRevert * len(a.Targets)
	}
	if a.Rung == RungQuarantine {
		return 0
	}
	cells := len(a.Targets) * len(a.touched())
	calls := a.operations() * (1 + int(a.duration()/pollEvery) + (len(a.Targets)+pageSize-1)/pageSize)
	if a.Rung == RungRedeploy {
		calls += 2 * cells
	}
	return calls
}

// duration is how long the action takes. Calls on one stack set run one after
// another.
func (a Action) duration() time.Duration {
	switch a.Rung {
	case RungQuarantine:
		return 0
	case RungRevert:
		return revertTime * time.Duration((len(a.Targets)+atOnce-1)/atOnce)
	}
	var total time.Duration
	for _, call := range a.Calls {
		total += dispatchTime + instanceTime*time.Duration((call.Cells()+atOnce-1)/atOnce)
	}
	if a.Rung == RungRedeploy {
		total *= time.Duration(2 * len(a.touched()))
	}
	return total
}

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
