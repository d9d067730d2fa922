package source

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/setmend/setmend/asl/internal/value"
)

// maxNodes bounds what the aliases of a YAML text may unfold to.
const maxNodes = 1_000_000

type yamlReader struct {
	d     *Document
	lines map[string]int
	nodes int
}

func readYAML(text []byte) (*Document, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, yamlError(err)
	}
	if len(root.Content) != 1 {
		return nil, &SyntaxError{1, "there is no definition"}
	}
	r := &yamlReader{d: &Document{}, lines: map[string]int{}}
	v, err := r.value("$", root.Content[0], 0)
	if err != nil {
		return nil, err
	}
	r.d.Value, r.d.JSON = v, value.Encode(v)
	r.d.line = func(path string) int { return r.lines[path] }
	return r.d, nil
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): `)

func yamlError(err error) error {
	message, line := err.Error(), 1
	if found := yamlLine.FindStringSubmatch(message); found != nil {
		line, _ = strconv.Atoi(found[1])
		message = message[len(found[0]):]
	}
	return &SyntaxError{line, "not YAML: " + strings.TrimPrefix(message, "yaml: ")}
}

func (r *yamlReader) value(path string, n *yaml.Node, depth int) (any, error) {
	if r.nodes++; r.nodes > maxNodes || depth > value.MaxDepth {
		return nil, &SyntaxError{n.Line, "not YAML: it unfolds to too much"}
	}
	if _, ok := r.lines[path]; !ok {
		r.lines[path] = n.Line
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.value(path, n.Alias, depth+1)
	case yaml.SequenceNode:
		items := make([]any, len(n.Content))
		for i, item := range n.Content {
			v, err := r.value(value.Element(path, i), item, depth+1)
			if err != nil {
				return nil, err
			}
			items[i] = v
		}
		return r.intrinsic(n, items)
	case yaml.MappingNode:
		return r.object(path, n, depth)
	case yaml.ScalarNode:
		return r.scalar(path, n)
	}
	return nil, &SyntaxError{n.Line, "not YAML: an unknown node"}
}

func (r *yamlReader) object(path string, n *yaml.Node, depth int) (any, error) {
	members := make([]value.Member, 0, len(n.Content)/2)
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			return nil, &SyntaxError{key.Line, "the name of a member must be a text"}
		}
		at := value.MemberPath(path, key.Value)
		if seen[key.Value] {
			r.d.Duplicates = append(r.d.Duplicates, Place{at, key.Value})
		}
		seen[key.Value] = true
		r.lines[at] = key.Line
		v, err := r.value(at, n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		members = append(members, value.Member{Name: key.Value, Value: v})
	}
	return value.NewObject(members...), nil
}

// intrinsic makes text of CloudFormation's !GetAtt [A, B]; any other list is
// itself.
func (r *yamlReader) intrinsic(n *yaml.Node, items []any) (any, error) {
	switch n.Tag {
	case "!!seq", "":
		return items, nil
	case "!GetAtt":
		var parts []string
		for _, item := range items {
			s, _ := item.(string)
			parts = append(parts, s)
		}
		return "${" + strings.Join(parts, ".") + "}", nil
	}
	return nil, &SyntaxError{n.Line, fmt.Sprintf("the tag %s is not one of a definition", n.Tag)}
}

// wholeSubstitution is a text that is nothing but a substitution.
var wholeSubstitution = regexp.MustCompile(`^\$\{[^{}]*\}$`)

func (r *yamlReader) scalar(path string, n *yaml.Node) (any, error) {
	switch n.Tag {
	case "!!null":
		return nil, nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true"), nil
	case "!!int", "!!float":
		return yamlNumber(n)
	case "!Sub":
		return n.Value, nil
	case "!Ref", "!GetAtt", "!ImportValue":
		return "${" + n.Value + "}", nil
	case "!!str", "!!timestamp", "!!binary":
		if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 && wholeSubstitution.MatchString(n.Value) {
			r.d.Open = append(r.d.Open, Place{path, n.Value[2 : len(n.Value)-1]})
		}
		return n.Value, nil
	}
	return nil, &SyntaxError{n.Line, fmt.Sprintf("the tag %s is not one of a definition", n.Tag)}
}

func yamlNumber(n *yaml.Node) (any, error) {
	if v, err := value.DecodeString(n.Value); err == nil {
		if number, ok := v.(value.Number); ok {
			return number, nil
		}
	}
	var i int64
	if n.Decode(&i) == nil {
		return value.Int(i), nil
	}
	var f float64
	if err := n.Decode(&f); err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, &SyntaxError{n.Line, fmt.Sprintf("%q is not a number of JSON", n.Value)}
	}
	return value.Number(strconv.FormatFloat(f, 'g', -1, 64)), nil
}
