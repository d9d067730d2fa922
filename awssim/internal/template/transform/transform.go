// Package transform processes CloudFormation templates that have transforms:
// AWS::LanguageExtensions, AWS::Include, AWS::Serverless (package sam) and macros.
//
// It works on a template's content before that is checked. Functions of
// Fn::Transform are run first, the innermost first; then the transforms that the
// template declares, in their order. What comes out is read and checked like any
// other template.
//
// AWS's other transforms need nothing done here: AWS::SecretsManager-* and
// AWS::CodeDeployBlueGreen leave their resources as written, a simplification.
// Transforms that are not known are refused by name.
package transform

import (
	"encoding/json"
	"strings"

	"github.com/setmend/setmend/awssim/internal/template"
	"github.com/setmend/setmend/awssim/internal/template/sam"
)

// Services are what transforms need of the world. Nil functions refuse.
type Services struct {
	// Object reads an object from S3, given s3://bucket/key.
	Object func(location string) (string, error)
	// Macro runs a macro: a Lambda function that is registered under a name. known
	// is false where the account has no macro of that name.
	Macro func(call Macro) (fragment []byte, known bool, err error)
}

// Macro is the request that CloudFormation sends to a macro's function.
type Macro struct {
	Name       string
	Fragment   json.RawMessage
	Parameters map[string]any // the macro's own
	Values     map[string]any // the template's
	Place      template.Place
}

// Process runs the transforms of a pending template for values, in which SSM
// parameters are resolved, and a place. It fails with AWS's words, or names what
// is not covered.
func Process(t *template.Template, values map[string]string, place template.Place, s Services) (*template.Template, error) {
	r := &run{root: t.Source(), values: values, place: place, services: s}
	if err := r.functions(); err != nil {
		return nil, err
	}
	for _, d := range declared(r.root.Get("Transform")) {
		if err := r.apply(d); err != nil {
			return nil, err
		}
	}
	return t.Rebuild(r.root, values, place)
}

// run is the processing of one template.
type run struct {
	root     *template.Map
	values   map[string]string
	place    template.Place
	services Services
	nodes    int // values made by loops
}

// declaration is one transform as declared.
type declaration struct {
	name       string
	parameters *template.Map
}

// declared lists the transforms of a Transform section.
func declared(v any) []declaration {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []declaration
	for _, one := range list {
		if d, ok := declarationOf(one); ok {
			out = append(out, d)
		}
	}
	return out
}

func declarationOf(v any) (declaration, bool) {
	switch v := v.(type) {
	case string:
		return declaration{name: v}, true
	case *template.Map:
		name, _ := v.Get("Name").(string)
		parameters, _ := v.Get("Parameters").(*template.Map)
		return declaration{name, parameters}, name != ""
	}
	return declaration{}, false
}

// apply runs a transform on the whole template.
func (r *run) apply(d declaration) error {
	switch {
	case d.name == template.LanguageExtensions:
		return r.extend()
	case d.name == sam.Name:
		p, err := r.partial()
		if err != nil {
			return err
		}
		return sam.Transform(r.root, p)
	case d.name == "AWS::Include":
		content, err := r.include(d)
		if err != nil {
			return err
		}
		return r.merge(r.root, content, d.name)
	case strings.HasPrefix(d.name, "AWS::SecretsManager-"), d.name == "AWS::CodeDeployBlueGreen":
		return nil
	}
	out, err := r.macro(d, r.root)
	if err != nil {
		return err
	}
	root, ok := out.(*template.Map)
	if !ok {
		return refuse(d.name, "the macro returned no template")
	}
	r.root = root
	return nil
}

func (r *run) partial() (*template.Partial, error) {
	return template.NewPartial(r.root, r.values, r.place)
}

// merge adds the members of included content to the object that includes it.
func (r *run) merge(into *template.Map, content any, name string) error {
	m, ok := content.(*template.Map)
	if !ok {
		return refuse(name, "the content must be an object")
	}
	for _, k := range m.Keys {
		into.Set(k, m.Values[k])
	}
	return nil
}

func refuse(name, why string) error {
	return &template.Error{Message: "Transform " + name + " failed with: " + why}
}
