package reads

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// files are the rules that come with the package; their names put them in order.
//
//go:embed rules/*.txt
var files embed.FS

// Rule is one line.
type Rule struct {
	Place    string    // file:line
	Type     pattern   // one segment: the glob of the type, with conditions on the resource
	Path     []pattern // of the property
	Kind     string
	Argument any
	Evidence string
}

// pattern is a segment of a path: a glob and conditions on the object there.
type pattern struct {
	glob       string
	conditions []condition
}

// condition is [Name=values], [Name] or [!Name].
type condition struct {
	path   string
	not    bool
	values []string // none: the member must only be there
}

// changing and filling are the kinds, with whether they take an argument.
var (
	changing = map[string]bool{"lower": false, "upper": false, "text": false, "number": false, "bool": false, "typed": false, "json": false,
		"object": false, "list": false, "scalar": false, "set": true, "map": true, "prefix": true, "suffix": true, "arn": true, "name": false,
		"principals": false, "policy": false, "replace": true, "policy-text": false, "pretty": false, "printed": false, "transform": false, "rate": false, "decimal": false, "hour": false, "drop": false}
	filling = map[string]bool{"default": true, "none": false, "schema-default": false, "documented-default": false, "false": false,
		"no-false": false, "readable": false, "merge": true, "attributes": true, "empty-list": false, "empty-text": false, "empty-map": false}
)

// shipped reads the rules that come with the package.
func shipped() ([]*Rule, error) {
	names, err := fs.Glob(files, "rules/*.txt")
	if err != nil {
		return nil, err
	}
	var out []*Rule
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		rules, err := Parse(name, string(text))
		if err != nil {
			return nil, err
		}
		out = append(out, rules...)
	}
	return out, nil
}

// Parse reads the rules of a file. An error names the line.
func Parse(name, text string) ([]*Rule, error) {
	var out []*Rule
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, err := parseRule(line)
		if err != nil {
			return nil, fmt.Errorf("reading rule %s:%d: %w", name, n, err)
		}
		r.Place = fmt.Sprintf("%s:%d", name, n)
		out = append(out, r)
	}
	return out, nil
}

func parseRule(line string) (*Rule, error) {
	at := strings.LastIndex(line, " # ")
	if at < 0 {
		return nil, fmt.Errorf("it has no evidence: end it with # and where it is known from")
	}
	r := &Rule{Evidence: strings.TrimSpace(line[at+3:])}
	rest := line[:at]
	var word string
	word, rest = next(rest)
	var err error
	if r.Type, err = parsePattern(word); err != nil {
		return nil, err
	}
	word, rest = next(rest)
	for _, segment := range segments(word) {
		p, err := parsePattern(segment)
		if err != nil {
			return nil, err
		}
		r.Path = append(r.Path, p)
	}
	r.Kind, rest = next(rest)
	takes, known := changing[r.Kind]
	if !known {
		takes, known = filling[r.Kind]
	}
	switch {
	case !known:
		return nil, fmt.Errorf("%q is no kind of rule", r.Kind)
	case takes != (rest != ""):
		return nil, fmt.Errorf("%s takes an argument: %v", r.Kind, takes)
	}
	r.Argument = argument(rest)
	return r, nil
}

// next cuts a word off.
func next(s string) (word, rest string) {
	s = strings.TrimSpace(s)
	depth := 0
	for i, c := range s {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case (c == ' ' || c == '\t') && depth == 0:
			return s[:i], strings.TrimSpace(s[i:])
		}
	}
	return s, ""
}

// segments divides a path at slashes outside of brackets.
func segments(s string) []string {
	var out []string
	depth, from := 0, 0
	for i, c := range s {
		switch c {
		case '[':
			depth++
		case ']':
			depth--
		case '/':
			if depth == 0 {
				out = append(out, s[from:i])
				from = i + 1
			}
		}
	}
	return append(out, s[from:])
}

func parsePattern(s string) (pattern, error) {
	glob, rest, _ := strings.Cut(s, "[")
	p := pattern{glob: glob}
	if _, err := path.Match(glob, ""); err != nil || glob == "" {
		return p, fmt.Errorf("%q is no pattern", s)
	}
	for rest != "" {
		one, more, closed := strings.Cut(rest, "]")
		if !closed {
			return p, fmt.Errorf("%q lacks a closing bracket", s)
		}
		c := condition{}
		var values string
		var valued bool
		c.path, values, valued = strings.Cut(one, "=")
		c.path, c.not = strings.CutPrefix(c.path, "!")
		if valued {
			c.values = strings.Split(values, "|")
		}
		p.conditions = append(p.conditions, c)
		rest = strings.TrimPrefix(more, "[")
	}
	return p, nil
}

// argument reads JSON, or takes the bare text.
func argument(s string) any {
	if s == "" {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil || d.More() {
		return s
	}
	return v
}

// matches reports whether a name is of the pattern.
func (p *pattern) matches(name string) bool {
	if p.glob == "*" {
		return true
	}
	if !strings.ContainsAny(p.glob, "*?") {
		return p.glob == name
	}
	ok, _ := path.Match(p.glob, name)
	return ok
}

// hold reports whether the pattern's conditions hold for an object.
func (p *pattern) hold(v any) bool {
	return !slices.ContainsFunc(p.conditions, func(c condition) bool { return c.holds(v) == c.not })
}

// holds reports whether the condition, without its negation, holds.
func (c *condition) holds(v any) bool {
	for part := range strings.SplitSeq(c.path, "/") {
		switch holder := v.(type) {
		case map[string]any:
			v = holder[part]
		case []any:
			v = nil
			if len(holder) > 0 && part == "0" {
				v = holder[0]
			}
		default:
			v = nil
		}
	}
	if v == nil {
		return false
	}
	if len(c.values) == 0 {
		return true
	}
	text := strings.ToLower(scalarText(v))
	return slices.ContainsFunc(c.values, func(glob string) bool {
		ok, _ := path.Match(strings.ToLower(glob), text)
		return ok
	})
}
