package stacks

import (
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/resource"
	"github.com/setmend/setmend/awssim/internal/template"
)

// A stack's tags are put on every resource that can have tags (CloudFormation user
// guide, "Resource tag"). Where both name a key, the resource's own tag wins. They
// are live, but not part of what the template expects: no drift.

// tagProperty is the property that holds a type's tags, "" if a stack's tags do
// not reach it; asMap tells that it is an object, by key, rather than a list of
// pairs.
func tagProperty(t *resource.Type) (name string, asMap bool) {
	if t.Schema == nil || t.Schema.TagProperty == "" {
		return "", false
	}
	name = strings.TrimPrefix(t.Schema.TagProperty, "/")
	property := t.Schema.Schema.Member(name)
	switch {
	case property == nil:
		return "", false
	case property.Only("object"):
		return name, true
	case property.Items == nil || property.Items.Member("Key") == nil:
		return "", false
	}
	return name, false
}

// withTags are properties with a stack's tags added.
func withTags(t *resource.Type, properties map[string]any, tags []Tag) map[string]any {
	name, asMap := tagProperty(t)
	if name == "" || len(tags) == 0 {
		return properties
	}
	out := make(map[string]any, len(properties)+1)
	for k, v := range properties {
		out[k] = v
	}
	if asMap {
		out[name] = withMapTags(properties[name], tags)
	} else {
		out[name] = withListTags(properties[name], tags)
	}
	return out
}

func withMapTags(own any, tags []Tag) any {
	merged := map[string]any{}
	for _, one := range tags {
		merged[one.Key] = one.Value
	}
	m, _ := own.(map[string]any)
	for k, v := range m {
		merged[k] = v
	}
	return merged
}

func withListTags(own any, tags []Tag) any {
	list, _ := own.([]any)
	merged := slices.Clone(list)
	keys := tagKeys(own)
	for _, one := range tags {
		if !keys[one.Key] {
			merged = append(merged, map[string]any{"Key": one.Key, "Value": one.Value})
		}
	}
	return merged
}

// deployed is what a deployment makes of a resource: the template's properties
// with the stack's tags.
func (v *view) deployed(r *template.Resource, expected map[string]any) map[string]any {
	return withTags(typeOf(r), expected, v.deployment.tags)
}

// comparedWith is what drift detection compares with: the stack's tags are expected
// where the template has tags at all.
func (v *view) comparedWith(r *template.Resource, expected map[string]any) map[string]any {
	name, _ := tagProperty(typeOf(r))
	if _, has := expected[name]; !has {
		return expected
	}
	return v.deployed(r, expected)
}
