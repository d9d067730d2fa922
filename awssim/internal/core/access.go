package core

import (
	"path"
	"slices"
)

// Access is the little of IAM that stack operations run into: roles that are
// missing from an account, and service control policies that deny.
//
// Every role can be assumed unless it was removed: the embedded AWS checks what
// StackSets and setmend trip over, not policies.
type Access struct {
	missing  map[roleKey]bool
	scps     []SCP
	policies func(AccessRequest) string // of the organization; nil: none
}

// AccessRequest is what policies are held against.
type AccessRequest struct {
	Account string   // of the principal
	OUs     []string // ids from the root down to the account's parent
	Region  string
	Action  string // such as "sns:CreateTopic"
	// Principal is the caller's ARN, Resource the resource's; "" where they are not known.
	Principal, Resource string
}

// SetPolicies has f evaluate the organization's policies: f returns the clause that
// AWS's message ends with where they refuse the request, "" where they do not.
func (a *Access) SetPolicies(f func(AccessRequest) string) { a.policies = f }

type roleKey struct{ account, role string }

// SCP is a service control policy statement that denies.
type SCP struct {
	// Target is an account id or OU id (then it covers everything below).
	Target string `json:"target"`
	// Action is an IAM action pattern such as "config:*" or "iam:CreateRole".
	Action string `json:"action"`
	// Regions limits the statement; empty is all.
	Regions []string `json:"regions,omitempty"`
}

func newAccess() *Access { return &Access{missing: map[roleKey]bool{}} }

// RemoveRole takes a role out of an account; RestoreRole puts it back.
func (a *Access) RemoveRole(account, role string)  { a.missing[roleKey{account, role}] = true }
func (a *Access) RestoreRole(account, role string) { delete(a.missing, roleKey{account, role}) }

// HasRole reports whether a role of that name can be assumed in the account.
func (a *Access) HasRole(account, role string) bool { return !a.missing[roleKey{account, role}] }

// AddSCP attaches a denying statement; RemoveSCP detaches equal ones.
func (a *Access) AddSCP(s SCP) { a.scps = append(a.scps, s) }

// RemoveSCP detaches every statement for the target and action pattern.
func (a *Access) RemoveSCP(target, action string) {
	a.scps = slices.DeleteFunc(a.scps, func(s SCP) bool { return s.Target == target && s.Action == action })
}

// Denied reports whether an SCP denies the action to the account, given the ids
// of the OUs above it.
func (a *Access) Denied(account string, ous []string, region, action string) bool {
	return a.Refusal(AccessRequest{Account: account, OUs: ous, Region: region, Action: action}) != ""
}

// explicitDeny is how AWS's message ends where a policy denies.
const explicitDeny = "with an explicit deny in a service control policy"

// Refusal returns the clause that AWS's message ends with if service control
// policies refuse a request, "" if they do not.
func (a *Access) Refusal(r AccessRequest) string {
	if a.denies(r.Account, r.OUs, r.Region, r.Action) {
		return explicitDeny
	}
	if a.policies != nil {
		return a.policies(r)
	}
	return ""
}

func (a *Access) denies(account string, ous []string, region, action string) bool {
	for _, s := range a.scps {
		if s.Target != account && !slices.Contains(ous, s.Target) {
			continue
		}
		if len(s.Regions) > 0 && !slices.Contains(s.Regions, region) {
			continue
		}
		if ok, err := path.Match(s.Action, action); err == nil && ok {
			return true
		}
	}
	return false
}
