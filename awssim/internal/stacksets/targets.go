package stacksets

import (
	"regexp"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

const (
	// maxOUs is how many OUs one call may name.
	maxOUs = 50
	// largestAccounts is the size limit of the file at AccountsUrl, in bytes.
	largestAccounts = 10 << 20
)

// selection is which accounts a request means, each with the OU it is reached
// through, and the OUs themselves.
type selection struct {
	accounts []string // sorted
	through  map[string]string
	ous      []string
}

// choose works a request's targets out. forCreate is CreateStackInstances, which
// knows no UNION and wants the filter named.
func (s *Service) choose(c *core.Call, t *set, accounts []string, d *DeploymentTargets, forCreate bool) (*selection, error) {
	if accounts != nil && d != nil {
		return nil, core.Invalid("Only one of Accounts and DeploymentTargets can be specified")
	}
	if !t.serviceManaged() {
		return s.chooseAccounts(c, accounts, d)
	}
	if accounts != nil {
		return nil, core.Invalid("StackSets with SERVICE_MANAGED permission model can only have OrganizationalUnit as target")
	}
	return s.chooseOUs(c, t, d, forCreate)
}

// chooseAccounts is for self-managed sets.
func (s *Service) chooseAccounts(c *core.Call, accounts []string, d *DeploymentTargets) (*selection, error) {
	if d != nil {
		if len(d.OrganizationalUnitIds) > 0 {
			return nil, core.Invalid("StackSets with SELF_MANAGED permission model can only have accounts as target")
		}
		var err error
		if accounts, err = s.listed(c, d); err != nil {
			return nil, err
		}
	}
	if len(accounts) == 0 {
		return nil, core.Invalid("Accounts are required")
	}
	return &selection{accounts: sortedSet(accounts)}, nil
}

// chooseOUs is for service-managed sets. They never reach the management account.
func (s *Service) chooseOUs(c *core.Call, t *set, d *DeploymentTargets, forCreate bool) (*selection, error) {
	if err := s.checkOUs(t, d); err != nil {
		return nil, err
	}
	listed, err := s.listed(c, d)
	if err != nil {
		return nil, err
	}
	filter := d.AccountFilterType
	switch {
	case forCreate && len(listed) > 0 && filter == "":
		return nil, core.Invalid("AccountFilterType is required when both OrganizationalUnitIds and Accounts are specified")
	case forCreate && filter == "UNION":
		return nil, core.Invalid("AccountFilterType UNION is not supported for CreateStackInstances")
	case len(listed) == 0 && (filter == "INTERSECTION" || filter == "DIFFERENCE" || filter == "UNION"):
		return nil, core.Invalid("Accounts are required for AccountFilterType %s", filter)
	case filter == "":
		filter = "UNION" // as the API's reference has it; the console says NONE
	}
	through := s.inOUs(t, d.OrganizationalUnitIds, !forCreate)
	out := &selection{through: map[string]string{}, ous: sortedSet(d.OrganizationalUnitIds)}
	for _, account := range filtered(filter, through, listed) {
		if account != s.org.Of(t.account).Management() {
			out.accounts = append(out.accounts, account)
			out.through[account] = through[account]
		}
	}
	return out, nil
}

func (s *Service) checkOUs(t *set, d *DeploymentTargets) error {
	if d == nil || len(d.OrganizationalUnitIds) == 0 {
		return core.Invalid("OrganizationalUnitIds are required")
	}
	if len(d.OrganizationalUnitIds) > maxOUs {
		return core.Invalid("At most %d OrganizationalUnitIds can be specified", maxOUs)
	}
	for _, ou := range d.OrganizationalUnitIds {
		if org := s.org.Of(t.account); !org.OUExists(ou) && ou != org.Root() {
			return core.Invalid("OrganizationalUnitId %s does not exist in the organization", ou)
		}
	}
	return nil
}

// filtered applies an account filter to a sorted list; the result is sorted.
func filtered(filter string, through map[string]string, listed []string) []string {
	inside := func(account string) bool { _, ok := through[account]; return ok }
	var out []string
	switch filter {
	case "INTERSECTION":
		for _, account := range listed {
			if inside(account) {
				out = append(out, account)
			}
		}
	case "DIFFERENCE":
		for account := range through {
			if _, found := slices.BinarySearch(listed, account); !found {
				out = append(out, account)
			}
		}
	default: // NONE, UNION
		for account := range through {
			out = append(out, account)
		}
		if filter == "UNION" {
			out = append(out, listed...)
		}
	}
	return sortedSet(out)
}

// inOUs finds the accounts below the OUs, each with the nearest of those OUs.
// With recorded, accounts count that have instances deployed through one of the
// OUs, wherever the accounts are now.
func (s *Service) inOUs(t *set, ous []string, recorded bool) map[string]string {
	through, org := map[string]string{}, s.org.Of(t.account)
	if recorded && !s.options.ForgetDeparted {
		everywhere := slices.Contains(ous, org.Root())
		for account, list := range t.instances.accounts {
			if ou := list[0].ou; everywhere || slices.Contains(ous, ou) {
				through[account] = ou
			}
		}
	}
	depth := map[string]int{}
	for _, ou := range ous {
		for _, account := range org.AccountsIn(ou) {
			member, _ := org.Account(account)
			if at := slices.Index(member.OUs, ou) + 1; at > depth[account] || depth[account] == 0 {
				depth[account] = at
				through[account] = ou
			}
		}
	}
	return through
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// listed are the accounts that a request lists, itself or in an S3 object with
// commas or newlines between them.
func (s *Service) listed(c *core.Call, d *DeploymentTargets) ([]string, error) {
	if d.AccountsUrl == "" {
		return sortedSet(d.Accounts), nil
	}
	if len(d.Accounts) > 0 {
		return nil, core.Invalid("Only one of Accounts and AccountsUrl can be specified")
	}
	text, err := s.fetch(c, d.AccountsUrl)
	if err != nil {
		return nil, err
	}
	if len(text) > largestAccounts {
		return nil, core.Invalid("The file at AccountsUrl may not exceed %d bytes in size", largestAccounts)
	}
	accounts := fields(text)
	for _, account := range accounts {
		if !accountID.MatchString(account) {
			return nil, core.Invalid("The file at AccountsUrl holds %.20q, which is no account id", account)
		}
	}
	return sortedSet(accounts), nil
}

func fields(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == '\n' || c == '\r' || c == ' ' })
}

// fetch reads an object that a request names by URL.
func (s *Service) fetch(c *core.Call, url string) (string, error) {
	if s.objects == nil {
		return "", core.Invalid("S3 error: Access Denied")
	}
	body, err := s.objects.Fetch(c, url)
	return string(body), err
}

// sortedSet sorts and drops what comes twice. The strings are copies: those of a
// request would keep its whole body in memory.
func sortedSet(list []string) []string {
	out := make([]string, len(list))
	for i, each := range list {
		out[i] = strings.Clone(each)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// distinct drops what comes twice and keeps the order.
func distinct(list []string) []string {
	var out []string
	for _, each := range list {
		if !slices.Contains(out, each) {
			out = append(out, strings.Clone(each))
		}
	}
	return out
}

// cross multiplies accounts by regions, region by region.
func cross(accounts, regions []string) []place {
	out := make([]place, 0, len(accounts)*len(regions))
	for _, region := range regions {
		for _, account := range accounts {
			out = append(out, place{account, region})
		}
	}
	return out
}

func scopeOf(places []place) map[place]bool {
	out := make(map[place]bool, len(places))
	for _, p := range places {
		out[p] = true
	}
	return out
}

// fresh counts the places without an instance.
func (t *set) fresh(places []place) int {
	n := 0
	for _, p := range places {
		if t.instances.at[p] == nil {
			n++
		}
	}
	return n
}

// existing returns the instances at the accounts and regions, for updates. It
// fails where an account that was named lacks one; of those that an OU
// includes, it returns what exists.
func (t *set) existing(chosen *selection, regions []string) ([]place, error) {
	out := t.present(chosen, regions)
	if t.serviceManaged() || len(out) == len(chosen.accounts)*len(regions) {
		return out, nil
	}
	for _, p := range cross(chosen.accounts, regions) {
		if t.instances.at[p] == nil {
			return nil, instanceNotFound(t, p)
		}
	}
	return out, nil
}

// present returns the places of a cross product where instances are. Deleting what
// is not there is no error: StackInstanceNotFoundException is modelled for updates
// only, and the operation succeeds at once (seen: copilot-cli#5060).
func (t *set) present(chosen *selection, regions []string) []place {
	out := []place{}
	for _, p := range cross(chosen.accounts, regions) {
		if t.instances.at[p] != nil {
			out = append(out, p)
		}
	}
	return out
}

// hasOUs fails for an OU through which the set has neither instances nor targets
// (seen: terraform-provider-aws#27877, #33785).
func (t *set) hasOUs(ous []string) error {
	known := map[string]bool{}
	for _, list := range t.instances.accounts {
		for _, i := range list {
			known[i.ou] = true
		}
	}
	for _, ou := range ous {
		if !known[ou] && t.targets[ou] == nil {
			return core.Invalid("Organizational unit %s not found in StackSet", ou)
		}
	}
	return nil
}

// targetsAt are the instances that are still at the places.
func (t *set) targetsAt(places []place) []target {
	out := make([]target, 0, len(places))
	for _, p := range places {
		if i := t.instances.at[p]; i != nil {
			out = append(out, target{place: p, ou: i.ou, instance: i})
		}
	}
	return out
}

func (t *set) instance(p place) (*instance, error) {
	if i := t.instances.at[p]; i != nil {
		return i, nil
	}
	return nil, instanceNotFound(t, p)
}
