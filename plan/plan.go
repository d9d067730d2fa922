package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// Plan is what to do, in order: every request, and how far a run may go beyond. It
// is sealed when it is made. What is printed, approved, saved, hashed and carried
// out is this value, and nothing may change it: [Plan.Narrow], [Plan.OfStage] and
// [Shown.Split] return new ones.
type Plan struct {
	At      time.Time `json:"at"`
	Scope   Scope     `json:"scope,omitzero"`  // what it was narrowed to
	Stage   Stage     `json:"stage,omitempty"` // what it was narrowed to, "" for all stages
	Actions []Action  `json:"actions"`         // in an order that respects After
	// Unhandled are the cells that need something which nothing will do by itself,
	// or not yet.
	Unhandled []Assessed       `json:"unhandled,omitempty"`
	Guards    []GuardHit       `json:"guards,omitempty"`
	Problems  []policy.Problem `json:"problems,omitempty"`
	// Levels are the assessment's, for showing the order.
	Levels [][]fleet.StackSetName `json:"levels,omitempty"`
	// Unchecked is the number of cells whose drift is unknown, or known for too long.
	Unchecked int       `json:"unchecked"`
	Estimate  Estimate  `json:"estimate"`
	From      Revisions `json:"from"`
	// Hash identifies what the plan does: its scope, stage and actions with every
	// request, without explanations and times.
	Hash string `json:"hash"`
}

// seal computes what follows from the plan's actions. Nothing changes the plan
// afterwards.
func (p *Plan) seal() *Plan {
	p.Estimate = estimate(p.Actions, p.Estimate.Reading)
	p.Hash = p.hash()
	return p
}

// hash is the SHA-256 of what the plan does.
func (p *Plan) hash() string {
	actions := slices.Clone(p.Actions)
	for i := range actions {
		actions[i].Reason = ""
	}
	digest := sha256.Sum256(encode(struct {
		Scope   Scope
		Stage   Stage
		Actions []Action
	}{p.Scope, p.Stage, actions}))
	return hex.EncodeToString(digest[:])
}

// Sealed reports whether the plan still is what its hash was computed from.
func (p *Plan) Sealed() bool { return p.Hash != "" && p.Hash == p.hash() }

// Writes reports whether carrying the plan out would send AWS anything that starts
// or changes something; a drift detection is such a thing.
func (p *Plan) Writes() bool {
	return slices.ContainsFunc(p.Actions, func(a Action) bool { return a.Remedy.Writes() })
}

// Decode reads a saved plan. It fails if the text is no plan, or if its content
// does not match its hash.
func Decode(text []byte) (*Plan, error) {
	var p Plan
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, fmt.Errorf("reading plan: %w", err)
	}
	if !p.Sealed() {
		return nil, fmt.Errorf("reading plan: its content does not match its hash %q: it was changed, or is no plan", p.Hash)
	}
	for _, a := range p.Actions {
		if actionID(a) != a.ID || !a.exact() {
			return nil, fmt.Errorf("reading plan: action %s was changed", a.ID)
		}
	}
	return &p, nil
}

// exact reports whether the requests to the action's own stack set reach exactly
// its targets: once, or for a redeployment twice.
func (a Action) exact() bool {
	if a.Remedy == RemedyQuarantine || a.Remedy == RemedyDetect {
		return (len(a.Requests) == 0) == (a.Remedy == RemedyQuarantine)
	}
	var reached, restored []fleet.Target
	for _, r := range a.Requests {
		switch {
		case r.StackSet != a.StackSet:
		case r.Restores:
			restored = append(restored, r.Targets()...)
		default:
			reached = append(reached, r.Targets()...)
		}
	}
	if a.Remedy == RemedyRedeploy && !slices.Equal(fleet.SortTargets(restored), a.Targets) {
		return false
	}
	return slices.Equal(fleet.SortTargets(reached), a.Targets)
}

// Scope narrows a plan. What is empty does not narrow.
type Scope struct {
	StackSets []fleet.StackSetName `json:"stackSets,omitempty"`
	Accounts  []fleet.AccountID    `json:"accounts,omitempty"`
	Targets   []fleet.Target       `json:"targets,omitempty"`
}

// All reports whether the scope is everything.
func (s Scope) All() bool { return len(s.StackSets)+len(s.Accounts)+len(s.Targets) == 0 }

// Covers reports whether a cell is in scope.
func (s Scope) Covers(c fleet.Cell) bool {
	return among(c.StackSet, s.StackSets) && among(c.Account, s.Accounts) && among(c.Target, s.Targets)
}

func among[T comparable](x T, list []T) bool {
	return len(list) == 0 || slices.Contains(list, x)
}
