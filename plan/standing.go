package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
)

// place is an account's standing, with a sentence about it where it is not active.
type place struct {
	standing Standing
	account  fleet.Account
	about    string
}

// standings classifies every account that the organization has or that holds an
// instance.
func standings(f *fleet.Fleet) map[fleet.AccountID]place {
	places := make(map[fleet.AccountID]place, len(f.Organization.Accounts))
	for id, account := range f.Organization.Accounts {
		places[id] = memberPlace(f.Organization, account)
	}
	for _, inventory := range f.StackSets {
		if inventory == nil {
			continue
		}
		for target := range inventory.Instances {
			if _, known := places[target.Account]; !known {
				places[target.Account] = absentPlace(f, target.Account)
			}
		}
	}
	return places
}

// memberPlace is a listed account's. A state that is not understood is never
// taken for an inactive one: nothing is done to what is unknown.
func memberPlace(organization fleet.Organization, account fleet.Account) place {
	p := place{account: account}
	switch account.State {
	case fleet.AccountActive:
		p.standing = StandingActive
	case fleet.AccountSuspended:
		p.standing, p.about = StandingSuspended, "The account is suspended; no role in it can be assumed."
	case fleet.AccountPendingClosure:
		p.standing, p.about = StandingPendingClosure, "The account is being closed; nothing is done until that is final."
	case fleet.AccountClosed:
		p.standing, p.about = StandingClosed, "The account is closed; no role in it can be assumed."
	case fleet.AccountPendingActivation:
		p.standing, p.about = StandingUnknown, "The account is not activated yet; nothing is done until it is."
	default:
		p.standing, p.about = StandingUnknown, fmt.Sprintf(
			"The organization gives the account the state %q, which says nothing certain; nothing is done to it.", account.State)
	}
	if account.ID == organization.Management && p.standing == StandingActive {
		p.standing = StandingManagement
	}
	return p
}

// absentPlace is that of an account that holds instances and is not listed. A
// list can be cut short; only DescribeAccount's own denial makes it one that left.
func absentPlace(f *fleet.Fleet, id fleet.AccountID) place {
	p := place{account: fleet.Account{ID: id}}
	if f.Departed[id] {
		p.standing, p.about = StandingLeft, "The account has left the organization."
		return p
	}
	p.standing = StandingUnknown
	p.about = "The account is not in the organization's list, and nothing confirms that it left; nothing is done to it."
	return p
}

// working reports whether instances in the account can be operated on.
func (p place) working() bool {
	return p.standing == StandingActive || p.standing == StandingManagement
}

// in reports whether the account sits in one of the OUs.
func (p place) in(ous []fleet.OUID) bool { return slices.ContainsFunc(ous, p.account.In) }

// excluded says by what an exclusion forbids the account, "" if by nothing.
func (p place) excluded(e Exclusion) string {
	if slices.Contains(e.Accounts, p.account.ID) {
		return "the account is excluded"
	}
	for _, ou := range e.OUs {
		if p.account.In(ou) {
			return fmt.Sprintf("its OU %s is excluded", ou)
		}
	}
	return ""
}

// disposal is what the policy wants done with instances in an account that is
// not working.
func (p place) disposal(policy AccountPolicy) Disposal {
	switch p.standing {
	case StandingSuspended:
		return policy.Suspended
	case StandingClosed:
		return policy.Closed
	case StandingLeft:
		return policy.Left
	}
	return Hold
}

// graceEnds is when instances in the account may be let go of. An account not
// remembered was first seen so just now.
func graceEnds(id fleet.AccountID, policy AccountPolicy, m Memory, now time.Time) time.Time {
	since, ok := m.Since[id]
	if !ok {
		since = now
	}
	return since.Add(time.Duration(policy.Grace))
}

// Standings classifies every account that the organization has or that holds an
// instance.
func Standings(f *fleet.Fleet) map[fleet.AccountID]Standing {
	all := map[fleet.AccountID]Standing{}
	for id, p := range standings(f) {
		all[id] = p.standing
	}
	return all
}
