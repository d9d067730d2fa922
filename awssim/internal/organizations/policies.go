package organizations

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Limits of service control policies: attached to one target at once, and the
// bytes of one document (AWS quotas).
const (
	maxAttached    = 5
	maxPolicyBytes = 5120
)

const (
	scp           = "SERVICE_CONTROL_POLICY"
	fullAWSAccess = "p-FullAWSAccess"
)

type policy struct {
	id, name, description, content string
	managed                        bool // AWS's own
	denials                        []denial
	targets                        map[string]bool // account, OU and root ids
	tags                           map[string]string
}

// PolicyShape, PolicySummary and PolicyTargetSummary are structures of the API.
type (
	PolicyShape struct {
		PolicySummary *PolicySummary
		Content       string
	}
	PolicySummary struct {
		Id, Arn, Name, Description, Type string
		AwsManaged                       bool
	}
	PolicyTargetSummary struct{ TargetId, Arn, Name, Type string }
)

type policyOutput struct{ Policy *PolicyShape }

// addDefaultPolicy attaches AWS's FullAWSAccess to the root. The embedded AWS
// knows denials only, so nothing depends on it; it is there because AWS has it.
func (o *Organization) addDefaultPolicy() {
	o.policies[fullAWSAccess] = &policy{
		id: fullAWSAccess, name: "FullAWSAccess", managed: true,
		description: "Allows access to every operation",
		content:     `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
		targets:     map[string]bool{o.root.id: true},
		tags:        map[string]string{},
	}
}

type createPolicyInput struct {
	Name        string `valid:"required,min=1,max=128"`
	Description string `valid:"max=512"`
	Content     string `valid:"required,min=1,max=1000000"`
	Type        string `valid:"required"`
	Tags        []Tag
}

func (o *Organization) createPolicy(_ *core.Call, in *createPolicyInput) (*policyOutput, error) {
	if err := onlySCP(in.Type); err != nil {
		return nil, err
	}
	if o.policyNamed(in.Name) != nil {
		return nil, refuse("DuplicatePolicyException", "A policy with the same name already exists.")
	}
	p := &policy{id: "p-" + o.letters(8), name: in.Name, description: in.Description, targets: map[string]bool{}, tags: map[string]string{}}
	if err := p.setContent(in.Content); err != nil {
		return nil, err
	}
	setTags(p.tags, in.Tags)
	o.policies[p.id] = p
	return o.policyOutput(p), nil
}

type policyInput struct {
	PolicyId string `valid:"required"`
}

func (o *Organization) describePolicy(_ *core.Call, in *policyInput) (*policyOutput, error) {
	p, err := o.policy(in.PolicyId)
	if err != nil {
		return nil, err
	}
	return o.policyOutput(p), nil
}

type updatePolicyInput struct {
	PolicyId    string  `valid:"required"`
	Name        *string `valid:"min=1,max=128"`
	Description *string `valid:"max=512"`
	Content     *string `valid:"min=1,max=1000000"`
}

func (o *Organization) updatePolicy(_ *core.Call, in *updatePolicyInput) (*policyOutput, error) {
	p, err := o.ownPolicy(in.PolicyId)
	if err != nil {
		return nil, err
	}
	if in.Name != nil && o.policyNamed(*in.Name) != nil && *in.Name != p.name {
		return nil, refuse("DuplicatePolicyException", "A policy with the same name already exists.")
	}
	if in.Content != nil {
		if err := o.replaceContent(p, *in.Content); err != nil {
			return nil, err
		}
	}
	if in.Name != nil {
		p.name = *in.Name
	}
	if in.Description != nil {
		p.description = *in.Description
	}
	return o.policyOutput(p), nil
}

// replaceContent swaps the denials of an attached policy on all its targets.
func (o *Organization) replaceContent(p *policy, content string) error {
	next := &policy{}
	if err := next.setContent(content); err != nil {
		return err
	}
	for target := range p.targets {
		o.lift(p, target)
	}
	p.content, p.denials = next.content, next.denials
	for target := range p.targets {
		o.impose(p, target)
	}
	return nil
}

func (o *Organization) deletePolicy(_ *core.Call, in *policyInput) (*Empty, error) {
	p, err := o.ownPolicy(in.PolicyId)
	if err != nil {
		return nil, err
	}
	if len(p.targets) > 0 {
		return nil, refuse("PolicyInUseException", "The policy is attached to one or more entities. You must detach it from all roots, OUs, and accounts before performing this operation.")
	}
	delete(o.policies, p.id)
	return &Empty{}, nil
}

type listPoliciesInput struct {
	Filter     string `valid:"required"`
	MaxResults *int32 `valid:"min=1,max=20"`
	NextToken  string
}

type listPoliciesOutput struct {
	Policies  []PolicySummary
	NextToken string
}

func (o *Organization) listPolicies(_ *core.Call, in *listPoliciesInput) (*listPoliciesOutput, error) {
	return o.policiesPage(in.Filter, func(*policy) bool { return true }, in.MaxResults, in.NextToken)
}

type listPoliciesForTargetInput struct {
	TargetId   string `valid:"required"`
	Filter     string `valid:"required"`
	MaxResults *int32 `valid:"min=1,max=20"`
	NextToken  string
}

func (o *Organization) listPoliciesForTarget(_ *core.Call, in *listPoliciesForTargetInput) (*listPoliciesOutput, error) {
	if _, err := o.target(in.TargetId); err != nil {
		return nil, err
	}
	return o.policiesPage(in.Filter, func(p *policy) bool { return p.targets[in.TargetId] }, in.MaxResults, in.NextToken)
}

// policiesPage lists policies; of the types other than SCPs there are none.
func (o *Organization) policiesPage(filter string, keep func(*policy) bool, max *int32, token string) (*listPoliciesOutput, error) {
	var list []*policy
	for _, p := range slices.SortedFunc(maps.Values(o.policies), func(a, b *policy) int { return cmp.Compare(a.id, b.id) }) {
		if filter == scp && keep(p) {
			list = append(list, p)
		}
	}
	list, next, err := page(o, list, func(p *policy) string { return p.id }, max, token)
	if err != nil {
		return nil, err
	}
	out := &listPoliciesOutput{Policies: []PolicySummary{}, NextToken: next}
	for _, p := range list {
		out.Policies = append(out.Policies, *o.policySummary(p))
	}
	return out, nil
}

func onlySCP(kind string) error {
	if kind != scp {
		return refuse("PolicyTypeNotAvailableForOrganizationException", "The embedded AWS has service control policies only, not %s.", kind)
	}
	return nil
}

func (o *Organization) policy(id string) (*policy, error) {
	if p := o.policies[id]; p != nil {
		return p, nil
	}
	return nil, refuse("PolicyNotFoundException", "We can't find a policy with the PolicyId that you specified.")
}

// ownPolicy finds a policy that can be changed: AWS's own cannot.
func (o *Organization) ownPolicy(id string) (*policy, error) {
	p, err := o.policy(id)
	if err != nil {
		return nil, err
	}
	if p.managed {
		return nil, invalid("IMMUTABLE_POLICY", "You specified a policy that is managed by AWS and can't be modified.")
	}
	return p, nil
}

func (o *Organization) policyNamed(name string) *policy {
	for _, p := range o.policies {
		if strings.EqualFold(p.name, name) {
			return p
		}
	}
	return nil
}

func (o *Organization) policyOutput(p *policy) *policyOutput {
	return &policyOutput{Policy: &PolicyShape{PolicySummary: o.policySummary(p), Content: p.content}}
}

func (o *Organization) policySummary(p *policy) *PolicySummary {
	arn := o.arn("policy", o.id, "service_control_policy", p.id)
	if p.managed {
		arn = "arn:" + o.world.Options.Partition + ":organizations::aws:policy/service_control_policy/" + p.id
	}
	return &PolicySummary{Id: p.id, Arn: arn, Name: p.name, Description: p.description, Type: scp, AwsManaged: p.managed}
}
