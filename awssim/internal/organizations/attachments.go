package organizations

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/setmend/setmend/awssim/internal/core"
)

type attachmentInput struct {
	PolicyId string `valid:"required"`
	TargetId string `valid:"required"`
}

func (o *Organization) attachPolicy(_ *core.Call, in *attachmentInput) (*Empty, error) {
	p, err := o.policy(in.PolicyId)
	if err != nil {
		return nil, err
	}
	if _, err := o.target(in.TargetId); err != nil {
		return nil, err
	}
	switch {
	case p.targets[in.TargetId]:
		return nil, refuse("DuplicatePolicyAttachmentException", "The selected policy is already attached to the specified target.")
	case o.attached(in.TargetId) >= maxAttached:
		return nil, constraint("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", "You have exceeded the number of policies of this type that can be attached to the target.")
	}
	p.targets[in.TargetId] = true
	o.impose(p, in.TargetId)
	return &Empty{}, nil
}

func (o *Organization) detachPolicy(_ *core.Call, in *attachmentInput) (*Empty, error) {
	p, err := o.policy(in.PolicyId)
	if err != nil {
		return nil, err
	}
	if _, err := o.target(in.TargetId); err != nil {
		return nil, err
	}
	if !p.targets[in.TargetId] {
		return nil, refuse("PolicyNotAttachedException", "The policy isn't attached to the specified target in the specified root.")
	}
	o.detach(p, in.TargetId)
	return &Empty{}, nil
}

func (o *Organization) detach(p *policy, target string) {
	delete(p.targets, target)
	o.lift(p, target)
}

// impose puts the policy's denials in force on a target.
func (o *Organization) impose(p *policy, target string) {
	for _, d := range p.denials {
		o.world.Access.AddSCP(core.SCP{Target: target, Action: d.action, Regions: d.regions})
	}
}

// lift takes them back, and puts those of the target's other policies that deny
// the same actions in force again: Access knows statements, not policies.
func (o *Organization) lift(p *policy, target string) {
	for _, d := range p.denials {
		o.world.Access.RemoveSCP(target, d.action)
	}
	for _, other := range o.policies {
		if other == p || !other.targets[target] {
			continue
		}
		for _, d := range other.denials {
			if slices.ContainsFunc(p.denials, func(mine denial) bool { return mine.action == d.action }) {
				o.world.Access.AddSCP(core.SCP{Target: target, Action: d.action, Regions: d.regions})
			}
		}
	}
}

// dropTarget detaches everything from an account or OU that is gone.
func (o *Organization) dropTarget(id string) {
	for _, p := range o.policies {
		if p.targets[id] {
			o.detach(p, id)
		}
	}
}

func (o *Organization) attached(target string) int {
	n := 0
	for _, p := range o.policies {
		if p.targets[target] {
			n++
		}
	}
	return n
}

type listTargetsInput struct {
	PolicyId   string `valid:"required"`
	MaxResults *int32 `valid:"min=1,max=20"`
	NextToken  string
}

type listTargetsOutput struct {
	Targets   []PolicyTargetSummary
	NextToken string
}

func (o *Organization) listTargetsForPolicy(_ *core.Call, in *listTargetsInput) (*listTargetsOutput, error) {
	p, err := o.policy(in.PolicyId)
	if err != nil {
		return nil, err
	}
	ids, next, err := page(o, sortedKeys(p.targets), itself, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &listTargetsOutput{Targets: []PolicyTargetSummary{}, NextToken: next}
	for _, id := range ids {
		t, err := o.target(id)
		if err != nil {
			return nil, err
		}
		out.Targets = append(out.Targets, t)
	}
	return out, nil
}

// target finds what a policy can be attached to.
func (o *Organization) target(id string) (PolicyTargetSummary, error) {
	if m := o.members[id]; m != nil {
		return PolicyTargetSummary{TargetId: id, Arn: o.arn("account", o.id, id), Name: m.Name, Type: "ACCOUNT"}, nil
	}
	switch u := o.units[id]; {
	case u == nil:
		return PolicyTargetSummary{}, refuse("TargetNotFoundException", "We can't find a root, OU, or account with the TargetId that you specified.")
	case u == o.root:
		return PolicyTargetSummary{TargetId: id, Arn: o.arn("root", o.id, id), Name: u.name, Type: "ROOT"}, nil
	default:
		return PolicyTargetSummary{TargetId: id, Arn: o.arn("ou", o.id, id), Name: u.name, Type: "ORGANIZATIONAL_UNIT"}, nil
	}
}

type policyTypeInput struct {
	RootId     string `valid:"required"`
	PolicyType string `valid:"required"`
}

type policyTypeOutput struct{ Root *RootShape }

// enablePolicyType refuses, for service control policies are on from the start.
func (o *Organization) enablePolicyType(_ *core.Call, in *policyTypeInput) (*policyTypeOutput, error) {
	if err := o.checkRoot(in); err != nil {
		return nil, err
	}
	return nil, refuse("PolicyTypeAlreadyEnabledException", "The specified policy type is already enabled.")
}

func (o *Organization) disablePolicyType(_ *core.Call, in *policyTypeInput) (*policyTypeOutput, error) {
	if err := o.checkRoot(in); err != nil {
		return nil, err
	}
	return nil, constraint("POLICY_TYPE_ENABLED_FOR_THIS_SERVICE", "The embedded AWS keeps service control policies enabled.")
}

func (o *Organization) checkRoot(in *policyTypeInput) error {
	if in.RootId != o.root.id {
		return refuse("RootNotFoundException", "You specified a root that doesn't exist.")
	}
	return onlySCP(in.PolicyType)
}

func (o *Organization) policyTypes() []PolicyTypeSummary {
	if o.featureSet != "ALL" {
		return []PolicyTypeSummary{}
	}
	return []PolicyTypeSummary{{Type: scp, Status: "ENABLED"}}
}

// Deny makes a service control policy that denies an action pattern, and attaches
// it to an account, OU or root, for filling a world.
func (o *Organization) Deny(target, policyName, action string) error {
	content, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{
		map[string]any{"Effect": "Deny", "Action": action, "Resource": "*"},
	}})
	if err != nil {
		return fmt.Errorf("writing the policy %s: %w", policyName, err)
	}
	made, err := o.createPolicy(nil, &createPolicyInput{Name: policyName, Content: string(content), Type: scp})
	if err != nil {
		return err
	}
	_, err = o.attachPolicy(nil, &attachmentInput{PolicyId: made.Policy.PolicySummary.Id, TargetId: target})
	return err
}
