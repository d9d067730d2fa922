package organizations

import (
	"github.com/setmend/setmend/awssim/internal/core"
)

// Service is the API of AWS Organizations.
func (o *Organization) Service() core.Service {
	return core.Service{
		Name:         "organizations",
		Protocols:    []core.Protocol{core.JSON11},
		TargetPrefix: "AWSOrganizationsV20161128",
		Global:       true,
		InvalidCode:  "InvalidInputException",
		Actions: map[string]core.Action{
			"CreateOrganization":   core.Write(core.Do(o.createOrganization)),
			"DescribeOrganization": members(o, (*Organization).describeOrganization),
			"DeleteOrganization":   manage(o, (*Organization).deleteOrganization),
			"ListRoots":            read(o, (*Organization).listRoots),

			"CreateOrganizationalUnit":         manage(o, (*Organization).createOrganizationalUnit),
			"DescribeOrganizationalUnit":       read(o, (*Organization).describeOrganizationalUnit),
			"UpdateOrganizationalUnit":         manage(o, (*Organization).updateOrganizationalUnit),
			"DeleteOrganizationalUnit":         manage(o, (*Organization).deleteOrganizationalUnit),
			"ListOrganizationalUnitsForParent": read(o, (*Organization).listOrganizationalUnitsForParent),
			"ListParents":                      read(o, (*Organization).listParents),
			"ListChildren":                     read(o, (*Organization).listChildren),

			"ListAccounts":                  read(o, (*Organization).listAccounts),
			"ListAccountsForParent":         read(o, (*Organization).listAccountsForParent),
			"DescribeAccount":               read(o, (*Organization).describeAccount),
			"CreateAccount":                 manage(o, (*Organization).createAccount),
			"DescribeCreateAccountStatus":   read(o, (*Organization).describeCreateAccountStatus),
			"ListCreateAccountStatus":       read(o, (*Organization).listCreateAccountStatus),
			"MoveAccount":                   manage(o, (*Organization).moveAccount),
			"CloseAccount":                  manage(o, (*Organization).closeAccount),
			"RemoveAccountFromOrganization": manage(o, (*Organization).removeAccount),
			"LeaveOrganization":             core.Write(members(o, (*Organization).leaveOrganization)),

			"InviteAccountToOrganization": manage(o, (*Organization).inviteAccount),
			"AcceptHandshake":             core.Write(core.Do(o.acceptHandshake)),
			"DeclineHandshake":            core.Write(core.Do(o.declineHandshake)),
			"CancelHandshake":             manage(o, (*Organization).cancelHandshake),
			"DescribeHandshake":           core.Do(o.describeHandshake),
			"ListHandshakesForAccount":    core.Do(o.listHandshakesForAccount),

			"ListHandshakesForOrganization": read(o, (*Organization).listHandshakesForOrganization),

			"EnableAWSServiceAccess":              manage(o, (*Organization).enableServiceAccess),
			"DisableAWSServiceAccess":             manage(o, (*Organization).disableServiceAccess),
			"ListAWSServiceAccessForOrganization": read(o, (*Organization).listServiceAccess),
			"RegisterDelegatedAdministrator":      manage(o, (*Organization).registerDelegate),
			"DeregisterDelegatedAdministrator":    manage(o, (*Organization).deregisterDelegate),
			"ListDelegatedAdministrators":         read(o, (*Organization).listDelegates),
			"ListDelegatedServicesForAccount":     read(o, (*Organization).listDelegatedServices),
			"TagResource":                         manage(o, (*Organization).tagResource),
			"UntagResource":                       manage(o, (*Organization).untagResource),
			"ListTagsForResource":                 read(o, (*Organization).listTags),
			"CreatePolicy":                        manage(o, (*Organization).createPolicy),
			"DescribePolicy":                      read(o, (*Organization).describePolicy),
			"UpdatePolicy":                        manage(o, (*Organization).updatePolicy),
			"DeletePolicy":                        manage(o, (*Organization).deletePolicy),
			"ListPolicies":                        read(o, (*Organization).listPolicies),
			"ListPoliciesForTarget":               read(o, (*Organization).listPoliciesForTarget),
			"ListTargetsForPolicy":                read(o, (*Organization).listTargetsForPolicy),
			"AttachPolicy":                        manage(o, (*Organization).attachPolicy),
			"DetachPolicy":                        manage(o, (*Organization).detachPolicy),
			"EnablePolicyType":                    manage(o, (*Organization).enablePolicyType),
			"DisablePolicyType":                   manage(o, (*Organization).disablePolicyType),
			"DescribeEffectivePolicy":             members(o, (*Organization).describeEffectivePolicy),
			"PutResourcePolicy":                   manage(o, (*Organization).putResourcePolicy),
			"DescribeResourcePolicy":              read(o, (*Organization).describeResourcePolicy),
			"DeleteResourcePolicy":                manage(o, (*Organization).deleteResourcePolicy),
		},
	}
}

// The three circles of callers. AWS's reference names one for each action: any
// member; the management account or a delegated administrator of any service;
// the management account alone. The resource policy opens the latter two to others.

func members[In, Out any](o *Organization, f func(*Organization, *core.Call, *In) (*Out, error)) core.Action {
	return guarded(o, (*Organization).isMember, f)
}

func read[In, Out any](o *Organization, f func(*Organization, *core.Call, *In) (*Out, error)) core.Action {
	return guarded(o, (*Organization).mayRead, f)
}

func manage[In, Out any](o *Organization, f func(*Organization, *core.Call, *In) (*Out, error)) core.Action {
	return core.Write(guarded(o, (*Organization).mayManage, f))
}

// guarded makes an action on the caller's organization.
func guarded[In, Out any](first *Organization, guard func(*Organization, *core.Call) error, f func(*Organization, *core.Call, *In) (*Out, error)) core.Action {
	return core.Do(func(c *core.Call, in *In) (*Out, error) {
		o := first.containing(c.Caller.Account)
		if err := guard(o, c); err != nil {
			return nil, err
		}
		return f(o, c, in)
	})
}

func (o *Organization) isMember(c *core.Call) error {
	if o.members[c.Caller.Account] == nil {
		return errNotInUse()
	}
	return nil
}

func (o *Organization) mayRead(c *core.Call) error {
	m := o.members[c.Caller.Account]
	switch {
	case m == nil:
		return errNotInUse()
	case m.ID != o.management && len(m.delegated) == 0 && !o.delegatesTo(c):
		return errDenied()
	}
	return nil
}

func (o *Organization) mayManage(c *core.Call) error {
	switch {
	case o.members[c.Caller.Account] == nil:
		return errNotInUse()
	case c.Caller.Account != o.management && !o.delegatesTo(c):
		return errDenied()
	}
	return nil
}

// Empty is the output of actions without one, and the input of those without.
type Empty struct{}
