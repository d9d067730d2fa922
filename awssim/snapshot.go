package awssim

import (
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
// accounts, stack sets, instances and statuses. Loaded, every stack is made anew
// from its template, so what was changed by hand is not part of it.
type Snapshot struct {
	Time         time.Time             `json:"time,omitzero"`
	Organization *OrganizationSnapshot `json:"organization,omitempty"`
	Access       AccessSnapshot        `json:"access,omitzero"`
	StackSets    []SetSnapshot         `json:"stackSets,omitempty"`
}

// Snapshot writes the world down.
func (a *AWS) Snapshot() *Snapshot {
	a.Lock()
	defer a.Unlock()
	return &Snapshot{
		Time:         a.world.Now(),
		Organization: a.organization.Save(),
		Access:       a.world.Access.Save(),
		StackSets:    a.stackSets.Save(),
	}
}

// Load starts over with the world that a snapshot describes. After an error the
// world is empty but for what was loaded before it.
func (a *AWS) Load(s *Snapshot) error {
	a.Lock()
	defer a.Unlock()
	a.world.Reset()
	a.begin()
	if s.Organization != nil {
		if err := a.organization.Load(s.Organization); err != nil {
			return err
		}
	}
	if err := a.stackSets.Load(s.StackSets); err != nil {
		return err
	}
	a.world.Access.Load(s.Access)
	return nil
}
