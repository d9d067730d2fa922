package cloud

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/setmend/setmend/fleet"
)

// templateFacts is what setmend needs to know of a template's text.
type templateFacts struct {
	noEcho           []string // parameters that AWS masks, sorted
	exports, imports bool
	// opaque: the text could not be read, and the facts are the cautious ones.
	opaque bool
}

func hashTemplate(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// maxTemplateNodes bounds what YAML aliases can unfold to. AWS takes templates
// of 1 MB at most; that many values do not fit into one.
const maxTemplateNodes = 1 << 20

// scanTemplate reads a JSON or YAML template. It never fails: AWS accepted the
// text, so what cannot be read here is answered with caution.
func scanTemplate(text string) templateFacts {
	root, ok := parseTemplate(text)
	top, isMap := root.(map[string]any)
	if !ok || !isMap {
		return templateFacts{
			exports: strings.Contains(text, "Export"), imports: strings.Contains(text, "ImportValue"),
			opaque: strings.Contains(text, "NoEcho"),
		}
	}
	facts := templateFacts{imports: mentions(root, "Fn::ImportValue")}
	for name, declaration := range mapIn(top["Parameters"]) {
		if isTrue(mapIn(declaration)["NoEcho"]) {
			facts.noEcho = append(facts.noEcho, name)
		}
	}
	slices.Sort(facts.noEcho)
	for _, output := range mapIn(top["Outputs"]) {
		if _, exported := mapIn(output)["Export"]; exported {
			facts.exports = true
		}
	}
	return facts
}

// maskedToo names the parameters whose values AWS masks: those the template
// declares, and any whose value reads so. Of an opaque template that speaks of
// NoEcho, every parameter may be one.
func maskedToo(facts templateFacts, parameters []fleet.Parameter) []string {
	names := slices.Clone(facts.noEcho)
	for _, p := range parameters {
		if facts.opaque || p.Masked() {
			names = append(names, p.Key)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// parseTemplate reads the text into maps, lists and scalars, YAML's short forms
// (!ImportValue x) written out (Fn::ImportValue: x).
func parseTemplate(text string) (any, bool) {
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
	left := maxTemplateNodes
	root := unfold(document.Content[0], &left)
	return root, left > 0
}

// unfold turns a YAML node into plain values, while any of left is left.
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
		value = node.Value
	}
	if short := node.Tag; strings.HasPrefix(short, "!") && !strings.HasPrefix(short, "!!") {
		return map[string]any{"Fn::" + short[1:]: value}
	}
	return value
}

// mentions reports whether a key occurs anywhere.
func mentions(value any, key string) bool {
	switch v := value.(type) {
	case map[string]any:
		if _, found := v[key]; found {
			return true
		}
		for _, inner := range v {
			if mentions(inner, key) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, func(inner any) bool { return mentions(inner, key) })
	}
	return false
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
		return !strings.EqualFold(v, "false") && v != ""
	}
	return true
}
