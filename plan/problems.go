package plan

import (
	"fmt"
	"strings"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// policyProblems are contradictions between the policy and the fleet.
func (w *world) policyProblems() []policy.Problem {
	problems := append(w.idleEntries(), w.accessProblems()...)
	for _, name := range w.names {
		v := w.sets[name]
		problems = append(problems, w.regionProblems(v)...)
		if v.policy.Healing == policy.HealRevert && v.policy.MemberRole == "" {
			problems = append(problems, policy.Problem{StackSet: name,
				Text: fmt.Sprintf("%s is to be healed by reverting, and no member role is configured.", name),
				Hint: "Set memberRole to the role to use in the member accounts."})
		}
		if v.policy.CheckTemplates && v.policy.MemberRole == "" {
			problems = append(problems, policy.Problem{StackSet: name,
				Text: fmt.Sprintf("The stacks of %s are to be compared with its template, and no member role is configured.", name),
				Hint: "Set memberRole to the role to use in the member accounts, or checkTemplates to false."})
		}
		for _, other := range w.graph.anti[name] {
			if name < other && v.policy.Mandatory && w.sets[other].policy.Mandatory {
				problems = append(problems, policy.Problem{StackSet: name,
					Text: fmt.Sprintf("%s and %s are both mandatory and collide: wherever one is, the other stays away.", name, other),
					Hint: "Exclude accounts, so that the two have separate places."})
			}
		}
	}
	return append(problems, w.unknownAccounts()...)
}

// accessProblems says that service-managed sets cannot be operated on.
func (w *world) accessProblems() []policy.Problem {
	if w.fleet.Organization.TrustedAccess {
		return nil
	}
	for _, name := range w.names {
		if w.sets[name].set.PermissionModel == fleet.ServiceManaged {
			return []policy.Problem{{Text: "StackSets has no trusted access to the organization: service-managed stack sets can neither be healed nor checked.", Hint: Hint(ReasonAccessOff)}}
		}
	}
	return nil
}

// idleEntries are the policy's entries that match no stack set.
func (w *world) idleEntries() []policy.Problem {
	var problems []policy.Problem
	for _, entry := range w.policy.StackSets {
		if w.matchesAny(entry) {
			continue
		}
		pattern := strings.Join(entry.Match, ", ")
		problems = append(problems, policy.Problem{
			Text: fmt.Sprintf("The policy's entry for %s (line %d) matches no stack set.", pattern, entry.Line),
			Hint: policy.DidYouMean(fleet.StackSetName(entry.Match[0]), w.names, "Correct the pattern, or remove the entry."),
		})
	}
	return problems
}

func (w *world) matchesAny(entry policy.Entry) bool {
	for _, name := range w.names {
		if entry.Matches(name) {
			return true
		}
	}
	return false
}

// regionProblems are names that are no regions, or none that is known.
func (w *world) regionProblems(v *setView) []policy.Problem {
	var problems []policy.Problem
	for _, region := range v.policy.Regions {
		if policy.KnownRegion(region) || w.inUse(region) {
			continue
		}
		p := policy.Problem{StackSet: v.name,
			Text: fmt.Sprintf("%s names the region %s, which is not known.", v.name, region),
			Hint: policy.DidYouMean(region, policy.KnownRegions, "If it is new, nothing is wrong.")}
		if !policy.PlausibleRegion(region) {
			p.Text = fmt.Sprintf("%s names the region %q, which is no region's name.", v.name, region)
			p.Hint = policy.DidYouMean(region, policy.KnownRegions, "Write it as in eu-central-1; ':' divides several in a tag.")
			p.Stops = true
		}
		problems = append(problems, p)
	}
	return problems
}

// inUse reports whether AWS itself lists the region for some stack set.
func (w *world) inUse(region fleet.Region) bool {
	if region == w.fleet.HomeRegion {
		return true
	}
	for _, name := range w.names {
		for _, known := range w.sets[name].set.Regions {
			if known == region {
				return true
			}
		}
	}
	return false
}

// unknownAccounts are excluded accounts and OUs that the organization has not.
func (w *world) unknownAccounts() []policy.Problem {
	var problems []policy.Problem
	check := func(set fleet.StackSetName, e policy.Exclusion) {
		for _, id := range e.Accounts {
			if _, ok := w.fleet.Organization.Accounts[id]; !ok {
				problems = append(problems, policy.Problem{StackSet: set,
					Text: fmt.Sprintf("The excluded account %s is not in the organization.", id), Hint: "Correct the id, or remove it."})
			}
		}
		for _, ou := range e.OUs {
			if _, ok := w.fleet.Organization.OUs[ou]; !ok && ou != w.fleet.Organization.Root {
				problems = append(problems, policy.Problem{StackSet: set,
					Text: fmt.Sprintf("The excluded OU %s is not in the organization.", ou), Hint: "Correct the id, or remove it."})
			}
		}
	}
	check("", w.policy.Exclude)
	for _, entry := range w.policy.StackSets {
		if entry.Exclude != nil {
			check("", *entry.Exclude)
		}
	}
	return problems
}
