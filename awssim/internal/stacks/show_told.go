package stacks

import "github.com/setmend/setmend/awssim/internal/resource"

// showTold spells one resource's change out; nil if nothing of it is shown. With
// values AWS lists only what is known to change, and calls what is made or
// removed a replacement.
func (e *Engine) showTold(t *told, values bool) *resourceChangeShape {
	shown := *t
	if values {
		var changes bool
		if shown, changes = t.certain(); !changes {
			return nil
		}
	}
	out := &resourceChangeShape{
		Action: string(shown.action), LogicalResourceId: shown.resource.LogicalID, PhysicalResourceId: shown.physicalID,
		ResourceType: shown.resource.Type, Scope: []string{}, Details: []*changeDetail{},
	}
	switch shown.action {
	case modify:
		shown.modification(out, values)
	case remove:
		out.PolicyAction = policyAction(shown.resource.DeletionPolicy)
		fallthrough
	default:
		if values && shown.action != adopt {
			out.Replacement = "True"
		}
	}
	if values {
		out.BeforeContext, out.AfterContext = shown.context(shown.before), shown.context(shown.after)
	}
	return out
}

func (t *told) context(properties map[string]any) string {
	if properties == nil {
		return ""
	}
	return resource.JSON(map[string]any{"Properties": withoutSecrets(properties, t.secret)})
}

func (t *told) modification(out *resourceChangeShape, values bool) {
	out.Replacement = t.replacement()
	switch t.replacement() {
	case "True":
		out.PolicyAction = "ReplaceAnd" + policyAction(t.resource.UpdateReplacePolicy)
	case "Conditional":
		out.PolicyAction = "ReplaceAnd" + policyAction(t.resource.UpdateReplacePolicy)
	}
	if len(t.properties) > 0 {
		out.Scope = append(out.Scope, "Properties")
	}
	for i := range t.properties {
		out.Details = append(out.Details, t.details(&t.properties[i], values)...)
	}
	if t.automatic { // AWS: a nested stack may change with its template
		automatic := cause{source: "Automatic", dynamic: true}
		if out.Details = append(out.Details, automatic.detail(&changeTarget{Attribute: "Properties", RequiresRecreation: "Never"})); len(t.properties) == 0 {
			out.Scope = append(out.Scope, "Properties")
		}
	}
	direct := cause{source: "DirectModification"}
	for _, attribute := range t.attributes {
		out.Scope = append(out.Scope, attribute)
		out.Details = append(out.Details, direct.detail(&changeTarget{Attribute: attribute, RequiresRecreation: "Never"}))
	}
	if t.tags {
		out.Scope = append(out.Scope, "Tags")
		out.Details = append(out.Details, direct.detail(&changeTarget{Attribute: "Tags", RequiresRecreation: "Never"}))
	}
}

// details tells why a property changes: each cause, and the modification itself.
// Without values a modification that only an attribute causes is left out.
func (t *told) details(p *toldProperty, values bool) []*changeDetail {
	causes := p.causes
	if p.direct != nil && (values || !p.direct.dynamic || p.byParameter()) {
		causes = append(causes[:len(causes):len(causes)], *p.direct)
	}
	base := changeTarget{Attribute: "Properties", Name: p.name, RequiresRecreation: "Never"}
	if p.recreates {
		base.RequiresRecreation = "Always"
	}
	var out []*changeDetail
	for _, because := range causes {
		if !values {
			out = append(out, because.detail(&base))
			continue
		}
		for _, d := range t.parts(p.name) {
			target := base
			target.fill(d)
			if t.secret[p.name] {
				target.hide()
			}
			out = append(out, because.detail(&target))
		}
	}
	return out
}

func (p *toldProperty) byParameter() bool {
	return len(p.causes) > 0 && p.causes[0].source == "ParameterReference"
}

// parts are the differences of a property, by path.
func (t *told) parts(name string) []resource.Difference {
	return differencesOf(name, t.before, t.after)
}

func differencesOf(name string, before, after map[string]any) []resource.Difference {
	from, had := before[name]
	to, has := after[name]
	left, right := map[string]any{}, map[string]any{}
	if had {
		left[name] = from
	}
	if has {
		right[name] = to
	}
	if len(left) == 0 {
		return []resource.Difference{{Path: "/" + name, Actual: resource.Render(to), Expected: "null", Type: "ADD"}}
	}
	if found := (&resource.Type{}).Diff(left, right); len(found) > 0 {
		return found
	}
	return []resource.Difference{{Path: "/" + name, Expected: resource.Render(from), Actual: resource.Render(to), Type: "NOT_EQUAL"}}
}

// fill tells the path and the values before and after.
func (t *changeTarget) fill(d resource.Difference) {
	t.Path = "/Properties" + d.Path
	if d.Type != "ADD" {
		t.BeforeValue = pointer(d.Expected)
	}
	if d.Type != "REMOVE" {
		t.AfterValue = pointer(d.Actual)
	}
	t.AttributeChangeType = map[string]string{"ADD": "Add", "REMOVE": "Remove", "NOT_EQUAL": "Modify"}[d.Type]
}
