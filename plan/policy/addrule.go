package policy

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/setmend/setmend/fleet"
)

// AddDriftRule returns a policy file's text with one more ignoreDrift rule for a
// stack set, comments and other sections kept. rules are those that hold for the set
// so far: an entry's list takes the place of those of earlier entries, so they are
// written again. The rule goes into the last entry that names the set and no other,
// or into a new one at the end. An empty text makes a new file.
func AddDriftRule(text []byte, set fleet.StackSetName, rules []DriftRule, rule DriftRule) ([]byte, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("reading the policy: %w", err)
	}
	if len(document.Content) == 0 {
		document = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode, Tag: "!!map"}}}
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		root.Kind, root.Tag, root.Value = yaml.MappingNode, "!!map", ""
	}
	if field(root, "version") == nil {
		root.Content = append([]*yaml.Node{word("version"), {Kind: yaml.ScalarNode, Tag: "!!int", Value: "1"}}, root.Content...)
	}
	entries := field(root, "stackSets")
	if entries == nil {
		entries = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		root.Content = append(root.Content, word("stackSets"), entries)
	}
	entry := entryOf(entries, set)
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, r := range append(rules[:len(rules):len(rules)], rule) {
		list.Content = append(list.Content, r.node())
	}
	if old := field(entry, "ignoreDrift"); old != nil {
		*old = *list
	} else {
		entry.Content = append(entry.Content, word("ignoreDrift"), list)
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(&document); err != nil {
		return nil, fmt.Errorf("writing the policy: %w", err)
	}
	return b.Bytes(), encoder.Close()
}

// entryOf is the last entry, which names the set alone, or a new one after it: only
// what comes last is sure to hold.
func entryOf(entries *yaml.Node, set fleet.StackSetName) *yaml.Node {
	if n := len(entries.Content); n > 0 {
		last := entries.Content[n-1]
		match := field(last, "match")
		if match != nil && (match.Value == string(set) || len(match.Content) == 1 && match.Content[0].Value == string(set)) {
			return last
		}
	}
	entry := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{word("match"), word(string(set))}}
	entries.Content = append(entries.Content, entry)
	return entry
}

func field(node *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return node.Content[i+1]
		}
	}
	return nil
}

func word(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

func (r DriftRule) node() *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, pair := range [][2]string{{"resourceType", r.ResourceType}, {"logicalId", r.LogicalID}, {"property", r.Property}} {
		if pair[1] != "" {
			node.Content = append(node.Content, word(pair[0]), word(pair[1]))
		}
	}
	return node
}
