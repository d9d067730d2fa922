package organizations

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	policydoc "github.com/setmend/setmend/awssim/internal/policy"
)

// policy is a policy of any type.
type policy struct {
	id, kind, name, description, content string

	managed  bool                // AWS's own
	document *policydoc.Document // of control policies, read for evaluation
	tree     map[string]any      // of the others, read for merging
	targets  map[string]bool     // account, OU and root ids
	tags     map[string]string
	updated  time.Time
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

// addManaged makes one of AWS's policies that allow everything.
func (o *Organization) addManaged(id, kind string) {
	content := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	if kind == rcp {
		content = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`
	}
	p := &policy{
		id: id, kind: kind, name: strings.TrimPrefix(id, "p-"), managed: true,
		description: map[string]string{scp: "Allows access to every operation", rcp: "Allows access to every resource"}[kind],
		targets:     map[string]bool{}, tags: map[string]string{}, updated: o.world.Now(),
	}
	if err := p.setContent(content); err != nil {
		panic("organizations: a policy of AWS's own cannot be read: " + err.Error())
	}
	o.policies[id] = p
}

type createPolicyInput struct {
	Name        string `valid:"required,min=1,max=128"`
	Description string `valid:"max=512"`
	Content     string `valid:"required,min=1,max=1000000"`
	Type        string `valid:"required"`
	Tags        []Tag
}

func (o *Organization) createPolicy(_ *core.Call, in *createPolicyInput) (*policyOutput, error) {
	if _, err := findType(in.Type); err != nil {
		return nil, err
	}
	if o.featureSet != "ALL" {
		return nil, refuse("PolicyTypeNotAvailableForOrganizationException", "The organization must have all features enabled to use policies.")
	}
	if o.policyNamed(in.Name, in.Type) != nil {
		return nil, refuse("DuplicatePolicyException", "A policy with the same name already exists.")
	}
	p := &policy{
		id: "p-" + o.letters(8), kind: in.Type, name: in.Name, description: in.Description,
		targets: map[string]bool{}, tags: map[string]string{}, updated: o.world.Now(),
	}
	if err := p.setContent(in.Content); err != nil {
		return nil, err
	}
	setTags(p.tags, in.Tags)
	o.policies[p.id] = p
	return o.policyOutput(p), nil
}

type policyInput struct {
	PolicyId string `valid:"required,max=130,pattern=p-[0-9a-zA-Z_]{8,128}"`
}

func (o *Organization) describePolicy(_ *core.Call, in *policyInput) (*policyOutput, error) {
	p, err := o.policy(in.PolicyId)
	if err != nil {
		return nil, err
	}
	return o.policyOutput(p), nil
}

type updatePolicyInput struct {
	PolicyId    string  `valid:"required,max=130,pattern=p-[0-9a-zA-Z_]{8,128}"`
	Name        *string `valid:"min=1,max=128"`
	Description *string `valid:"max=512"`
	Content     *string `valid:"min=1,max=1000000"`
}

func (o *Organization) updatePolicy(_ *core.Call, in *updatePolicyInput) (*policyOutput, error) {
	p, err := o.ownPolicy(in.PolicyId)
	if err != nil {
		return nil, err
	}
	if in.Name != nil && *in.Name != p.name && o.policyNamed(*in.Name, p.kind) != nil {
		return nil, refuse("DuplicatePolicyException", "A policy with the same name already exists.")
	}
	if in.Content != nil {
		if err := p.setContent(*in.Content); err != nil {
			return nil, err
		}
		o.allOpen = nil
	}
	if in.Name != nil {
		p.name = *in.Name
	}
	if in.Description != nil {
		p.description = *in.Description
	}
	p.updated = o.world.Now()
	return o.policyOutput(p), nil
}

// setContent reads a policy's document. It fails for one that is too long or that
// the policy's type has no use for.
func (p *policy) setContent(content string) error {
	kind, err := findType(p.kind)
	if err != nil {
		return err
	}
	if !p.managed && len(content) > kind.bytes {
		return constraint("POLICY_CONTENT_LIMIT_EXCEEDED", "The policy content exceeds %d bytes.", kind.bytes)
	}
	malformed := refuse("MalformedPolicyDocumentException", "The provided policy document does not meet the requirements of the specified policy type.")
	if kind.merged {
		var tree map[string]any
		if json.Unmarshal([]byte(content), &tree) != nil || len(tree) == 0 {
			return malformed
		}
		p.content, p.tree = content, tree
		return nil
	}
	d, err := policydoc.Read(content)
	if err != nil || !p.managed && !controls(d, p.kind) {
		return malformed
	}
	p.content, p.document = content, d
	return nil
}

// controls reports whether a document is one of a control policy's: a service control
// policy names no principal; a resource control policy names every principal, and
// denies.
func controls(d *policydoc.Document, kind string) bool {
	for _, s := range d.Statement {
		if len(s.NotPrincipal) > 0 {
			return false
		}
		if kind == scp && (len(s.Principal) > 0 || len(s.Resource)+len(s.NotResource) == 0) {
			return false
		}
		if kind == rcp && (string(s.Principal) != `"*"` || s.Effect != "Deny" || len(s.NotAction) > 0) {
			return false
		}
	}
	return true
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

// policiesPage lists policies of a type.
func (o *Organization) policiesPage(filter string, keep func(*policy) bool, max *int32, token string) (*listPoliciesOutput, error) {
	if _, err := findType(filter); err != nil {
		return nil, err
	}
	var list []*policy
	for _, p := range slices.SortedFunc(maps.Values(o.policies), func(a, b *policy) int { return cmp.Compare(a.id, b.id) }) {
		if p.kind == filter && keep(p) {
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

// policyNamed finds a policy by its name, which is unique among those of a type.
func (o *Organization) policyNamed(name, kind string) *policy {
	for _, p := range o.policies {
		if p.kind == kind && p.name == name {
			return p
		}
	}
	return nil
}

func (o *Organization) policyOutput(p *policy) *policyOutput {
	return &policyOutput{Policy: &PolicyShape{PolicySummary: o.policySummary(p), Content: p.content}}
}

func (o *Organization) policySummary(p *policy) *PolicySummary {
	arn := o.arn("policy", o.id, strings.ToLower(p.kind), p.id)
	if p.managed {
		arn = "arn:" + o.world.Options.Partition + ":organizations::aws:policy/" + strings.ToLower(p.kind) + "/" + p.id
	}
	return &PolicySummary{Id: p.id, Arn: arn, Name: p.name, Description: p.description, Type: p.kind, AwsManaged: p.managed}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
