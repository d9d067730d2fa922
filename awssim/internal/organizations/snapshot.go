package organizations

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Snapshot is an organization written down.
type Snapshot struct {
	ID         string              `json:"id"`
	Management string              `json:"management"`
	Root       string              `json:"root"`
	Units      []UnitSnapshot      `json:"units,omitempty"` // parents before children
	Accounts   []AccountSnapshot   `json:"accounts"`
	Trusted    []string            `json:"trusted,omitempty"`   // services that turned trusted access on
	Enabled    []string            `json:"enabled,omitempty"`   // those enabled in Organizations alone
	Delegates  map[string][]string `json:"delegates,omitempty"` // account id → service principals
	// PolicyTypes are those enabled in the root besides service control policies, and
	// Policies what is attached where; of AWS's own, which every target has, Detached
	// are the targets that have not.
	PolicyTypes    []string            `json:"policyTypes,omitempty"`
	Policies       []PolicySnapshot    `json:"policies,omitempty"`
	Detached       map[string][]string `json:"detached,omitempty"` // policy id → targets
	ResourcePolicy string              `json:"resourcePolicy,omitempty"`
	// Others are the world's further organizations.
	Others []*Snapshot `json:"others,omitempty"`
}

// PolicySnapshot is a policy, with the accounts, OUs and root it is attached to.
type PolicySnapshot struct {
	ID          string   `json:"id"`
	Type        string   `json:"type"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Content     string   `json:"content"`
	Targets     []string `json:"targets,omitempty"`
}

// UnitSnapshot is an OU.
type UnitSnapshot struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Parent string `json:"parent"`
}

// AccountSnapshot is a member account.
type AccountSnapshot struct {
	ID     string    `json:"id"`
	Name   string    `json:"name"`
	Email  string    `json:"email,omitempty"`
	State  string    `json:"state,omitempty"` // "" is ACTIVE
	Parent string    `json:"parent,omitempty"`
	Joined time.Time `json:"joined,omitzero"`
}

// Save writes the organization down; nil if there is none.
func (o *Organization) Save() *Snapshot {
	if !o.Exists() {
		return nil
	}
	s := &Snapshot{ID: o.id, Management: o.management, Root: o.root.id}
	for _, principal := range slices.Sorted(maps.Keys(o.trusted)) {
		if o.trusted[principal].activated {
			s.Trusted = append(s.Trusted, principal)
		} else {
			s.Enabled = append(s.Enabled, principal)
		}
	}
	s.addUnits(o.root)
	for _, id := range slices.Sorted(maps.Keys(o.members)) {
		m := o.members[id]
		s.Accounts = append(s.Accounts, AccountSnapshot{m.ID, m.Name, m.Email, m.State, m.unit.id, m.Joined})
		if len(m.delegated) > 0 {
			if s.Delegates == nil {
				s.Delegates = map[string][]string{}
			}
			s.Delegates[id] = slices.Sorted(maps.Keys(m.delegated))
		}
	}
	o.savePolicies(s)
	for _, each := range o.peers.all[1:] {
		if each != o && each.Exists() && o == o.peers.all[0] {
			s.Others = append(s.Others, each.Save())
		}
	}
	return s
}

func (o *Organization) savePolicies(s *Snapshot) {
	for _, kind := range sortedKeys(o.enabled) {
		if kind != scp {
			s.PolicyTypes = append(s.PolicyTypes, kind)
		}
	}
	for _, id := range sortedKeys(o.policies) {
		p := o.policies[id]
		if !p.managed {
			s.Policies = append(s.Policies, PolicySnapshot{p.id, p.kind, p.name, p.description, p.content, sortedKeys(p.targets)})
		} else if without := o.lacking(p); len(without) > 0 {
			if s.Detached == nil {
				s.Detached = map[string][]string{}
			}
			s.Detached[id] = without
		}
	}
	if o.resource != nil {
		s.ResourcePolicy = o.resource.content
	}
}

// lacking returns the targets that a policy is not attached to, sorted.
func (o *Organization) lacking(p *policy) []string {
	var out []string
	for _, id := range slices.Concat(sortedKeys(o.units), sortedKeys(o.members)) {
		if !p.targets[id] {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func (o *Organization) loadPolicies(s *Snapshot) error {
	for _, kind := range s.PolicyTypes {
		o.enable(kind)
	}
	for _, each := range s.Policies {
		p := &policy{
			id: each.ID, kind: each.Type, name: each.Name, description: each.Description,
			targets: map[string]bool{}, tags: map[string]string{}, updated: o.world.Now(),
		}
		if err := p.setContent(each.Content); err != nil {
			return fmt.Errorf("loading policy %s: %w", each.ID, err)
		}
		for _, target := range each.Targets {
			if _, err := o.target(target); err != nil {
				return fmt.Errorf("loading policy %s: %w", each.ID, err)
			}
			p.targets[target] = true
		}
		o.policies[p.id] = p
	}
	for id, targets := range s.Detached {
		if p := o.policies[id]; p != nil {
			for _, target := range targets {
				delete(p.targets, target)
			}
		}
	}
	o.allOpen = nil
	if s.ResourcePolicy != "" {
		_, err := o.putResourcePolicy(nil, &putResourcePolicyInput{Content: s.ResourcePolicy})
		return err
	}
	return nil
}

func (s *Snapshot) addUnits(u *unit) {
	for _, id := range slices.Sorted(maps.Keys(u.units)) {
		kid := u.units[id]
		s.Units = append(s.Units, UnitSnapshot{kid.id, kid.name, u.id})
		s.addUnits(kid)
	}
}

// Load makes the organization that a snapshot describes, with its ids. There must
// be none yet. Ids that the snapshot leaves out are made.
func (o *Organization) Load(s *Snapshot) error {
	if err := o.Create(s.Management, "Management"); err != nil {
		return fmt.Errorf("loading the organization: %w", err)
	}
	if s.ID != "" {
		o.id = s.ID
	}
	if s.Root != "" {
		o.renameRoot(s.Root)
	}
	for _, u := range s.Units {
		if err := o.loadUnit(u); err != nil {
			return fmt.Errorf("loading OU %s: %w", u.ID, err)
		}
	}
	for _, a := range s.Accounts {
		if err := o.loadAccount(a); err != nil {
			return fmt.Errorf("loading account %s: %w", a.ID, err)
		}
	}
	o.forget()
	for _, principal := range s.Trusted {
		o.trust(principal, true)
	}
	for _, principal := range s.Enabled {
		o.trust(principal, false)
	}
	for _, account := range slices.Sorted(maps.Keys(s.Delegates)) {
		for _, principal := range s.Delegates[account] {
			if err := o.RegisterDelegatedAdministrator(account, principal); err != nil {
				return fmt.Errorf("loading delegate %s: %w", account, err)
			}
		}
	}
	for _, other := range s.Others {
		if err := o.vacant().Load(other); err != nil {
			return err
		}
	}
	return o.loadPolicies(s)
}

// renameRoot gives the root of a new organization another id.
func (o *Organization) renameRoot(id string) {
	delete(o.units, o.root.id)
	o.dropTarget(o.root.id)
	o.root.id, o.root.path = id, []string{id}
	o.units[id] = o.root
	o.newTarget(id)
	o.members[o.management].Parent = id
}

func (o *Organization) loadUnit(u UnitSnapshot) error {
	if !strings.HasPrefix(u.ID, "ou-") || o.units[u.ID] != nil {
		return fmt.Errorf("%q is no OU id, or there twice", u.ID)
	}
	parent, err := o.parent(u.Parent)
	if err != nil {
		return err
	}
	o.newUnit(u.ID, u.Name, parent)
	return nil
}

// loadAccount adds a member; the management account is there and gets its name
// and place.
func (o *Organization) loadAccount(a AccountSnapshot) error {
	account := Account{ID: a.ID, Name: a.Name, Email: a.Email, State: a.State, Parent: a.Parent, Joined: a.Joined}
	if a.ID != o.management {
		return o.insert(account)
	}
	delete(o.members[a.ID].unit.accounts, a.ID)
	delete(o.members, a.ID)
	account.Invited = true
	return o.insert(account)
}
