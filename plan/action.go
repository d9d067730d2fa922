package plan

import "github.com/setmend/setmend/fleet"

// Stage is the part of a run that carries an action out. Stages follow one another
// in the order given here.
type Stage string

const (
	StageRestore Stage = "restore" // InitCleanup: pending restores of earlier runs, before the fleet is read
	StageCleanup Stage = "cleanup" // InitCleanup: orphans
	StageDeploy  Stage = "deploy"  // MandatoryDeployment: missing instances
	StageDetect  Stage = "detect"  // DetectDrift: what is unknown or known for too long
	StageHeal    Stage = "heal"    // Heal: everything else
	StageVerify  Stage = "verify"  // Heal: drift detection of the sets that were healed
)

var stages = []Stage{StageCleanup, StageDeploy, StageDetect, StageHeal, StageVerify}

// Action is one remedy for a set of targets of one stack set.
type Action struct {
	// ID is stable: it follows from what the action is, not from when it was
	// planned. [a-z0-9-], unique in its plan.
	ID       string             `json:"id"`
	Stage    Stage              `json:"stage"`
	StackSet fleet.StackSetName `json:"stackSet"`
	Remedy   Remedy             `json:"remedy"`
	// Targets are the stack set's targets that the action is for, sorted. A drift
	// detection has none: AWS looks at all instances of the set.
	Targets []fleet.Target `json:"targets,omitempty"`
	// Requests are what will be sent, in sending order. Empty for a quarantine only.
	// Those to the action's own stack set reach exactly Targets.
	Requests []Request `json:"requests,omitempty"`
	// Furthest is the harshest remedy that a run may come to for these cells without
	// a new plan, where Remedy fails.
	Furthest Remedy `json:"furthest"`
	// Destroys is what Remedy and Furthest would destroy at most.
	Destroys []Destruction `json:"destroys,omitempty"`
	// Together are the dependents that import from this set and must be deleted
	// before it and created again after it, in the order of creation. Only for a
	// redeployment; their cells are those of Targets where they have instances.
	Together []fleet.StackSetName `json:"together,omitempty"`
	// After names the actions that must have ended first, whatever their outcome
	// at other targets.
	After []string `json:"after,omitempty"`
	// Wave splits a redeployment that would take down too much at once: waves of
	// one stack set run one after another. Wave 0 is the canary where there are several.
	Wave   int    `json:"wave,omitempty"`
	Reason string `json:"reason"`
}

// touched are the stack sets that the action operates on.
func (a Action) touched() []fleet.StackSetName {
	return append([]fleet.StackSetName{a.StackSet}, a.Together...)
}

// Cells returns the cells that the action's requests reach, its own first, then
// those of the dependents taken along; each once, sorted within a stack set.
func (a Action) Cells() []fleet.Cell {
	seen := map[fleet.Cell]bool{}
	var cells []fleet.Cell
	add := func(set fleet.StackSetName, targets []fleet.Target) {
		for _, t := range targets {
			if cell := (fleet.Cell{StackSet: set, Target: t}); !seen[cell] {
				seen[cell] = true
				cells = append(cells, cell)
			}
		}
	}
	add(a.StackSet, a.Targets)
	for _, set := range a.Together {
		var targets []fleet.Target
		for _, r := range a.Requests {
			if r.StackSet == set {
				targets = append(targets, r.Targets()...)
			}
		}
		add(set, fleet.SortTargets(targets))
	}
	return cells
}

// DestructionKind is a way in which something is lost with a stack.
type DestructionKind string

const (
	// DestroysData: a resource with content of its own is deleted.
	DestroysData DestructionKind = "data"
	// DestroysDependent: a stack that imports from the deleted one goes along, and
	// comes back after it.
	DestroysDependent DestructionKind = "dependent"
	// DestroysDowntime: a stack is gone until it has been created again, or for good.
	DestroysDowntime DestructionKind = "downtime"
)

// Destruction is something that an action destroys, for some time or for good.
type Destruction struct {
	Kind     DestructionKind    `json:"kind"`
	StackSet fleet.StackSetName `json:"stackSet"`
	// LogicalID and ResourceType name the resource, for data.
	LogicalID    string `json:"logicalId,omitempty"`
	ResourceType string `json:"resourceType,omitempty"`
	Cells        int    `json:"cells"` // stacks concerned
	Note         string `json:"note,omitempty"`
}
