package organizations

import (
	"github.com/setmend/setmend/awssim/internal/core"
)

// peers are the organizations of a world. The first is the one that a world is filled
// with; further ones are made by CreateOrganization of accounts that are in none.
type peers struct {
	all       []*Organization
	listeners []func(core.OrgChange)
}

// Of returns the organization that an account is a member of; for one that is a
// member of none, one that does not exist.
func (o *Organization) Of(account string) core.Organization { return o.containing(account) }

// Containing returns the organization that an account is a member of, to change it
// from Go; the first one if it is a member of none.
func (o *Organization) Containing(account string) *Organization {
	if found := o.containing(account); found.Exists() {
		return found
	}
	return o.peers.all[0]
}

func (o *Organization) containing(account string) *Organization {
	for _, each := range o.peers.all {
		if each.members[account] != nil {
			return each
		}
	}
	return &Organization{world: o.world, options: o.options, peers: o.peers}
}

// vacant returns a place for a new organization.
func (o *Organization) vacant() *Organization {
	for _, each := range o.peers.all {
		if !each.Exists() {
			return each
		}
	}
	made := &Organization{world: o.world, options: o.options, peers: o.peers}
	made.clear()
	o.peers.all = append(o.peers.all, made)
	return made
}

// handshake finds a handshake of any organization: who is invited is in none of them.
func (o *Organization) handshake(id string) (*handshake, error) {
	for _, each := range o.peers.all {
		if h := each.handshakes[id]; h != nil {
			return h, nil
		}
	}
	return nil, errNoHandshake()
}

// Accounts are the members of all organizations of a world, and those that left.
type Accounts struct{ first *Organization }

// Accounts returns the accounts of all organizations.
func (o *Organization) Accounts() Accounts { return Accounts{o} }

// Account finds a member of any organization.
func (a Accounts) Account(id string) (core.OrgAccount, bool) {
	return a.first.containing(id).Account(id)
}

// Departed returns the last state of an account that was a member once and is none now.
func (a Accounts) Departed(id string) (state string, ok bool) {
	for _, each := range a.first.peers.all {
		if state, ok := each.departed[id]; ok {
			return state, true
		}
	}
	return "", false
}
