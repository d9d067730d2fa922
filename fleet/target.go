package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// AccountID is a 12-digit AWS account number.
type AccountID string

// Region is an AWS region name such as eu-central-1.
type Region string

// OUID names an organizational unit (ou-…) or the organization's root (r-…).
type OUID string

// StackSetName is a stack set's name, unique among the active stack sets of one
// administrator account and home region.
type StackSetName string

// Target is the place where an instance sits, or could sit.
type Target struct {
	Account AccountID `json:"account"`
	Region  Region    `json:"region"`
}

func (t Target) String() string { return string(t.Account) + "/" + string(t.Region) }

// Compare orders targets by account, then region.
func (t Target) Compare(u Target) int {
	return cmp.Or(cmp.Compare(t.Account, u.Account), cmp.Compare(t.Region, u.Region))
}

// ParseTarget reads the form that [Target.String] writes.
func ParseTarget(s string) (Target, error) {
	account, region, ok := strings.Cut(s, "/")
	if !ok || !AccountID(account).Valid() || region == "" {
		return Target{}, fmt.Errorf("reading target %q: want ACCOUNT/REGION, as in 111122223333/eu-central-1", s)
	}
	return Target{AccountID(account), Region(region)}, nil
}

// Valid reports whether the id has the form AWS gives account ids.
func (id AccountID) Valid() bool {
	return len(id) == 12 && strings.Trim(string(id), "0123456789") == ""
}

// Cell is a stack set at a target, whether or not an instance is there.
type Cell struct {
	StackSet StackSetName `json:"stackSet"`
	Target
}

func (c Cell) String() string { return string(c.StackSet) + "@" + c.Target.String() }

// Compare orders cells by stack set, then target.
func (c Cell) Compare(d Cell) int {
	return cmp.Or(cmp.Compare(c.StackSet, d.StackSet), c.Target.Compare(d.Target))
}

// SortTargets sorts targets by account, then region, in place and returns them.
func SortTargets(targets []Target) []Target {
	slices.SortFunc(targets, Target.Compare)
	return targets
}
