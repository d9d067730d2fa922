package catalogue

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// Violations are what is wrong with a resource's properties, in the words of
// CloudFormation and in those of the registry's validator.
type Violations struct {
	structural  []string // found by CloudFormation itself: missing, unsupported, of another type
	constraints []string // broken keywords
	model       []string // all, as Cloud Control names them
}

// Any reports whether there is a violation.
func (v *Violations) Any() bool { return len(v.model) > 0 }

// Text is CloudFormation's reason for failing the resource; "" if nothing is wrong.
// (Recorded: "Property validation failure: [The property {/Type} is required]"; the
// other form is aws-cloudformation/cloudformation-resource-schema #85 and #40.)
func (v *Violations) Text(logicalID string) string {
	switch {
	case len(v.structural) > 0:
		return "Property validation failure: [" + strings.Join(v.structural, ", ") + "]"
	case len(v.constraints) > 0:
		return "Properties validation failed for resource " + logicalID + " with message:\n" + strings.Join(v.constraints, "\n")
	}
	return ""
}

// ModelText is Cloud Control's reason for refusing the model; "" if nothing is wrong.
func (v *Violations) ModelText() string {
	if len(v.model) == 0 {
		return ""
	}
	return "Model validation failed (" + strings.Join(v.model, ", ") + ")"
}

// Check validates evaluated properties against the type's schema. As CloudFormation
// does it takes scalars for each other where their text fits: "5" is an integer,
// true is a string. Patterns that are no regular expressions of RE2 are not checked.
func (t *Type) Check(properties map[string]any) *Violations {
	c := &checker{t: t}
	c.object("", t.Schema, properties)
	if t.TagProperty != "" {
		c.tags(properties[t.TagProperty])
	}
	return &c.found
}

type checker struct {
	t     *Type
	found Violations
}

// structural adds a violation in CloudFormation's words, and in the validator's.
func (c *checker) structural(model, format string, args ...any) {
	c.found.structural = append(c.found.structural, fmt.Sprintf(format, args...))
	c.found.model = append(c.found.model, model)
}

func (c *checker) constraint(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	c.found.constraints = append(c.found.constraints, text)
	c.found.model = append(c.found.model, text)
}

func (c *checker) broken(path, keyword string) {
	c.constraint("#%s: failed validation constraint for keyword [%s]", path, keyword)
}

// tags refuses keys that only AWS may set.
func (c *checker) tags(v any) {
	keys := []string{}
	switch v := v.(type) {
	case map[string]any:
		keys = slices.Sorted(maps.Keys(v))
	case []any:
		for _, one := range v {
			if tag, ok := one.(map[string]any); ok {
				keys = append(keys, textOf(tag["Key"]))
			}
		}
	}
	if slices.ContainsFunc(keys, func(key string) bool { return strings.HasPrefix(strings.ToLower(key), "aws:") }) {
		c.constraint("aws: prefixed tag key names are not allowed for external use.")
	}
}

// object checks an object's members.
func (c *checker) object(path string, s *Schema, v map[string]any) {
	for _, name := range s.Required {
		if _, ok := v[name]; !ok && !(path == "" && slices.Contains(c.t.ReadOnly, name)) {
			c.structural("#"+path+": required key ["+name+"] not found", "The property {%s/%s} is required", path, name)
		}
	}
	var unsupported []string
	for _, name := range slices.Sorted(maps.Keys(v)) {
		member, known := s.member(name)
		switch {
		case !known || path == "" && slices.Contains(c.t.ReadOnly, name):
			unsupported = append(unsupported, name)
		case member != nil:
			c.value(path+"/"+name, member, v[name])
		}
	}
	if len(unsupported) > 0 {
		at := path
		if at == "" {
			at = "/"
		}
		c.structural("#"+path+": extraneous key ["+strings.Join(unsupported, "], [")+"] is not permitted",
			"Encountered unsupported properties in {%s}: [%s]", at, strings.Join(unsupported, ", "))
	}
}

// member finds the schema of an object's member; nil and true where any value may
// stand.
func (s *Schema) member(name string) (*Schema, bool) {
	if p := s.Properties[name]; p != nil {
		return p, true
	}
	for pattern, p := range s.Patterns {
		if re := compile(pattern); re == nil || re.MatchString(name) {
			return p, true
		}
	}
	for _, group := range [][]*Schema{s.OneOf, s.AnyOf, s.AllOf} {
		for _, one := range group {
			if p, ok := one.member(name); ok && p != nil {
				return p, true
			}
		}
	}
	if s.Others != nil {
		return s.Others, true
	}
	return nil, !s.Closed || len(s.Properties) == 0 && len(s.Patterns) == 0
}

// value checks a value.
func (c *checker) value(path string, s *Schema, v any) {
	switch v := v.(type) {
	case nil:
	case map[string]any:
		switch {
		case s.Is("object") && !(len(s.Types) == 0 && s.Items != nil):
			c.object(path, s, v)
		case c.alternatives(s, "object"):
		default:
			c.mismatch(path, s, v)
		}
	case []any:
		switch {
		case s.Is("array"):
			c.size(path, len(v), s.MinItems, s.MaxItems)
			if s.Items != nil {
				for i, one := range v {
					c.value(path+"/"+strconv.Itoa(i), s.Items, one)
				}
			}
		case c.alternatives(s, "array"):
		default:
			c.mismatch(path, s, v)
		}
	default:
		c.scalar(path, s, v)
	}
}

// alternatives reports whether one of the alternatives takes a JSON type.
func (c *checker) alternatives(s *Schema, kind string) bool {
	return slices.ContainsFunc(slices.Concat(s.OneOf, s.AnyOf), func(one *Schema) bool { return len(one.Types) > 0 && one.Is(kind) })
}

func (c *checker) size(path string, n int, least, most *int) {
	if least != nil && n < *least {
		c.constraint("#%s: expected minimum item count: %d, found: %d", path, *least, n)
	}
	if most != nil && n > *most {
		c.constraint("#%s: expected maximum item count: %d, found: %d", path, *most, n)
	}
}

// scalar checks a text, number or truth value.
func (c *checker) scalar(path string, s *Schema, v any) {
	text := textOf(v)
	if !c.fits(s, v, text) {
		c.mismatch(path, s, v)
		return
	}
	if len(s.Enum) > 0 && !strings.HasSuffix(path, "Version") && !c.listed(s, text) { // lists of versions grow faster than this one
		c.broken(path, "enum")
		return
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil && (s.Only("integer") || s.Only("number")) {
		if s.Minimum != nil && n < *s.Minimum {
			c.broken(path, "minimum")
		}
		if s.Maximum != nil && n > *s.Maximum {
			c.broken(path, "maximum")
		}
	}
	if s.Only("string") {
		c.text(path, s, text)
	}
}

// text checks a text's length and pattern. Most texts are right, so whether a wrong
// one counts is asked last.
func (c *checker) text(path string, s *Schema, text string) {
	n := utf8.RuneCountInString(text)
	short, long := s.MinLength != nil && n < *s.MinLength, s.MaxLength != nil && n > *s.MaxLength
	wrong := false
	if s.Pattern != "" && !short && !long {
		re := compile(s.Pattern)
		wrong = re != nil && !re.MatchString(text)
	}
	switch {
	case !short && !long && !wrong || referring(text):
	case short:
		c.constraint("#%s: expected minLength: %d, actual: %d", path, *s.MinLength, n)
	case long:
		c.constraint("#%s: expected maxLength: %d, actual: %d", path, *s.MaxLength, n)
	default:
		c.broken(path, "pattern")
	}
}

// identifier is the form of AWS's ids, which Ref and Fn::GetAtt return.
var identifier = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^arn:|://|^\{\{resolve:|^[a-z]+(-[a-z]+)*-[0-9a-z]{8,}$|[0-9a-f]{8}-[0-9a-f]{4}-|-[A-Za-z0-9]{12}$`)
})

// referring reports whether a text is of the kind that refers to something else.
// Such ones are not held against patterns: they are checked where they are used.
func referring(text string) bool { return identifier().MatchString(text) }

// fits reports whether a scalar can be taken for the schema's type.
func (c *checker) fits(s *Schema, v any, text string) bool {
	if len(s.Types) == 0 || s.Is("string") {
		return true
	}
	if s.Is("boolean") && (text == "true" || text == "false" || strings.EqualFold(text, "true") || strings.EqualFold(text, "false")) {
		return true
	}
	if s.Is("integer") || s.Is("number") {
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return s.Is("number") || n == float64(int64(n))
		}
	}
	if s.Is("object") { // JSON text for a free object
		return len(s.Properties) == 0 && json.Valid([]byte(text)) && strings.HasPrefix(strings.TrimSpace(text), "{")
	}
	return c.alternatives(s, "string")
}

func (c *checker) listed(s *Schema, text string) bool {
	return slices.ContainsFunc(s.Enum, func(v any) bool {
		return strings.EqualFold(textOf(v), text) // services are lenient about case
	})
}

// words of CloudFormation for JSON types.
var cfnTypes = map[string]string{"array": "List", "object": "Map", "string": "String", "integer": "Integer", "number": "Double", "boolean": "Boolean"}

func (c *checker) mismatch(path string, s *Schema, v any) {
	kind, wanted := "String", "String"
	if len(s.Types) > 0 {
		kind, wanted = cfnTypes[s.Types[0]], modelTypes[s.Types[0]]
	}
	if kind == "Map" && len(s.Properties) == 0 && len(s.Patterns) == 0 {
		kind = "Json"
	}
	c.structural("#"+path+": expected type: "+wanted+", found: "+modelType(v), "Value of property {%s} does not match type {%s}", path, kind)
}

// modelTypes are the validator's words for JSON types.
var modelTypes = map[string]string{"array": "JSONArray", "object": "JSONObject", "string": "String", "integer": "Integer", "number": "Number", "boolean": "Boolean"}

func modelType(v any) string {
	switch v.(type) {
	case map[string]any:
		return "JSONObject"
	case []any:
		return "JSONArray"
	case bool:
		return "Boolean"
	case json.Number:
		return "Number"
	}
	return "String"
}

func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return fmt.Sprint(v)
}

// expressions keeps compiled patterns; a nil one is not RE2's.
var expressions sync.Map

// unicodeEscape is JavaScript's escape, which RE2 writes \x{…}.
var unicodeEscape = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`) })

func compile(pattern string) *regexp.Regexp {
	if v, ok := expressions.Load(pattern); ok {
		return v.(*regexp.Regexp)
	}
	re, err := regexp.Compile(unicodeEscape().ReplaceAllString(pattern, `\x{$1}`))
	if err != nil {
		re = nil
	}
	v, _ := expressions.LoadOrStore(pattern, re)
	return v.(*regexp.Regexp)
}
