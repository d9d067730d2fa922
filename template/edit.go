package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ErrComputed is returned for a property that the template does not write out but
// computes, so that no other value can be written in its place.
var ErrComputed = errors.New("the template computes this value")

// Place says where a property's value comes from.
type Place struct {
	// Parameter is the parameter that the property refers to as a whole, "" if the
	// resource itself has the value.
	Parameter string
	// Line is its line in the text, 1 being the first; 0 if it is not there yet.
	Line int
}

// Locate finds where the value of a resource's property comes from. path is a JSON
// pointer below the resource's Properties, as AWS's drift detection names it. It
// fails with [ErrComputed] if a function computes the value or something around it,
// and if the text has no such resource.
func Locate(text, logicalID, path string) (Place, error) {
	root, properties, err := propertiesOf(text, logicalID)
	if err != nil {
		return Place{}, err
	}
	node := properties
	for _, step := range steps(path) {
		if isFunction(node) {
			return Place{}, fmt.Errorf("locating %s of %s: %w (line %d)", path, logicalID, ErrComputed, node.Line)
		}
		next := child(node, step)
		if next == nil {
			return Place{}, nil
		}
		node = next
	}
	if name, is := reference(node); is {
		if parameters := child(root, "Parameters"); parameters != nil && child(parameters, name) != nil {
			return Place{Parameter: name, Line: node.Line}, nil
		}
	}
	if isFunction(node) {
		return Place{}, fmt.Errorf("locating %s of %s: %w (line %d)", path, logicalID, ErrComputed, node.Line)
	}
	return Place{Line: node.Line}, nil
}

// SetProperty returns the text with another value of a resource's property. value is
// as AWS's drift detection gives it: a text, or JSON for a list or an object. A value
// that takes another's place changes nothing else in the text; for one that is new,
// or a list or an object, the text is written anew, with its comments. It fails as
// [Locate] does, and if the value comes from a parameter.
func SetProperty(text, logicalID, path, value string) (string, error) {
	return edit(text, logicalID, path, &value)
}

// DropProperty returns the text without a resource's property, or without an item of
// a list. It fails as [SetProperty] does.
func DropProperty(text, logicalID, path string) (string, error) {
	return edit(text, logicalID, path, nil)
}

func edit(text, logicalID, path string, value *string) (string, error) {
	place, err := Locate(text, logicalID, path)
	if err != nil {
		return "", err
	}
	if place.Parameter != "" {
		return "", fmt.Errorf("changing %s of %s: its value is the parameter %s", path, logicalID, place.Parameter)
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return "", fmt.Errorf("reading the template: %w", err)
	}
	resources := child(document.Content[0], "Resources")
	resource := child(resources, logicalID)
	properties := child(resource, "Properties")
	if properties == nil {
		properties = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		resource.Content = append(resource.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "Properties"}, properties)
	}
	parts := steps(path)
	if len(parts) == 0 {
		return "", fmt.Errorf("changing %s: no property is named", logicalID)
	}
	if value != nil {
		if old := descend(properties, parts); old != nil && old.Kind == yaml.ScalarNode {
			if changed, ok := replaceScalar(text, old, scalar(*value, old)); ok {
				return changed, nil
			}
		}
		return rewritten(text, &document, func() error { return put(properties, parts, valueNode(*value)) })
	}
	return rewritten(text, &document, func() error { return drop(properties, parts) })
}

func rewritten(text string, document *yaml.Node, change func() error) (string, error) {
	if err := change(); err != nil {
		return "", err
	}
	if isJSON(text) {
		var b, pretty bytes.Buffer
		if err := writeJSON(&b, document.Content[0]); err != nil {
			return "", err
		}
		if err := json.Indent(&pretty, b.Bytes(), "", "  "); err != nil {
			return "", err
		}
		return pretty.String() + "\n", nil
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(document); err != nil {
		return "", fmt.Errorf("writing the template: %w", err)
	}
	return b.String(), encoder.Close()
}

func isJSON(text string) bool { return strings.HasPrefix(strings.TrimSpace(text), "{") }

// propertiesOf finds a resource's properties, an empty node if it has none.
func propertiesOf(text, logicalID string) (root, properties *yaml.Node, err error) {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return nil, nil, fmt.Errorf("reading the template: %w", err)
	}
	if len(document.Content) == 0 || document.Content[0].Kind != yaml.MappingNode {
		return nil, nil, errors.New("reading the template: it is empty")
	}
	root = document.Content[0]
	resource := child(child(root, "Resources"), logicalID)
	if resource == nil {
		return nil, nil, fmt.Errorf("reading the template: it has no resource %s", logicalID)
	}
	if properties = child(resource, "Properties"); properties == nil {
		properties = &yaml.Node{Kind: yaml.MappingNode}
	}
	return root, properties, nil
}

// steps are a JSON pointer's parts.
func steps(path string) []string {
	var parts []string
	for _, part := range strings.Split(strings.Trim(path, "/"), "/") {
		if part != "" {
			parts = append(parts, strings.NewReplacer("~1", "/", "~0", "~").Replace(part))
		}
	}
	return parts
}

// child is a mapping's value or a list's item, nil if there is none.
func child(node *yaml.Node, step string) *yaml.Node {
	if node == nil {
		return nil
	}
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if n, err := strconv.Atoi(step); err == nil && n >= 0 && n < len(node.Content) {
			return node.Content[n]
		}
	}
	return nil
}

func descend(node *yaml.Node, parts []string) *yaml.Node {
	for _, part := range parts {
		node = child(node, part)
	}
	return node
}

// isFunction reports whether a node is a call of an intrinsic function.
func isFunction(node *yaml.Node) bool {
	if strings.HasPrefix(node.Tag, "!") && !strings.HasPrefix(node.Tag, "!!") {
		return true
	}
	if node.Kind != yaml.MappingNode || len(node.Content) != 2 {
		return false
	}
	key := node.Content[0].Value
	return key == "Ref" || key == "Condition" || strings.HasPrefix(key, "Fn::")
}

// reference is what a Ref names.
func reference(node *yaml.Node) (string, bool) {
	if node.Tag == "!Ref" {
		return node.Value, true
	}
	if isFunction(node) && node.Kind == yaml.MappingNode && node.Content[0].Value == "Ref" {
		return node.Content[1].Value, true
	}
	return "", false
}

// put sets a value below a node, and makes what is missing on the way. A list grows
// by one item at most.
func put(node *yaml.Node, parts []string, value *yaml.Node) error {
	step, last := parts[0], len(parts) == 1
	switch node.Kind {
	case yaml.SequenceNode:
		n, err := strconv.Atoi(step)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is no place in a list (line %d)", step, node.Line)
		}
		if n >= len(node.Content) {
			if !last {
				return fmt.Errorf("the list has no item %d (line %d)", n, node.Line)
			}
			node.Content = append(node.Content, value)
			return nil
		}
		if last {
			node.Content[n] = value
			return nil
		}
		return put(node.Content[n], parts[1:], value)
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				if last {
					node.Content[i+1] = value
					return nil
				}
				return put(node.Content[i+1], parts[1:], value)
			}
		}
		next := value
		if !last {
			next = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
			if parts[1] == "0" {
				next = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
			}
			if err := put(next, parts[1:], value); err != nil {
				return err
			}
		}
		node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: step}, next)
		return nil
	}
	return fmt.Errorf("%q stands below a value that has no parts (line %d)", step, node.Line)
}

func drop(node *yaml.Node, parts []string) error {
	parent := descend(node, parts[:len(parts)-1])
	step := parts[len(parts)-1]
	if parent == nil || child(parent, step) == nil {
		return fmt.Errorf("the template has no %s there", step)
	}
	if parent.Kind == yaml.SequenceNode {
		n, _ := strconv.Atoi(step)
		parent.Content = append(parent.Content[:n:n], parent.Content[n+1:]...)
		return nil
	}
	for i := 0; i+1 < len(parent.Content); i += 2 {
		if parent.Content[i].Value == step {
			parent.Content = append(parent.Content[:i:i], parent.Content[i+2:]...)
			return nil
		}
	}
	return nil
}

// valueNode is a value as AWS gives it: JSON where it reads as a list or an object.
func valueNode(value string) *yaml.Node {
	trimmed := strings.TrimSpace(value)
	if strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") {
		var document yaml.Node
		if json.Valid([]byte(trimmed)) && yaml.Unmarshal([]byte(trimmed), &document) == nil {
			plainStyle(document.Content[0])
			return document.Content[0]
		}
	}
	return scalar(value, nil)
}

// plainStyle lets the encoder choose how values are written. A text that reads as a
// number keeps its quotes, since the node's tag says that it is text.
func plainStyle(node *yaml.Node) {
	node.Style = 0
	for _, inner := range node.Content {
		plainStyle(inner)
	}
}

// scalar is a text as a node of the kind that the old one was: a number stays one.
func scalar(value string, old *yaml.Node) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
	if old != nil && old.Tag != "!!str" || old == nil {
		var read yaml.Node
		if yaml.Unmarshal([]byte(value), &read) == nil && len(read.Content) == 1 && read.Content[0].Kind == yaml.ScalarNode {
			switch tag := read.Content[0].Tag; tag {
			case "!!int", "!!float", "!!bool":
				node.Tag = tag
			}
		}
	}
	return node
}

// replaceScalar puts a scalar in another's place in the text. It reports false where
// the old one is not written in one line.
func replaceScalar(text string, old, value *yaml.Node) (string, bool) {
	lines := strings.SplitAfter(text, "\n")
	if old.Line < 1 || old.Line > len(lines) || old.Column < 1 {
		return "", false
	}
	line := lines[old.Line-1]
	runes := []rune(line)
	if old.Column > len(runes) {
		return "", false
	}
	before, rest := string(runes[:old.Column-1]), string(runes[old.Column-1:])
	length, ok := tokenLength(rest, old)
	if !ok {
		return "", false
	}
	written, err := writeScalar(value, isJSON(text))
	if err != nil {
		return "", false
	}
	lines[old.Line-1] = before + written + rest[length:]
	return strings.Join(lines, ""), true
}

func tokenLength(rest string, old *yaml.Node) (int, bool) {
	switch {
	case old.Style&yaml.DoubleQuotedStyle != 0 && strings.HasPrefix(rest, `"`):
		for i := 1; i < len(rest); i++ {
			if rest[i] == '\\' {
				i++
			} else if rest[i] == '"' {
				return i + 1, true
			}
		}
	case old.Style&yaml.SingleQuotedStyle != 0 && strings.HasPrefix(rest, "'"):
		for i := 1; i < len(rest); i++ {
			if rest[i] == '\'' && strings.HasPrefix(rest[i:], "''") {
				i++
			} else if rest[i] == '\'' {
				return i + 1, true
			}
		}
	case old.Style&^yaml.FlowStyle == 0 && old.Value != "" && strings.HasPrefix(rest, old.Value):
		return len(old.Value), true
	}
	return 0, false
}

func writeScalar(node *yaml.Node, asJSON bool) (string, error) {
	if asJSON {
		var b bytes.Buffer
		err := writeJSON(&b, node)
		return b.String(), err
	}
	b, err := yaml.Marshal(node)
	written := strings.TrimSuffix(string(b), "\n")
	if strings.Contains(written, "\n") || strings.ContainsAny(written, ",]}") && !strings.HasPrefix(written, `"`) {
		written = strconv.Quote(node.Value) // also inside a list in brackets
	}
	return written, err
}

// writeJSON writes a node as JSON, its fields in their order.
func writeJSON(b *bytes.Buffer, node *yaml.Node) error {
	switch node.Kind {
	case yaml.MappingNode:
		b.WriteByte('{')
		for i := 0; i+1 < len(node.Content); i += 2 {
			if i > 0 {
				b.WriteByte(',')
			}
			key, err := json.Marshal(node.Content[i].Value)
			if err != nil {
				return err
			}
			b.Write(key)
			b.WriteByte(':')
			if err := writeJSON(b, node.Content[i+1]); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range node.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeJSON(b, item); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	default:
		var value any = node.Value
		switch node.Tag {
		case "!!int", "!!float", "!!bool", "!!null":
			if err := node.Decode(&value); err != nil {
				return err
			}
		}
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		b.Write(text)
	}
	return nil
}
