package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// enrich adds what the service specification knows and the registry does not.
// Keywords of the catalogue's own begin with x-.
func (db *serviceSpec) enrich(schema document, r *specResource) {
	attributes := document{}
	for name, a := range r.Attributes {
		attributes[name] = kindOf(&a.Type)
	}
	if len(attributes) > 0 {
		schema["x-attributes"] = attributes
	}
	if len(r.CFNRefIdentifier) > 0 {
		schema["x-ref"] = r.CFNRefIdentifier
	}
	if r.ARNTemplate != "" {
		schema["x-arn"] = r.ARNTemplate
	}
	w := &walker{db: db, schema: schema, definitions: definitionsOf(schema), seen: map[string]bool{}}
	w.object(schema, r.Properties)
}

// kindOf is the attribute's JSON type, in one word.
func kindOf(v *specValue) string {
	switch v.Type {
	case "array", "integer", "number", "boolean":
		return v.Type
	case "map", "ref", "json":
		return "object"
	case "union":
		return kindOf(v.Types[0])
	}
	return "string"
}

func definitionsOf(schema document) document {
	d, ok := schema["definitions"].(document)
	if !ok {
		d = document{}
		schema["definitions"] = d
	}
	return d
}

// walker goes through a schema and the specification's types side by side.
type walker struct {
	db          *serviceSpec
	schema      document
	definitions document
	seen        map[string]bool
}

func (w *walker) resolve(s document) document {
	for range 10 {
		ref, ok := s["$ref"].(string)
		if !ok {
			return s
		}
		name := strings.TrimPrefix(ref, "#/definitions/")
		next, ok := w.definitions[name].(document)
		if !ok {
			return s
		}
		s = next
	}
	return s
}

// object adds to an object's schema the properties that it lacks, and the
// documentation's defaults.
func (w *walker) object(s document, properties map[string]*specProperty) {
	members, ok := s["properties"].(document)
	if !ok {
		return
	}
	for _, name := range sorted(properties) {
		p := properties[name]
		member, ok := members[name].(document)
		if !ok {
			member = w.db.value(&p.Type, w.definitions)
			members[name] = member
		}
		target := w.resolve(member)
		if d, ok := documentedDefault(p, target); ok {
			member["x-default"] = d
		}
		w.value(target, &p.Type)
	}
}

func (w *walker) value(s document, v *specValue) {
	switch v.Type {
	case "ref":
		id := v.Reference.Ref
		if t := w.db.types[id]; t != nil && !w.seen[id] {
			w.seen[id] = true
			w.object(s, t.Properties)
		}
	case "array", "map":
		items, ok := s["items"].(document)
		if !ok {
			if p, has := s["patternProperties"].(document); has && len(p) == 1 {
				for _, one := range p {
					items, ok = one.(document)
				}
			}
		}
		if ok {
			w.value(w.resolve(items), v.Element)
		}
	case "union":
		for _, one := range v.Types {
			w.value(s, one)
		}
	}
}

// sayings are the ways in which the documentation names a default.
var sayings = []*regexp.Regexp{
	regexp.MustCompile("(?i)\\*?default(?: value)?\\*? ?: ?`([^`]+)`"),
	regexp.MustCompile("(?i)\\bdefault(?:s to| value is| is| setting is| setting of| value of|)(?: set to)? `([^`]+)`"),
	regexp.MustCompile("(?i)\\bby default,? [^.`]*(?:`[A-Za-z]+` )?is set to `([^`]+)`"),
	regexp.MustCompile(`(?i)\bdefault(?:s to| value is| is| value ?:|:) ([A-Z][A-Z_0-9]+|true|false|[0-9]+)\b`),
	regexp.MustCompile("`([^`]+)` ?\\(default\\)"),
}

// documentedDefault is the default that the documentation gives for a scalar.
func documentedDefault(p *specProperty, s document) (any, bool) {
	text := ""
	for _, saying := range sayings {
		if m := saying.FindStringSubmatch(p.Documentation); m != nil {
			text = strings.TrimSpace(m[1])
			break
		}
	}
	if text == "" {
		return nil, false
	}
	if kinds, ok := s["enum"].([]any); ok && !slices.ContainsFunc(kinds, func(v any) bool { return same(v, text) }) {
		return nil, false
	}
	switch s["type"] {
	case "string":
		if strings.ContainsAny(text, " {}<>$") {
			return nil, false
		}
		return text, true
	case "boolean":
		b, err := strconv.ParseBool(strings.ToLower(text))
		return b, err == nil
	case "integer", "number":
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return nil, false
		}
		return json.Number(text), true
	}
	return nil, false
}

func same(v any, text string) bool {
	switch v := v.(type) {
	case string:
		return v == text
	case json.Number:
		return v.String() == text
	}
	return false
}
