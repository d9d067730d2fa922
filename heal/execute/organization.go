package execute

import (
	"context"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/observe"
)

// Organization is the last reading of the organization, with its age. Commands
// that need it at the same time share one reading.
type Organization struct {
	cloud observe.Reader
	clock interface{ Now() time.Time }
	// free holds a token while no reading is under way; its holder owns what follows. A
	// channel and not a mutex, since a reading can take minutes and a waiter must
	// notice a cancellation.
	free chan struct{}
	at   time.Time
	last fleet.Organization
}

// NewOrganization returns a cache without a reading.
func NewOrganization(cloud observe.Reader, clock interface{ Now() time.Time }) *Organization {
	c := &Organization{cloud: cloud, clock: clock, free: make(chan struct{}, 1)}
	c.free <- struct{}{}
	return c
}

func (c *Organization) read(ctx context.Context, age time.Duration) (fleet.Organization, error) {
	select {
	case <-c.free:
	case <-ctx.Done():
		return fleet.Organization{}, ctx.Err()
	}
	defer func() { c.free <- struct{}{} }()
	now := c.clock.Now()
	if !c.at.IsZero() && now.Sub(c.at) < age {
		return c.last, nil
	}
	organization, err := c.cloud.Organization(ctx)
	if err != nil {
		return fleet.Organization{}, err
	}
	c.at, c.last = now, organization
	return organization, nil
}
