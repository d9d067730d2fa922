package fleet

import "time"

// Inventory is a stack set with every instance it has.
type Inventory struct {
	StackSet  StackSet            `json:"stackSet"`
	Instances map[Target]Instance `json:"-"`
	// Running are the operations under way or queued when the set was read.
	Running []Operation `json:"running,omitempty"`
	ReadAt  time.Time   `json:"readAt"`
}

// Fleet is everything that one observation saw.
type Fleet struct {
	HomeRegion   Region       `json:"homeRegion"`
	Caller       Caller       `json:"caller"`
	Organization Organization `json:"organization"`
	// Departed are the accounts that hold instances, are absent from
	// Organization, and of which DescribeAccount confirms that they are not in
	// the organization. An account absent from both is unknown, and never acted on.
	Departed  map[AccountID]bool          `json:"departed,omitempty"`
	StackSets map[StackSetName]*Inventory `json:"stackSets"`
	// DisabledRegions are the opt-in regions that are not enabled, by account.
	ReadAt time.Time `json:"readAt"`
}

// Names lists the fleet's stack sets in order.
func (f *Fleet) Names() []StackSetName { return SortedKeys(f.StackSets) }

// Count is the number of instances in the fleet.
func (f *Fleet) Count() int {
	n := 0
	for _, inventory := range f.StackSets {
		n += len(inventory.Instances)
	}
	return n
}
