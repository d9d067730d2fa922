package template

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

func (b *Binding) ref(name string) (any, error) {
	if p, ok := b.template.parameter[name]; ok {
		return b.parameterValue(p), nil
	}
	if r, ok := b.template.byName[name]; ok {
		if err := b.exists(r); err != nil {
			return nil, err
		}
		return b.around.PhysicalID(r)
	}
	return b.pseudo(name), nil
}

func (b *Binding) parameterValue(p *Parameter) any {
	value := b.values[p.Key]
	if !p.List() {
		return p.scalar(value)
	}
	list := []any{}
	for _, one := range splitList(value) {
		list = append(list, p.scalar(one))
	}
	return list
}

// scalar is a value of the parameter's type: CloudFormation hands numbers to
// resources as numbers.
func (p *Parameter) scalar(value string) any {
	if (p.Type == "Number" || p.Type == "List<Number>") && jsonNumber().MatchString(value) {
		return Number(value)
	}
	return value
}

func (b *Binding) pseudo(name string) any {
	switch name {
	case "AWS::AccountId":
		return b.place.Account
	case "AWS::Region":
		return b.place.Region
	case "AWS::Partition":
		return b.place.Partition
	case "AWS::StackId":
		return b.place.StackID
	case "AWS::StackName":
		return b.place.StackName
	case "AWS::NotificationARNs":
		out := []any{}
		for _, arn := range b.place.NotificationARNs {
			out = append(out, arn)
		}
		return out
	case "AWS::URLSuffix":
		return urlSuffix(b.place.Partition)
	}
	return noValue{}
}

func (b *Binding) getAtt(f *Func) (any, error) {
	l := f.list()
	parts := make([]string, 0, len(l)-1)
	for _, one := range l[1:] {
		s, err := b.text(one)
		if err != nil {
			return nil, err
		}
		parts = append(parts, s)
	}
	r := b.template.byName[l[0].(string)]
	if err := b.exists(r); err != nil {
		return nil, err
	}
	return b.around.Attribute(r, strings.Join(parts, "."))
}

// exists refuses references to a resource whose condition does not hold.
func (b *Binding) exists(r *Resource) error {
	active, err := b.Active(r)
	if err == nil && !active {
		err = failf("Template format error: Unresolved resource dependencies [%s] in the %s block of the template", r.LogicalID, b.block)
	}
	return err
}

func (b *Binding) sub(f *Func) (any, error) {
	parts, values := subParts(f)
	var out strings.Builder
	for _, p := range parts {
		out.WriteString(p.literal)
		if p.variable == "" {
			continue
		}
		s, err := b.substitute(p.variable, values)
		if err != nil {
			return nil, err
		}
		out.WriteString(s)
	}
	if _, err := b.produce(out.String()); err != nil {
		return nil, err
	}
	return b.resolve(out.String())
}

func (b *Binding) substitute(name string, values *Map) (string, error) {
	v, own := values.Get(name), values != nil && values.Values[name] != nil
	if resource, attribute, dotted := strings.Cut(name, "."); !own && dotted {
		v = &Func{"Fn::GetAtt", []any{resource, attribute}}
	} else if !own {
		v = &Func{"Ref", name}
	}
	got, err := b.eval(v)
	if err != nil {
		return "", err
	}
	if got == (noValue{}) {
		return "", nil
	}
	s, ok := Text(got)
	if !ok {
		return "", failf("Template error: variable %s in Fn::Sub expression does not resolve to a string", name)
	}
	return s, nil
}

func (b *Binding) join(f *Func) (any, error) {
	list, err := b.list(f.list()[1], f.Name)
	if err != nil {
		return nil, err
	}
	parts := make([]string, 0, len(list))
	for _, one := range list {
		s, ok := Text(one)
		if !ok {
			return nil, failf("%s", shapes["Fn::Join"].complaint)
		}
		parts = append(parts, s)
	}
	joined := strings.Join(parts, f.list()[0].(string))
	if _, err := b.produce(joined); err != nil {
		return nil, err
	}
	return b.resolve(joined)
}

func (b *Binding) list(v any, name string) ([]any, error) {
	got, err := b.eval(v)
	if err != nil {
		return nil, err
	}
	list, ok := got.([]any)
	if !ok && b.customAttribute(v) {
		return []any{got}, nil
	}
	if !ok {
		return nil, failf("%s", shapes[name].complaint)
	}
	return list, nil
}

// customAttribute reports whether a value is an attribute of a custom resource,
// which may be a list: that is for its function to say.
func (b *Binding) customAttribute(v any) bool {
	f, ok := v.(*Func)
	if !ok || f.Name != "Fn::GetAtt" {
		return false
	}
	r := b.template.byName[f.list()[0].(string)]
	return r != nil && (strings.HasPrefix(r.Type, "Custom::") || r.Type == "AWS::CloudFormation::CustomResource")
}

func (b *Binding) split(f *Func) (any, error) {
	s, err := b.text(f.list()[1])
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, part := range strings.Split(s, f.list()[0].(string)) {
		out = append(out, part)
	}
	return out, nil
}

func (b *Binding) pick(f *Func) (any, error) {
	text, err := b.text(f.list()[0])
	if err != nil {
		return nil, err
	}
	list, err := b.list(f.list()[1], f.Name)
	if err != nil {
		return nil, err
	}
	i, err := strconv.Atoi(text)
	if err == nil && i >= 0 && b.customAttribute(f.list()[1]) {
		i = min(i, len(list)-1) // how many there are is for its function to say
	}
	if err != nil || i < 0 || i >= len(list) {
		return nil, failf("Template error: Fn::Select cannot select nonexistent value at index %s", text)
	}
	return list[i], nil
}

func (b *Binding) branch(f *Func) (any, error) {
	l := f.list()
	holds, err := b.condition(l[0].(string))
	if err != nil {
		return nil, err
	}
	if holds {
		return b.eval(l[1])
	}
	return b.eval(l[2])
}

func (b *Binding) findInMap(f *Func) (any, error) {
	var names [3]string
	for i, one := range f.list()[:3] {
		s, err := b.text(one)
		if err != nil {
			return nil, err
		}
		names[i] = s
	}
	v, ok := b.template.mappings[names[0]][names[1]][names[2]]
	if fallback, given := findDefault(f); !ok && given {
		return b.eval(fallback)
	}
	if !ok {
		return nil, failf("Template error: Unable to get mapping for %s::%s::%s", names[0], names[1], names[2])
	}
	return v, nil
}

// findDefault is the value that AWS::LanguageExtensions lets Fn::FindInMap fall
// back to.
func findDefault(f *Func) (any, bool) {
	l := f.list()
	if len(l) != 4 {
		return nil, false
	}
	m, _ := l[3].(*Map)
	v, given := m.Get("DefaultValue"), m != nil
	return v, given
}

func urlSuffix(partition string) string {
	switch partition {
	case "aws-cn":
		return "amazonaws.com.cn"
	case "aws-iso":
		return "c2s.ic.gov"
	case "aws-iso-b":
		return "sc2s.sgov.gov"
	}
	return "amazonaws.com"
}

// stackOutput is the output of another stack, by the stack's name.
func (b *Binding) stackOutput(f *Func) (any, error) {
	m, _ := f.Arg.(*Map)
	var of [4]string
	for i, key := range []string{"StackName", "OutputName", "Region", "RoleArn"} {
		if m.Values[key] == nil {
			continue
		}
		s, err := b.text(m.Values[key])
		if err != nil {
			return nil, err
		}
		of[i] = s
	}
	if of[2] == "" {
		of[2] = b.place.Region
	}
	world, ok := b.around.(Outlook)
	if !ok {
		return nil, errNowhere
	}
	return world.StackOutput(of[0], of[1], of[2], of[3])
}

// toJSON is a value's JSON text with the keys in the template's order.
func (b *Binding) toJSON(f *Func) (any, error) {
	v, err := b.inOrder(f.Arg)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, failf("Template error: Fn::ToJsonString cannot convert the value: %s", err)
	}
	return b.produce(strings.TrimSuffix(out.String(), "\n"))
}

// inOrder evaluates a value and keeps the order of its objects' keys.
func (b *Binding) inOrder(v any) (any, error) {
	switch v := v.(type) {
	case *Map:
		out := NewMap()
		for _, k := range v.Keys {
			one, err := b.inOrder(v.Values[k])
			if err != nil {
				return nil, err
			}
			if one != (noValue{}) {
				out.Set(k, one)
			}
		}
		return out, nil
	case []any:
		out := make([]any, 0, len(v))
		for _, item := range v {
			one, err := b.inOrder(item)
			if err != nil {
				return nil, err
			}
			if one != (noValue{}) {
				out = append(out, one)
			}
		}
		return out, nil
	}
	return b.eval(v)
}

func (b *Binding) zones(f *Func) (any, error) {
	region, err := b.text(f.Arg)
	if err != nil {
		return nil, err
	}
	if region == "" {
		region = b.place.Region
	}
	zones, err := b.around.Zones(region)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, z := range slices.Sorted(slices.Values(zones)) {
		out = append(out, z)
	}
	return out, nil
}

func (b *Binding) importValue(f *Func) (any, error) {
	name, err := b.text(f.Arg)
	if err != nil {
		return nil, err
	}
	return b.around.Import(name)
}
