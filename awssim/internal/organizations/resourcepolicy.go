package organizations

import (
	"github.com/setmend/setmend/awssim/internal/core"
	policydoc "github.com/setmend/setmend/awssim/internal/policy"
)

// resourcePolicy is the organization's delegation policy: what member accounts may
// do with its policies.
type resourcePolicy struct {
	id, content string
	document    *policydoc.Document
	tags        map[string]string
}

// ResourcePolicyShape and ResourcePolicySummary are structures of the API.
type (
	ResourcePolicyShape struct {
		ResourcePolicySummary *ResourcePolicySummary
		Content               string
	}
	ResourcePolicySummary struct{ Id, Arn string }
)

type putResourcePolicyInput struct {
	Content string `valid:"required,min=1,max=40000"`
	Tags    []Tag
}

type resourcePolicyOutput struct{ ResourcePolicy *ResourcePolicyShape }

// delegable are the actions that a resource policy may allow.
var delegable = policydoc.Texts{
	"organizations:AttachPolicy", "organizations:CreatePolicy", "organizations:DeletePolicy", "organizations:DetachPolicy",
	"organizations:UpdatePolicy", "organizations:EnablePolicyType", "organizations:DisablePolicyType",
	"organizations:TagResource", "organizations:UntagResource", "organizations:Describe*", "organizations:List*",
}

func (o *Organization) putResourcePolicy(_ *core.Call, in *putResourcePolicyInput) (*resourcePolicyOutput, error) {
	d, err := policydoc.Read(in.Content)
	if err != nil {
		return nil, invalid("INVALID_RESOURCE_POLICY_JSON", "The provided resource policy can't be read: %v.", err)
	}
	for _, s := range d.Statement {
		if len(s.Principal) == 0 || len(s.NotPrincipal) > 0 {
			return nil, invalid("INVALID_PRINCIPAL", "Every statement of a resource policy must name a principal.")
		}
		for _, action := range s.Action {
			if s.Effect == "Allow" && !delegable.Match(action) {
				return nil, invalid("UNSUPPORTED_ACTION_IN_RESOURCE_POLICY", "The action %.100s can't be delegated.", action)
			}
		}
	}
	if o.resource == nil {
		o.resource = &resourcePolicy{id: "rp-" + o.letters(8), tags: map[string]string{}}
	}
	o.resource.content, o.resource.document = in.Content, d
	setTags(o.resource.tags, in.Tags)
	return o.resourcePolicyOutput(), nil
}

func (o *Organization) describeResourcePolicy(*core.Call, *Empty) (*resourcePolicyOutput, error) {
	if o.resource == nil {
		return nil, errNoResourcePolicy()
	}
	return o.resourcePolicyOutput(), nil
}

func (o *Organization) deleteResourcePolicy(*core.Call, *Empty) (*Empty, error) {
	if o.resource == nil {
		return nil, errNoResourcePolicy()
	}
	o.resource = nil
	return &Empty{}, nil
}

func (o *Organization) resourcePolicyOutput() *resourcePolicyOutput {
	return &resourcePolicyOutput{&ResourcePolicyShape{
		ResourcePolicySummary: &ResourcePolicySummary{Id: o.resource.id, Arn: o.arn("resourcepolicy", o.id, o.resource.id)},
		Content:               o.resource.content,
	}}
}

// delegatesTo reports whether the resource policy lets a member account call an action.
func (o *Organization) delegatesTo(c *core.Call) bool {
	if o.resource == nil || o.members[c.Caller.Account] == nil {
		return false
	}
	action := "organizations:" + c.Action
	if !delegable.MatchFold(action) {
		return false
	}
	asked := o.request(core.AccessRequest{Account: c.Caller.Account, Region: c.Region, Action: action, Principal: c.Caller.ARN}, o.members[c.Caller.Account])
	allowed := false
	for _, s := range o.resource.document.Statement {
		if !s.Names(policydoc.Caller{Account: c.Caller.Account, ARN: c.Caller.ARN}) || !s.Applies(asked) {
			continue
		}
		if s.Effect == "Deny" {
			return false
		}
		allowed = true
	}
	return allowed
}

func errNoResourcePolicy() *core.Error {
	return refuse("ResourcePolicyNotFoundException", "We can't find a resource policy request with the parameter that you specified.")
}
