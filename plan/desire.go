package plan

import (
	"fmt"
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// mandate is where a set's instances must be: in each account, in its regions.
type mandate struct {
	accounts []fleet.AccountID // sorted
	regions  map[fleet.AccountID][]fleet.Region
	because  string
}

// holds reports whether an instance must be at the target.
func (m mandate) holds(t fleet.Target) bool { return slices.Contains(m.regions[t.Account], t.Region) }

// cells returns the number of cells where an instance must be.
func (m mandate) cells() int {
	n := 0
	for _, regions := range m.regions {
		n += len(regions)
	}
	return n
}

// mandate works out the mandatory cells. A service-managed set reaches the
// accounts of its OUs and never the management account; a self-managed one all
// members, and the management account if the policy says so. Regions may differ by
// OU: what is mandatory for an account is what is deployed to its OUs, unless tags
// or policy name regions.
func (a *assessor) mandate(v *setView) mandate {
	if !v.policy.Mandatory {
		return mandate{}
	}
	m := mandate{regions: map[fleet.AccountID][]fleet.Region{}}
	deployed := v.deployTargets()
	regionsOf := v.regionsByAccount(deployed)
	for _, id := range fleet.SortedKeys(a.fleet.Organization.Accounts) {
		p := a.places[id]
		if !a.wants(v, p) {
			continue
		}
		if regions := regionsOf(p); len(regions) > 0 {
			m.accounts = append(m.accounts, id)
			m.regions[id] = regions
		}
	}
	m.because = mandatoryBecause(v)
	a.checkMandate(v, deployed)
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

// regionsByAccount returns the regions in which an account must have the set's
// instances: those of the policy's targets, else those that tag or policy name,
// else what is deployed to the OUs that the account sits in.
func (v *setView) regionsByAccount(deployed []fleet.DeployTarget) func(place) []fleet.Region {
	if len(v.policy.Targets) > 0 {
		return func(p place) []fleet.Region {
			var regions []fleet.Region
			for _, target := range v.policy.Targets {
				if (len(target.OUs) == 0 || p.in(target.OUs)) && (len(target.Accounts) == 0 || slices.Contains(target.Accounts, p.account.ID)) {
					regions = append(regions, target.Regions...)
				}
			}
			return usableRegions(regions)
		}
	}
	all := usableRegions(v.policy.Regions)
	if v.policy.From["regions"] != "" || v.set.PermissionModel != fleet.ServiceManaged || len(deployed) == 0 {
		return func(place) []fleet.Region { return all }
	}
	var anywhere []fleet.Region // what an account has that sits in none of the OUs
	if sameRegions(deployed) {
		anywhere = usableRegions(deployed[0].Regions)
	}
	return func(p place) []fleet.Region {
		var regions []fleet.Region
		for _, target := range deployed {
			if p.account.In(target.OU) {
				regions = append(regions, target.Regions...)
			}
		}
		if regions == nil {
			return anywhere
		}
		return usableRegions(regions)
	}
}

// deployTargets returns which regions are deployed to which OU: as AWS says, or as
// the set's instances show.
func (v *setView) deployTargets() []fleet.DeployTarget {
	if len(v.set.DeployTargets) > 0 {
		return v.set.DeployTargets
	}
	seen := map[fleet.OUID]map[fleet.Region]bool{}
	for target, instance := range v.instances {
		if instance.OU == "" {
			continue
		}
		if seen[instance.OU] == nil {
			seen[instance.OU] = map[fleet.Region]bool{}
		}
		seen[instance.OU][target.Region] = true
	}
	var targets []fleet.DeployTarget
	for _, ou := range fleet.SortedKeys(seen) {
		targets = append(targets, fleet.DeployTarget{OU: ou, Regions: fleet.SortedKeys(seen[ou])})
	}
	if sameRegions(targets) { // then what the set as a whole has is more complete
		return nil
	}
	return targets
}

// sameRegions reports whether all targets have the same regions.
func sameRegions(targets []fleet.DeployTarget) bool {
	return !slices.ContainsFunc(targets, func(t fleet.DeployTarget) bool { return !slices.Equal(t.Regions, targets[0].Regions) })
}

// usableRegions drops names that cannot be regions; they are reported.
func usableRegions(list []fleet.Region) []fleet.Region {
	var regions []fleet.Region
	for _, region := range list {
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
	regions := "the regions that are deployed there"
	if source := v.policy.From["regions"]; source != "" {
		regions = "the regions of " + source
	}
	if source := v.policy.From["targets"]; source != "" {
		where, regions = "the accounts and regions", "as "+source+" names them"
		return fmt.Sprintf("%s makes it mandatory in %s %s.", sentenceStart(v.policy.From["mandatory"]), where, regions)
	}
	return fmt.Sprintf("%s makes it mandatory in %s, in %s.", sentenceStart(v.policy.From["mandatory"]), where, regions)
}

// checkMandate reports a mandatory set that cannot be anywhere: that is a word that
// was meant and has no effect, so it stops the set.
func (a *assessor) checkMandate(v *setView, deployed []fleet.DeployTarget) {
	report := func(text, hint string) {
		a.found = append(a.found, policy.Problem{StackSet: v.name, Text: text, Hint: hint, Stops: true})
	}
	if len(v.policy.Targets) == 0 && len(usableRegions(v.policy.Regions)) == 0 && len(deployed) == 0 {
		report(fmt.Sprintf("%s is mandatory, and no region is known for it.", v.name),
			"Name its regions in the tag region, or in the policy (regions).")
	}
	if v.set.PermissionModel == fleet.ServiceManaged && slices.ContainsFunc(v.policy.Targets, func(t policy.Target) bool { return len(t.OUs) == 0 }) {
		report(fmt.Sprintf("A target of %s names accounts and no OUs: AWS reaches the accounts of a service-managed set through their OUs.", v.name),
			"Name the OUs of the accounts in the same target.")
	}
	if v.set.PermissionModel == fleet.ServiceManaged && len(v.policy.OUs) == 0 {
		report(fmt.Sprintf("%s is mandatory, and targets no OU: nothing says which accounts must have it.", v.name),
			fmt.Sprintf("Name its OUs in the policy (ous); for every account of the organization, its root: ous: [%s].", a.fleet.Organization.Root))
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
