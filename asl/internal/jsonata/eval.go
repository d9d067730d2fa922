package jsonata

import (
	"math"
	"slices"

	"github.com/setmend/setmend/asl/internal/value"
)

// A node is a compiled expression. eval returns its result before predicates
// apply and sequences collapse, which [machine.evaluate] does. A name in a
// comment is that of the engine's function which a piece of code follows.
type node interface {
	eval(m *machine, input any) any
}

// missing is the type of the value undefined.
type missing struct{}

// undefined is JSONata's nothing.
var undefined any = missing{}

// A list is an array that an evaluation has made. Arrays of the input are []any.
// Numbers that an evaluation has made are float64, those of the input
// [value.Number].
type list struct {
	items    []any
	sequence bool // one item is the item itself, none is undefined
	keep     bool // one item stays an array
	cons     bool // made by a constructor that ends a path: is not flattened
}

// isList returns the items of an array of either sort.
func isList(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case *list:
		return v.items, true
	}
	return nil, false
}

func isSequence(v any) bool {
	l, ok := v.(*list)
	return ok && l.sequence
}

// A giveUp ends an evaluation that the engine has to do.
type giveUp struct{}

// give ends the evaluation: the engine knows what comes of it.
func give() any { panic(giveUp{}) }

// A machine is one evaluation.
type machine struct {
	host   Host
	frames []map[string]any // variables of the expression, of the innermost block last
	steps  int
}

// maxPlainSteps bounds an evaluation in Go. What needs more is left to the
// engine, and its bounds.
const maxPlainSteps = 200_000

// evalPlain evaluates a program. It reports false where the engine has to.
func evalPlain(n node, host Host) (result any, ok bool) {
	m := machine{host: host}
	defer func() {
		if p := recover(); p != nil {
			if _, is := p.(giveUp); !is {
				panic(p)
			}
			result, ok = nil, false
		}
	}()
	return m.export(m.evaluate(n, undefined)), true
}

// step counts n units of work.
func (m *machine) step(n int) {
	if m.steps += n; m.steps > maxPlainSteps {
		give()
	}
}

// evaluate is evaluate.
func (m *machine) evaluate(n node, input any) any {
	m.step(1)
	keep := false
	var v any
	if w, ok := n.(*whole); ok {
		v, keep = w.inner.eval(m, input), w.keepArray
		for _, f := range w.filters {
			v = m.filter(f, v)
		}
	} else {
		v = n.eval(m, input)
	}
	l, ok := v.(*list)
	if !ok || !l.sequence {
		return v
	}
	if keep {
		l.keep = true
	}
	switch {
	case len(l.items) == 0:
		return undefined
	case len(l.items) == 1 && !l.keep:
		return l.items[0]
	}
	return v
}

// whole is a node with its predicates.
type whole struct {
	inner     node
	filters   []node
	keepArray bool
}

func (w *whole) eval(m *machine, input any) any { return m.evaluate(w, input) }

// indexed is a predicate that is a number.
type indexed float64

func (i indexed) eval(*machine, any) any { return float64(i) }

// filter is evaluateFilter.
func (m *machine) filter(predicate node, input any) any {
	items, ok := isList(input)
	if !ok {
		items = []any{input}
	}
	if n, ok := predicate.(indexed); ok {
		return pick(items, float64(n))
	}
	result := &list{sequence: true}
	for i, item := range items {
		result.items = m.admit(result.items, m.evaluate(predicate, item), item, i, len(items))
	}
	return result
}

// pick is the item at an index.
func pick(items []any, n float64) any {
	i := math.Floor(n)
	if i < 0 {
		i += float64(len(items))
	}
	if i < 0 || i >= float64(len(items)) || items[int(i)] == undefined {
		return &list{sequence: true}
	}
	item := items[int(i)]
	if _, ok := isList(item); ok {
		return item
	}
	return &list{sequence: true, items: []any{item}}
}

// admit adds an item if the result of its predicate says so: with its index, or
// by being true.
func (m *machine) admit(to []any, result, item any, i, n int) []any {
	indexes, ok := isList(result)
	if _, isNumber := number(result); isNumber {
		indexes, ok = []any{result}, true
	}
	for _, index := range indexes {
		if _, isNumber := number(index); !isNumber {
			ok = false
		}
	}
	if !ok {
		if boolean(result) == true {
			to = append(to, item)
		}
		return to
	}
	for _, index := range indexes {
		f, _ := number(index)
		if f = math.Floor(f); f < 0 {
			f += float64(n)
		}
		if f == float64(i) {
			to = append(to, item)
		}
	}
	return to
}

type (
	literal  struct{ v any }
	field    string
	variable string
	path     struct {
		steps         []step
		absolute      bool // begins with a variable
		keepSingleton bool
		direct        bool // only members and indexes of them
	}
	step struct {
		node        node
		filters     []node
		constructor bool // the first step is an array constructor
	}
	block struct{ expressions []node }
	bind  struct {
		name  string
		value node
	}
	conditional struct{ test, then, otherwise node }
	negation    struct{ operand node }
	arrayOf     struct {
		items       []node
		nested      []bool // by item: is an array constructor
		constructor bool
	}
	objectOf struct{ pairs [][2]node }
	call     struct {
		name      string
		function  function
		arguments []node
	}
)

// rootVariable is $$, which Step Functions does not set.
const rootVariable = "$"

func (l literal) eval(*machine, any) any { return l.v }

func (f field) eval(m *machine, input any) any { return m.lookup(input, string(f)) }

// lookup is fn.lookup.
func (m *machine) lookup(input any, key string) any {
	m.step(1)
	if o, ok := input.(*value.Object); ok {
		v, ok := o.Get(key)
		if !ok {
			return undefined
		}
		return v
	}
	items, ok := isList(input)
	if !ok {
		return undefined
	}
	result := &list{sequence: true}
	for _, item := range items {
		v := m.lookup(item, key)
		if inner, ok := isList(v); ok {
			result.items = append(result.items, inner...)
		} else if v != undefined {
			result.items = append(result.items, v)
		}
	}
	return result
}

func (v variable) eval(m *machine, input any) any {
	switch v {
	case "":
		return input
	case rootVariable:
		return undefined
	}
	for _, frame := range slices.Backward(m.frames) {
		if bound, ok := frame[string(v)]; ok {
			return bound
		}
	}
	if bound, ok := m.host.Variable(string(v)); ok {
		return bound
	}
	if isFunctionName(string(v)) {
		give()
	}
	return undefined
}

// isDirect reports whether a path is a variable, and then only members and indexes
// of them, as most in definitions are.
func (p *path) isDirect() bool {
	if !p.absolute || p.keepSingleton || len(p.steps[0].filters) > 0 {
		return false
	}
	if _, ok := p.steps[0].node.(variable); !ok {
		return false
	}
	for _, s := range p.steps[1:] {
		if _, ok := s.node.(field); !ok || len(s.filters) > 1 {
			return false
		}
		if len(s.filters) == 1 {
			if _, ok := s.filters[0].(indexed); !ok {
				return false
			}
		}
	}
	return true
}

// walk follows a direct path for as long as no step has several values. It reports
// false where one has: then sequences count.
func (p *path) walk(m *machine) (any, bool) {
	v := p.steps[0].node.eval(m, undefined)
	for i := 1; i < len(p.steps); i++ {
		m.steps++
		s := &p.steps[i]
		o, ok := v.(*value.Object)
		if !ok {
			_, several := isList(v)
			return undefined, !several
		}
		if v, ok = o.Get(string(s.node.(field))); !ok {
			return undefined, true
		}
		if len(s.filters) == 0 {
			continue
		}
		if v, ok = member(v, float64(s.filters[0].(indexed))); !ok {
			return undefined, true
		}
	}
	return v, true
}

// member is the item of v at an index; what is no array is its only item.
func member(v any, n float64) (any, bool) {
	items, ok := v.([]any)
	if !ok {
		items = []any{v}
	}
	i := math.Floor(n)
	if i < 0 {
		i += float64(len(items))
	}
	if i < 0 || i >= float64(len(items)) {
		return nil, false
	}
	return items[int(i)], true
}

// eval is evaluatePath.
func (p *path) eval(m *machine, input any) any {
	if p.direct {
		if v, ok := p.walk(m); ok {
			return v
		}
	}
	items, ok := isList(input)
	if !ok || p.absolute {
		items = []any{input}
	}
	var result any
	for i := range p.steps {
		s := &p.steps[i]
		if i == 0 && s.constructor {
			result = m.evaluate(s.node, &list{items: items, sequence: true})
		} else {
			result = m.pathStep(s, items, i == len(p.steps)-1)
		}
		if items, ok = isList(result); !ok || len(items) == 0 {
			break
		}
	}
	if p.keepSingleton {
		result = keepSingleton(result)
	}
	return result
}

func keepSingleton(result any) any {
	l, ok := result.(*list)
	switch {
	case !ok:
		return result
	case l.cons && !l.sequence:
		return &list{items: []any{l}, sequence: true, keep: true}
	}
	l.keep = true
	return l
}

// pathStep is evaluateStep.
func (m *machine) pathStep(s *step, input []any, last bool) any {
	var found [1]any // most steps find one value
	results := found[:0]
	for _, item := range input {
		v := m.evaluate(s.node, item)
		for _, f := range s.filters {
			v = m.filter(f, v)
		}
		if v != undefined {
			results = append(results, v)
		}
	}
	if last && len(results) == 1 {
		if _, ok := isList(results[0]); ok && !isSequence(results[0]) {
			return results[0]
		}
	}
	flat := &list{sequence: true, items: make([]any, 0, len(results))}
	for _, v := range results {
		items, ok := isList(v)
		if l, made := v.(*list); !ok || made && l.cons {
			flat.items = append(flat.items, v)
			continue
		}
		m.step(len(items))
		flat.items = append(flat.items, items...)
	}
	return flat
}

func (b *block) eval(m *machine, input any) any {
	m.frames = append(m.frames, nil)
	defer func() { m.frames = m.frames[:len(m.frames)-1] }()
	result := undefined
	for _, e := range b.expressions {
		result = m.evaluate(e, input)
	}
	return result
}

func (b *bind) eval(m *machine, input any) any {
	v := m.evaluate(b.value, input)
	if len(m.frames) == 0 {
		m.frames = append(m.frames, nil)
	}
	frame := &m.frames[len(m.frames)-1]
	if *frame == nil {
		*frame = map[string]any{}
	}
	(*frame)[b.name] = v
	return v
}

func (c *conditional) eval(m *machine, input any) any {
	switch {
	case boolean(m.evaluate(c.test, input)) == true:
		return m.evaluate(c.then, input)
	case c.otherwise != nil:
		return m.evaluate(c.otherwise, input)
	}
	return undefined
}

func (n *negation) eval(m *machine, input any) any {
	v := m.evaluate(n.operand, input)
	if v == undefined {
		return undefined
	}
	f, ok := number(v)
	if !ok {
		give()
	}
	return -f
}

func (a *arrayOf) eval(m *machine, input any) any {
	result := &list{items: make([]any, 0, len(a.items)), cons: a.constructor}
	for i, item := range a.items {
		v := m.evaluate(item, input)
		switch items, ok := isList(v); {
		case v == undefined:
		case ok && !a.nested[i]:
			m.step(len(items))
			result.items = append(result.items, items...)
		default:
			result.items = append(result.items, v)
		}
	}
	return result
}

// A group is the value of a member that an object constructor makes.
type group struct {
	data any
	pair int
}

// eval is evaluateGroupExpression.
func (o *objectOf) eval(m *machine, input any) any {
	items, ok := isList(input)
	if !ok {
		items = []any{input}
	} else if len(items) == 0 {
		items = []any{undefined}
	}
	if len(items) == 1 {
		return o.single(m, items[0])
	}
	groups := map[string]*group{}
	var keys []string
	for _, item := range items {
		for i, pair := range o.pairs {
			key, ok := o.key(m, pair[0], item)
			switch g := groups[key]; {
			case !ok:
			case g == nil:
				groups[key] = &group{item, i}
				keys = append(keys, key)
			case g.pair != i:
				give()
			default:
				g.data = appended(g.data, item)
			}
		}
	}
	members := make([]value.Member, 0, len(keys))
	for _, key := range keys {
		g := groups[key]
		members = o.member(m, members, key, o.pairs[g.pair][1], g.data)
	}
	return value.NewObject(members...)
}

// single makes the object of one item.
func (o *objectOf) single(m *machine, item any) any {
	keys := make([]string, len(o.pairs))
	given := make([]bool, len(o.pairs))
	for i, pair := range o.pairs {
		if keys[i], given[i] = o.key(m, pair[0], item); given[i] && slices.Contains(keys[:i], keys[i]) {
			give() // two expressions for one key, or a key that is empty
		}
	}
	members := make([]value.Member, 0, len(o.pairs))
	for i, pair := range o.pairs {
		if given[i] {
			members = o.member(m, members, keys[i], pair[1], item)
		}
	}
	return value.NewObject(members...)
}

func (o *objectOf) key(m *machine, n node, item any) (string, bool) {
	v := m.evaluate(n, item)
	if v == undefined {
		return "", false
	}
	key, ok := v.(string)
	if !ok || slices.Contains(prototypeNames, key) {
		give()
	}
	return key, true
}

// member adds a member. Values within an object are as in the output, so that
// whatever looks into it later finds them.
func (o *objectOf) member(m *machine, members []value.Member, key string, n node, item any) []value.Member {
	v := m.evaluate(n, item)
	if v == undefined {
		return members
	}
	return append(members, value.Member{Name: key, Value: m.export(v)})
}

// appended is fn.append.
func appended(a, b any) any {
	if a == undefined {
		return b
	}
	if b == undefined {
		return a
	}
	first, ok := isList(a)
	if !ok {
		first = []any{a}
	}
	second, ok := isList(b)
	if !ok {
		second = []any{b}
	}
	return &list{items: slices.Concat(first, second)}
}

func (c *call) eval(m *machine, input any) any {
	if variable(c.name).shadowed(m) {
		give()
	}
	arguments := make([]any, len(c.arguments))
	for i, a := range c.arguments {
		arguments[i] = m.evaluate(a, input)
	}
	return c.function(m, input, arguments)
}

// shadowed reports whether a variable stands before the function of its name.
func (v variable) shadowed(m *machine) bool {
	for _, frame := range m.frames {
		if _, ok := frame[string(v)]; ok {
			return true
		}
	}
	_, ok := m.host.Variable(string(v))
	return ok
}

// export makes a value of JSON of a result: numbers as JavaScript writes them.
// What needs no change is returned as it is.
func (m *machine) export(v any) any {
	switch v := v.(type) {
	case float64:
		return exportNumber(v)
	case value.Number:
		return canonical(v)
	case []any:
		return m.exportItems(v)
	case *list:
		return m.exportItems(v.items)
	case *value.Object:
		return m.exportObject(v)
	}
	return v
}

func exportNumber(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		give()
	}
	return value.Number(formatNumber(f))
}

func (m *machine) exportItems(items []any) any {
	m.step(len(items))
	changed := false
	var made []any
	for i, item := range items {
		if item == undefined {
			give()
		}
		e := m.export(item)
		if !changed && !identical(e, item) {
			changed = true
			made = append(make([]any, 0, len(items)), items[:i]...)
		}
		if changed {
			made = append(made, e)
		}
	}
	switch {
	case changed:
		return made
	case items == nil:
		return []any{}
	}
	return items
}

func (m *machine) exportObject(o *value.Object) any {
	m.step(o.Len())
	var made []value.Member
	for i, member := range o.Members() {
		e := m.export(member.Value)
		if made == nil && !identical(e, member.Value) {
			made = append(make([]value.Member, 0, o.Len()), o.Members()[:i]...)
		}
		if made != nil {
			made = append(made, value.Member{Name: member.Name, Value: e})
		}
	}
	if made == nil {
		return o
	}
	return value.NewObject(made...)
}

// identical reports whether export has left a value as it was.
func identical(e, v any) bool {
	a, isArray := e.([]any)
	if !isArray {
		return e == v
	}
	b, ok := v.([]any)
	return ok && len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}
