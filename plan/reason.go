package plan

// ReasonClass is what a failure's text means for the next step.
type ReasonClass string

const (
	ReasonDenied         ReasonClass = "denied"       // an SCP or a permission; never retried
	ReasonRoleMissing    ReasonClass = "role-missing" // StackSets' role cannot be assumed
	ReasonNameCollision  ReasonClass = "name-collision"
	ReasonQuota          ReasonClass = "quota"
	ReasonExportInUse    ReasonClass = "export-in-use"
	ReasonTermination    ReasonClass = "termination-protection"
	ReasonThrottled      ReasonClass = "throttled"
	ReasonTemplate       ReasonClass = "template-error"
	ReasonRegionDisabled ReasonClass = "region-disabled"
	ReasonAccountGone    ReasonClass = "account-suspended"
	ReasonAccountGate    ReasonClass = "account-gate"
	ReasonCancelled      ReasonClass = "cancelled" // collateral of somebody else's failure
	ReasonMaskedOverride ReasonClass = "masked-override"
	ReasonRevertRefused  ReasonClass = "revert-refused" // a change set would replace or delete, or cannot revert
	ReasonDriftedAgain   ReasonClass = "drifted-again"
	ReasonUnknown        ReasonClass = "unknown"
)
