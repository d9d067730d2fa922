package stacksets

import (
	"slices"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Preferences is the StackSetOperationPreferences structure of the API.
type Preferences struct {
	RegionConcurrencyType      string   `valid:"enum=SEQUENTIAL|PARALLEL"`
	RegionOrder                []string `each:"pattern=[a-zA-Z0-9-]{1,128}"`
	FailureToleranceCount      *int32   `valid:"min=0"`
	FailureTolerancePercentage *int32   `valid:"min=0,max=100"`
	MaxConcurrentCount         *int32   `valid:"min=1"`
	MaxConcurrentPercentage    *int32   `valid:"min=1,max=100"`
	ConcurrencyMode            string   `valid:"enum=STRICT_FAILURE_TOLERANCE|SOFT_FAILURE_TOLERANCE"`
}

// check is the rule that a count excludes the percentage of its kind.
func (p *Preferences) check() error {
	switch {
	case p == nil:
		return nil
	case p.FailureToleranceCount != nil && p.FailureTolerancePercentage != nil:
		return core.Invalid("Cannot specify both FailureToleranceCount and FailureTolerancePercentage")
	case p.MaxConcurrentCount != nil && p.MaxConcurrentPercentage != nil:
		return core.Invalid("Cannot specify both MaxConcurrentCount and MaxConcurrentPercentage")
	}
	return nil
}

// echo is how AWS shows the preferences of an operation: the region order is
// there even if none was given.
func (p *Preferences) echo() *Preferences {
	out := Preferences{}
	if p != nil {
		out = *p
	}
	if out.RegionOrder == nil {
		out.RegionOrder = []string{}
	}
	return &out
}

func (p *Preferences) parallel() bool { return p != nil && p.RegionConcurrencyType == "PARALLEL" }

func (p *Preferences) soft() bool {
	return p != nil && p.ConcurrencyMode == "SOFT_FAILURE_TOLERANCE"
}

// tolerance is how many of a region's accounts may fail: a percentage rounds
// down, perhaps to none.
func (p *Preferences) tolerance(accounts int) int {
	switch {
	case p == nil:
		return 0
	case p.FailureToleranceCount != nil:
		return int(*p.FailureToleranceCount)
	case p.FailureTolerancePercentage != nil:
		return accounts * int(*p.FailureTolerancePercentage) / 100
	}
	return 0
}

// concurrency is in how many of a region's accounts work may go on at once,
// failures aside: a percentage rounds down, but not below one.
func (p *Preferences) concurrency(accounts int) int {
	switch {
	case p == nil:
		return 1
	case p.MaxConcurrentCount != nil:
		return int(*p.MaxConcurrentCount)
	case p.MaxConcurrentPercentage != nil:
		return max(accounts*int(*p.MaxConcurrentPercentage)/100, 1)
	}
	return 1
}

// order puts regions into the order that RegionOrder asks for; those it does not
// name follow in the order of the request, which AWS leaves open.
func (p *Preferences) order(regions []string) []string {
	var out []string
	if p != nil {
		for _, region := range p.RegionOrder {
			if slices.Contains(regions, region) && !slices.Contains(out, region) {
				out = append(out, region)
			}
		}
	}
	for _, region := range regions {
		if !slices.Contains(out, region) {
			out = append(out, region)
		}
	}
	return out
}

// DeploymentTargets is the structure of that name of the API.
type DeploymentTargets struct {
	Accounts              []string `each:"pattern=[0-9]{12}"`
	AccountsUrl           string   `valid:"min=1,max=5120,pattern=(s3://|http(s?)://).+"`
	OrganizationalUnitIds []string `each:"pattern=(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})"`
	AccountFilterType     string   `valid:"enum=NONE|INTERSECTION|DIFFERENCE|UNION"`
}

// whole reports whether targets mean OUs as they are, without some of their
// accounts.
func (d *DeploymentTargets) whole() bool {
	if d == nil {
		return false
	}
	return d.AccountFilterType != "INTERSECTION" && d.AccountFilterType != "DIFFERENCE"
}
