package policy

import "slices"

// MemberRoles are the roles in member accounts that the policy names anywhere,
// sorted.
func (p *Policy) MemberRoles() []string {
	var roles []string
	for _, settings := range append([]Settings{p.Defaults}, settingsOf(p.StackSets)...) {
		if settings.MemberRole != nil && *settings.MemberRole != "" {
			roles = append(roles, *settings.MemberRole)
		}
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}

func settingsOf(entries []Entry) []Settings {
	var list []Settings
	for _, entry := range entries {
		list = append(list, entry.Settings)
	}
	return list
}
