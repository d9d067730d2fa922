package organizations

import (
	"encoding/json"
	"fmt"

	"github.com/setmend/setmend/awssim/internal/core"
)

type attachmentInput struct {
	PolicyId string `valid:"required,max=130,pattern=p-[0-9a-zA-Z_]{8,128}"`
	TargetId string `valid:"required,max=100,pattern=(r-[0-9a-z]{4,32})|([0-9]{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})"`
}

func (o *Organization) attachPolicy(_ *core.Call, in *attachmentInput) (*Empty, error) {
	p, err := o.policy(in.PolicyId)
	if err != nil {
		return nil, err
	}
	if _, err := o.target(in.TargetId); err != nil {
		return nil, err
	}
	kind, err := findType(p.kind)
	if err != nil {
		return nil, err
	}
	switch {
	case !o.enabled[p.kind]:
		return nil, refuse("PolicyTypeNotEnabledException", "This operation can be performed only for enabled policy types.")
	case p.targets[in.TargetId]:
		return nil, refuse("DuplicatePolicyAttachmentException", "The selected policy is already attached to the specified target.")
	case len(o.attachedTo(in.TargetId, p.kind)) >= kind.attached:
		return nil, constraint("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", "You have exceeded the number of policies of this type that can be attached to the target.")
	}
	p.targets[in.TargetId] = true
	o.allOpen = nil
	return &Empty{}, nil
}

// detachPolicy takes a policy off a target. A target keeps one service control policy
// at least (the model's MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED), and always
// RCPFullAWSAccess.
func (o *Organization) detachPolicy(_ *core.Call, in *attachmentInput) (*Empty, error) {
	p, err := o.policy(in.PolicyId)
	if err != nil {
		return nil, err
	}
	if _, err := o.target(in.TargetId); err != nil {
		return nil, err
	}
	switch {
	case !p.targets[in.TargetId]:
		return nil, refuse("PolicyNotAttachedException", "The policy isn't attached to the specified target in the specified root.")
	case p.id == rcpFullAWSAccess:
		return nil, invalid("NON_DETACHABLE_POLICY", "You can't detach the policy %s.", p.id)
	case p.kind == scp && len(o.attachedTo(in.TargetId, scp)) == 1:
		return nil, constraint("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", "You cannot remove the last policy attached to the specified target. You must have at least one attached at all times.")
	}
	delete(p.targets, in.TargetId)
	o.allOpen = nil
	return &Empty{}, nil
}

// newTarget attaches AWS's policies that allow everything to an account or OU that is new.
func (o *Organization) newTarget(id string) {
	for kind := range o.enabled {
		if p := o.policies[defaultOf(kind)]; p != nil {
			p.targets[id] = true
		}
	}
	o.allOpen = nil
}

// dropTarget detaches everything from an account or OU that is gone.
func (o *Organization) dropTarget(id string) {
	for _, p := range o.policies {
		delete(p.targets, id)
	}
	o.allOpen = nil
}

type listTargetsInput struct {
	PolicyId   string `valid:"required,max=130,pattern=p-[0-9a-zA-Z_]{8,128}"`
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
