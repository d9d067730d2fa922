package fleet

import "time"

// AccountState is the life-cycle state of an account as Organizations reports
// it. AWS is retiring the older Status field; readers take State and fall back
// to Status. The zero value means that neither was given.
type AccountState string

const (
	AccountUnknown           AccountState = ""
	AccountPendingActivation AccountState = "PENDING_ACTIVATION"
	AccountActive            AccountState = "ACTIVE"
	AccountSuspended         AccountState = "SUSPENDED"
	AccountPendingClosure    AccountState = "PENDING_CLOSURE"
	AccountClosed            AccountState = "CLOSED"
)

// Account is a member (or the management account) of the organization.
type Account struct {
	ID    AccountID    `json:"id"`
	Name  string       `json:"name,omitempty"`
	State AccountState `json:"state"`
	// OUs are the ids from the root down to the account's own parent, root first.
	OUs    []OUID    `json:"ous,omitempty"`
	Joined time.Time `json:"joined,omitzero"`
}

// Parent is the OU (or root) that the account sits in directly, "" if unknown.
func (a Account) Parent() OUID {
	if len(a.OUs) == 0 {
		return ""
	}
	return a.OUs[len(a.OUs)-1]
}

// In reports whether the account sits in the OU, directly or below it.
func (a Account) In(ou OUID) bool {
	for _, id := range a.OUs {
		if id == ou {
			return true
		}
	}
	return false
}

// OU is an organizational unit or the root.
type OU struct {
	ID     OUID   `json:"id"`
	Name   string `json:"name,omitempty"`
	Parent OUID   `json:"parent,omitempty"` // "" for the root
}

// Organization is one complete reading of AWS Organizations. A reading that
// could not be completed is an error, never a smaller Organization.
type Organization struct {
	ID         string                `json:"id"`
	Management AccountID             `json:"management"`
	Root       OUID                  `json:"root"`
	OUs        map[OUID]OU           `json:"ous"`
	Accounts   map[AccountID]Account `json:"accounts"`
	// TrustedAccess tells whether StackSets may act across the organization.
	TrustedAccess bool `json:"trustedAccess"`
}

// Caller is whom the AWS credentials in use belong to.
type Caller struct {
	Account AccountID `json:"account"`
	ARN     string    `json:"arn"`
}
