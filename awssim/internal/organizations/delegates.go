package organizations

import (
	"maps"
	"slices"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// stackSetsMember is the principal under which CloudFormation StackSets takes
// delegated administrators, at most maxDelegates of them.
const (
	stackSetsMember = "member.org.stacksets.cloudformation.amazonaws.com"
	maxDelegates    = 5
)

// trust is a service's trusted access.
type trust struct {
	since time.Time
	// activated tells that the service turned it on itself and has its roles.
	// EnableAWSServiceAccess alone does not make them.
	activated bool
}

// TrustedAccess reports whether a service turned its trusted access on itself, as
// ActivateOrganizationsAccess does. Access that was enabled in Organizations alone
// is listed, but not enough to work with (seen: cdk-organizations#1718).
func (o *Organization) TrustedAccess(servicePrincipal string) bool {
	return o.trusted[servicePrincipal].activated
}

// SetTrustedAccess turns a service's trusted access on or off, as the service does.
func (o *Organization) SetTrustedAccess(servicePrincipal string, on bool) {
	if !on {
		delete(o.trusted, servicePrincipal)
		return
	}
	o.trust(servicePrincipal, true)
}

// trust lists a service; one that is listed keeps its date.
func (o *Organization) trust(servicePrincipal string, activated bool) {
	t, listed := o.trusted[servicePrincipal]
	if !listed {
		t.since = o.world.Now()
	}
	t.activated = t.activated || activated
	o.trusted[servicePrincipal] = t
}

// DelegatedAdministrator reports whether the account administers the service for
// the organization.
func (o *Organization) DelegatedAdministrator(account, servicePrincipal string) bool {
	m := o.members[account]
	return m != nil && !m.delegated[servicePrincipal].IsZero()
}

// RegisterDelegatedAdministrator makes an account a service's administrator.
func (o *Organization) RegisterDelegatedAdministrator(account, servicePrincipal string) error {
	m, err := o.member(account)
	if err != nil {
		return err
	}
	switch {
	case account == o.management:
		return constraint("CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR", "You cannot register the management account as a delegated administrator for a service.")
	case m.State != Active:
		return constraint("CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR", "You cannot register a suspended account as a delegated administrator.")
	case !m.delegated[servicePrincipal].IsZero():
		return refuse("AccountAlreadyRegisteredException", "The provided account is already a delegated administrator for your organization.")
	case servicePrincipal == stackSetsMember && len(o.delegates(servicePrincipal)) >= maxDelegates:
		return constraint("MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED", "You have exceeded the maximum number of delegated administrators for the service %s.", servicePrincipal)
	}
	m.delegated[servicePrincipal] = o.world.Now()
	return nil
}

// delegates lists the administrators of one service, or of any with "".
func (o *Organization) delegates(servicePrincipal string) []*member {
	var list []*member
	for _, m := range o.accountsBelow(o.root) {
		if _, ok := m.delegated[servicePrincipal]; ok || servicePrincipal == "" && len(m.delegated) > 0 {
			list = append(list, m)
		}
	}
	return list
}

type principalInput struct {
	ServicePrincipal string `valid:"required,min=1,max=128"`
}

func (o *Organization) enableServiceAccess(_ *core.Call, in *principalInput) (*Empty, error) {
	if o.featureSet != "ALL" {
		return nil, constraint("ORGANIZATION_NOT_IN_ALL_FEATURES_MODE", "The organization must have all features enabled.")
	}
	o.trust(in.ServicePrincipal, false)
	return &Empty{}, nil
}

func (o *Organization) disableServiceAccess(_ *core.Call, in *principalInput) (*Empty, error) {
	o.SetTrustedAccess(in.ServicePrincipal, false)
	return &Empty{}, nil
}

// EnabledServicePrincipal is the structure of that name in the API.
type EnabledServicePrincipal struct {
	ServicePrincipal string
	DateEnabled      time.Time
}

type listServiceAccessInput struct {
	MaxResults *int32 `valid:"min=1,max=20"`
	NextToken  string
}

type listServiceAccessOutput struct {
	EnabledServicePrincipals []EnabledServicePrincipal
	NextToken                string
}

func (o *Organization) listServiceAccess(_ *core.Call, in *listServiceAccessInput) (*listServiceAccessOutput, error) {
	names, next, err := page(o, slices.Sorted(maps.Keys(o.trusted)), itself, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &listServiceAccessOutput{EnabledServicePrincipals: []EnabledServicePrincipal{}, NextToken: next}
	for _, name := range names {
		out.EnabledServicePrincipals = append(out.EnabledServicePrincipals, EnabledServicePrincipal{name, o.trusted[name].since})
	}
	return out, nil
}

type delegateInput struct {
	AccountId        string `valid:"required,pattern=^[0-9]{12}$"`
	ServicePrincipal string `valid:"required,min=1,max=128"`
}

func (o *Organization) registerDelegate(_ *core.Call, in *delegateInput) (*Empty, error) {
	return &Empty{}, o.RegisterDelegatedAdministrator(in.AccountId, in.ServicePrincipal)
}

func (o *Organization) deregisterDelegate(_ *core.Call, in *delegateInput) (*Empty, error) {
	m, err := o.member(in.AccountId)
	if err != nil {
		return nil, err
	}
	if m.delegated[in.ServicePrincipal].IsZero() {
		return nil, refuse("AccountNotRegisteredException", "The provided account is not a registered delegated administrator for your organization.")
	}
	delete(m.delegated, in.ServicePrincipal)
	return &Empty{}, nil
}

// DelegatedAdministratorShape is the DelegatedAdministrator structure of the API.
type DelegatedAdministratorShape struct {
	Id, Arn, Email, Name, State, Status, JoinedMethod string
	JoinedTimestamp, DelegationEnabledDate            time.Time
}

type listDelegatesInput struct {
	ServicePrincipal string
	MaxResults       *int32 `valid:"min=1,max=20"`
	NextToken        string
}

type listDelegatesOutput struct {
	DelegatedAdministrators []DelegatedAdministratorShape
	NextToken               string
}

func (o *Organization) listDelegates(_ *core.Call, in *listDelegatesInput) (*listDelegatesOutput, error) {
	list, next, err := page(o, o.delegates(in.ServicePrincipal), func(m *member) string { return m.ID }, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &listDelegatesOutput{DelegatedAdministrators: []DelegatedAdministratorShape{}, NextToken: next}
	for _, m := range list {
		a := o.accountShape(m)
		out.DelegatedAdministrators = append(out.DelegatedAdministrators, DelegatedAdministratorShape{
			Id: a.Id, Arn: a.Arn, Email: a.Email, Name: a.Name, State: a.State, Status: a.Status,
			JoinedMethod: a.JoinedMethod, JoinedTimestamp: a.JoinedTimestamp,
			DelegationEnabledDate: m.delegatedSince(in.ServicePrincipal),
		})
	}
	return out, nil
}

// delegatedSince is when the account was registered for the service, or first for
// any with "".
func (m *member) delegatedSince(servicePrincipal string) time.Time {
	if servicePrincipal != "" {
		return m.delegated[servicePrincipal]
	}
	var first time.Time
	for _, since := range m.delegated {
		if first.IsZero() || since.Before(first) {
			first = since
		}
	}
	return first
}

// DelegatedService is the structure of that name in the API.
type DelegatedService struct {
	ServicePrincipal      string
	DelegationEnabledDate time.Time
}

type listDelegatedServicesInput struct {
	AccountId  string `valid:"required,pattern=^[0-9]{12}$"`
	MaxResults *int32 `valid:"min=1,max=20"`
	NextToken  string
}

type listDelegatedServicesOutput struct {
	DelegatedServices []DelegatedService
	NextToken         string
}

func (o *Organization) listDelegatedServices(_ *core.Call, in *listDelegatedServicesInput) (*listDelegatedServicesOutput, error) {
	m, err := o.member(in.AccountId)
	if err != nil {
		return nil, err
	}
	if len(m.delegated) == 0 {
		return nil, refuse("AccountNotRegisteredException", "The provided account is not a registered delegated administrator for your organization.")
	}
	names, next, err := page(o, slices.Sorted(maps.Keys(m.delegated)), itself, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &listDelegatedServicesOutput{DelegatedServices: []DelegatedService{}, NextToken: next}
	for _, name := range names {
		out.DelegatedServices = append(out.DelegatedServices, DelegatedService{name, m.delegated[name]})
	}
	return out, nil
}

func itself(s string) string { return s }
