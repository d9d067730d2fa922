package iam

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

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
