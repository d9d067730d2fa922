package plan

import (
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// Assessment is the verdict on every cell that has an instance or must have one.
type Assessment struct {
	At    time.Time  `json:"at"`
	Cells []Assessed `json:"cells"` // sorted by cell
	// Problems are contradictions in tags and policy, found before anything runs.
	Problems []policy.Problem `json:"problems,omitempty"`
	// Levels orders the stack sets: every set stands in a later level than all
	// that it depends on.
	Levels [][]fleet.StackSetName `json:"levels"`

	// world and memory are what it was made from, for [Assessment.Plan].
	world  *world
	memory Memory
}

// Policy returns what tags and policy say of a stack set; the zero value for one
// that is not in the fleet.
func (a *Assessment) Policy(set fleet.StackSetName) policy.Set {
	if v := a.world.sets[set]; v != nil {
		return v.policy
	}
	return policy.Set{}
}

// Find returns a cell of the assessment, nil if it is not in it.
func (a *Assessment) Find(cell fleet.Cell) *Assessed {
	i, found := slices.BinarySearchFunc(a.Cells, cell, func(c Assessed, cell fleet.Cell) int { return c.Cell.Compare(cell) })
	if !found {
		return nil
	}
	return &a.Cells[i]
}
