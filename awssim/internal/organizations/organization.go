package organizations

import (
	"fmt"

	"github.com/setmend/setmend/awssim/internal/core"
)

// OrganizationShape is the Organization structure of the API.
type OrganizationShape struct {
	Id, Arn, FeatureSet                                   string
	MasterAccountArn, MasterAccountEmail, MasterAccountId string
	AvailablePolicyTypes                                  []PolicyTypeSummary
}

// PolicyTypeSummary tells whether a policy type is enabled in a root.
type PolicyTypeSummary struct{ Type, Status string }

// OrganizationOutput answers with the organization.
type OrganizationOutput struct{ Organization *OrganizationShape }

// RootShape is the Root structure of the API.
type RootShape struct {
	Id, Arn, Name string
	PolicyTypes   []PolicyTypeSummary
}

type createOrganizationInput struct {
	FeatureSet string `valid:"enum=ALL|CONSOLIDATED_BILLING"`
}

func (o *Organization) createOrganization(c *core.Call, in *createOrganizationInput) (*OrganizationOutput, error) {
	if o.containing(c.Caller.Account).Exists() {
		return nil, refuse("AlreadyInOrganizationException", "The provided account is already a member of an organization.")
	}
	o = o.vacant()
	if err := o.Create(c.Caller.Account, "Management"); err != nil {
		return nil, err
	}
	if in.FeatureSet != "" {
		o.featureSet = in.FeatureSet
	}
	return o.shape(), nil
}

func (o *Organization) describeOrganization(*core.Call, *Empty) (*OrganizationOutput, error) {
	return o.shape(), nil
}

func (o *Organization) deleteOrganization(*core.Call, *Empty) (*Empty, error) {
	if len(o.members) > 1 || len(o.units) > 1 {
		return nil, refuse("OrganizationNotEmptyException", "The organization isn't empty. To delete an organization, you must first remove all accounts except the management account.")
	}
	o.clear()
	return &Empty{}, nil
}

type listRootsInput struct {
	MaxResults *int32 `valid:"min=1,max=20"`
	NextToken  string
}

type listRootsOutput struct {
	Roots     []RootShape
	NextToken string
}

func (o *Organization) listRoots(_ *core.Call, in *listRootsInput) (*listRootsOutput, error) {
	roots, next, err := page(o, []*unit{o.root}, unitID, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &listRootsOutput{Roots: []RootShape{}, NextToken: next}
	for range roots {
		out.Roots = append(out.Roots, o.rootShape())
	}
	return out, nil
}

func (o *Organization) shape() *OrganizationOutput {
	management := o.members[o.management]
	return &OrganizationOutput{Organization: &OrganizationShape{
		Id:                   o.id,
		Arn:                  o.arn("organization", o.id),
		FeatureSet:           o.featureSet,
		MasterAccountId:      o.management,
		MasterAccountArn:     o.arn("account", o.id, o.management),
		MasterAccountEmail:   management.Email,
		AvailablePolicyTypes: o.policyTypes(),
	}}
}

func (o *Organization) rootShape() RootShape {
	return RootShape{
		Id:          o.root.id,
		Arn:         o.arn("root", o.id, o.root.id),
		Name:        o.root.name,
		PolicyTypes: o.policyTypes(),
	}
}

// arn is an ARN of Organizations: all of them belong to the management account.
func (o *Organization) arn(kind string, ids ...string) string {
	s := fmt.Sprintf("arn:%s:organizations::%s:%s", o.world.Options.Partition, o.management, kind)
	for _, id := range ids {
		s += "/" + id
	}
	return s
}
