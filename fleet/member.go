package fleet

// MemberStack is a stack in a member account and the role to reach it through.
type MemberStack struct {
	Target
	StackID string
	Role    string // role name in the member account
}

// RevertPlan is what a drift-aware change set would do.
type RevertPlan struct {
	// Empty: there is nothing to change (the drift has gone meanwhile).
	Empty   bool
	Changes []RevertChange
}

// RevertChange is one resource of a RevertPlan.
type RevertChange struct {
	LogicalID    string
	ResourceType string
	Action       string // Add, Modify, Remove, Import, Dynamic, SyncWithActual
	Replacement  string // True, False, Conditional
	// Ignored are attributes that drifted and that the change set cannot put back,
	// with AWS's reason. What did not drift, and what AWS itself changes, is not
	// among them.
	Ignored []string
}
