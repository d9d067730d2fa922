package template

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// Place is what the pseudo parameters tell.
type Place struct {
	Account, Region, Partition, StackID, StackName string
	NotificationARNs                               []string
}

// Surroundings is what a binding must know of the world. Errors become the
// evaluation's error unchanged.
type Surroundings interface {
	// PhysicalID is what Ref yields for a resource.
	PhysicalID(r *Resource) (string, error)
	// Attribute is what Fn::GetAtt yields.
	Attribute(r *Resource, name string) (any, error)
	// Import is the value of another stack's export.
	Import(name string) (any, error)
	// Zones lists a region's Availability Zones.
	Zones(region string) ([]string, error)
	// Resolve is the value of a dynamic reference.
	Resolve(d DynamicReference) (string, error)
}

// Outlook is what a binding may also ask of its surroundings; those that do not
// implement it have neither stacks with outputs nor resources to look up.
type Outlook interface {
	// StackOutput is another stack's output, which need not be exported.
	StackOutput(stack, output, region, role string) (string, error)
	// ResourceAttribute is an attribute of an existing resource that a parameter
	// of an AWS-specific type names, for Fn::ValueOf and Fn::ValueOfAll; false if
	// there is no such resource.
	ResourceAttribute(parameterType, id, attribute string) (string, bool)
}

// Nowhere are surroundings without a world: everything that would have to be
// looked up is an error.
type Nowhere struct{}

var errNowhere = failf("Template error: only parameters, mappings and conditions can be used here")

func (Nowhere) PhysicalID(*Resource) (string, error)     { return "", errNowhere }
func (Nowhere) Attribute(*Resource, string) (any, error) { return nil, errNowhere }
func (Nowhere) Import(string) (any, error)               { return nil, errNowhere }
func (Nowhere) Zones(string) ([]string, error)           { return nil, errNowhere }
func (Nowhere) Resolve(DynamicReference) (string, error) { return "", errNowhere }

// Binding is a template with values, in a place. It is used by one goroutine;
// it remembers what it has evaluated.
type Binding struct {
	template   *Template
	values     map[string]string
	place      Place
	around     Surroundings
	conditions map[string]bool
	properties map[string]map[string]any
	block      string // which section is being evaluated, for errors
	produced   int    // bytes of text that functions have made
}

// maxProduced bounds what functions may make of one template: names that double
// from resource to resource would otherwise grow without end.
const maxProduced = 16 << 20

// produce counts a text made by a function.
func (b *Binding) produce(s string) (any, error) {
	if b.produced += len(s); b.produced > maxProduced {
		return nil, failf("Template error: the evaluated template exceeds the maximum size of %d bytes", maxProduced)
	}
	return s, nil
}

// Bind puts a template together with values that [Template.Values] has checked.
func (t *Template) Bind(values map[string]string, place Place, around Surroundings) *Binding {
	return &Binding{template: t, values: values, place: place, around: around}
}

// Active reports whether the resource's condition holds.
func (b *Binding) Active(r *Resource) (bool, error) {
	if r.Condition == "" {
		return true, nil
	}
	return b.condition(r.Condition)
}

// Properties evaluates a resource's properties. The result is remembered and
// must not be changed.
func (b *Binding) Properties(r *Resource) (map[string]any, error) {
	if p, ok := b.properties[r.LogicalID]; ok {
		return p, nil
	}
	outer := b.block
	b.block = "Resources"
	v, err := b.eval(r.Properties)
	b.block = outer
	if err != nil {
		return nil, err
	}
	p, ok := v.(map[string]any)
	if !ok {
		p = map[string]any{}
	}
	if b.properties == nil {
		b.properties = map[string]map[string]any{}
	}
	b.properties[r.LogicalID] = p
	return p, nil
}

// OutputValue is an evaluated output.
type OutputValue struct {
	Key, Description, Value string
	Export                  string // "" if not exported
}

// Outputs evaluates the outputs whose conditions hold.
func (b *Binding) Outputs() ([]OutputValue, error) {
	var out []OutputValue
	for _, o := range b.template.Outputs {
		if o.Condition != "" {
			if holds, err := b.condition(o.Condition); err != nil || !holds {
				if err != nil {
					return nil, err
				}
				continue
			}
		}
		v, err := b.output(o)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (b *Binding) output(o *Output) (OutputValue, error) {
	out := OutputValue{Key: o.Key, Description: o.Description}
	b.block = "Outputs"
	v, err := b.eval(o.value)
	if err != nil {
		return out, err
	}
	text, ok := Text(v)
	if !ok {
		return out, failf("Template format error: Output %s is malformed. The Value field of every Outputs member must evaluate to a String.", o.Key)
	}
	out.Value = text
	if o.export == nil {
		return out, nil
	}
	out.Export, err = b.text(o.export)
	return out, err
}

func (b *Binding) condition(name string) (bool, error) {
	if v, ok := b.conditions[name]; ok {
		return v, nil
	}
	v, err := b.truth(b.template.conditions[name])
	if err != nil {
		return false, err
	}
	if b.conditions == nil {
		b.conditions = map[string]bool{}
	}
	b.conditions[name] = v
	return v, nil
}

// truth evaluates a boolean function.
func (b *Binding) truth(v any) (bool, error) {
	f, ok := v.(*Func)
	if !ok {
		return false, failf("Template error: a boolean function was expected")
	}
	switch f.Name {
	case "Condition":
		return b.condition(f.Arg.(string))
	case "Fn::Equals":
		return b.equals(f)
	case "Fn::Not":
		v, err := b.truth(f.list()[0])
		return !v, err
	case "Fn::And", "Fn::Or":
		return b.several(f)
	}
	return b.ruleFunction(f)
}

func (b *Binding) equals(f *Func) (bool, error) {
	left, err := b.eval(f.list()[0])
	if err != nil {
		return false, err
	}
	right, err := b.eval(f.list()[1])
	return Equal(left, right), err
}

func (b *Binding) several(f *Func) (bool, error) {
	all := f.Name == "Fn::And"
	for _, one := range f.list() {
		v, err := b.truth(one)
		if err != nil || v != all {
			return v, err
		}
	}
	return all, nil
}

// eval evaluates any value.
func (b *Binding) eval(v any) (any, error) {
	switch v := v.(type) {
	case *Map:
		return b.evalMap(v)
	case []any:
		return b.evalList(v)
	case *Func:
		return b.call(v)
	case string:
		return b.resolve(v)
	}
	return v, nil
}

func (b *Binding) evalMap(m *Map) (any, error) {
	out := make(map[string]any, len(m.Keys))
	for _, k := range m.Keys {
		v, err := b.eval(m.Values[k])
		if err != nil {
			return nil, err
		}
		if v == (noValue{}) {
			continue
		}
		out[k] = v
	}
	return out, nil
}

func (b *Binding) evalList(list []any) (any, error) {
	out := make([]any, 0, len(list))
	for _, one := range list {
		v, err := b.eval(one)
		if err != nil {
			return nil, err
		}
		if v == (noValue{}) {
			continue
		}
		out = append(out, v)
	}
	return out, nil
}

// resolve replaces the dynamic references in a text.
func (b *Binding) resolve(s string) (any, error) {
	for _, d := range DynamicIn(s) {
		v, err := b.around.Resolve(d)
		if err != nil {
			return nil, err
		}
		s = strings.ReplaceAll(s, d.Text, v)
	}
	return s, nil
}

// text evaluates to a scalar's text.
func (b *Binding) text(v any) (string, error) {
	got, err := b.eval(v)
	if err != nil {
		return "", err
	}
	s, ok := Text(got)
	if !ok {
		return "", failf("Template error: a function was given a list or an object where it needs a string")
	}
	return s, nil
}

func (b *Binding) call(f *Func) (any, error) {
	switch f.Name {
	case "Ref":
		return b.ref(f.Arg.(string))
	case "Fn::GetAtt":
		return b.getAtt(f)
	case "Fn::Sub":
		return b.sub(f)
	case "Fn::Join":
		return b.join(f)
	case "Fn::Split":
		return b.split(f)
	case "Fn::Select":
		return b.pick(f)
	case "Fn::If":
		return b.branch(f)
	case "Fn::FindInMap":
		return b.findInMap(f)
	case "Fn::Base64":
		s, err := b.text(f.Arg)
		if err != nil {
			return nil, err
		}
		return b.produce(base64.StdEncoding.EncodeToString([]byte(s)))
	case "Fn::Cidr":
		return b.cidr(f)
	case "Fn::GetAZs":
		return b.zones(f)
	case "Fn::ImportValue":
		return b.importValue(f)
	case "Fn::GetStackOutput":
		return b.stackOutput(f)
	case "Fn::Length":
		list, err := b.list(f.Arg, f.Name)
		return Number(strconv.Itoa(len(list))), err
	case "Fn::ToJsonString":
		return b.toJSON(f)
	case "Fn::RefAll":
		return b.refAll(f)
	case "Fn::ValueOf", "Fn::ValueOfAll":
		return b.valueOf(f)
	}
	return b.truth(f)
}
