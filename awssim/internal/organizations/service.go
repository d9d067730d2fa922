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
			"DescribeOrganization": members(o, o.describeOrganization),
			"DeleteOrganization":   manage(o, o.deleteOrganization),
			"ListRoots":            read(o, o.listRoots),

			"CreateOrganizationalUnit":         manage(o, o.createOrganizationalUnit),
			"DescribeOrganizationalUnit":       read(o, o.describeOrganizationalUnit),
			"UpdateOrganizationalUnit":         manage(o, o.updateOrganizationalUnit),
			"DeleteOrganizationalUnit":         manage(o, o.deleteOrganizationalUnit),
			"ListOrganizationalUnitsForParent": read(o, o.listOrganizationalUnitsForParent),
			"ListParents":                      read(o, o.listParents),
			"ListChildren":                     read(o, o.listChildren),

			"ListAccounts":                  read(o, o.listAccounts),
			"ListAccountsForParent":         read(o, o.listAccountsForParent),
			"DescribeAccount":               read(o, o.describeAccount),
			"CreateAccount":                 manage(o, o.createAccount),
			"DescribeCreateAccountStatus":   read(o, o.describeCreateAccountStatus),
			"ListCreateAccountStatus":       read(o, o.listCreateAccountStatus),
			"MoveAccount":                   manage(o, o.moveAccount),
			"CloseAccount":                  manage(o, o.closeAccount),
			"RemoveAccountFromOrganization": manage(o, o.removeAccount),
			"LeaveOrganization":             core.Write(members(o, o.leaveOrganization)),

			"InviteAccountToOrganization": manage(o, o.inviteAccount),
			"AcceptHandshake":             core.Write(core.Do(o.acceptHandshake)),
			"DeclineHandshake":            core.Write(core.Do(o.declineHandshake)),
			"CancelHandshake":             manage(o, o.cancelHandshake),
			"DescribeHandshake":           core.Do(o.describeHandshake),
			"ListHandshakesForAccount":    core.Do(o.listHandshakesForAccount),

			"ListHandshakesForOrganization": read(o, o.listHandshakesForOrganization),

			"EnableAWSServiceAccess":              manage(o, o.enableServiceAccess),
			"DisableAWSServiceAccess":             manage(o, o.disableServiceAccess),
			"ListAWSServiceAccessForOrganization": read(o, o.listServiceAccess),
			"RegisterDelegatedAdministrator":      manage(o, o.registerDelegate),
			"DeregisterDelegatedAdministrator":    manage(o, o.deregisterDelegate),
			"ListDelegatedAdministrators":         read(o, o.listDelegates),
			"ListDelegatedServicesForAccount":     read(o, o.listDelegatedServices),
			"TagResource":                         manage(o, o.tagResource),
			"UntagResource":                       manage(o, o.untagResource),
			"ListTagsForResource":                 read(o, o.listTags),
			"CreatePolicy":                        manage(o, o.createPolicy),
			"DescribePolicy":                      read(o, o.describePolicy),
			"UpdatePolicy":                        manage(o, o.updatePolicy),
			"DeletePolicy":                        manage(o, o.deletePolicy),
			"ListPolicies":                        read(o, o.listPolicies),
			"ListPoliciesForTarget":               read(o, o.listPoliciesForTarget),
			"ListTargetsForPolicy":                read(o, o.listTargetsForPolicy),
			"AttachPolicy":                        manage(o, o.attachPolicy),
			"DetachPolicy":                        manage(o, o.detachPolicy),
			"EnablePolicyType":                    manage(o, o.enablePolicyType),
			"DisablePolicyType":                   manage(o, o.disablePolicyType),
			"DescribeEffectivePolicy":             members(o, o.describeEffectivePolicy),
			"PutResourcePolicy":                   manage(o, o.putResourcePolicy),
			"DescribeResourcePolicy":              read(o, o.describeResourcePolicy),
			"DeleteResourcePolicy":                manage(o, o.deleteResourcePolicy),
		},
	}
}

// The three circles of callers. AWS's reference names one for each action: any
// member; the management account or a delegated administrator of any service;
// the management account alone. The resource policy opens the latter two to others.

func members[In, Out any](o *Organization, f func(*core.Call, *In) (*Out, error)) core.Action {
	return guarded(o.isMember, f)
}

func read[In, Out any](o *Organization, f func(*core.Call, *In) (*Out, error)) core.Action {
	return guarded(o.mayRead, f)
}

func manage[In, Out any](o *Organization, f func(*core.Call, *In) (*Out, error)) core.Action {
	return core.Write(guarded(o.mayManage, f))
}

func guarded[In, Out any](guard func(*core.Call) error, f func(*core.Call, *In) (*Out, error)) core.Action {
	return core.Do(func(c *core.Call, in *In) (*Out, error) {
		if err := guard(c); err != nil {
			return nil, err
		}
		return f(c, in)
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
