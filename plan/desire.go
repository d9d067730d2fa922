package plan

import (
	"fmt"
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// mandate is where a set's instances must be: every account in every region.
type mandate struct {
	accounts []fleet.AccountID // sorted
	regions  []fleet.Region    // sorted
	because  string
	inside   map[fleet.AccountID]bool
}

// holds reports whether an instance must be at the target.
func (m mandate) holds(t fleet.Target) bool {
	return m.inside[t.Account] && slices.Contains(m.regions, t.Region)
}

// mandate works out the mandatory cells. A service-managed set reaches the
// accounts of its OUs and never the management account; a self-managed one all
// members, and the management account if the policy says so.
func (a *assessor) mandate(v *setView) mandate {
	if !v.policy.Mandatory {
		return mandate{}
	}
	m := mandate{regions: a.usableRegions(v), inside: map[fleet.AccountID]bool{}}
	for _, id := range fleet.SortedKeys(a.fleet.Organization.Accounts) {
		if a.wants(v, a.places[id]) {
			m.accounts = append(m.accounts, id)
			m.inside[id] = true
		}
	}
	m.because = mandatoryBecause(v)
	a.checkMandate(v, m)
	return m
}

func (a *assessor) wants(v *setView, p place) bool {
	if p.excluded(v.policy.Exclude) != "" {
		return false
	}
	if v.set.PermissionModel == fleet.ServiceManaged {
		return p.status == StatusActive && p.in(v.policy.OUs)
	}
	return p.status == StatusActive || p.status == StatusManagement && v.policy.IncludeManagement
}

// usableRegions drops names that cannot be regions; they are reported.
func (a *assessor) usableRegions(v *setView) []fleet.Region {
	var regions []fleet.Region
	for _, region := range v.policy.Regions {
		if policy.PlausibleRegion(region) {
			regions = append(regions, region)
		}
	}
	slices.Sort(regions)
	return slices.Compact(regions)
}

func mandatoryBecause(v *setView) string {
	where := "every active account"
	if v.set.PermissionModel == fleet.ServiceManaged {
		where = "every active account of the set's OUs"
	}
	regions := "the regions that it already has"
	if source := v.policy.From["regions"]; source != "" {
		regions = "the regions of " + source
	}
	return fmt.Sprintf("%s makes it mandatory in %s, in %s.", sentenceStart(v.policy.From["mandatory"]), where, regions)
}

// checkMandate reports a mandatory set that cannot be anywhere.
func (a *assessor) checkMandate(v *setView, m mandate) {
	report := func(text, hint string) {
		a.found = append(a.found, policy.Problem{StackSet: v.name, Text: text, Hint: hint})
	}
	if len(m.regions) == 0 {
		report(fmt.Sprintf("%s is mandatory, and no region is known for it.", v.name),
			"Name its regions in the tag region, or in the policy.")
	}
	if v.set.PermissionModel == fleet.ServiceManaged && len(v.policy.OUs) == 0 {
		report(fmt.Sprintf("%s is mandatory, and targets no OU yet.", v.name),
			"Name its OUs in the policy (ous), or deploy it to one.")
	}
}

func missingCell(v *setView, target fleet.Target, because string) Assessed {
	return Assessed{
		Cell: fleet.Cell{StackSet: v.name, Target: target}, Desire: Must, Because: because,
		Verdict: Missing, Reason: "The instance is mandatory here, and there is none.",
	}
}

const becauseMay = "Nothing makes it mandatory here, and nothing forbids it."

func sentenceStart(s string) string {
	if s == "" {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
