package organizations

import (
	"slices"

	"github.com/setmend/setmend/awssim/internal/core"
)

// The policy types of Organizations that are evaluated by rules of their own.
const (
	scp = "SERVICE_CONTROL_POLICY"
	rcp = "RESOURCE_CONTROL_POLICY"
)

// AWS's own policies of these two types, which allow everything.
const (
	fullAWSAccess    = "p-FullAWSAccess"
	rcpFullAWSAccess = "p-RCPFullAWSAccess"
)

// policyType is what differs from type to type: how many policies one target may
// have, how large they may be, and whether they are inherited by merging.
type policyType struct {
	name     string
	attached int
	bytes    int
	merged   bool
}

// policyTypes are the types of November 2026 (model), with the quotas of AWS's page
// on them; those of the youngest types are guessed to be those of their kin.
var policyTypes = []policyType{
	{scp, 5, 5_120, false},
	{rcp, 5, 5_120, false},
	{"TAG_POLICY", 10, 10_000, true},
	{"BACKUP_POLICY", 10, 10_000, true},
	{"AISERVICES_OPT_OUT_POLICY", 5, 2_500, true},
	{"CHATBOT_POLICY", 5, 10_000, true},
	{"DECLARATIVE_POLICY_EC2", 10, 10_000, true},
	{"SECURITYHUB_POLICY", 10, 10_000, true},
	{"INSPECTOR_POLICY", 10, 10_000, true},
	{"UPGRADE_ROLLOUT_POLICY", 10, 10_000, true},
	{"BEDROCK_POLICY", 10, 10_000, true},
	{"S3_POLICY", 10, 10_000, true},
	{"NETWORK_SECURITY_DIRECTOR_POLICY", 10, 10_000, true},
	{"GUARDDUTY_POLICY", 10, 10_000, true},
}

// findType returns a policy type; it fails for a name that the model lacks.
func findType(name string) (policyType, error) {
	i := slices.IndexFunc(policyTypes, func(t policyType) bool { return t.name == name })
	if i < 0 {
		return policyType{}, invalid("INVALID_ENUM_POLICY_TYPE", "You specified an invalid policy type: %.64s.", name)
	}
	return policyTypes[i], nil
}

// defaultOf is the id of AWS's policy that every target of a type has from the start,
// "" where there is none.
func defaultOf(kind string) string {
	switch kind {
	case scp:
		return fullAWSAccess
	case rcp:
		return rcpFullAWSAccess
	}
	return ""
}

type policyTypeInput struct {
	RootId     string `valid:"required"`
	PolicyType string `valid:"required"`
}

type policyTypeOutput struct{ Root *RootShape }

// enablePolicyType turns a type on in the root. Service and resource control policies
// begin with AWS's policy that allows everything, attached to every target.
func (o *Organization) enablePolicyType(_ *core.Call, in *policyTypeInput) (*policyTypeOutput, error) {
	if err := o.checkRoot(in); err != nil {
		return nil, err
	}
	switch {
	case o.featureSet != "ALL":
		return nil, refuse("PolicyTypeNotAvailableForOrganizationException", "The organization must have all features enabled to use policies.")
	case o.enabled[in.PolicyType]:
		return nil, refuse("PolicyTypeAlreadyEnabledException", "The specified policy type is already enabled.")
	}
	o.enable(in.PolicyType)
	return o.rootOutput(), nil
}

// disablePolicyType turns a type off; its policies are detached from every target.
func (o *Organization) disablePolicyType(_ *core.Call, in *policyTypeInput) (*policyTypeOutput, error) {
	if err := o.checkRoot(in); err != nil {
		return nil, err
	}
	if !o.enabled[in.PolicyType] {
		return nil, refuse("PolicyTypeNotEnabledException", "The specified policy type isn't currently enabled in this root.")
	}
	delete(o.enabled, in.PolicyType)
	for _, p := range o.policies {
		if p.kind == in.PolicyType {
			clear(p.targets)
		}
	}
	o.allOpen = nil
	return o.rootOutput(), nil
}

// enable turns a type on, and attaches AWS's policy of the type to every target.
func (o *Organization) enable(kind string) {
	o.enabled[kind] = true
	o.allOpen = nil
	id := defaultOf(kind)
	if id == "" {
		return
	}
	if o.policies[id] == nil {
		o.addManaged(id, kind)
	}
	for target := range o.units {
		o.policies[id].targets[target] = true
	}
	for target := range o.members {
		o.policies[id].targets[target] = true
	}
}

func (o *Organization) checkRoot(in *policyTypeInput) error {
	if in.RootId != o.root.id {
		return refuse("RootNotFoundException", "You specified a root that doesn't exist.")
	}
	_, err := findType(in.PolicyType)
	return err
}

func (o *Organization) rootOutput() *policyTypeOutput {
	root := o.rootShape()
	return &policyTypeOutput{Root: &root}
}

// policyTypes lists the types that are enabled in the root.
func (o *Organization) policyTypes() []PolicyTypeSummary {
	out := []PolicyTypeSummary{}
	for _, t := range policyTypes {
		if o.enabled[t.name] {
			out = append(out, PolicyTypeSummary{Type: t.name, Status: "ENABLED"})
		}
	}
	return out
}
