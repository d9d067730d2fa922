package plan

import "github.com/setmend/setmend/fleet"

// Guard is the name of a guard, as --accept takes it.
type Guard string

const (
	GuardOrganizationShrank  Guard = "organization-shrank"
	GuardMassDrift           Guard = "mass-drift"
	GuardMassRemoval         Guard = "mass-removal"
	GuardIncompleteInventory Guard = "incomplete-inventory"
	GuardExternalOperation   Guard = "external-operation"
	GuardMaskedOverride      Guard = "masked-override"
	GuardInstanceQuota       Guard = "instance-quota"
	GuardQuietHours          Guard = "quiet-hours"
	GuardConfiguration       Guard = "configuration"
	GuardLease               Guard = "lease"
	GuardChangedMeanwhile    Guard = "changed-meanwhile"
	GuardCanary              Guard = "canary-failed"
	GuardUnavailable         Guard = "max-unavailable"
	GuardRollout             Guard = "rollout-unfinished"
)

// Of returns the guard's name for one stack set, as --accept takes it; for "" that
// of the guard itself.
func (g Guard) Of(set fleet.StackSetName) string {
	if set == "" {
		return string(g)
	}
	return string(g) + ":" + string(set)
}

// GuardHit is a guard that found what it looks for. The stack set (or, with
// StackSet "", the whole run) is left alone until a person accepts.
type GuardHit struct {
	Guard    Guard              `json:"guard"`
	StackSet fleet.StackSetName `json:"stackSet,omitempty"`
	Reason   string             `json:"reason"`
	// Found is the reason without what was approved before, "" if it is the same.
	Found string `json:"found,omitempty"`
	Hint  string `json:"hint"`
	// Numbers are what the guard counted, so that what a person accepts can be
	// compared with what is found later; zero for guards that do not count.
	Numbers Numbers `json:"numbers,omitzero"`
	// Accepted is set if a person has accepted it; it then stops nothing.
	Accepted bool `json:"accepted,omitempty"`
	// Opened is set once a guard that opens by itself has done so.
	Opened bool `json:"opened,omitempty"`
	// Waits is set if the guard opens by itself with time, without an approval.
	Waits bool `json:"waits,omitempty"`
}

// Numbers say how many of how many.
type Numbers struct {
	Of  int `json:"of"`
	All int `json:"all"`
}

// InEffect reports whether the guard still holds something back.
func (h GuardHit) InEffect() bool { return !h.Accepted && !h.Opened }
