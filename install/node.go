package install

import (
	"bytes"
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// node is a part of the template.
type node = *yaml.Node

// text, number and list wrap Go values. Strings that YAML would read as something
// else are quoted by the encoder.
func text(s string) node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

func block(s string) node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Style: yaml.LiteralStyle}
}

func value(v any) node {
	switch v := v.(type) {
	case node:
		return v
	case string:
		return text(v)
	case int:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(v)}
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v)}
	case []string:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for _, s := range v {
			n.Content = append(n.Content, text(s))
		}
		return n
	case []node:
		return &yaml.Node{Kind: yaml.SequenceNode, Content: v}
	}
	panic(fmt.Sprintf("install: %T cannot stand in a template", v))
}

// object is a mapping of keys and values in turn, in this order. A nil value leaves
// its key out.
func object(pairs ...any) node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != nil {
			n.Content = append(n.Content, text(pairs[i].(string)), value(pairs[i+1]))
		}
	}
	return n
}

func list(items ...any) node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	for _, item := range items {
		n.Content = append(n.Content, value(item))
	}
	return n
}

// flow writes a node on one line.
func flow(n node) node {
	n.Style = yaml.FlowStyle
	return n
}

// Intrinsic functions in their short form.
func ref(name string) node { return scalar("!Ref", name) }
func sub(s string) node    { return scalar("!Sub", s) }
func att(s string) node    { return scalar("!GetAtt", s) }

func scalar(tag, argument string) node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: argument}
}

func tagged(tag string, items ...any) node {
	n := list(items...)
	n.Tag, n.Style = tag, yaml.FlowStyle
	return n
}

func either(condition string, yes, no any) node { return tagged("!If", condition, yes, no) }

func noValue() node { return ref("AWS::NoValue") }

// template gathers the sections.
type template struct {
	parameters, conditions, resources, outputs node
}

func newTemplate() *template {
	return &template{object(), object(), object(), object()}
}

// parameter adds a parameter of type String with a default value.
func (t *template) parameter(name, description, standard string, more ...any) {
	t.parameters.Content = append(t.parameters.Content, text(name),
		object(append([]any{"Type", "String", "Description", description, "Default", standard}, more...)...))
}

func (t *template) condition(name string, n node) {
	t.conditions.Content = append(t.conditions.Content, text(name), n)
}

// resource adds a resource. Attributes (DependsOn, Condition, DeletionPolicy) come
// before its properties.
func (t *template) resource(name, remark, kind string, properties node, attributes ...any) {
	key := text(name)
	if remark != "" {
		key.HeadComment = "# " + remark
	}
	body := append([]any{"Type", kind}, attributes...)
	t.resources.Content = append(t.resources.Content, key, object(append(body, "Properties", properties)...))
}

func (t *template) output(name, description string, v node, attributes ...any) {
	t.outputs.Content = append(t.outputs.Content, text(name), object(append(attributes, "Description", description, "Value", v)...))
}

// line is the length up to which an object or list is written on one line.
const line = 100

// fold writes short objects and lists on one line, and returns how long the node is
// in that form. The first levels stay as they are: sections, resources, and what they
// consist of.
func fold(n node, depth int) int {
	length := len(n.Tag) + len(n.Value) + 4
	for _, child := range n.Content {
		length += fold(child, depth+1)
	}
	if n.Style == yaml.LiteralStyle || n.HeadComment != "" {
		return 10 * line
	}
	if depth > 3 && len(n.Content) > 0 && length <= line {
		n.Style = yaml.FlowStyle
	}
	return length
}

// write is the template as YAML.
func (t *template) write(description string) ([]byte, error) {
	root := object("AWSTemplateFormatVersion", "2010-09-09", "Description", description)
	for _, section := range []struct {
		name string
		node node
	}{{"Parameters", t.parameters}, {"Conditions", t.conditions}, {"Resources", t.resources}, {"Outputs", t.outputs}} {
		if len(section.node.Content) > 0 {
			root.Content = append(root.Content, text(section.name), section.node)
		}
	}
	fold(root, 0)
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return nil, fmt.Errorf("writing the template: %w", err)
	}
	return out.Bytes(), encoder.Close()
}
