package fleet

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Inventory is a stack set with every instance it has.
type Inventory struct {
	StackSet  StackSet            `json:"stackSet"`
	Instances map[Target]Instance `json:"-"`
	// Running are the operations under way or queued when the set was read.
	Running []Operation `json:"running,omitempty"`
	// Recent are the newest operations, newest first, of a set with instances that
	// are not up to date, to find the operation that left them so. Nil for others.
	Recent []Operation `json:"recent,omitempty"`
	// Detections are the ids of drift detections among the recent operations and the
	// last operations of instances that are not current.
	Detections map[string]bool `json:"detections,omitempty"`
	ReadAt     time.Time       `json:"readAt"`
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
	ReadAt    time.Time                   `json:"readAt"`
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

// plainInventory is an Inventory without its methods: all of its fields are written
// as they are tagged.
type plainInventory Inventory

// inventoryJSON is an Inventory with its instances as a list: JSON objects have
// no keys of two parts.
type inventoryJSON struct {
	plainInventory
	Instances []Instance `json:"instances"`
}

// MarshalJSON writes the instances as a list, sorted by target.
func (i Inventory) MarshalJSON() ([]byte, error) {
	return json.Marshal(inventoryJSON{plainInventory(i), i.List()})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (i *Inventory) UnmarshalJSON(b []byte) error {
	var v inventoryJSON
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*i = Inventory(v.plainInventory)
	i.SetInstances(v.Instances)
	return nil
}

// List is the instances sorted by target.
func (i *Inventory) List() []Instance {
	list := slices.Collect(maps.Values(i.Instances))
	slices.SortFunc(list, func(a, b Instance) int { return a.Compare(b.Target) })
	return list
}

// SetInstances replaces the instances.
func (i *Inventory) SetInstances(list []Instance) {
	i.Instances = make(map[Target]Instance, len(list))
	for _, instance := range list {
		i.Instances[instance.Target] = instance
	}
}
