package policy

import (
	"cmp"

	"github.com/setmend/setmend/fleet"
)

// Problem is a contradiction or typo in the configuration: in a stack set's tags,
// in the policy file, or between the two and the fleet.
type Problem struct {
	StackSet fleet.StackSetName `json:"stackSet,omitempty"`
	Text     string             `json:"text"`
	Hint     string             `json:"hint"`
	// Stops is set if nothing may be done to the stack set until it is corrected.
	Stops bool `json:"stops"`
}

// Compare orders problems by stack set, then text.
func (p Problem) Compare(q Problem) int {
	return cmp.Or(cmp.Compare(p.StackSet, q.StackSet), cmp.Compare(p.Text, q.Text))
}
