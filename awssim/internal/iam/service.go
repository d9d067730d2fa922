package iam

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
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

type roleInput struct {
	RoleName                 string `valid:"required,min=1,max=64,pattern=[\\w+=,.@-]+"`
	AssumeRolePolicyDocument string `valid:"min=1,max=131072"`
	PolicyDocument           string `valid:"min=1,max=131072"`
	Path                     string `valid:"min=1,max=512"`
	Description              *string
	MaxSessionDuration       *int32 `valid:"min=3600,max=43200"`
	PermissionsBoundary      string `valid:"min=20,max=2048"`
	Tags                     []tag
	TagKeys                  []string
}

type boundaryShape struct{ PermissionsBoundaryType, PermissionsBoundaryArn string }

// Role is the structure of that name in the API.
type Role struct {
	Path, RoleName, RoleId, Arn           string
	CreateDate                            time.Time
	AssumeRolePolicyDocument, Description string
	MaxSessionDuration                    int32
	PermissionsBoundary                   *boundaryShape
	Tags                                  []tag
	RoleLastUsed                          *struct{}
}

func (r *role) shape() *Role {
	out := &Role{Path: r.path, RoleName: r.name, RoleId: r.id, Arn: r.arn, CreateDate: r.live.Made, AssumeRolePolicyDocument: encoded(r.trust), Description: r.description,
		MaxSessionDuration: int32(r.longest), Tags: tagsOf(r.tags), RoleLastUsed: &struct{}{}}
	if r.boundary != "" {
		out.PermissionsBoundary = &boundaryShape{"Policy", r.boundary}
	}
	return out
}

type roleOutput struct{ Role *Role }

func (i *IAM) createRole(c *core.Call, in *roleInput) (*roleOutput, error) {
	if in.AssumeRolePolicyDocument == "" {
		return nil, core.Invalid("1 validation error detected: Value null at 'assumeRolePolicyDocument' failed to satisfy constraint: Member must not be null")
	}
	trust, err := document(in.AssumeRolePolicyDocument)
	if err != nil {
		return nil, err
	}
	p := map[string]any{"RoleName": in.RoleName, "AssumeRolePolicyDocument": trust}
	for name, value := range map[string]string{"Path": in.Path, "PermissionsBoundary": in.PermissionsBoundary} {
		p = property.With(p, name, value)
	}
	if in.Description != nil {
		p = property.With(p, "Description", *in.Description)
	}
	if in.MaxSessionDuration != nil {
		p["MaxSessionDuration"] = float64(*in.MaxSessionDuration)
	}
	r, _, err := i.roles.Make(c.Caller.Account, home, property.With(p, "Tags", property.TagList(tagMap(in.Tags))))
	if err != nil {
		return nil, taken(err, "Role with name %s already exists.", in.RoleName)
	}
	return &roleOutput{r.shape()}, nil
}

func (i *IAM) role(c *core.Call, name string) (*role, error) {
	if r := i.roleOf(c.Caller.Account, name); r != nil {
		return r, nil
	}
	return nil, missing("The role with name %s cannot be found.", name)
}

func (i *IAM) getRole(c *core.Call, in *roleInput) (*roleOutput, error) {
	r, err := i.role(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	return &roleOutput{r.shape()}, nil
}

type listInput struct {
	PathPrefix string
	pageInput
}

type listRolesOutput struct {
	Roles []Role
	pageOutput
}

func (i *IAM) listRoles(c *core.Call, in *listInput) (*listRolesOutput, error) {
	all := everywhere(i, i.roles, c.Caller.Account)
	maps.DeleteFunc(all, func(_ string, r *role) bool { return !strings.HasPrefix(r.path, in.PathPrefix) })
	out := &listRolesOutput{Roles: []Role{}}
	var names []string
	names, out.pageOutput = in.cut(sortedKeys(all))
	for _, name := range names {
		one := all[name].shape()
		one.Tags = nil // "does not return tags"
		out.Roles = append(out.Roles, *one)
	}
	return out, nil
}

// change sets a property of a role.
func (i *IAM) change(c *core.Call, name, member string, value any) (*struct{}, error) {
	r, err := i.role(c, name)
	if err != nil {
		return nil, err
	}
	_, err = i.roles.Change(r.live, property.With(r.live.Properties, member, value))
	return &struct{}{}, err
}

func (i *IAM) updateRole(c *core.Call, in *roleInput) (*struct{}, error) {
	r, err := i.role(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	p := r.live.Properties
	if in.Description != nil {
		p = property.With(p, "Description", *in.Description)
	}
	if in.MaxSessionDuration != nil {
		p = property.With(p, "MaxSessionDuration", float64(*in.MaxSessionDuration))
	}
	_, err = i.roles.Change(r.live, p)
	return &struct{}{}, err
}

func (i *IAM) updateTrust(c *core.Call, in *roleInput) (*struct{}, error) {
	trust, err := document(in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	return i.change(c, in.RoleName, "AssumeRolePolicyDocument", trust)
}

func (i *IAM) deleteRole(c *core.Call, in *roleInput) (*struct{}, error) {
	r, err := i.role(c, in.RoleName)
	switch {
	case err != nil:
		return nil, err
	case len(i.attachedTo(c.Caller.Account, &r.holder, true)) > 0:
		return nil, conflict("Cannot delete entity, must detach all policies first.")
	case len(i.inlineOf(c.Caller.Account, &r.holder, true)) > 0:
		return nil, conflict("Cannot delete entity, must delete policies first.")
	}
	for _, p := range everywhere(i, i.profiles, c.Caller.Account) {
		if slices.Contains(p.roles, r.name) {
			return nil, conflict("Cannot delete entity, must remove roles from instance profile first.")
		}
	}
	return &struct{}{}, i.roles.Delete(r.live)
}

func (i *IAM) putBoundary(c *core.Call, in *roleInput) (*struct{}, error) {
	return i.change(c, in.RoleName, "PermissionsBoundary", in.PermissionsBoundary)
}

func (i *IAM) deleteBoundary(c *core.Call, in *roleInput) (*struct{}, error) {
	return i.change(c, in.RoleName, "PermissionsBoundary", nil)
}

func (i *IAM) tagRole(c *core.Call, in *roleInput) (*struct{}, error) {
	r, err := i.role(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	tags := maps.Clone(r.tags)
	maps.Copy(tags, tagMap(in.Tags))
	return i.change(c, in.RoleName, "Tags", property.TagList(tags))
}

func (i *IAM) untagRole(c *core.Call, in *roleInput) (*struct{}, error) {
	r, err := i.role(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	tags := maps.Clone(r.tags)
	for _, key := range in.TagKeys {
		delete(tags, key)
	}
	return i.change(c, in.RoleName, "Tags", property.TagList(tags))
}

type tagsOutput struct {
	Tags []tag
	pageOutput
}

func (i *IAM) listRoleTags(c *core.Call, in *roleInput) (*tagsOutput, error) {
	r, err := i.role(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	return &tagsOutput{Tags: append([]tag{}, tagsOf(r.tags)...)}, nil
}

type rolePolicyInput struct {
	RoleName       string `valid:"required,min=1,max=64"`
	PolicyName     string `valid:"min=1,max=128,pattern=[\\w+=,.@-]+"`
	PolicyDocument string `valid:"min=1,max=131072"`
	PolicyArn      string `valid:"min=20,max=2048"`
	PathPrefix     string
	pageInput
}

func (i *IAM) putRolePolicy(c *core.Call, in *rolePolicyInput) (*struct{}, error) {
	r, err := i.role(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	d, err := document(in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	for _, source := range []*core.Mirror[inline]{i.inline, i.single} { // of a template: changed where it is
		for _, p := range everywhere(i, source, c.Caller.Account) {
			if p.name == in.PolicyName && slices.Contains(p.roles, r.name) {
				_, err := source.Change(p.live, property.With(p.live.Properties, "PolicyDocument", d))
				return &struct{}{}, err
			}
		}
	}
	return i.change(c, in.RoleName, "Policies", withoutPolicy(r, in.PolicyName, map[string]any{"PolicyName": in.PolicyName, "PolicyDocument": d}))
}

// withoutPolicy are a role's own inline policies with one replaced, or taken away.
func withoutPolicy(r *role, name string, by map[string]any) []any {
	out := []any{}
	for _, one := range property.Maps(r.live.Properties["Policies"]) {
		if property.Text(one["PolicyName"]) != name {
			out = append(out, one)
		}
	}
	if by != nil {
		out = append(out, by)
	}
	return out
}

type rolePolicyOutput struct{ RoleName, PolicyName, PolicyDocument string }

func (i *IAM) getRolePolicy(c *core.Call, in *rolePolicyInput) (*rolePolicyOutput, error) {
	r, err := i.role(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	d, has := i.inlineOf(c.Caller.Account, &r.holder, true)[in.PolicyName]
	if !has {
		return nil, missing("The role policy with name %s cannot be found.", in.PolicyName)
	}
	return &rolePolicyOutput{r.name, in.PolicyName, encoded(d)}, nil
}

func (i *IAM) deleteRolePolicy(c *core.Call, in *rolePolicyInput) (*struct{}, error) {
	r, err := i.role(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	if _, has := r.inline[in.PolicyName]; has {
		return i.change(c, in.RoleName, "Policies", withoutPolicy(r, in.PolicyName, nil))
	}
	for _, source := range []*core.Mirror[inline]{i.inline, i.single} {
		for _, p := range everywhere(i, source, c.Caller.Account) {
			if p.name == in.PolicyName && slices.Contains(p.roles, r.name) {
				return &struct{}{}, source.Delete(p.live)
			}
		}
	}
	return nil, missing("The role policy with name %s cannot be found.", in.PolicyName)
}

type namesOutput struct {
	PolicyNames []string
	pageOutput
}

func (i *IAM) listRolePolicies(c *core.Call, in *rolePolicyInput) (*namesOutput, error) {
	r, err := i.role(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	out := &namesOutput{}
	out.PolicyNames, out.pageOutput = in.cut(append([]string{}, sortedKeys(i.inlineOf(c.Caller.Account, &r.holder, true))...))
	return out, nil
}

// managedPolicy finds a managed policy; those of AWS are there by their name.
func (i *IAM) managedPolicy(c *core.Call, arn string) (*managed, error) {
	if a, ok := core.ParseARN(arn); ok && a.Account == "aws" && strings.HasPrefix(a.Resource, "policy/") {
		return &managed{arn: arn, name: arn[strings.LastIndexByte(arn, '/')+1:], path: "/", document: awsManaged(arn)}, nil
	}
	if p := everywhere(i, i.policies, c.Caller.Account)[arn]; p != nil {
		return p, nil
	}
	return nil, missing("Policy %s does not exist or is not attachable.", arn)
}

func (i *IAM) attachRolePolicy(c *core.Call, in *rolePolicyInput) (*struct{}, error) {
	r, err := i.role(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	if _, err := i.managedPolicy(c, in.PolicyArn); err != nil {
		return nil, err
	}
	if slices.Contains(i.attachedTo(c.Caller.Account, &r.holder, true), in.PolicyArn) {
		return &struct{}{}, nil
	}
	return i.change(c, in.RoleName, "ManagedPolicyArns", property.List(append(slices.Clone(r.attached), in.PolicyArn)))
}

func (i *IAM) detachRolePolicy(c *core.Call, in *rolePolicyInput) (*struct{}, error) {
	r, err := i.role(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	if slices.Contains(r.attached, in.PolicyArn) {
		rest := slices.DeleteFunc(slices.Clone(r.attached), func(arn string) bool { return arn == in.PolicyArn })
		return i.change(c, in.RoleName, "ManagedPolicyArns", property.List(rest))
	}
	p := everywhere(i, i.policies, c.Caller.Account)[in.PolicyArn]
	if p == nil || !slices.Contains(p.roles, r.name) {
		return nil, missing("Policy %s was not found.", in.PolicyArn)
	}
	rest := slices.DeleteFunc(slices.Clone(p.roles), func(name string) bool { return name == r.name })
	_, err = i.policies.Change(p.live, property.With(p.live.Properties, "Roles", property.List(rest)))
	return &struct{}{}, err
}

type attachedPolicy struct{ PolicyName, PolicyArn string }

type attachedOutput struct {
	AttachedPolicies []attachedPolicy
	pageOutput
}

func (i *IAM) listAttachedRolePolicies(c *core.Call, in *rolePolicyInput) (*attachedOutput, error) {
	r, err := i.role(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	out := &attachedOutput{AttachedPolicies: []attachedPolicy{}}
	var arns []string
	arns, out.pageOutput = in.cut(i.attachedTo(c.Caller.Account, &r.holder, true))
	for _, arn := range arns {
		out.AttachedPolicies = append(out.AttachedPolicies, attachedPolicy{arn[strings.LastIndexByte(arn, '/')+1:], arn})
	}
	return out, nil
}

type policyInput struct {
	PolicyName, PolicyArn, VersionId, Path, Description string
	PolicyDocument                                      string `valid:"min=1,max=131072"`
	SetAsDefault, OnlyAttached                          bool
	Scope                                               string `valid:"enum=All|AWS|Local"`
	PathPrefix                                          string
	Tags                                                []tag
	pageInput
}

// Policy is the structure of that name in the API.
type Policy struct {
	PolicyName, PolicyId, Arn, Path, DefaultVersionId string
	AttachmentCount, PermissionsBoundaryUsageCount    int32
	IsAttachable                                      bool
	Description                                       string
	CreateDate, UpdateDate                            time.Time
	Tags                                              []tag
}

func (i *IAM) policyShape(account string, p *managed) *Policy {
	out := &Policy{PolicyName: p.name, PolicyId: "ANPA" + strings.ToUpper(fmt.Sprintf("%017x", hash(p.arn))), Arn: p.arn, Path: p.path, DefaultVersionId: "v1", IsAttachable: true,
		Description: p.description, CreateDate: p.live.Made, UpdateDate: p.live.Changed, Tags: tagsOf(property.Tags(p.live.Properties["Tags"]))}
	if p.live.Identifier != "" {
		out.DefaultVersionId = i.versionsOf(p).current
	}
	for _, r := range everywhere(i, i.roles, account) {
		if slices.Contains(i.attachedTo(account, &r.holder, true), p.arn) {
			out.AttachmentCount++
		}
		if r.boundary == p.arn {
			out.PermissionsBoundaryUsageCount++
		}
	}
	return out
}

type policyOutput struct{ Policy *Policy }

func (i *IAM) createPolicy(c *core.Call, in *policyInput) (*policyOutput, error) {
	if in.PolicyName == "" || in.PolicyDocument == "" {
		return nil, core.Invalid("1 validation error detected: Value null at 'policyName' failed to satisfy constraint: Member must not be null")
	}
	d, err := document(in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	p := map[string]any{"ManagedPolicyName": in.PolicyName, "PolicyDocument": d}
	p = property.With(property.With(p, "Path", in.Path), "Description", in.Description)
	made, _, err := i.policies.Make(c.Caller.Account, home, property.With(p, "Tags", property.TagList(tagMap(in.Tags))))
	if err != nil {
		return nil, taken(err, "A policy called %s already exists. Duplicate names are not allowed.", in.PolicyName)
	}
	return &policyOutput{i.policyShape(c.Caller.Account, made)}, nil
}

func (i *IAM) getPolicy(c *core.Call, in *policyInput) (*policyOutput, error) {
	p, err := i.managedPolicy(c, in.PolicyArn)
	if err != nil {
		return nil, missing("Policy %s was not found.", in.PolicyArn)
	}
	return &policyOutput{i.policyShape(c.Caller.Account, p)}, nil
}

type listPoliciesOutput struct {
	Policies []Policy
	pageOutput
}

func (i *IAM) listPolicies(c *core.Call, in *policyInput) (*listPoliciesOutput, error) {
	all := map[string]*managed{}
	if in.Scope != "AWS" {
		all = everywhere(i, i.policies, c.Caller.Account)
	}
	if in.Scope != "Local" {
		for name := range awsPolicies {
			arn := fmt.Sprintf("arn:%s:iam::aws:policy/%s", c.Options.Partition, name)
			all[arn] = &managed{arn: arn, name: name, path: "/"}
		}
	}
	maps.DeleteFunc(all, func(_ string, p *managed) bool {
		return !strings.HasPrefix(p.path, in.PathPrefix) || in.OnlyAttached && i.policyShape(c.Caller.Account, p).AttachmentCount == 0
	})
	out := &listPoliciesOutput{Policies: []Policy{}}
	var arns []string
	arns, out.pageOutput = in.cut(sortedKeys(all))
	for _, arn := range arns {
		out.Policies = append(out.Policies, *i.policyShape(c.Caller.Account, all[arn]))
	}
	return out, nil
}

// owned finds a policy of the caller's own.
func (i *IAM) owned(c *core.Call, arn string) (*managed, error) {
	if p := everywhere(i, i.policies, c.Caller.Account)[arn]; p != nil {
		return p, nil
	}
	return nil, missing("Policy %s was not found.", arn)
}

func (i *IAM) deletePolicy(c *core.Call, in *policyInput) (*struct{}, error) {
	p, err := i.owned(c, in.PolicyArn)
	switch {
	case err != nil:
		return nil, err
	case i.policyShape(c.Caller.Account, p).AttachmentCount > 0:
		return nil, conflict("Cannot delete a policy attached to entities.")
	case len(i.versionsOf(p).list) > 1:
		return nil, conflict("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
	}
	delete(i.versions, p.arn)
	return &struct{}{}, i.policies.Delete(p.live)
}

type versionShape struct {
	VersionId, Document string
	IsDefaultVersion    bool
	CreateDate          time.Time
}

type versionOutput struct{ PolicyVersion *versionShape }

func (v *versions) shape(one policyVersion, withDocument bool) versionShape {
	out := versionShape{VersionId: one.id, IsDefaultVersion: one.id == v.current, CreateDate: one.made}
	if withDocument {
		out.Document = encoded(one.document)
	}
	return out
}

func (i *IAM) createVersion(c *core.Call, in *policyInput) (*versionOutput, error) {
	p, err := i.owned(c, in.PolicyArn)
	if err != nil {
		return nil, err
	}
	d, err := document(in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	v := i.versionsOf(p)
	if len(v.list) >= mostVersions {
		return nil, core.Errorf(409, "LimitExceeded", "A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", mostVersions)
	}
	if in.SetAsDefault { // the live resource is what holds; taking it in adds the version
		before := len(v.list)
		if _, err := i.policies.Change(p.live, property.With(p.live.Properties, "PolicyDocument", d)); err != nil {
			return nil, err
		}
		if len(v.list) == before {
			v.add(in.PolicyDocument, c.Now())
		}
	} else {
		current := v.current
		v.add(in.PolicyDocument, c.Now())
		v.current = current
	}
	out := v.shape(v.list[len(v.list)-1], false)
	return &versionOutput{&out}, nil
}

func (i *IAM) versionAt(c *core.Call, in *policyInput) (*versions, policyVersion, error) {
	p, err := i.managedPolicy(c, in.PolicyArn)
	if err != nil {
		return nil, policyVersion{}, missing("Policy %s was not found.", in.PolicyArn)
	}
	v := &versions{list: []policyVersion{{"v1", p.document, p.live.Made}}, current: "v1"}
	if p.live.Identifier != "" {
		v = i.versionsOf(p)
	}
	for _, one := range v.list {
		if one.id == in.VersionId {
			return v, one, nil
		}
	}
	return nil, policyVersion{}, missing("Policy %s version %s does not exist or is not attachable.", in.PolicyArn, in.VersionId)
}

func (i *IAM) getVersion(c *core.Call, in *policyInput) (*versionOutput, error) {
	v, one, err := i.versionAt(c, in)
	if err != nil {
		return nil, err
	}
	out := v.shape(one, true)
	return &versionOutput{&out}, nil
}

type versionsOutput struct {
	Versions []versionShape
	pageOutput
}

func (i *IAM) listVersions(c *core.Call, in *policyInput) (*versionsOutput, error) {
	p, err := i.owned(c, in.PolicyArn)
	if err != nil {
		return nil, err
	}
	v := i.versionsOf(p)
	out := &versionsOutput{Versions: []versionShape{}}
	for _, one := range slices.Backward(v.list) {
		out.Versions = append(out.Versions, v.shape(one, false))
	}
	return out, nil
}

func (i *IAM) setDefaultVersion(c *core.Call, in *policyInput) (*struct{}, error) {
	p, err := i.owned(c, in.PolicyArn)
	if err != nil {
		return nil, err
	}
	v, one, err := i.versionAt(c, in)
	if err != nil {
		return nil, err
	}
	count := len(v.list)
	if _, err := i.policies.Change(p.live, property.With(p.live.Properties, "PolicyDocument", property.Object(one.document))); err != nil {
		return nil, err
	}
	v.list, v.current = v.list[:count], one.id
	return &struct{}{}, nil
}

func (i *IAM) deleteVersion(c *core.Call, in *policyInput) (*struct{}, error) {
	v, one, err := i.versionAt(c, in)
	switch {
	case err != nil:
		return nil, err
	case one.id == v.current:
		return nil, conflict("Cannot delete the default version of a policy.")
	}
	v.list = slices.DeleteFunc(v.list, func(other policyVersion) bool { return other.id == one.id })
	return &struct{}{}, nil
}

type profileInput struct {
	InstanceProfileName, RoleName, Path, PathPrefix string
	Tags                                            []tag
	pageInput
}

// InstanceProfile is the structure of that name in the API.
type InstanceProfile struct {
	Path, InstanceProfileName, InstanceProfileId, Arn string
	CreateDate                                        time.Time
	Roles                                             []Role
}

func (i *IAM) profileShape(account string, p *profile) *InstanceProfile {
	out := &InstanceProfile{Path: p.path, InstanceProfileName: p.name, InstanceProfileId: "AIPA" + strings.ToUpper(fmt.Sprintf("%017x", hash(p.arn))), Arn: p.arn, CreateDate: p.live.Made, Roles: []Role{}}
	for _, name := range p.roles {
		if r := i.roleOf(account, name); r != nil {
			out.Roles = append(out.Roles, *r.shape())
		}
	}
	return out
}

type profileOutput struct{ InstanceProfile *InstanceProfile }

func (i *IAM) createProfile(c *core.Call, in *profileInput) (*profileOutput, error) {
	p := property.With(map[string]any{"InstanceProfileName": in.InstanceProfileName, "Roles": []any{}}, "Path", in.Path)
	made, _, err := i.profiles.Make(c.Caller.Account, home, p)
	if err != nil {
		return nil, taken(err, "Instance Profile %s already exists.", in.InstanceProfileName)
	}
	return &profileOutput{i.profileShape(c.Caller.Account, made)}, nil
}

func (i *IAM) profile(c *core.Call, name string) (*profile, error) {
	if p := everywhere(i, i.profiles, c.Caller.Account)[name]; p != nil {
		return p, nil
	}
	return nil, missing("Instance Profile %s cannot be found.", name)
}

func (i *IAM) getProfile(c *core.Call, in *profileInput) (*profileOutput, error) {
	p, err := i.profile(c, in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	return &profileOutput{i.profileShape(c.Caller.Account, p)}, nil
}

type profilesOutput struct {
	InstanceProfiles []InstanceProfile
	pageOutput
}

func (i *IAM) listProfiles(c *core.Call, in *profileInput) (*profilesOutput, error) {
	all := everywhere(i, i.profiles, c.Caller.Account)
	maps.DeleteFunc(all, func(_ string, p *profile) bool {
		return !strings.HasPrefix(p.path, in.PathPrefix) || in.RoleName != "" && !slices.Contains(p.roles, in.RoleName)
	})
	out := &profilesOutput{InstanceProfiles: []InstanceProfile{}}
	var names []string
	names, out.pageOutput = in.cut(sortedKeys(all))
	for _, name := range names {
		out.InstanceProfiles = append(out.InstanceProfiles, *i.profileShape(c.Caller.Account, all[name]))
	}
	return out, nil
}

func (i *IAM) listProfilesForRole(c *core.Call, in *profileInput) (*profilesOutput, error) {
	if _, err := i.role(c, in.RoleName); err != nil {
		return nil, err
	}
	return i.listProfiles(c, in)
}

func (i *IAM) addToProfile(c *core.Call, in *profileInput) (*struct{}, error) {
	p, err := i.profile(c, in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	if _, err := i.role(c, in.RoleName); err != nil {
		return nil, err
	}
	if len(p.roles) > 0 {
		return nil, core.Errorf(409, "LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
	}
	_, err = i.profiles.Change(p.live, property.With(p.live.Properties, "Roles", []any{in.RoleName}))
	return &struct{}{}, err
}

func (i *IAM) removeFromProfile(c *core.Call, in *profileInput) (*struct{}, error) {
	p, err := i.profile(c, in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(p.roles, in.RoleName) {
		return nil, missing("The role with name %s cannot be found.", in.RoleName)
	}
	_, err = i.profiles.Change(p.live, property.With(p.live.Properties, "Roles", nil))
	return &struct{}{}, err
}

func (i *IAM) deleteProfile(c *core.Call, in *profileInput) (*struct{}, error) {
	p, err := i.profile(c, in.InstanceProfileName)
	switch {
	case err != nil:
		return nil, err
	case len(p.roles) > 0:
		return nil, conflict("Cannot delete entity, must remove roles from instance profile first.")
	}
	return &struct{}{}, i.profiles.Delete(p.live)
}

type userInput struct {
	UserName, Path, PathPrefix, AccessKeyId string
	Tags                                    []tag
	pageInput
}

// User is the structure of that name in the API.
type User struct {
	Path, UserName, UserId, Arn string
	CreateDate                  time.Time
	Tags                        []tag
}

func (u *user) shape() *User {
	return &User{u.path, u.name, u.id, u.arn, u.live.Made, tagsOf(u.tags)}
}

type userOutput struct{ User *User }

func (i *IAM) createUser(c *core.Call, in *userInput) (*userOutput, error) {
	p := property.With(map[string]any{"UserName": in.UserName}, "Path", in.Path)
	u, _, err := i.users.Make(c.Caller.Account, home, property.With(p, "Tags", property.TagList(tagMap(in.Tags))))
	if err != nil {
		return nil, taken(err, "User with name %s already exists.", in.UserName)
	}
	return &userOutput{u.shape()}, nil
}

func (i *IAM) user(c *core.Call, name string) (*user, error) {
	if u := everywhere(i, i.users, c.Caller.Account)[name]; u != nil {
		return u, nil
	}
	return nil, missing("The user with name %s cannot be found.", name)
}

func (i *IAM) getUser(c *core.Call, in *userInput) (*userOutput, error) {
	u, err := i.user(c, in.UserName)
	if err != nil {
		return nil, err
	}
	return &userOutput{u.shape()}, nil
}

type usersOutput struct {
	Users []User
	pageOutput
}

func (i *IAM) listUsers(c *core.Call, in *userInput) (*usersOutput, error) {
	all := everywhere(i, i.users, c.Caller.Account)
	out := &usersOutput{Users: []User{}}
	var names []string
	names, out.pageOutput = in.cut(sortedKeys(all))
	for _, name := range names {
		out.Users = append(out.Users, *all[name].shape())
	}
	return out, nil
}

func (i *IAM) deleteUser(c *core.Call, in *userInput) (*struct{}, error) {
	u, err := i.user(c, in.UserName)
	if err != nil {
		return nil, err
	}
	for _, k := range i.keys {
		if k.account == c.Caller.Account && k.user == u.name {
			return nil, conflict("Cannot delete entity, must delete access keys first.")
		}
	}
	return &struct{}{}, i.users.Delete(u.live)
}

type keyShape struct {
	UserName, AccessKeyId, Status, SecretAccessKey string
	CreateDate                                     time.Time
}

type keyOutput struct{ AccessKey *keyShape }

// mostKeys is how many access keys a user has at most.
const mostKeys = 2

func (i *IAM) createKey(c *core.Call, in *userInput) (*keyOutput, error) {
	u, err := i.user(c, in.UserName)
	if err != nil {
		return nil, err
	}
	if len(i.keysOf(c.Caller.Account, u.name)) >= mostKeys {
		return nil, core.Errorf(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: %d", mostKeys)
	}
	secret := strings.ReplaceAll(c.UUID()+c.UUID(), "-", "")
	k := &accessKey{"AKIA" + strings.ToUpper(secret[48:64]), u.name, c.Caller.Account, "Active", c.Now()}
	i.keys[k.id] = k
	return &keyOutput{&keyShape{k.user, k.id, k.status, secret[:40], k.made}}, nil
}

func (i *IAM) keysOf(account, name string) []*accessKey {
	var out []*accessKey
	for _, id := range sortedKeys(i.keys) {
		if k := i.keys[id]; k.account == account && k.user == name {
			out = append(out, k)
		}
	}
	return out
}

type keysOutput struct {
	AccessKeyMetadata []keyShape
	pageOutput
}

func (i *IAM) listKeys(c *core.Call, in *userInput) (*keysOutput, error) {
	u, err := i.user(c, in.UserName)
	if err != nil {
		return nil, err
	}
	out := &keysOutput{AccessKeyMetadata: []keyShape{}}
	for _, k := range i.keysOf(c.Caller.Account, u.name) {
		out.AccessKeyMetadata = append(out.AccessKeyMetadata, keyShape{UserName: k.user, AccessKeyId: k.id, Status: k.status, CreateDate: k.made})
	}
	return out, nil
}

func (i *IAM) deleteKey(c *core.Call, in *userInput) (*struct{}, error) {
	k := i.keys[in.AccessKeyId]
	if k == nil || k.account != c.Caller.Account {
		return nil, missing("The Access Key with id %s cannot be found.", in.AccessKeyId)
	}
	delete(i.keys, k.id)
	return &struct{}{}, nil
}

type providerInput struct {
	Url                          string
	ClientIDList, ThumbprintList []string
	OpenIDConnectProviderArn     string
	Tags                         []tag
}

type providerOutput struct {
	OpenIDConnectProviderArn string
	Tags                     []tag
}

func (i *IAM) createProvider(c *core.Call, in *providerInput) (*providerOutput, error) {
	if !strings.HasPrefix(in.Url, "https://") {
		return nil, core.Errorf(400, "InvalidInput", "Invalid Open ID Connect Provider URL")
	}
	p := map[string]any{"Url": strings.TrimPrefix(in.Url, "https://"), "ThumbprintList": property.List(in.ThumbprintList)}
	made, _, err := i.providers.Make(c.Caller.Account, home, property.With(p, "ClientIdList", property.List(in.ClientIDList)))
	if err != nil {
		return nil, taken(err, "Provider with url %s already exists.", in.Url)
	}
	return &providerOutput{OpenIDConnectProviderArn: made.arn}, nil
}

type providerShape struct {
	Url                          string
	ClientIDList, ThumbprintList []string
	CreateDate                   time.Time
}

func (i *IAM) provider(c *core.Call, arn string) (*provider, error) {
	if p := everywhere(i, i.providers, c.Caller.Account)[arn]; p != nil {
		return p, nil
	}
	return nil, missing("OpenIDConnect Provider not found for arn %s", arn)
}

func (i *IAM) getProvider(c *core.Call, in *providerInput) (*providerShape, error) {
	p, err := i.provider(c, in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	return &providerShape{p.url, p.clients, p.thumbprints, p.live.Made}, nil
}

type providerItem struct{ Arn string }

type providersOutput struct{ OpenIDConnectProviderList []providerItem }

func (i *IAM) listProviders(c *core.Call, _ *struct{}) (*providersOutput, error) {
	out := &providersOutput{OpenIDConnectProviderList: []providerItem{}}
	for _, arn := range sortedKeys(everywhere(i, i.providers, c.Caller.Account)) {
		out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, providerItem{arn})
	}
	return out, nil
}

func (i *IAM) deleteProvider(c *core.Call, in *providerInput) (*struct{}, error) {
	p, err := i.provider(c, in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	return &struct{}{}, i.providers.Delete(p.live)
}

type aliasInput struct {
	AccountAlias string `valid:"required,min=3,max=63,pattern=[a-z0-9]([a-z0-9]|-(?:[a-z0-9]))*"`
}

func (i *IAM) createAlias(c *core.Call, in *aliasInput) (*struct{}, error) {
	for account, alias := range i.aliases {
		if alias == in.AccountAlias && account != c.Caller.Account {
			return nil, core.Errorf(409, "EntityAlreadyExists", "The account alias %s already exists.", alias)
		}
	}
	i.aliases[c.Caller.Account] = in.AccountAlias
	return &struct{}{}, nil
}

type aliasesOutput struct {
	AccountAliases []string
	IsTruncated    bool
}

func (i *IAM) listAliases(c *core.Call, _ *struct{}) (*aliasesOutput, error) {
	out := &aliasesOutput{AccountAliases: []string{}}
	if alias := i.aliases[c.Caller.Account]; alias != "" {
		out.AccountAliases = append(out.AccountAliases, alias)
	}
	return out, nil
}

func (i *IAM) deleteAlias(c *core.Call, in *aliasInput) (*struct{}, error) {
	if i.aliases[c.Caller.Account] != in.AccountAlias {
		return nil, missing("The account alias %s cannot be found.", in.AccountAlias)
	}
	delete(i.aliases, c.Caller.Account)
	return &struct{}{}, nil
}
