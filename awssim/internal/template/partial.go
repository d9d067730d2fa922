package template

// Decode reads a template or a part of one, JSON or YAML, without checking what
// it means: *Map, []any, *Func and scalars.
func Decode(text string) (any, error) { return decode(text) }

// Apply turns an object of one key that names a function into a call of it, as
// decoding does; other objects are returned as they are.
func Apply(m *Map) any { return asFunc(m) }

// A Partial evaluates expressions of a template that is still being processed:
// parameters, pseudo parameters, mappings and conditions are known, resources
// are not.
type Partial struct{ binding *Binding }

// NewPartial reads what can be known of an unprocessed template. values hold
// what SSM parameters resolve to. It fails for conditions that go in circles.
func NewPartial(root *Map, values map[string]string, place Place) (*Partial, error) {
	t := empty("")
	t.extended = true
	if err := t.readParameters(root.Get("Parameters")); err != nil {
		return nil, err
	}
	t.mappings = map[string]map[string]map[string]any{}
	if m, ok := root.Get("Mappings").(*Map); ok {
		for _, name := range m.Keys {
			if mapping, err := readMapping(m.Values[name]); err == nil {
				t.mappings[name] = mapping
			}
		}
	}
	t.conditions = map[string]any{}
	if m, ok := root.Get("Conditions").(*Map); ok {
		for _, name := range m.Keys {
			if f, ok := m.Values[name].(*Func); ok && checkFunctions(f, t.dialect()) == nil {
				t.conditions[name] = f
			}
		}
	}
	if name, found := t.circularCondition(); found {
		return nil, failf("Template format error: Found circular condition dependency with %s", name)
	}
	return &Partial{t.Bind(values, place, Nowhere{})}, nil
}

// Value evaluates an expression; it fails for those that need resources.
func (p *Partial) Value(v any) (any, error) {
	t := p.binding.template
	if err := checkFunctions(v, t.dialect()); err != nil {
		return nil, err
	}
	refs := referencesIn(v)
	if len(refs.attributes) > 0 || len(t.unresolved(refs.names, false)) > 0 {
		return nil, errNowhere
	}
	for _, c := range refs.conditions {
		if t.conditions[c] == nil {
			return nil, errNowhere
		}
	}
	return p.binding.eval(v)
}

// Text evaluates an expression to a scalar's text; false if it needs resources
// or is no scalar.
func (p *Partial) Text(v any) (string, bool) {
	got, err := p.Value(v)
	if err != nil {
		return "", false
	}
	return Text(got)
}

// Parameter is a parameter's value as Ref yields it, false if there is none.
func (p *Partial) Parameter(key string) (any, bool) {
	declared, ok := p.binding.template.parameter[key]
	if !ok {
		return nil, false
	}
	return p.binding.parameterValue(declared), true
}

// Place is where the template is deployed.
func (p *Partial) Place() Place { return p.binding.place }
