package awssim

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/organizations"
	"github.com/setmend/setmend/awssim/internal/stacksets"
)

// The parts of a snapshot.
type (
	// OrganizationSnapshot is an organization, written down.
	OrganizationSnapshot = organizations.Snapshot
	// UnitSnapshot is an OU.
	UnitSnapshot = organizations.UnitSnapshot
	// AccountSnapshot is a member account.
	AccountSnapshot = organizations.AccountSnapshot
	// SetSnapshot is a stack set with its instances.
	SetSnapshot = stacksets.SetSnapshot
	// InstanceSnapshot is a stack instance.
	InstanceSnapshot = stacksets.InstanceSnapshot
	// AccessSnapshot is which roles are missing and what SCPs deny.
	AccessSnapshot = core.AccessSnapshot
	// SCP is a service control policy statement that denies.
	SCP = core.SCP
)

// Snapshot is a world, written down: enough to make one like it, with the same
// accounts, stack sets, instances, statuses and hand-made changes. Loaded, every
// stack is made anew from its template, so ids that AWS makes differ. Stacks that
// belong to no set are not part of it, nor is what operations are doing.
type Snapshot struct {
	Time         time.Time             `json:"time,omitzero"`
	Organization *OrganizationSnapshot `json:"organization,omitempty"`
	Access       AccessSnapshot        `json:"access,omitzero"`
	StackSets    []SetSnapshot         `json:"stackSets,omitempty"`
}

// ParseSnapshot reads a snapshot from JSON, strictly: a member that it does not
// know is an error, as it would otherwise be lost.
func ParseSnapshot(text []byte) (*Snapshot, error) {
	var s Snapshot
	if err := unmarshal(text, &s); err != nil {
		return nil, err
	}
	return &s, nil
}

// Snapshot writes the world down.
func (a *AWS) Snapshot() *Snapshot {
	a.Lock()
	defer a.Unlock()
	sets := a.stackSets.Save()
	for i := range sets {
		a.addTouched(&sets[i])
	}
	return &Snapshot{
		Time:         a.world.Now(),
		Organization: a.organization.Save(),
		Access:       a.world.Access.Save(),
		StackSets:    sets,
	}
}

// Load starts over with the world that a snapshot describes, no earlier than when
// it was made: what happened then lies in the past. A snapshot that contradicts
// itself changes nothing: it is tried in another world first.
func (a *AWS) Load(s *Snapshot) error {
	options := a.options
	options.Fill = nil
	trial, err := New(options)
	if err != nil {
		return err
	}
	if err := trial.load(s); err != nil {
		return err
	}
	return a.load(s)
}

func (a *AWS) load(s *Snapshot) error {
	a.Lock()
	defer a.Unlock()
	a.world.Reset()
	a.begin()
	if ahead := s.Time.Sub(a.world.Now()); ahead > 0 {
		a.world.Advance(ahead)
	}
	if s.Organization != nil {
		if err := a.organization.Load(s.Organization); err != nil {
			return err
		}
	}
	if err := a.stackSets.Load(s.StackSets); err != nil {
		return err
	}
	a.world.Access.Load(s.Access)
	for _, set := range s.StackSets {
		for _, i := range set.Instances {
			if err := a.touch(set.Reference(), i.Account, i.Region, i.Live); err != nil {
				return err
			}
		}
	}
	return nil
}

// addTouched adds what was changed by hand in a set's stacks.
func (a *AWS) addTouched(set *SetSnapshot) {
	for n := range set.Instances {
		i := &set.Instances[n]
		stack, ok := a.stackSets.StackOf(set.Reference(), i.Account, i.Region)
		if !ok {
			continue
		}
		for _, t := range a.stacks.Touched(stack) {
			i.Live = append(i.Live, LiveChange{Resource: t.LogicalID, Deleted: t.Deleted, Properties: t.Properties})
		}
	}
}

// touch changes the live resources of an instance's stack by hand.
func (a *AWS) touch(set, account, region string, changes []LiveChange) error {
	if len(changes) == 0 {
		return nil
	}
	stack, ok := a.stackSets.StackOf(set, account, region)
	if !ok {
		return fmt.Errorf("changing resources of %s in account %s, region %s: there is no stack", set, account, region)
	}
	for _, c := range changes {
		if err := a.touchResource(stack, c); err != nil {
			return err
		}
	}
	return nil
}

func (a *AWS) touchResource(stack string, c LiveChange) error {
	if c.Deleted {
		return a.stacks.DeleteResource(stack, c.Resource)
	}
	if c.Properties != nil {
		whole := func(map[string]any) (map[string]any, error) { return c.Properties, nil }
		if err := a.stacks.Change(stack, c.Resource, whole); err != nil {
			return err
		}
	}
	for _, pointer := range slices.Sorted(maps.Keys(c.Set)) {
		if err := a.stacks.SetProperty(stack, c.Resource, pointer, c.Set[pointer]); err != nil {
			return err
		}
	}
	for _, pointer := range c.Remove {
		if err := a.stacks.RemoveProperty(stack, c.Resource, pointer); err != nil {
			return err
		}
	}
	return nil
}
