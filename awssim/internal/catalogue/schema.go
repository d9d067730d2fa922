package catalogue

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Type is a resource type. It is shared and must not be changed.
type Type struct {
	Name   string
	Schema *Schema // of the properties
	// Paths of properties.
	ReadOnly, WriteOnly, CreateOnly []string
	// MaybeCreateOnly are those whose change replaces the resource in some cases.
	MaybeCreateOnly []string
	Deprecated      []string
	// Identifier are the properties that identify the resource in Cloud Control,
	// joined by |; Ref those that Ref returns, if they are others.
	Identifier, Ref []string
	// ARN is the form of the resource's ARN, with ${Partition}, ${Region},
	// ${Account} and names of the service's own; "" if unknown.
	ARN string
	// Attributes are what Fn::GetAtt returns besides read-only properties, by
	// name, with the JSON type.
	Attributes map[string]string
	// Gettable are further properties that Fn::GetAtt returns; "*" is all.
	Gettable []string
	// Transforms are the JSONata expressions, by path, of how a read differs from
	// what was declared.
	Transforms map[string]string
	// TagProperty is the path of the tags, "" if the type cannot be tagged.
	TagProperty string
	// DeleteFirst types are deleted before their replacement is made.
	DeleteFirst bool
}

// Schema describes a value.
type Schema struct {
	Types      []string // string, integer, number, boolean, array, object, null; empty: any
	Properties map[string]*Schema
	// Patterns are the schemas of members by patterns of their names; Others of
	// any further ones. Closed objects have no others.
	Patterns                    map[string]*Schema
	Others                      *Schema
	Closed                      bool
	Required                    []string
	Items                       *Schema
	Enum                        []any
	Pattern                     string
	MinLength, MaxLength        *int
	MinItems, MaxItems          *int
	Minimum, Maximum            *float64
	Unordered, Unique           bool
	Default                     any // as the schema declares it
	Documented                  any // as the documentation says
	OneOf, AnyOf, AllOf         []*Schema
	ExactlyOne                  []string // of these members
	AtLeastOne                  []string
	DependentRequired, Excludes map[string][]string
}

// Is reports whether the schema allows a JSON type; one without types allows all.
func (s *Schema) Is(kind string) bool { return len(s.Types) == 0 || slices.Contains(s.Types, kind) }

// Only reports whether the schema allows this JSON type and no other.
func (s *Schema) Only(kind string) bool { return len(s.Types) == 1 && s.Types[0] == kind }

// At finds the schema at a path's parts; nil if there is none.
func (s *Schema) At(parts ...string) *Schema {
	for _, part := range parts {
		if s = s.Member(part); s == nil {
			return nil
		}
	}
	return s
}

// Member is the schema of an object's member or, for a list, of any of its
// members; nil if there is none.
func (s *Schema) Member(name string) *Schema {
	if p := s.Properties[name]; p != nil {
		return p
	}
	if s.Items != nil {
		return s.Items
	}
	for _, p := range s.Patterns {
		return p
	}
	if s.Others != nil {
		return s.Others
	}
	for _, group := range [][]*Schema{s.OneOf, s.AnyOf, s.AllOf} {
		for _, one := range group {
			if p := one.Member(name); p != nil {
				return p
			}
		}
	}
	return nil
}

// node is a schema as it is written.
type node struct {
	Ref                  string `json:"$ref"`
	Type                 words
	Properties           map[string]*node
	PatternProperties    map[string]*node
	AdditionalProperties *others
	Required             []string
	Items                *node
	Enum                 []any
	Const                any
	EnumCaseInsensitive  []any
	Pattern              string
	MinLength, MaxLength *int
	MinItems, MaxItems   *int
	Minimum, Maximum     *float64
	UniqueItems          bool
	InsertionOrder       *bool
	Default              any
	Documented           any `json:"x-default"`
	OneOf, AnyOf, AllOf  []*node
	RequiredXor          []string
	RequiredOr           []string
	DependentRequired    map[string][]string
	DependentExcluded    map[string][]string
}

// document is a type as it is written.
type document struct {
	node
	Definitions                     map[string]*node
	ReadOnlyProperties              []string
	WriteOnlyProperties             []string
	CreateOnlyProperties            []string
	ConditionalCreateOnlyProperties []string
	DeprecatedProperties            []string
	PrimaryIdentifier               []string
	ReplacementStrategy             string
	PropertyTransform               map[string]string
	Tagging                         *struct {
		Taggable    *bool
		TagProperty string
	}
	Attributes map[string]string `json:"x-attributes"`
	CFNRef     []string          `json:"x-ref"`
	Gettable   []string          `json:"x-gettable"`
	ARN        string            `json:"x-arn"`
}

// words is one word or several.
type words []string

func (w *words) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		*w = words{""}
		return json.Unmarshal(text, &(*w)[0])
	}
	return json.Unmarshal(text, (*[]string)(w))
}

// others is additionalProperties: true, false or a schema.
type others struct {
	closed bool
	schema *node
}

func (o *others) UnmarshalJSON(text []byte) error {
	if text[0] == '{' {
		return json.Unmarshal(text, &o.schema)
	}
	o.closed = string(text) == "false"
	return nil
}

// decode reads a type. The data is the program's own, so a broken one panics.
func decode(name, text string) *Type {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var doc document
	if err := d.Decode(&doc); err != nil {
		panic(fmt.Sprintf("catalogue: reading type %s: %v; run make generate-catalogue", name, err))
	}
	t := &Type{Name: name, ReadOnly: paths(doc.ReadOnlyProperties), WriteOnly: paths(doc.WriteOnlyProperties),
		CreateOnly: paths(doc.CreateOnlyProperties), MaybeCreateOnly: paths(doc.ConditionalCreateOnlyProperties),
		Deprecated: paths(doc.DeprecatedProperties), Identifier: paths(doc.PrimaryIdentifier), Ref: doc.CFNRef, ARN: doc.ARN,
		Attributes: doc.Attributes, Gettable: doc.Gettable, DeleteFirst: doc.ReplacementStrategy == "delete_then_create"}
	if doc.Tagging != nil && (doc.Tagging.Taggable == nil || *doc.Tagging.Taggable) {
		t.TagProperty = path(doc.Tagging.TagProperty)
	}
	if len(doc.PropertyTransform) > 0 {
		t.Transforms = make(map[string]string, len(doc.PropertyTransform))
		for p, expression := range doc.PropertyTransform {
			t.Transforms[path(p)] = expression
		}
	}
	r := &resolver{definitions: doc.Definitions, made: map[string]*Schema{}}
	t.Schema = r.schema(&doc.node)
	return t
}

// path turns a schema's pointer into a path.
func path(pointer string) string {
	p := strings.TrimPrefix(strings.TrimPrefix(pointer, "/"), "properties/")
	p = strings.ReplaceAll(p, "/items/properties/", "/*/")
	p = strings.ReplaceAll(p, "/properties/", "/")
	return strings.ReplaceAll(p, "/items/", "/*/")
}

func paths(pointers []string) []string {
	if len(pointers) == 0 {
		return nil
	}
	out := make([]string, len(pointers))
	for i, p := range pointers {
		out[i] = path(p)
	}
	return out
}

// resolver makes schemas, each definition once, so that those which hold
// themselves end.
type resolver struct {
	definitions map[string]*node
	made        map[string]*Schema
}

func (r *resolver) schema(n *node) *Schema {
	if n == nil {
		return nil
	}
	if n.Ref == "" {
		s := &Schema{}
		r.fill(s, n)
		return s
	}
	name := strings.TrimPrefix(n.Ref, "#/definitions/")
	s := r.made[name]
	if s == nil {
		s = &Schema{}
		r.made[name] = s
		if d := r.definitions[name]; d != nil && d != n {
			if d.Ref != "" {
				*s = *r.schema(d)
			} else {
				r.fill(s, d)
			}
		}
	}
	if n.Default == nil && n.Documented == nil && n.InsertionOrder == nil {
		return s
	}
	own := *s
	if n.Default != nil {
		own.Default = n.Default
	}
	if n.Documented != nil {
		own.Documented = n.Documented
	}
	own.Unordered = own.Unordered || n.InsertionOrder != nil && !*n.InsertionOrder
	return &own
}

func (r *resolver) fill(s *Schema, n *node) {
	*s = Schema{Types: n.Type, Required: n.Required, Items: r.schema(n.Items), Enum: n.Enum, Pattern: n.Pattern,
		MinLength: n.MinLength, MaxLength: n.MaxLength, MinItems: n.MinItems, MaxItems: n.MaxItems, Minimum: n.Minimum, Maximum: n.Maximum,
		Unique: n.UniqueItems, Unordered: n.InsertionOrder != nil && !*n.InsertionOrder, Default: n.Default, Documented: n.Documented,
		OneOf: r.all(n.OneOf), AnyOf: r.all(n.AnyOf), AllOf: r.all(n.AllOf), ExactlyOne: n.RequiredXor, AtLeastOne: n.RequiredOr,
		DependentRequired: n.DependentRequired, Excludes: n.DependentExcluded,
		Properties: r.members(n.Properties), Patterns: r.members(n.PatternProperties)}
	if n.EnumCaseInsensitive != nil {
		s.Enum = n.EnumCaseInsensitive
	}
	if n.Const != nil {
		s.Enum = []any{n.Const}
	}
	if o := n.AdditionalProperties; o != nil {
		s.Closed, s.Others = o.closed, r.schema(o.schema)
	}
	if len(s.Types) == 0 && len(s.Properties) > 0 {
		s.Types = []string{"object"}
	}
}

func (r *resolver) members(from map[string]*node) map[string]*Schema {
	if len(from) == 0 {
		return nil
	}
	out := make(map[string]*Schema, len(from))
	for name, n := range from {
		out[name] = r.schema(n)
	}
	return out
}

func (r *resolver) all(from []*node) []*Schema {
	var out []*Schema
	for _, n := range from {
		out = append(out, r.schema(n))
	}
	return out
}
