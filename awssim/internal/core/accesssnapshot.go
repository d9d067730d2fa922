package core

import (
	"maps"
	"slices"
)

// AccessSnapshot is an Access written down.
type AccessSnapshot struct {
	MissingRoles map[string][]string `json:"missingRoles,omitempty"` // account → role names
	SCPs         []SCP               `json:"scps,omitempty"`
}

// Save writes down which roles are missing and what is denied.
func (a *Access) Save() AccessSnapshot {
	s := AccessSnapshot{SCPs: slices.Clone(a.scps)}
	for key := range a.missing {
		if s.MissingRoles == nil {
			s.MissingRoles = map[string][]string{}
		}
		s.MissingRoles[key.account] = append(s.MissingRoles[key.account], key.role)
	}
	for _, roles := range s.MissingRoles {
		slices.Sort(roles)
	}
	return s
}

// Load removes roles and adds statements as written down.
func (a *Access) Load(s AccessSnapshot) {
	for _, account := range slices.Sorted(maps.Keys(s.MissingRoles)) {
		for _, role := range s.MissingRoles[account] {
			a.RemoveRole(account, role)
		}
	}
	for _, scp := range s.SCPs {
		a.AddSCP(scp)
	}
}
