package organizations

import (
	"maps"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// UnitShape is the OrganizationalUnit structure of the API.
type UnitShape struct {
	Id, Arn, Name string
}

type unitOutput struct{ OrganizationalUnit *UnitShape }

type createUnitInput struct {
	ParentId string `valid:"required"`
	Name     string `valid:"required,min=1,max=128"`
	Tags     []Tag
}

func (o *Organization) createOrganizationalUnit(_ *core.Call, in *createUnitInput) (*unitOutput, error) {
	id, err := o.AddOU(in.ParentId, in.Name)
	if err != nil {
		return nil, err
	}
	u := o.units[id]
	setTags(u.tags, in.Tags)
	return o.unitOutput(u), nil
}

type unitInput struct {
	OrganizationalUnitId string `valid:"required"`
}

func (o *Organization) describeOrganizationalUnit(_ *core.Call, in *unitInput) (*unitOutput, error) {
	u, err := o.unit(in.OrganizationalUnitId)
	if err != nil {
		return nil, err
	}
	return o.unitOutput(u), nil
}

type updateUnitInput struct {
	OrganizationalUnitId string `valid:"required"`
	Name                 string `valid:"min=1,max=128"`
}

func (o *Organization) updateOrganizationalUnit(_ *core.Call, in *updateUnitInput) (*unitOutput, error) {
	u, err := o.unit(in.OrganizationalUnitId)
	if err != nil {
		return nil, err
	}
	if in.Name != "" {
		if other := o.parentOf(u).child(in.Name); other != nil && other != u {
			return nil, refuse("DuplicateOrganizationalUnitException", "An OU with the same name already exists.")
		}
		u.name = in.Name
	}
	return o.unitOutput(u), nil
}

func (o *Organization) deleteOrganizationalUnit(_ *core.Call, in *unitInput) (*Empty, error) {
	u, err := o.unit(in.OrganizationalUnitId)
	if err != nil {
		return nil, err
	}
	if len(u.units)+len(u.accounts) > 0 {
		return nil, refuse("OrganizationalUnitNotEmptyException", "The specified OU is not empty.")
	}
	delete(o.parentOf(u).units, u.id)
	delete(o.units, u.id)
	o.dropTarget(u.id)
	o.forget()
	return &Empty{}, nil
}

type parentInput struct {
	ParentId   string `valid:"required"`
	MaxResults *int32 `valid:"min=1,max=20"`
	NextToken  string
}

type listUnitsOutput struct {
	OrganizationalUnits []UnitShape
	NextToken           string
}

func (o *Organization) listOrganizationalUnitsForParent(_ *core.Call, in *parentInput) (*listUnitsOutput, error) {
	p, err := o.parent(in.ParentId)
	if err != nil {
		return nil, err
	}
	units, next, err := page(o, p.sortedUnits(), unitID, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &listUnitsOutput{OrganizationalUnits: []UnitShape{}, NextToken: next}
	for _, u := range units {
		out.OrganizationalUnits = append(out.OrganizationalUnits, *o.unitShape(u))
	}
	return out, nil
}

// ParentShape and ChildShape are Parent and Child of the API.
type (
	ParentShape struct{ Id, Type string }
	ChildShape  struct{ Id, Type string }
)

type listParentsInput struct {
	ChildId    string `valid:"required"`
	MaxResults *int32 `valid:"min=1,max=20"`
	NextToken  string
}

type listParentsOutput struct {
	Parents   []ParentShape
	NextToken string
}

// listParents answers the one parent: AWS has the plural for the future.
func (o *Organization) listParents(_ *core.Call, in *listParentsInput) (*listParentsOutput, error) {
	var parent *unit
	if m := o.members[in.ChildId]; m != nil {
		parent = m.unit
	} else if u := o.units[in.ChildId]; u != nil && u != o.root {
		parent = o.parentOf(u)
	} else {
		return nil, refuse("ChildNotFoundException", "You specified a child that doesn't exist.")
	}
	kind := "ORGANIZATIONAL_UNIT"
	if parent == o.root {
		kind = "ROOT"
	}
	return &listParentsOutput{Parents: []ParentShape{{Id: parent.id, Type: kind}}}, nil
}

type listChildrenInput struct {
	ParentId   string `valid:"required"`
	ChildType  string `valid:"required,enum=ACCOUNT|ORGANIZATIONAL_UNIT"`
	MaxResults *int32 `valid:"min=1,max=20"`
	NextToken  string
}

type listChildrenOutput struct {
	Children  []ChildShape
	NextToken string
}

func (o *Organization) listChildren(_ *core.Call, in *listChildrenInput) (*listChildrenOutput, error) {
	p, err := o.parent(in.ParentId)
	if err != nil {
		return nil, err
	}
	var ids []string
	if in.ChildType == "ACCOUNT" {
		for _, m := range o.accountsDirectly(p) {
			ids = append(ids, m.ID)
		}
	} else {
		ids = slices.Sorted(maps.Keys(p.units))
	}
	ids, next, err := page(o, ids, func(id string) string { return id }, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &listChildrenOutput{Children: []ChildShape{}, NextToken: next}
	for _, id := range ids {
		out.Children = append(out.Children, ChildShape{Id: id, Type: in.ChildType})
	}
	return out, nil
}

// unit finds an OU; the root is none.
func (o *Organization) unit(id string) (*unit, error) {
	if u := o.units[id]; u != nil && u != o.root {
		return u, nil
	}
	return nil, refuse("OrganizationalUnitNotFoundException", "You specified an organizational unit that doesn't exist.")
}

func (o *Organization) parentOf(u *unit) *unit { return o.units[u.path[len(u.path)-2]] }

func (o *Organization) unitOutput(u *unit) *unitOutput {
	return &unitOutput{OrganizationalUnit: o.unitShape(u)}
}

func (o *Organization) unitShape(u *unit) *UnitShape {
	return &UnitShape{Id: u.id, Arn: o.arn("ou", o.id, u.id), Name: u.name}
}

func (u *unit) sortedUnits() []*unit {
	return slices.SortedFunc(maps.Values(u.units), func(a, b *unit) int { return strings.Compare(a.id, b.id) })
}

func unitID(u *unit) string { return u.id }
