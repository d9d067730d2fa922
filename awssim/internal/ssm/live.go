package ssm

import (
	"cmp"
	"slices"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

// liveType is the resource type of parameters.
const liveType = "AWS::SSM::Parameter"

// byCloudFormation is who has written what a stack's operations made.
const byCloudFormation = "cloudformation.amazonaws.com"

// take makes a parameter of a live resource, or a version of what has changed. A
// change of this service's own hands its version over in pending.
func (s *Store) take(l core.Live, known *parameter) *parameter {
	p := known
	if p == nil {
		p = &parameter{name: l.Identifier}
	}
	p.tags, p.tier = tagsOf(l.Properties["Tags"]), cmp.Or(property.Text(l.Properties["Tier"]), standard)
	switch {
	case s.pending != nil:
		p.versions = append(p.versions, *s.pending)
	case known == nil:
		for _, r := range revisionsOf(l) {
			p.follow(r)
		}
	default:
		p.follow(core.Revision{Properties: l.Properties, At: l.Changed})
	}
	if p.tier == intelligent {
		p.tier = p.latest().tier
	}
	return p
}

// revisionsOf lists what a resource was, up to what it is.
func revisionsOf(l core.Live) []core.Revision {
	var out []core.Revision
	if l.Revisions != nil {
		out = l.Revisions()
	}
	now := core.Revision{Properties: l.Properties, At: l.Changed}
	if len(out) == 0 {
		now.At = l.Made
	}
	return append(slices.Clip(out), now)
}

// follow appends a version for what a resource has become, unless only what is no
// part of a version differs.
func (p *parameter) follow(r core.Revision) {
	v := version{
		number: 1, kind: cmp.Or(property.Text(r.Properties["Type"]), String), value: property.Text(r.Properties["Value"]),
		dataType: cmp.Or(property.Text(r.Properties["DataType"]), "text"), description: property.Text(r.Properties["Description"]),
		allowedPattern: property.Text(r.Properties["AllowedPattern"]), keyID: property.Text(r.Properties["KeyId"]),
		tier: cmp.Or(property.Text(r.Properties["Tier"]), standard), user: byCloudFormation, modified: r.At,
	}
	if v.tier == intelligent {
		v.tier = standard
		if len(v.value) > standardBytes {
			v.tier = advanced
		}
	}
	if len(p.versions) > 0 {
		old := p.latest()
		if old.kind == v.kind && old.value == v.value && old.description == v.description && old.allowedPattern == v.allowedPattern && old.dataType == v.dataType {
			return
		}
		v.number = old.number + 1
	}
	if len(p.versions) >= keptVersions {
		p.versions = slices.Delete(p.versions, 0, 1)
	}
	p.versions = append(p.versions, v)
}

// properties are what a parameter with this version is as a live resource, given
// what it was. A default that AWS fills in is included only
// if was has it.
func (p *parameter) properties(v *version, was map[string]any) map[string]any {
	out := map[string]any{}
	for k, one := range was {
		out[k] = one
	}
	out["Name"], out["Type"], out["Value"] = p.name, v.kind, v.value
	for name, value := range map[string]string{"Description": v.description, "AllowedPattern": v.allowedPattern, "KeyId": v.keyID} {
		if delete(out, name); value != "" {
			out[name] = value
		}
	}
	if _, had := was["DataType"]; had || v.dataType != "text" {
		out["DataType"] = v.dataType
	}
	if _, had := was["Tier"]; had || v.tier != standard {
		out["Tier"] = v.tier
	}
	out["Tags"] = property.Any(p.tags)
	if len(p.tags) == 0 {
		delete(out, "Tags")
	}
	return out
}

// tagsOf reads the Tags of a live parameter: an object, or a list of pairs.
func tagsOf(v any) map[string]string {
	if _, pairs := v.([]any); pairs {
		return property.Tags(v)
	}
	return property.Strings(v)
}
