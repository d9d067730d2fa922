package template

import (
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxNodes bounds what YAML aliases can unfold to. AWS takes templates of 1 MB at
// most; that many values do not fit into one.
const maxNodes = 1 << 20

// parse reads the text into maps, lists and scalars, YAML's short forms
// (!ImportValue x) written out (Fn::ImportValue: x). It reports false if the text
// is neither JSON nor YAML, or unfolds beyond maxNodes.
func parse(text string) (any, bool) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		var root any
		if json.Unmarshal([]byte(text), &root) == nil {
			return root, true
		}
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil || len(document.Content) == 0 {
		return nil, false
	}
	left := maxNodes
	root := unfold(document.Content[0], &left)
	return root, left > 0
}

// unfold turns a YAML node into plain values, and counts them down in left.
func unfold(node *yaml.Node, left *int) any {
	if *left--; *left <= 0 {
		return nil
	}
	var value any
	switch node.Kind {
	case yaml.AliasNode:
		return unfold(node.Alias, left)
	case yaml.MappingNode:
		fields := make(map[string]any, len(node.Content)/2)
		for i := 0; i+1 < len(node.Content); i += 2 {
			fields[node.Content[i].Value] = unfold(node.Content[i+1], left)
		}
		value = fields
	case yaml.SequenceNode:
		items := make([]any, 0, len(node.Content))
		for _, item := range node.Content {
			items = append(items, unfold(item, left))
		}
		value = items
	default:
		if node.Tag == "!!null" {
			return nil
		}
		value = node.Value
	}
	if short := node.Tag; strings.HasPrefix(short, "!") && !strings.HasPrefix(short, "!!") {
		return map[string]any{longForm(short[1:]): value}
	}
	return value
}

// longForm is a short tag's long form: Ref and Condition have no prefix.
func longForm(tag string) string {
	if tag == "Ref" || tag == "Condition" {
		return tag
	}
	return "Fn::" + tag
}

// eachIn calls see for the value of every occurrence of a key.
func eachIn(value any, key string, see func(any)) {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			if name == key {
				see(inner)
			}
			eachIn(inner, key, see)
		}
	case []any:
		for _, inner := range v {
			eachIn(inner, key, see)
		}
	}
}

func mapIn(value any) map[string]any {
	m, _ := value.(map[string]any)
	return m
}

// isTrue reads a boolean as CloudFormation does: also from a string. Anything
// but a clear no counts as yes, for it decides whether a value is a secret.
func isTrue(value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return !strings.EqualFold(v, "false") && !strings.EqualFold(v, "no") && v != ""
	}
	return true
}
