package stacks

import (
	"fmt"

	"github.com/setmend/setmend/awssim/internal/resource"
)

// loose is a live resource that belongs to no stack: retained, or made by hand.
type loose struct {
	typ      *resource.Type
	identity resource.Identity // with the live properties
	claim    claim
	claimed  bool
}

type looseKey struct {
	place
	typ, identifier string
}

func (l *loose) place() place { return place{l.identity.Account, l.identity.Region} }

func (l *loose) key() looseKey {
	return looseKey{l.place(), l.typ.Name, l.typ.CloudControlID(&l.identity)}
}

// live describes the resource.
func (l *loose) live() Live {
	i := &l.identity
	return Live{Account: i.Account, Region: i.Region, Type: l.typ.Name, ID: l.typ.PhysicalID(i),
		Identifier: l.typ.CloudControlID(i), Model: l.typ.Model(i), Properties: i.Properties}
}

// letGo makes a stack's resource a loose one, which keeps its name.
func (e *Engine) letGo(s *stack, c *change) {
	l := &loose{typ: c.typ, identity: resource.Identity{
		Account: s.account, Region: s.region, Partition: e.world.Options.Partition, StackID: s.id, Stack: s.name,
		LogicalID: c.resource.LogicalID, Generation: s.generations()[c.resource.LogicalID], Properties: cloneMap(c.live),
	}}
	e.keepLoose(l)
}

// keepLoose takes a loose resource in, together with its name.
func (e *Engine) keepLoose(l *loose) {
	if l.claim, l.claimed = claimOf(l.place(), l.typ, l.identity.Properties); l.claimed {
		e.claims[l.claim] = owner{}
	}
	e.loose[l.key()] = l
}

func (e *Engine) dropLoose(key looseKey, l *loose) {
	if l.claimed && e.claims[l.claim] == (owner{}) {
		delete(e.claims, l.claim)
	}
	delete(e.loose, key)
}

// Make creates a resource that belongs to no stack.
func (e *Engine) Make(account, region, typ string, properties map[string]any) (Live, error) {
	l := &loose{typ: resource.Find(typ), identity: resource.Identity{
		Account: account, Region: region, Partition: e.world.Options.Partition, StackID: e.world.UUID(), Stack: "cloudcontrol",
		LogicalID: "resource", Properties: cloneMap(properties),
	}}
	c, claims := claimOf(l.place(), l.typ, properties)
	if _, held := e.claims[c]; claims && held {
		return Live{}, fmt.Errorf("making a resource of type %s: %s already exists", typ, c.name)
	}
	if _, exists := e.loose[l.key()]; exists {
		return Live{}, fmt.Errorf("making a resource of type %s: %s already exists", typ, l.key().identifier)
	}
	e.keepLoose(l)
	return l.live(), nil
}

// Find finds a live resource by type and Cloud Control identifier.
func (e *Engine) Find(account, region, typ, identifier string) (Live, bool) {
	p := place{account, region}
	if l, ok := e.loose[looseKey{p, typ, identifier}]; ok {
		return l.live(), true
	}
	for _, s := range e.places[p] {
		for _, l := range e.liveOf(s, typ) {
			if l.Identifier == identifier {
				return l, true
			}
		}
	}
	return Live{}, false
}

// ChangeLive replaces a live resource's properties, as somebody does by hand.
func (e *Engine) ChangeLive(l Live, properties map[string]any) error {
	if l.StackID != "" {
		return e.Change(l.StackID, l.LogicalID, func(map[string]any) (map[string]any, error) { return cloneMap(properties), nil })
	}
	found, ok := e.loose[looseKey{place{l.Account, l.Region}, l.Type, l.Identifier}]
	if !ok {
		return fmt.Errorf("changing %s: there is no such resource", l.Identifier)
	}
	found.identity.Properties = cloneMap(properties)
	return nil
}

// DeleteLive deletes a live resource by hand.
func (e *Engine) DeleteLive(l Live) error {
	if l.StackID != "" {
		return e.DeleteResource(l.StackID, l.LogicalID)
	}
	key := looseKey{place{l.Account, l.Region}, l.Type, l.Identifier}
	found, ok := e.loose[key]
	if !ok {
		return fmt.Errorf("deleting %s: there is no such resource", l.Identifier)
	}
	e.dropLoose(key, found)
	return nil
}

// Denied says how an SCP keeps a caller from an action on a resource, "" if none
// does.
func (e *Engine) Denied(account, region, arn, action, id string) string {
	return e.denied(place{account, region}, actor{arn}, action, id)
}

// Obstacle is why the service refuses changes of a live resource, "" if it does
// not.
func (e *Engine) Obstacle(l Live) string {
	if s := e.stacks[l.StackID]; s != nil {
		return s.touchedOf(l.LogicalID).obstacle
	}
	return ""
}
