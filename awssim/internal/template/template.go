package template

import (
	"regexp"
	"slices"
	"strings"
)

// AWS's limits on templates, as of 2026.
const (
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
	Transforms  []string // macros that would have to run first
	Parameters  []*Parameter
	Resources   []*Resource // in the template's order
	Outputs     []*Output   // in the template's order

	mappings   map[string]map[string]map[string]any
	conditions map[string]any
	rules      []rule
	order      []*Resource // dependencies first
	dynamic    []DynamicReference
	imports    bool
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

	needs []string // resources referred to in any way, sorted
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

// Deployable refuses templates that need a transform.
func (t *Template) Deployable() error {
	if len(t.Transforms) == 0 {
		return nil
	}
	if name := t.Transforms[0]; !strings.HasPrefix(name, "AWS::") {
		return failf("No transform named %s found.", name)
	}
	return failf("Transform %s failed with: the embedded AWS runs no transforms", t.Transforms[0])
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
	t := &Template{Text: text, byName: map[string]*Resource{}, parameter: map[string]*Parameter{}}
	return t, t.read(root)
}

var sections = []string{"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings",
	"Conditions", "Rules", "Transform", "Resources", "Outputs", "Hooks", "Globals"}

func (t *Template) read(root *Map) error {
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
	if err := t.readParameters(root.Values["Parameters"]); err != nil {
		return err
	}
	if t.Transforms = findTransforms(root); len(t.Transforms) > 0 {
		t.glimpse(root.Values["Resources"])
		return nil
	}
	return t.readBody(root)
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
			return failf("Template format error: [/Description] 'null' values are not allowed in templates")
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
	walk(root, func(f *Func) {
		if f.Name == "Fn::Transform" {
			add(macroName(f.Arg))
		}
	})
	return names
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
			t.Resources = append(t.Resources, &Resource{LogicalID: key, Type: typ, Properties: newMap()})
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

var alphanumeric = regexp.MustCompile(`^[a-zA-Z0-9]{1,255}$`)
