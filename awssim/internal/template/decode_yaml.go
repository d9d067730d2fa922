package template

import (
	"errors"
	"io"
	"math/big"
	"regexp"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

var yamlLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`line (\d+)`) })

// decodeYAML reads the one document of a YAML text.
func decodeYAML(text string) (any, error) {
	d := yaml.NewDecoder(strings.NewReader(text))
	var doc, second yaml.Node
	if err := d.Decode(&doc); err != nil && err != io.EOF {
		return nil, notWellFormed(err)
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	if err := d.Decode(&second); err == nil {
		return nil, notWellFormed(errors.New("a second document"))
	} else if err != io.EOF {
		return nil, notWellFormed(err)
	}
	return yamlValue(doc.Content[0], 0)
}

func notWellFormed(err error) error {
	line := "1"
	if m := yamlLine().FindStringSubmatch(err.Error()); m != nil {
		line = m[1]
	}
	return failf("Template format error: YAML not well-formed. (line %s, column 1)", line)
}

// yamlValue converts a node. A local tag calls a function; what it is applied to
// may itself be a function in the long form, as in !Base64 over Fn::Sub.
func yamlValue(n *yaml.Node, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDepth()
	}
	if n.Kind == yaml.AliasNode {
		return nil, failf("Template format error: YAML aliases are not allowed in CloudFormation templates")
	}
	v, err := yamlContent(n, depth)
	if err != nil {
		return nil, err
	}
	if localTag(n) {
		return normal(&Func{Name: longName(n.Tag[1:]), Arg: v}), nil
	}
	return v, nil
}

// localTag reports a tag such as !Sub, which is no type of YAML's own.
func localTag(n *yaml.Node) bool {
	return strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") && n.Tag != "!"
}

func yamlContent(n *yaml.Node, depth int) (any, error) {
	switch n.Kind {
	case yaml.MappingNode:
		return yamlMapping(n, depth)
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, c := range n.Content {
			v, err := yamlValue(c, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	}
	return yamlScalar(n), nil
}

func yamlMapping(n *yaml.Node, depth int) (any, error) {
	m := NewMap()
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind == yaml.AliasNode {
			return nil, failf("Template format error: YAML aliases are not allowed in CloudFormation templates")
		}
		if key.Kind != yaml.ScalarNode {
			return nil, failf("Template format error: YAML not well-formed. (line %d, column %d)", key.Line, key.Column)
		}
		v, err := yamlValue(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		m.Set(yamlKey(key), v)
	}
	return asFunc(m), nil
}

// yamlKey is a key's text: of a plain scalar that of its value, so that an
// octal account id is another key.
func yamlKey(n *yaml.Node) string {
	if s, ok := Text(yamlScalar(n)); ok {
		return s
	}
	return n.Value
}

var (
	jsonNumber  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`) })
	yamlInteger = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[-+]?(0[0-7_]+|0x[0-9a-fA-F_]+|0b[01_]+|[1-9][0-9_]*|0|[1-9][0-9_]*(:[0-5]?[0-9])+)$`)
	})
)

// yamlScalar resolves a scalar as YAML 1.1 does, which is what AWS reads: yes,
// no, on and off are booleans, 0123 is octal and 1:30 sexagesimal. Dates stay
// text (AWS: "the timestamp tag is not supported"), and so does a fraction as
// written, so that versions survive.
func yamlScalar(n *yaml.Node) any {
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 ||
		localTag(n) || n.Style&yaml.TaggedStyle != 0 && n.Tag == "!!str" {
		return n.Value
	}
	switch n.Value {
	case "", "~", "null", "Null", "NULL":
		return nil
	case "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE":
		return true
	case "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE":
		return false
	}
	switch {
	case yamlInteger().MatchString(n.Value):
		return yamlNumber(n.Value)
	case jsonNumber().MatchString(n.Value):
		return Number(n.Value)
	}
	return n.Value
}

// maxDigits bounds the integers that are computed.
const maxDigits = 64

// yamlNumber is an integer of YAML 1.1 in decimal.
func yamlNumber(text string) any {
	digits := strings.ReplaceAll(strings.TrimLeft(text, "+-"), "_", "")
	if digits == "" || len(digits) > maxDigits {
		return text
	}
	total, ok := new(big.Int), true
	if strings.Contains(digits, ":") {
		for _, part := range strings.Split(digits, ":") {
			var n *big.Int
			if n, ok = new(big.Int).SetString(part, 10); !ok {
				return text
			}
			total.Add(total.Mul(total, big.NewInt(60)), n)
		}
	} else if total, ok = total.SetString(digits, 0); !ok {
		return text
	}
	if strings.HasPrefix(text, "-") {
		total.Neg(total)
	}
	return Number(total.String())
}
