package stacks

import (
	"errors"
	"fmt"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/resource"
)

// loose is a live resource that belongs to no stack: retained, or made by hand.
type loose struct {
	typ      *resource.Type
	identity resource.Identity // with the live properties
	claim    claim
	claimed  bool

	made, changed time.Time
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
		Identifier: l.typ.CloudControlID(i), Model: l.typ.Model(i), Properties: i.Properties,
		Made: l.made, Changed: l.changed}
}

// letGo makes a stack's resource a loose one, which keeps its name.
func (e *Engine) letGo(s *stack, c *change) {
	v := e.view(s)
	l := &loose{typ: c.typ, identity: resource.Identity{
		Account: s.account, Region: s.region, Partition: e.world.Options.Partition, StackID: s.id, Stack: s.name,
		LogicalID: c.resource.LogicalID, Generation: s.generations()[c.resource.LogicalID], Properties: cloneMap(c.live),
	}}
	if s.more != nil && s.more.adopted[c.resource.LogicalID] != nil {
		l.identity = *s.more.adopted[c.resource.LogicalID]
		l.identity.Properties = cloneMap(c.live)
	}
	l.made, _ = v.times(c.resource)
	e.keepLoose(l)
}

// keepLoose takes a loose resource in, together with its name.
func (e *Engine) keepLoose(l *loose) {
	if l.claim, l.claimed = claimOf(l.place(), l.typ, l.identity.Properties); l.claimed {
		e.claims[l.claim] = owner{place: l.place()}
	}
	if l.made.IsZero() {
		l.made = e.world.Now()
	}
	l.changed = e.world.Now()
	key := l.key()
	e.loose[key] = l
	if e.loosePlaces[key.place] == nil {
		e.loosePlaces[key.place] = map[looseKey]bool{}
	}
	e.loosePlaces[key.place][key] = true
	e.version++
}

func (e *Engine) dropLoose(key looseKey, l *loose) {
	if l.claimed && e.claims[l.claim] == (owner{place: key.place}) {
		delete(e.claims, l.claim)
	}
	delete(e.loose, key)
	if delete(e.loosePlaces[key.place], key); len(e.loosePlaces[key.place]) == 0 {
		delete(e.loosePlaces, key.place)
	}
	e.version++
}

// Make creates a resource that belongs to no stack.
func (e *Engine) Make(account, region, typ string, properties map[string]any) (Live, error) {
	l := &loose{typ: resource.Find(typ), identity: resource.Identity{
		Account: account, Region: region, Partition: e.world.Options.Partition, StackID: e.world.UUID(), Stack: "cloudcontrol",
		LogicalID: "resource", Properties: cloneMap(properties),
	}}
	c, claims := claimOf(l.place(), l.typ, properties)
	if _, held := e.claims[c]; claims && held {
		return Live{}, &core.ExistsError{Type: typ, Name: c.name}
	}
	if _, exists := e.loose[l.key()]; exists {
		return Live{}, &core.ExistsError{Type: typ, Name: l.key().identifier}
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
	found.changed = e.world.Now()
	e.version++
	return nil
}

// DeleteLive deletes a live resource by hand.
func (e *Engine) DeleteLive(l Live) error {
	if e.options.Undeletable != nil {
		if why := e.options.Undeletable(l); why != "" {
			return errors.New(why)
		}
	}
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
