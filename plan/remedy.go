package plan

import "slices"

// Remedy is a way of acting on cells.
type Remedy string

const (
	// RemedyDetect has AWS compare a stack set's instances with their templates
	// (DetectStackSetDrift). It changes no resource.
	RemedyDetect Remedy = "detect"
	// RemedyContinue continues the rollback of a stack that serves its previous
	// version and is stuck in it (ContinueUpdateRollback in the member account, never
	// with ResourcesToSkip: what is skipped is no longer as CloudFormation has it).
	RemedyContinue Remedy = "continue-rollback"
	// RemedyDeploy creates instances that are missing.
	RemedyDeploy Remedy = "deploy"
	// RemedyRetry runs the failed operation again (UpdateStackInstances, which
	// leaves overrides as they are when it is given none).
	RemedyRetry Remedy = "retry"
	// RemedyRevert puts live resources back with a drift-aware change set in the
	// member account; nothing is deleted.
	RemedyRevert Remedy = "revert"
	// RemedyRedeploy saves the overrides, deletes instance and stack, and creates
	// both again with the saved overrides.
	RemedyRedeploy Remedy = "redeploy"
	// RemedyDetach deletes an instance and retains its stack.
	RemedyDetach Remedy = "detach"
	// RemedyRemove deletes an orphan's instance and stack.
	RemedyRemove Remedy = "remove"
	// RemedyQuarantine leaves the cell alone from now on and notifies a person. It
	// sends AWS nothing.
	RemedyQuarantine Remedy = "quarantine"
)

// remedies lists all of them, each harsher than those before it.
var remedies = []Remedy{RemedyDetect, RemedyContinue, RemedyDeploy, RemedyRetry, RemedyRevert, RemedyRedeploy, RemedyDetach, RemedyRemove, RemedyQuarantine}

// Compare orders remedies from the gentlest to the harshest.
func (r Remedy) Compare(other Remedy) int {
	return slices.Index(remedies, r) - slices.Index(remedies, other)
}

// Harsher reports whether r is harsher than the other. A remedy that is not known
// is gentler than all.
func (r Remedy) Harsher(other Remedy) bool { return r.Compare(other) > 0 }

// Writes reports whether the remedy sends AWS anything that changes something.
func (r Remedy) Writes() bool { return r != RemedyQuarantine && r != "" }

// Deletes reports whether the remedy deletes stacks.
func (r Remedy) Deletes() bool { return r == RemedyRedeploy || r == RemedyRemove }

// cleansUp reports whether the remedy ends an instance for good.
func (r Remedy) cleansUp() bool { return r == RemedyDetach || r == RemedyRemove }
