package template

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// AWS's limits on templates, as of 2026.
const (
	LanguageExtensions = "AWS::LanguageExtensions"

	MaxBody       = 51_200    // bytes of an inline template
	MaxURL        = 1_048_576 // bytes of a template in S3
	maxResources  = 500
	maxParameters = 200
	maxOutputs    = 200
	maxMappings   = 200
	maxDynamic    = 60
	maxDescribe   = 1024
)

// Template is a parsed template. It does not change once made.
type Template struct {
	Text        string
	Version     string
	Description string
	Metadata    any
	Transforms  []string // the macros it declares
	Processed   string   // what a transform made of it, as JSON; "" if nothing had to be transformed
	Parameters  []*Parameter
	Resources   []*Resource // in the template's order
	Outputs     []*Output   // in the template's order

	mappings   map[string]map[string]map[string]any
	conditions map[string]any
	rules      []rule
	order      []*Resource // dependencies first
	dynamic    []DynamicReference
	imports    bool
	pending    *Map // the whole template, if it has to be processed before it can be deployed
	extended   bool // AWS::LanguageExtensions is among the transforms
	byName     map[string]*Resource
	parameter  map[string]*Parameter
}

// Resource is a declaration in the Resources section.
type Resource struct {
	LogicalID           string
	Type                string
	Properties          *Map // never nil
	Condition           string
	DeletionPolicy      string // Delete, Retain, RetainExceptOnCreate, Snapshot or ""
	UpdateReplacePolicy string
	DependsOn           []string
	Metadata            any

	attributes []any            // CreationPolicy, UpdatePolicy: values that may hold functions
	policies   map[string]*Func // deletion policies written as functions
	needs      []string         // resources referred to in any way, sorted
}

// Output is a declaration in the Outputs section.
type Output struct {
	Key         string
	Description string
	Condition   string
	value       any
	export      any // nil: not exported
}

// Exported reports whether the output has an export name.
func (o *Output) Exported() bool { return o.export != nil }

// Resource finds a resource by its logical id.
func (t *Template) Resource(logicalID string) (*Resource, bool) {
	r, ok := t.byName[logicalID]
	return r, ok
}

// Parameter finds a declared parameter.
func (t *Template) Parameter(key string) (*Parameter, bool) {
	p, ok := t.parameter[key]
	return p, ok
}

// Order lists the resources with dependencies first, otherwise as written.
func (t *Template) Order() []*Resource { return t.order }

// DynamicReferences lists the template's {{resolve:…}} references that are
// written out in full.
func (t *Template) DynamicReferences() []DynamicReference { return t.dynamic }

// Imports reports whether the template uses Fn::ImportValue anywhere.
func (t *Template) Imports() bool { return t.imports }

// Pending reports whether the template must be processed for the values and the
// place that it is deployed with: it has transforms, or functions where the
// engine needs plain values (DeletionPolicy). It cannot be bound before.
func (t *Template) Pending() bool { return t.pending != nil }

// Source copies a pending template's content, for processing.
func (t *Template) Source() *Map {
	m, _ := Clone(t.pending).(*Map)
	return m
}

// Rebuild reads what processing made of a pending template, for values and a
// place. The result is not pending, and keeps the original's text and declared
// transforms.
func (t *Template) Rebuild(root *Map, values map[string]string, place Place) (*Template, error) {
	out := empty(t.Text)
	out.Transforms, out.extended = t.Transforms, t.extended
	for _, section := range []string{"Transform", "Globals"} {
		root.Delete(section)
	}
	if len(t.Transforms) > 0 {
		text, err := marshal(root)
		if err != nil {
			return nil, err
		}
		if len(text) > MaxURL {
			return nil, failf("Template may not exceed %d bytes in size.", MaxURL)
		}
		out.Processed = string(text)
	}
	if err := out.readAll(root); err != nil {
		return nil, err
	}
	return out, out.settlePolicies(values, place)
}

// settlePolicies evaluates the deletion policies that are functions.
func (t *Template) settlePolicies(values map[string]string, place Place) error {
	b := t.Bind(values, place, Nowhere{})
	for _, r := range t.Resources {
		for _, one := range []struct {
			name string
			to   *string
		}{{"DeletionPolicy", &r.DeletionPolicy}, {"UpdateReplacePolicy", &r.UpdateReplacePolicy}} {
			f, is := r.policies[one.name]
			if !is {
				continue
			}
			v, err := b.eval(f)
			if err != nil {
				return err
			}
			m := NewMap()
			if v != (noValue{}) {
				m.Set(one.name, v)
			}
			if *one.to, err = r.readPolicy(one.name, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// Parse reads a template and checks all that can be checked without values.
func Parse(text string) (*Template, error) {
	if strings.TrimSpace(text) == "" {
		return nil, failf("Template format error: unsupported structure.")
	}
	if len(text) > MaxURL {
		return nil, failf("Template may not exceed %d bytes in size.", MaxURL)
	}
	v, err := decode(text)
	if err != nil {
		return nil, err
	}
	root, ok := v.(*Map)
	if !ok {
		return nil, failf("Template format error: unsupported structure.")
	}
	t := empty(text)
	return t, t.read(root)
}

func empty(text string) *Template {
	return &Template{Text: text, byName: map[string]*Resource{}, parameter: map[string]*Parameter{}}
}

var sections = []string{"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings",
	"Conditions", "Rules", "Transform", "Resources", "Outputs", "Hooks", "Globals"}

// read reads a template as it was given: if it has transforms, no further than
// its parameters.
func (t *Template) read(root *Map) error {
	if t.Transforms = findTransforms(root); len(t.Transforms) == 0 {
		if err := t.readAll(root); err != nil {
			return err
		}
		if slices.ContainsFunc(t.Resources, func(r *Resource) bool { return len(r.policies) > 0 }) {
			t.pending = root
		}
		return nil
	}
	t.extended = slices.Contains(t.Transforms, LanguageExtensions)
	if err := t.readDeclarations(root); err != nil {
		return err
	}
	t.pending = root
	t.glimpse(root.Values["Resources"])
	return nil
}

// readAll reads a template that needs no transform, or none any more.
func (t *Template) readAll(root *Map) error {
	if path := firstNull("", root); path != "" {
		return failf("[%s] 'null' values are not allowed in templates", path)
	}
	if err := t.readDeclarations(root); err != nil {
		return err
	}
	return t.readBody(root)
}

func (t *Template) readDeclarations(root *Map) error {
	var strange []string
	for _, k := range root.Keys {
		if !slices.Contains(sections, k) {
			strange = append(strange, k)
		}
	}
	if len(strange) > 0 {
		return failf("Invalid template property or properties [%s]", strings.Join(strange, ", "))
	}
	if err := t.readHead(root); err != nil {
		return err
	}
	return t.readParameters(root.Values["Parameters"])
}

// firstNull finds the first null, "" if there is none. AWS prints Type where a
// resource's path has Properties. Metadata may hold anything.
func firstNull(path string, v any) string {
	switch v := v.(type) {
	case nil:
		return path
	case *Map:
		for _, k := range v.Keys {
			if k == "Metadata" && strings.Count(path, "/") < 3 {
				continue
			}
			if found := firstNull(nullPath(path, k), v.Values[k]); found != "" {
				return found
			}
		}
	case []any:
		for i, one := range v {
			if found := firstNull(path+"/"+strconv.Itoa(i), one); found != "" {
				return found
			}
		}
	case *Func:
		return firstNull(path+"/"+v.Name, v.Arg)
	}
	return ""
}

func nullPath(path, key string) string {
	if resource, ok := strings.CutSuffix(path, "/Properties"); ok && strings.HasPrefix(path, "/Resources/") && strings.Count(path, "/") == 3 {
		path = resource + "/Type"
	}
	return path + "/" + key
}

func (t *Template) readHead(root *Map) error {
	if v, given := root.Values["AWSTemplateFormatVersion"]; given {
		if t.Version, _ = Text(v); t.Version != "2010-09-09" {
			return failf("Template format error: unsupported value for AWSTemplateFormatVersion.")
		}
	}
	if v, given := root.Values["Description"]; given {
		text, ok := v.(string)
		if !ok {
			return failf("Template format error: Template description must be a string.")
		}
		if len(text) > maxDescribe {
			return failf("Template format error: 'Description' length is greater than %d.", maxDescribe)
		}
		t.Description = text
	}
	t.Metadata = root.Values["Metadata"]
	return nil
}

func (t *Template) readBody(root *Map) error {
	steps := []func() error{
		func() error { return t.readMappings(root.Values["Mappings"]) },
		func() error { return t.readConditions(root.Values["Conditions"]) },
		func() error { return t.readRules(root.Values["Rules"]) },
		func() error { return t.readResources(root.Values["Resources"]) },
		func() error { return t.readOutputs(root.Values["Outputs"]) },
		t.checkReferences,
		t.sortResources,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// findTransforms lists the Transform section's macros and those of Fn::Transform.
func findTransforms(root *Map) []string {
	var names []string
	add := func(v any) {
		if s, ok := v.(string); ok && !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	switch v := root.Values["Transform"].(type) {
	case []any:
		for _, one := range v {
			add(macroName(one))
		}
	default:
		add(macroName(v))
	}
	inlineTransforms(root, add)
	return names
}

// inlineTransforms finds the macros of Fn::Transform, which may stand alone or
// beside other members of an object.
func inlineTransforms(v any, add func(any)) {
	one := func(arg any) {
		list, ok := arg.([]any)
		if !ok {
			list = []any{arg}
		}
		for _, macro := range list {
			add(macroName(macro))
		}
	}
	switch v := v.(type) {
	case *Map:
		for _, k := range v.Keys {
			if k == "Fn::Transform" {
				one(v.Values[k])
			}
			inlineTransforms(v.Values[k], add)
		}
	case []any:
		for _, item := range v {
			inlineTransforms(item, add)
		}
	case *Func:
		if v.Name == "Fn::Transform" {
			one(v.Arg)
		}
		inlineTransforms(v.Arg, add)
	}
}

func macroName(v any) any {
	if m, ok := v.(*Map); ok {
		return m.Values["Name"]
	}
	return v
}

// glimpse notes the resources of a template that only a transform can read.
func (t *Template) glimpse(v any) {
	m, ok := v.(*Map)
	if !ok {
		return
	}
	for _, key := range m.Keys {
		if body, ok := m.Values[key].(*Map); ok {
			typ, _ := body.Values["Type"].(string)
			t.Resources = append(t.Resources, &Resource{LogicalID: key, Type: typ, Properties: NewMap()})
		}
	}
}

// walk calls f for every function in a value, outer ones first.
func walk(v any, f func(*Func)) {
	switch v := v.(type) {
	case *Map:
		for _, k := range v.Keys {
			walk(v.Values[k], f)
		}
	case []any:
		for _, one := range v {
			walk(one, f)
		}
	case *Func:
		f(v)
		walk(v.Arg, f)
	}
}

var alphanumeric = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z0-9]{1,255}$`) })
