package core

import (
	"fmt"
	"reflect"
	"time"
)

// Live is one live resource, made by any of: a stack, Cloud Control, or the
// resource's own service.
type Live struct {
	Account, Region, Type string
	ID                    string // the physical id
	Identifier            string // Cloud Control's
	Model                 map[string]any
	Properties            map[string]any // without read-only ones; not to be changed
	StackID, LogicalID    string         // "" for one that belongs to no stack
	Made, Changed         time.Time
	// Revisions lists what the resource was since it was made, oldest first and
	// without what it is; nil where only the present is known.
	Revisions func() []Revision
}

// Revision is what a resource was from a time on.
type Revision struct {
	Properties map[string]any
	At         time.Time
}

// LiveStore is the one store of live resources. A service keeps beside it only what
// no property of a resource holds, such as the objects of a bucket.
type LiveStore interface {
	// Version changes whenever a resource may have changed anywhere.
	Version() uint64
	// Regions lists where an account may have resources, sorted.
	Regions(account string) []string
	// Resources lists the live resources of a type, sorted by identifier.
	Resources(account, region, typ string) []Live
	Find(account, region, typ, identifier string) (Live, bool)
	// Holder finds who has an explicit name that is taken in all accounts.
	Holder(typ, name string) (account, region string, ok bool)
	// Make makes a resource that belongs to no stack. It fails with an
	// [*ExistsError] if its name is taken.
	Make(account, region, typ string, properties map[string]any) (Live, error)
	ChangeLive(l Live, properties map[string]any) error
	DeleteLive(l Live) error
}

// ExistsError is the refusal to make a resource whose name is taken.
type ExistsError struct{ Type, Name string }

func (e *ExistsError) Error() string {
	return fmt.Sprintf("making a resource of type %s: %s already exists", e.Type, e.Name)
}

// Mirror keeps a service's records of one resource type in step with the live
// resources: a record is made when its resource is first seen, changed with it, and
// dropped with it. The zero value is not usable; see [NewMirror].
type Mirror[T any] struct {
	store  LiveStore
	typ    string
	take   func(l Live, known *T) *T
	places map[livePlace]*mirrored[T]
}

type livePlace struct{ account, region string }

// mirrored are the records of one place.
type mirrored[T any] struct {
	seen    bool
	busy    bool // being refreshed: reading the resources may lead back here
	version uint64
	records map[string]*T // by identifier
	live    map[string]Live
}

// NewMirror makes a mirror. take returns the record of a resource that is new
// (known is nil) or has changed.
func NewMirror[T any](store LiveStore, typ string, take func(l Live, known *T) *T) *Mirror[T] {
	return &Mirror[T]{store: store, typ: typ, take: take, places: map[livePlace]*mirrored[T]{}}
}

// At returns the records of an account and region by identifier, up to date. The
// map must not be changed.
func (m *Mirror[T]) At(account, region string) map[string]*T { return m.at(account, region).records }

// Seen reports whether the records of a place were ever asked for.
func (m *Mirror[T]) Seen(account, region string) bool {
	here := m.places[livePlace{account, region}]
	return here != nil && here.seen
}

// Last returns the records of a place as they were last seen, which is nothing if
// they were never asked for.
func (m *Mirror[T]) Last(account, region string) map[string]*T {
	if here := m.places[livePlace{account, region}]; here != nil {
		return here.records
	}
	return nil
}

func (m *Mirror[T]) at(account, region string) *mirrored[T] {
	here := m.here(account, region)
	if version := m.store.Version(); !here.busy && (!here.seen || here.version != version) {
		here.busy = true
		m.refresh(here, m.store.Resources(account, region, m.typ))
		here.seen, here.version, here.busy = true, version, false
	}
	return here
}

func (m *Mirror[T]) here(account, region string) *mirrored[T] {
	p := livePlace{account, region}
	if m.places[p] == nil {
		m.places[p] = &mirrored[T]{records: map[string]*T{}, live: map[string]Live{}}
	}
	return m.places[p]
}

func (m *Mirror[T]) refresh(here *mirrored[T], all []Live) {
	present := make(map[string]bool, len(all))
	for _, l := range all {
		present[l.Identifier] = true
		known, had := here.live[l.Identifier]
		same := had && known.StackID == l.StackID && known.LogicalID == l.LogicalID && reflect.DeepEqual(known.Properties, l.Properties)
		here.live[l.Identifier] = l
		if !same {
			here.records[l.Identifier] = m.take(l, here.records[l.Identifier])
		}
	}
	for id := range here.records {
		if !present[id] {
			delete(here.records, id)
			delete(here.live, id)
		}
	}
}

// Get returns a record and its live resource, nil if there is none.
func (m *Mirror[T]) Get(account, region, identifier string) (*T, Live) {
	here := m.at(account, region)
	return here.records[identifier], here.live[identifier]
}

// Make makes a resource and its record.
func (m *Mirror[T]) Make(account, region string, properties map[string]any) (*T, Live, error) {
	here := m.at(account, region)
	l, err := m.store.Make(account, region, m.typ, properties)
	if err != nil {
		return nil, l, err
	}
	return m.wrote(here, l), l, nil
}

// Change sets a resource's properties, and brings its record up to date.
func (m *Mirror[T]) Change(l Live, properties map[string]any) (*T, error) {
	here := m.at(l.Account, l.Region)
	if err := m.store.ChangeLive(l, properties); err != nil {
		return nil, err
	}
	now, ok := m.store.Find(l.Account, l.Region, l.Type, l.Identifier)
	if !ok {
		return nil, fmt.Errorf("changing %s: it is gone", l.Identifier)
	}
	return m.wrote(here, now), nil
}

func (m *Mirror[T]) wrote(here *mirrored[T], l Live) *T {
	here.live[l.Identifier] = l
	here.records[l.Identifier] = m.take(l, here.records[l.Identifier])
	here.version = m.store.Version()
	return here.records[l.Identifier]
}

// Delete deletes a resource and its record.
func (m *Mirror[T]) Delete(l Live) error {
	here := m.at(l.Account, l.Region)
	if err := m.store.DeleteLive(l); err != nil {
		return err
	}
	delete(here.records, l.Identifier)
	delete(here.live, l.Identifier)
	here.version = m.store.Version()
	return nil
}
