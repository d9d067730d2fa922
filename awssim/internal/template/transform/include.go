package transform

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/setmend/setmend/awssim/internal/template"
)

// functions runs every Fn::Transform in the template, the innermost first.
func (r *run) functions() error {
	for _, k := range r.root.Keys {
		if k == "Transform" {
			continue
		}
		v, err := r.inside(r.root.Values[k])
		if err != nil {
			return err
		}
		r.root.Values[k] = v
	}
	v, err := r.own(r.root)
	if m, ok := v.(*template.Map); ok && err == nil {
		r.root = m
	}
	return err
}

// inside runs the Fn::Transform functions in a value and returns what it becomes.
func (r *run) inside(v any) (any, error) {
	switch v := v.(type) {
	case *template.Map:
		for _, k := range v.Keys {
			one, err := r.inside(v.Values[k])
			if err != nil {
				return nil, err
			}
			v.Values[k] = one
		}
		return r.own(v)
	case []any:
		for i := range v {
			one, err := r.inside(v[i])
			if err != nil {
				return nil, err
			}
			v[i] = one
		}
	case *template.Func:
		arg, err := r.inside(v.Arg)
		if err != nil {
			return nil, err
		}
		v.Arg = arg
		if v.Name == "Fn::Transform" {
			return r.call(arg, template.NewMap())
		}
	}
	return v, nil
}

// own runs an object's own Fn::Transform on its siblings.
func (r *run) own(m *template.Map) (any, error) {
	arg, has := m.Values["Fn::Transform"]
	if f, ok := arg.(*template.Func); ok && has { // its argument looked like a function
		arg = f.Arg
	}
	if !has {
		return m, nil
	}
	m.Delete("Fn::Transform")
	return r.call(arg, m)
}

// call runs one Fn::Transform, or several that are given as a list.
func (r *run) call(arg any, siblings *template.Map) (any, error) {
	list, ok := arg.([]any)
	if !ok {
		list = []any{arg}
	}
	var out any = siblings
	for _, one := range list {
		d, ok := declarationOf(one)
		if !ok {
			return nil, &template.Error{Message: "Template error: every Fn::Transform object requires a Name and may have Parameters"}
		}
		if d.name != "AWS::Include" {
			return r.macro(d, out)
		}
		content, err := r.include(d)
		if err != nil {
			return nil, err
		}
		if len(siblings.Keys) == 0 && len(list) == 1 {
			return content, nil
		}
		if err := r.merge(siblings, content, d.name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// include reads what AWS::Include names.
func (r *run) include(d declaration) (any, error) {
	p, err := r.partial()
	if err != nil {
		return nil, err
	}
	location, ok := p.Text(d.parameters.Get("Location"))
	if !ok {
		return nil, refuse(d.name, "The value for parameter Location must be a string")
	}
	if !strings.HasPrefix(location, "s3://") && !strings.HasPrefix(location, "https://") {
		return nil, refuse(d.name, "The location parameter is not a valid S3 uri.")
	}
	if r.services.Object == nil {
		return nil, refuse(d.name, "there is no S3 to read "+location+" from")
	}
	text, err := r.services.Object(location)
	if err != nil {
		return nil, refuse(d.name, "S3 bucket ["+bucketOf(location)+"] does not exist or is not readable: "+err.Error())
	}
	content, err := template.Decode(text)
	if err != nil {
		return nil, refuse(d.name, "The specified S3 object's content should be valid Yaml/JSON")
	}
	return r.inside(content)
}

func bucketOf(location string) string {
	bucket, _, _ := strings.Cut(strings.TrimPrefix(location, "s3://"), "/")
	return bucket
}

// macro runs a registered macro on a fragment.
func (r *run) macro(d declaration, fragment any) (any, error) {
	if strings.HasPrefix(d.name, "AWS::") {
		return nil, refuse(d.name, "the embedded AWS does not run this transform")
	}
	if r.services.Macro == nil {
		return nil, errNoTransform(d.name)
	}
	text, err := json.Marshal(fragment)
	if err != nil {
		return nil, err
	}
	p, err := r.partial()
	if err != nil {
		return nil, err
	}
	call := Macro{Name: d.name, Fragment: text, Parameters: map[string]any{}, Values: map[string]any{}, Place: r.place}
	for key := range r.values {
		call.Values[key], _ = p.Parameter(key)
	}
	if d.parameters != nil {
		for _, k := range d.parameters.Keys {
			if call.Parameters[k], err = p.Value(d.parameters.Values[k]); err != nil {
				return nil, err
			}
		}
	}
	out, known, err := r.services.Macro(call)
	switch {
	case !known:
		return nil, errNoTransform(d.name)
	case err != nil:
		return nil, &template.Error{Message: "Transform " + r.place.Account + "::" + d.name + " failed with: " + err.Error()}
	}
	return template.Decode(string(bytes.TrimSpace(out)))
}

func errNoTransform(name string) error {
	return &template.Error{Message: "No transform named " + name + " found."}
}
