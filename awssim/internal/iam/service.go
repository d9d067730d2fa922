package iam

import (
	"github.com/setmend/setmend/awssim/internal/core"
)

// Service is the API.
func (i *IAM) Service() core.Service {
	return core.Service{
		Name:      "iam",
		Protocols: []core.Protocol{core.Query},
		Version:   "2010-05-08",
		Namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
		Global:    true,
		Actions: map[string]core.Action{
			"CreateRole":                    core.Write(core.Do(i.createRole)),
			"GetRole":                       core.Do(i.getRole),
			"ListRoles":                     core.Do(i.listRoles),
			"UpdateRole":                    core.Write(core.Do(i.updateRole)),
			"UpdateAssumeRolePolicy":        core.Write(core.Do(i.updateTrust)),
			"DeleteRole":                    core.Write(core.Do(i.deleteRole)),
			"PutRolePermissionsBoundary":    core.Write(core.Do(i.putBoundary)),
			"DeleteRolePermissionsBoundary": core.Write(core.Do(i.deleteBoundary)),
			"TagRole":                       core.Write(core.Do(i.tagRole)),
			"UntagRole":                     core.Write(core.Do(i.untagRole)),
			"ListRoleTags":                  core.Do(i.listRoleTags),
			"PutRolePolicy":                 core.Write(core.Do(i.putRolePolicy)),
			"GetRolePolicy":                 core.Do(i.getRolePolicy),
			"DeleteRolePolicy":              core.Write(core.Do(i.deleteRolePolicy)),
			"ListRolePolicies":              core.Do(i.listRolePolicies),
			"AttachRolePolicy":              core.Write(core.Do(i.attachRolePolicy)),
			"DetachRolePolicy":              core.Write(core.Do(i.detachRolePolicy)),
			"ListAttachedRolePolicies":      core.Do(i.listAttachedRolePolicies),
			"CreatePolicy":                  core.Write(core.Do(i.createPolicy)),
			"GetPolicy":                     core.Do(i.getPolicy),
			"ListPolicies":                  core.Do(i.listPolicies),
			"DeletePolicy":                  core.Write(core.Do(i.deletePolicy)),
			"CreatePolicyVersion":           core.Write(core.Do(i.createVersion)),
			"GetPolicyVersion":              core.Do(i.getVersion),
			"ListPolicyVersions":            core.Do(i.listVersions),
			"SetDefaultPolicyVersion":       core.Write(core.Do(i.setDefaultVersion)),
			"DeletePolicyVersion":           core.Write(core.Do(i.deleteVersion)),
			"CreateInstanceProfile":         core.Write(core.Do(i.createProfile)),
			"GetInstanceProfile":            core.Do(i.getProfile),
			"ListInstanceProfiles":          core.Do(i.listProfiles),
			"ListInstanceProfilesForRole":   core.Do(i.listProfilesForRole),
			"AddRoleToInstanceProfile":      core.Write(core.Do(i.addToProfile)),
			"RemoveRoleFromInstanceProfile": core.Write(core.Do(i.removeFromProfile)),
			"DeleteInstanceProfile":         core.Write(core.Do(i.deleteProfile)),
			"CreateUser":                    core.Write(core.Do(i.createUser)),
			"GetUser":                       core.Do(i.getUser),
			"ListUsers":                     core.Do(i.listUsers),
			"DeleteUser":                    core.Write(core.Do(i.deleteUser)),
			"CreateAccessKey":               core.Write(core.Do(i.createKey)),
			"ListAccessKeys":                core.Do(i.listKeys),
			"DeleteAccessKey":               core.Write(core.Do(i.deleteKey)),
			"CreateOpenIDConnectProvider":   core.Write(core.Do(i.createProvider)),
			"GetOpenIDConnectProvider":      core.Do(i.getProvider),
			"ListOpenIDConnectProviders":    core.Do(i.listProviders),
			"DeleteOpenIDConnectProvider":   core.Write(core.Do(i.deleteProvider)),
			"CreateAccountAlias":            core.Write(core.Do(i.createAlias)),
			"ListAccountAliases":            core.Do(i.listAliases),
			"DeleteAccountAlias":            core.Write(core.Do(i.deleteAlias)),
		},
	}
}

type tag struct {
	Key   string `valid:"required,min=1,max=128"`
	Value string `valid:"max=256"`
}

func tagsOf(tags map[string]string) []tag {
	var out []tag
	for _, key := range sortedKeys(tags) {
		out = append(out, tag{key, tags[key]})
	}
	return out
}

func tagMap(list []tag) map[string]string {
	out := map[string]string{}
	for _, t := range list {
		out[t.Key] = t.Value
	}
	return out
}
