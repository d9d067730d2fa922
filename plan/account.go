package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// place is an account's status, with a sentence about it where it is not active.
type place struct {
	status  AccountStatus
	account fleet.Account
	about   string
}

// accountStatuses classifies every account that the organization has or that holds an
// instance.
func accountStatuses(f *fleet.Fleet) map[fleet.AccountID]place {
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
		p.status = StatusActive
	case fleet.AccountSuspended:
		p.status, p.about = StatusSuspended, "The account is suspended; no role in it can be assumed."
	case fleet.AccountPendingClosure:
		p.status, p.about = StatusPendingClosure, "The account is being closed; nothing is done until that is final."
	case fleet.AccountClosed:
		p.status, p.about = StatusClosed, "The account is closed; no role in it can be assumed."
	case fleet.AccountPendingActivation:
		p.status, p.about = StatusUnknown, "The account is not activated yet; nothing is done until it is."
	default:
		p.status, p.about = StatusUnknown, fmt.Sprintf(
			"The organization gives the account the state %q, which says nothing certain; nothing is done to it.", account.State)
	}
	if account.ID == organization.Management && p.status == StatusActive {
		p.status = StatusManagement
	}
	return p
}

// absentPlace is that of an account that holds instances and is not listed. A
// list can be cut short; only DescribeAccount's own denial makes it one that left.
func absentPlace(f *fleet.Fleet, id fleet.AccountID) place {
	p := place{account: fleet.Account{ID: id}}
	if f.Departed[id] {
		p.status, p.about = StatusLeft, "The account has left the organization."
		return p
	}
	p.status = StatusUnknown
	p.about = "The account is not in the organization's list, and nothing confirms that it left; nothing is done to it."
	return p
}

// working reports whether instances in the account can be operated on.
func (p place) working() bool {
	return p.status == StatusActive || p.status == StatusManagement
}

// in reports whether the account sits in one of the OUs.
func (p place) in(ous []fleet.OUID) bool { return slices.ContainsFunc(ous, p.account.In) }

// excluded says by what an exclusion forbids the account, "" if by nothing.
func (p place) excluded(e policy.Exclusion) string {
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
func (p place) disposal(accounts policy.Accounts) policy.Disposal {
	switch p.status {
	case StatusSuspended:
		return accounts.Suspended
	case StatusClosed:
		return accounts.Closed
	case StatusLeft:
		return accounts.Left
	}
	return policy.Hold
}

// graceEnds is when instances in the account may be detached. An account not
// remembered was first seen so just now.
func graceEnds(id fleet.AccountID, accounts policy.Accounts, m Memory, now time.Time) time.Time {
	since, ok := m.Since[id]
	if !ok {
		since = now
	}
	return since.Add(time.Duration(accounts.Grace))
}

// AccountStatuses classifies every account that the organization has or that holds an
// instance.
func AccountStatuses(f *fleet.Fleet) map[fleet.AccountID]AccountStatus {
	all := map[fleet.AccountID]AccountStatus{}
	for id, p := range accountStatuses(f) {
		all[id] = p.status
	}
	return all
}
