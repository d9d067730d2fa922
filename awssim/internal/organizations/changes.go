package organizations

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Times that AWS takes. Closing runs for minutes; a closed account stays in the
// list for 90 days (AWS user guide, "Close a member account").
const (
	closingLow, closingHigh = time.Minute, 5 * time.Minute
	closedStays             = 90 * 24 * time.Hour
)

// Limits of AWS Organizations that are not adjustable.
const (
	maxUnits = 2000
	maxDepth = 5 // OUs below the root
)

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// Create makes the organization with all features, its root and its management
// account.
func (o *Organization) Create(management, name string) error {
	if o.Exists() {
		return refuse("AlreadyInOrganizationException", "The provided account is already a member of an organization.")
	}
	if !accountID.MatchString(management) {
		return invalid("INVALID_PATTERN", "You specified an invalid value: %s.", management)
	}
	o.id = "o-" + o.letters(10)
	o.management = management
	o.featureSet = "ALL"
	o.root = o.newUnit("r-"+o.letters(4), "Root", nil)
	o.enable(scp)
	return o.insert(Account{ID: management, Name: name, Invited: true})
}

// AddOU adds an organizational unit below a parent and answers its id. An empty
// parent is the root.
func (o *Organization) AddOU(parent, name string) (id string, err error) {
	p, err := o.parent(parent)
	if err != nil {
		return "", err
	}
	switch {
	case len(p.path) > maxDepth:
		return "", constraint("OU_DEPTH_LIMIT_EXCEEDED", "You have exceeded the maximum depth of the organizational unit tree.")
	case len(o.units)-1 >= maxUnits:
		return "", constraint("OU_NUMBER_LIMIT_EXCEEDED", "You have exceeded the maximum number of organizational units.")
	case p.child(name) != nil:
		return "", refuse("DuplicateOrganizationalUnitException", "An OU with the same name already exists.")
	}
	u := o.newUnit(fmt.Sprintf("ou-%s-%s", strings.TrimPrefix(o.root.id, "r-"), o.letters(8)), name, p)
	return u.id, nil
}

// AddAccount adds a member without telling anybody, for filling a world.
func (o *Organization) AddAccount(a Account) error { return o.insert(a) }

// Join adds a member as if it had just joined.
func (o *Organization) Join(a Account) error {
	if err := o.insert(a); err != nil {
		return err
	}
	m := o.members[a.ID]
	o.changed(core.OrgChange{Account: m.ID, To: m.unit.path, State: m.State})
	return nil
}

func (o *Organization) insert(a Account) error {
	p, err := o.parent(a.Parent)
	if err != nil {
		return err
	}
	switch {
	case !accountID.MatchString(a.ID):
		return invalid("INVALID_PATTERN", "You specified an invalid value: %s.", a.ID)
	case o.members[a.ID] != nil:
		return refuse("DuplicateAccountException", "The account %s is already in this organization.", a.ID)
	case len(o.members) >= o.options.MaxAccounts:
		return constraint("ACCOUNT_NUMBER_LIMIT_EXCEEDED", "You have exceeded the allowed number of AWS accounts.")
	}
	o.place(a, p)
	return nil
}

func (o *Organization) place(a Account, p *unit) {
	if a.State == "" {
		a.State = Active
	}
	if a.Email == "" {
		a.Email = "aws+" + a.ID + "@example.com"
	}
	if a.Joined.IsZero() {
		a.Joined = o.world.Now()
	}
	m := &member{Account: a, unit: p, tags: map[string]string{}, delegated: map[string]time.Time{}}
	m.Parent = p.id
	o.members[a.ID] = m
	p.accounts[a.ID] = m
	delete(o.departed, a.ID)
	o.newTarget(a.ID)
	o.forget()
}

// Leave takes an account out of the organization. It goes on to exist.
func (o *Organization) Leave(account string) error {
	m, err := o.member(account)
	if err != nil {
		return err
	}
	switch {
	case account == o.management:
		return refuse("MasterCannotLeaveOrganizationException", "You can't remove the management account from an organization.")
	case len(m.delegated) > 0:
		return constraint("CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG",
			"You can't remove an account that is registered as a delegated administrator for a service integrated with your organization.")
	}
	o.remove(m)
	return nil
}

func (o *Organization) remove(m *member) {
	delete(o.members, m.ID)
	delete(m.unit.accounts, m.ID)
	o.departed[m.ID] = m.State
	o.dropTarget(m.ID)
	o.changed(core.OrgChange{Account: m.ID, From: m.unit.path, State: m.State})
}

// Move puts an account below another OU or the root.
func (o *Organization) Move(account, destination string) error {
	m, err := o.member(account)
	if err != nil {
		return err
	}
	to := o.units[destination]
	switch {
	case to == nil:
		return refuse("DestinationParentNotFoundException", "You provided a destination parent that doesn't exist.")
	case to == m.unit:
		return refuse("DuplicateAccountException", "The account is already in the destination parent.")
	}
	from := m.unit
	delete(from.accounts, m.ID)
	to.accounts[m.ID] = m
	m.unit, m.Parent = to, to.id
	o.changed(core.OrgChange{Account: m.ID, From: from.path, To: to.path, State: m.State})
	return nil
}

// Close starts closing an account: PENDING_CLOSURE at once, CLOSED minutes later,
// out of the organization after 90 days.
func (o *Organization) Close(account string) error {
	m, err := o.member(account)
	if err != nil {
		return err
	}
	switch {
	case account == o.management:
		return constraint("CANNOT_CLOSE_MANAGEMENT_ACCOUNT", "You can't close the management account.")
	case m.State == PendingClosure:
		return refuse("ConflictException", "The account is already being closed.")
	case m.State == Closed || m.State == Suspended:
		return refuse("AccountAlreadyClosedException", "You attempted to close an account that is already closed.")
	}
	o.setState(m, PendingClosure)
	o.world.After(o.world.Between(closingLow, closingHigh), func() { o.closed(m) })
	return nil
}

func (o *Organization) closed(m *member) {
	if o.members[m.ID] != m || m.State != PendingClosure {
		return
	}
	o.setState(m, Closed)
	o.world.After(closedStays, func() {
		if o.members[m.ID] == m && m.State == Closed {
			o.remove(m)
		}
	})
}

// Suspend suspends an account.
func (o *Organization) Suspend(account string) error { return o.SetState(account, Suspended) }

// SetState puts an account in a state at once, for scenarios and faults.
func (o *Organization) SetState(account, state string) error {
	m, err := o.member(account)
	if err != nil {
		return err
	}
	states := []string{PendingActivation, Active, Suspended, PendingClosure, Closed}
	if !slices.Contains(states, state) {
		return invalid("INVALID_ENUM", "You specified an invalid account state: %s.", state)
	}
	o.setState(m, state)
	return nil
}

func (o *Organization) setState(m *member, state string) {
	m.State = state
	o.changed(core.OrgChange{Account: m.ID, From: m.unit.path, To: m.unit.path, State: state})
}

func (o *Organization) newUnit(id, name string, parent *unit) *unit {
	u := &unit{id: id, name: name, path: []string{id}, units: map[string]*unit{}, accounts: map[string]*member{}, tags: map[string]string{}}
	if parent != nil {
		u.path = append(slices.Clone(parent.path), id)
		parent.units[id] = u
	}
	o.units[id] = u
	o.newTarget(id)
	return u
}

// child finds a directly contained unit by name: names are unique in a parent.
func (u *unit) child(name string) *unit {
	for _, c := range u.units {
		if c.name == name {
			return c
		}
	}
	return nil
}

// parent finds an OU or the root; "" is the root.
func (o *Organization) parent(id string) (*unit, error) {
	if !o.Exists() {
		return nil, errNotInUse()
	}
	if id == "" {
		return o.root, nil
	}
	if u := o.units[id]; u != nil {
		return u, nil
	}
	return nil, refuse("ParentNotFoundException", "You specified parent that doesn't exist.")
}

func (o *Organization) member(id string) (*member, error) {
	if m := o.members[id]; m != nil {
		return m, nil
	}
	return nil, refuse("AccountNotFoundException", "You specified an account that doesn't exist.")
}

// letters is a random text of lower-case letters and digits, as AWS's ids are.
func (o *Organization) letters(n int) string {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[o.world.Random().IntN(len(alphabet))]
	}
	return string(b)
}
