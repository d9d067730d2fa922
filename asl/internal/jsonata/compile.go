package jsonata

import (
	"slices"

	"github.com/setmend/setmend/asl/internal/value"
)

// A tree is a node of the engine's syntax tree.
type tree struct{ *value.Object }

func treeOf(v any) (tree, bool) {
	o, ok := v.(*value.Object)
	return tree{o}, ok
}

func (t tree) text(name string) string {
	v, _ := t.Get(name)
	s, _ := v.(string)
	return s
}

func (t tree) flag(name string) bool {
	v, _ := t.Get(name)
	return v == true
}

func (t tree) list(name string) []any {
	v, _ := t.Get(name)
	items, _ := v.([]any)
	return items
}

// mentions lists the variables in a syntax tree, and the members of $states; nil
// means all of them.
func mentions(root any) (variables []string, states map[string]bool) {
	m := mentioning{states: map[string]bool{}}
	m.visit(root)
	if m.whole {
		return m.variables, nil
	}
	return m.variables, m.states
}

type mentioning struct {
	variables []string
	states    map[string]bool
	whole     bool // $states itself is mentioned
}

func (m *mentioning) visit(v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			m.visit(item)
		}
	case *value.Object:
		t := tree{v}
		if t.text("type") == "variable" {
			m.variable(t.text("value"))
		}
		if t.text("type") == "path" && m.path(t.list("steps")) {
			return
		}
		for _, member := range v.Members() {
			m.visit(member.Value)
		}
	}
}

func (m *mentioning) variable(name string) {
	if name == "states" {
		m.whole = true
	}
	if !slices.Contains(m.variables, name) {
		m.variables = append(m.variables, name)
	}
}

// path visits the steps of a path that begins with a member of $states.
func (m *mentioning) path(steps []any) bool {
	if len(steps) < 2 {
		return false
	}
	first, ok := treeOf(steps[0])
	second, ok2 := treeOf(steps[1])
	if !ok || !ok2 || first.text("type") != "variable" || first.text("value") != "states" ||
		first.Len() != 3 || second.text("type") != "name" {
		return false
	}
	before := m.whole
	m.variable("states")
	m.whole = before
	m.states[second.text("value")] = true
	m.visit(steps[1:])
	return true
}

// compile makes a program of a syntax tree; nil if something in it is not done in
// Go.
func compile(root any) node {
	c := &compiler{}
	n := c.node(root)
	if c.failed {
		return nil
	}
	return n
}

type compiler struct {
	failed bool
	depth  int
}

// maxDepth bounds the recursion over a program, far from the stack's end.
const maxDepth = 500

func (c *compiler) give() node {
	c.failed = true
	return nil
}

// notPlain are members of a node that say it takes part in what is not done here.
var notPlain = []string{"tuple", "focus", "index", "ancestor", "group", "seekingParent", "nextFunction", "thunk"}

func (c *compiler) node(v any) node {
	t, ok := treeOf(v)
	c.depth++
	defer func() { c.depth-- }()
	if !ok || c.failed || c.depth > maxDepth || slices.ContainsFunc(notPlain, func(name string) bool { _, has := t.Get(name); return has }) {
		return c.give()
	}
	n := c.kind(t)
	if c.failed {
		return nil
	}
	filters := c.filters(t.list("predicate"))
	if n, isPath := n.(*path); isPath && len(filters) == 0 && !t.flag("keepArray") {
		return n
	}
	switch n.(type) {
	case literal, variable, field, *arrayOf, *objectOf:
		if len(filters) == 0 && !t.flag("keepArray") {
			return n
		}
	}
	return &whole{n, filters, t.flag("keepArray")}
}

func (c *compiler) kind(t tree) node {
	switch t.text("type") {
	case "path":
		return c.path(t)
	case "name":
		return c.name(t.text("value"))
	case "string", "number", "value":
		return c.literal(t)
	case "variable":
		return c.variable(t.text("value"))
	case "binary":
		return c.binary(t)
	case "unary":
		return c.unary(t)
	case "condition":
		return c.condition(t)
	case "block":
		return &block{c.nodes(t.list("expressions"))}
	case "bind":
		return c.bind(t)
	case "function":
		return c.call(t, nil)
	case "apply":
		return c.apply(t)
	}
	return c.give()
}

func (c *compiler) nodes(list []any) []node {
	nodes := make([]node, len(list))
	for i, v := range list {
		nodes[i] = c.node(v)
	}
	return nodes
}

func (c *compiler) member(t tree, name string) node {
	v, _ := t.Get(name)
	return c.node(v)
}

// prototypeNames are what the engine, being JavaScript, may find in any object.
var prototypeNames = []string{"hasOwnProperty", "__proto__"}

func (c *compiler) name(name string) node {
	if slices.Contains(prototypeNames, name) {
		return c.give()
	}
	return field(name)
}

// literal is a constant. A text with half a surrogate pair is left to the engine.
func (c *compiler) literal(t tree) node {
	v, _ := t.Get("value")
	switch v := v.(type) {
	case string:
		if slices.Contains([]rune(v), '\uFFFD') {
			return c.give()
		}
	case value.Number:
		return literal{v.Float64()}
	}
	return literal{v}
}

// variable is one of the execution, or of the expression. A function by itself is
// left to the engine, when it turns out that there is no such variable.
func (c *compiler) variable(name string) node {
	if name == "$" {
		name = rootVariable
	}
	return variable(name)
}

func (c *compiler) filters(list []any) []node {
	var filters []node
	for _, v := range list {
		t, ok := treeOf(v)
		if !ok || t.text("type") != "filter" {
			c.give()
			return nil
		}
		inner, _ := t.Get("expr")
		if n, ok := treeOf(inner); ok && n.text("type") == "number" {
			if number, _ := n.Get("value"); n.list("predicate") == nil {
				f, _ := number.(value.Number)
				filters = append(filters, indexed(f.Float64()))
				continue
			}
		}
		filters = append(filters, c.node(inner))
	}
	return filters
}

func (c *compiler) path(t tree) node {
	p := &path{keepSingleton: t.flag("keepSingletonArray")}
	for i, v := range t.list("steps") {
		st, ok := treeOf(v)
		if !ok {
			return c.give()
		}
		s := step{node: c.node(v), filters: c.filters(st.list("stages"))}
		if i == 0 {
			p.absolute = st.text("type") == "variable"
			s.constructor = st.flag("consarray")
		}
		p.steps = append(p.steps, s)
	}
	p.direct = !c.failed && p.isDirect()
	return p
}

func (c *compiler) binary(t tree) node {
	lhs, rhs := c.member(t, "lhs"), c.member(t, "rhs")
	op := t.text("value")
	if op == "and" || op == "or" {
		return &logical{op == "and", lhs, rhs}
	}
	f := operators[op]
	if f == nil {
		return c.give()
	}
	return &binary{f, lhs, rhs}
}

func (c *compiler) unary(t tree) node {
	switch t.text("value") {
	case "-":
		return &negation{c.member(t, "expression")}
	case "[":
		a := &arrayOf{items: c.nodes(t.list("expressions")), constructor: t.flag("consarray")}
		for _, v := range t.list("expressions") {
			item, _ := treeOf(v)
			a.nested = append(a.nested, item.Object != nil && item.text("value") == "[")
		}
		return a
	case "{":
		return c.object(t)
	}
	return c.give()
}

func (c *compiler) object(t tree) node {
	o := &objectOf{}
	for _, pair := range t.list("lhs") {
		parts, _ := pair.([]any)
		if len(parts) != 2 {
			return c.give()
		}
		o.pairs = append(o.pairs, [2]node{c.node(parts[0]), c.node(parts[1])})
	}
	return o
}

func (c *compiler) condition(t tree) node {
	n := &conditional{test: c.member(t, "condition"), then: c.member(t, "then")}
	if _, ok := t.Get("else"); ok {
		n.otherwise = c.member(t, "else")
	}
	return n
}

func (c *compiler) bind(t tree) node {
	v, _ := t.Get("lhs")
	lhs, ok := treeOf(v)
	if !ok {
		return c.give()
	}
	return &bind{lhs.text("value"), c.member(t, "rhs")}
}

// call is a call of a function that is done in Go. first, if not nil, is an
// argument before the others.
func (c *compiler) call(t tree, first node) node {
	v, _ := t.Get("procedure")
	procedure, ok := treeOf(v)
	if !ok || procedure.text("type") != "variable" || procedure.Len() > 3 {
		return c.give()
	}
	f, ok := functions[procedure.text("value")]
	if !ok {
		return c.give()
	}
	n := &call{name: procedure.text("value"), function: f}
	if first != nil {
		n.arguments = append(n.arguments, first)
	}
	n.arguments = append(n.arguments, c.nodes(t.list("arguments"))...)
	return n
}

// apply is value ~> $function(...).
func (c *compiler) apply(t tree) node {
	v, _ := t.Get("rhs")
	rhs, ok := treeOf(v)
	if !ok || rhs.text("type") != "function" || len(rhs.list("predicate")) > 0 {
		return c.give()
	}
	return c.call(rhs, c.member(t, "lhs"))
}
