package organizations

import (
	"maps"
	"slices"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Organization is the organization of a world, or the place where one will be:
// until Create, Exists is false. It implements core.Organization.
type Organization struct {
	world   *core.World
	options Options
	peers   *peers // all organizations of the world, this one too

	id         string
	management string
	featureSet string
	root       *unit
	units      map[string]*unit // by id, the root too
	members    map[string]*member
	departed   map[string]string // account id → last state

	trusted    map[string]trust     // by service principal
	requests   map[string]*creation // CreateAccount requests by id
	handshakes map[string]*handshake
	policies   map[string]*policy
	enabled    map[string]bool // policy types
	resource   *resourcePolicy // nil: none
	allOpen    *bool           // cache of unrestricted, nil after a change

	below  map[string][]*member // cache of accountsBelow, emptied by forget
	direct map[string][]*member // cache of accountsDirectly, likewise
	pages  int                  // pages served, for Options.EmptyPages
}

// Options are the behaviours that AWS leaves open. The zero value is the default.
type Options struct {
	// EmptyPages puts an empty page with a NextToken before every n-th page of a
	// list. AWS documents that such pages happen; 0 is never.
	EmptyPages int
	// MaxAccounts is the quota; 0 is 50,000, the most that AWS grants.
	MaxAccounts int
}

type unit struct {
	id, name string
	path     []string // ids from the root down to this unit
	units    map[string]*unit
	accounts map[string]*member
	tags     map[string]string
}

type member struct {
	Account
	unit      *unit
	tags      map[string]string
	delegated map[string]time.Time // service principal → since
}

// Account describes an account for AddAccount and Join.
type Account struct {
	ID    string // 12 digits
	Name  string
	Email string // "" makes one of the name and id
	// State is PENDING_ACTIVATION, ACTIVE, SUSPENDED, PENDING_CLOSURE or CLOSED;
	// "" is ACTIVE.
	State string
	// Parent is an OU or root id; "" is the root.
	Parent string
	// Joined is when it joined; zero is now.
	Joined time.Time
	// Invited tells an account that was invited from one created here.
	Invited bool
}

// Account states, as the State field of the API has them.
const (
	PendingActivation = "PENDING_ACTIVATION"
	Active            = "ACTIVE"
	Suspended         = "SUSPENDED"
	PendingClosure    = "PENDING_CLOSURE"
	Closed            = "CLOSED"
)

// New makes the place for an organization.
func New(w *core.World, options Options) *Organization {
	if options.MaxAccounts == 0 {
		options.MaxAccounts = 50_000
	}
	o := &Organization{world: w, options: options, peers: &peers{}}
	o.clear()
	o.peers.all = []*Organization{o}
	w.Access.SetPolicies(func(r core.AccessRequest) string { return o.containing(r.Account).refusal(r) })
	return o
}

// clear forgets the organization but not who listens.
func (o *Organization) clear() {
	*o = Organization{
		world:      o.world,
		options:    o.options,
		peers:      o.peers,
		units:      map[string]*unit{},
		members:    map[string]*member{},
		departed:   map[string]string{},
		trusted:    map[string]trust{},
		requests:   map[string]*creation{},
		handshakes: map[string]*handshake{},
		policies:   map[string]*policy{},
		enabled:    map[string]bool{},
		below:      map[string][]*member{},
		direct:     map[string][]*member{},
	}
}

// Exists reports whether there is an organization.
func (o *Organization) Exists() bool { return o.root != nil }

// ID is the organization's id (o-…).
func (o *Organization) ID() string { return o.id }

// Management is the management account's id.
func (o *Organization) Management() string { return o.management }

// Root is the root's id (r-…).
func (o *Organization) Root() string {
	if o.root == nil {
		return ""
	}
	return o.root.id
}

// Account finds a member. Accounts that left are not found.
func (o *Organization) Account(id string) (core.OrgAccount, bool) {
	m, ok := o.members[id]
	if !ok {
		return core.OrgAccount{}, false
	}
	return core.OrgAccount{ID: m.ID, Name: m.Name, State: m.State, OUs: m.unit.path}, true
}

// AccountsIn lists the members in an OU or root, directly or below, sorted.
func (o *Organization) AccountsIn(ou string) []string {
	u, ok := o.units[ou]
	if !ok {
		return nil
	}
	members := o.accountsBelow(u)
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.ID
	}
	return ids
}

// accountsBelow lists the members in a unit, directly or below, sorted by id.
func (o *Organization) accountsBelow(u *unit) []*member {
	if list, ok := o.below[u.id]; ok {
		return list
	}
	list := slices.Collect(maps.Values(u.accounts))
	for _, child := range u.units {
		list = append(list, o.accountsBelow(child)...)
	}
	slices.SortFunc(list, byID)
	o.below[u.id] = list
	return list
}

// accountsDirectly lists the members in a unit itself, sorted by id.
func (o *Organization) accountsDirectly(u *unit) []*member {
	if list, ok := o.direct[u.id]; ok {
		return list
	}
	list := slices.SortedFunc(maps.Values(u.accounts), byID)
	o.direct[u.id] = list
	return list
}

// OUExists reports whether an OU or root of that id exists.
func (o *Organization) OUExists(ou string) bool { return o.units[ou] != nil }

// OnChange has f called after every change of membership, place or state.
func (o *Organization) OnChange(f func(core.OrgChange)) {
	o.peers.listeners = append(o.peers.listeners, f)
}

// changed forgets what was computed from the membership and tells the listeners.
func (o *Organization) changed(change core.OrgChange) {
	o.forget()
	for _, f := range o.peers.listeners {
		f(change)
	}
}

func (o *Organization) forget() {
	clear(o.below)
	clear(o.direct)
}

func byID(a, b *member) int {
	switch {
	case a.ID < b.ID:
		return -1
	case a.ID > b.ID:
		return 1
	}
	return 0
}
