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
