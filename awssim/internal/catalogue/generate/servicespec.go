package main

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// serviceSpec is the part of the service specification's database that the
// catalogue takes.
type serviceSpec struct {
	resources map[string]*specResource
	types     map[string]*specType // by id
}

type specResource struct {
	Name              string `json:"cloudFormationType"`
	Transform         string `json:"cloudFormationTransform"`
	Attributes        map[string]*specProperty
	Properties        map[string]*specProperty
	PrimaryIdentifier []string
	CFNRefIdentifier  []string
	ARNTemplate       string
	TagInformation    *struct {
		TagPropertyName string
		Variant         string
	}
}

type specType struct {
	ID         string `json:"$id"`
	Name       string
	Properties map[string]*specProperty
}

type specProperty struct {
	Type              specValue
	Documentation     string
	DefaultValue      string
	Required          bool
	CausesReplacement string
}

type specValue struct {
	Type      string
	Element   *specValue
	Types     []*specValue
	Reference struct {
		Ref string `json:"$ref"`
	}
}

// readServiceSpec reads the database out of the npm package.
func readServiceSpec(path string) (*serviceSpec, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	packed, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	archive := tar.NewReader(packed)
	for {
		entry, err := archive.Next()
		if err != nil {
			return nil, errors.Join(errors.New("the package holds no db.json.gz"), err)
		}
		if strings.HasSuffix(entry.Name, "/db.json.gz") {
			return readDatabase(archive)
		}
	}
}

func readDatabase(r io.Reader) (*serviceSpec, error) {
	plain, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	var db struct {
		Schema struct {
			Resource       struct{ Entities []*specResource }
			TypeDefinition struct{ Entities []*specType }
		}
	}
	if err := json.NewDecoder(plain).Decode(&db); err != nil {
		return nil, fmt.Errorf("reading db.json: %w", err)
	}
	out := &serviceSpec{resources: map[string]*specResource{}, types: map[string]*specType{}}
	for _, r := range db.Schema.Resource.Entities {
		out.resources[r.Name] = r
	}
	for _, t := range db.Schema.TypeDefinition.Entities {
		out.types[t.ID] = t
	}
	return out, nil
}

// schema makes a schema for a type that the registry does not have.
func (db *serviceSpec) schema(r *specResource) document {
	definitions := document{}
	s := db.object(r.Properties, definitions)
	s["typeName"] = r.Name
	readOnly := []any{}
	properties := s["properties"].(document)
	for _, name := range sorted(r.Attributes) {
		if strings.Contains(name, ".") || properties[name] != nil {
			continue
		}
		properties[name] = db.value(&r.Attributes[name].Type, definitions)
		readOnly = append(readOnly, pointer(name))
	}
	if len(readOnly) > 0 {
		s["readOnlyProperties"] = readOnly
	}
	var fixed []any
	for _, name := range sorted(r.Properties) {
		switch r.Properties[name].CausesReplacement {
		case "yes":
			fixed = append(fixed, pointer(name))
		case "maybe":
			list, _ := s["conditionalCreateOnlyProperties"].([]any)
			s["conditionalCreateOnlyProperties"] = append(list, pointer(name))
		}
	}
	if len(fixed) > 0 {
		s["createOnlyProperties"] = fixed
	}
	if len(r.PrimaryIdentifier) > 0 {
		var id []any
		for _, name := range r.PrimaryIdentifier {
			id = append(id, pointer(name))
		}
		s["primaryIdentifier"] = id
	}
	if r.TagInformation != nil {
		s["tagging"] = document{"taggable": true, "tagProperty": pointer(r.TagInformation.TagPropertyName)}
	}
	if len(definitions) > 0 {
		s["definitions"] = definitions
	}
	return s
}

func pointer(name string) string { return "/properties/" + strings.ReplaceAll(name, ".", "/") }

// object is the schema of an object with these properties.
func (db *serviceSpec) object(properties map[string]*specProperty, definitions document) document {
	members, required := document{}, []any{}
	for _, name := range sorted(properties) {
		members[name] = db.value(&properties[name].Type, definitions)
		if properties[name].Required {
			required = append(required, name)
		}
	}
	s := document{"type": "object", "properties": members, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// value is the schema of a type of the specification; named types go into the
// definitions.
func (db *serviceSpec) value(v *specValue, definitions document) document {
	switch v.Type {
	case "string", "integer", "number", "boolean":
		return document{"type": v.Type}
	case "date-time":
		return document{"type": "string"}
	case "json":
		return document{"type": []any{"object", "string", "array"}}
	case "tag":
		definitions["Tag"] = document{"type": "object", "additionalProperties": false, "required": []any{"Key", "Value"},
			"properties": document{"Key": document{"type": "string"}, "Value": document{"type": "string"}}}
		return document{"$ref": "#/definitions/Tag"}
	case "array":
		return document{"type": "array", "items": db.value(v.Element, definitions)}
	case "map":
		return document{"type": "object", "patternProperties": document{".*": db.value(v.Element, definitions)}}
	case "ref":
		t := db.types[v.Reference.Ref]
		if definitions[t.Name] == nil {
			definitions[t.Name] = document{} // for those that hold themselves
			definitions[t.Name] = db.object(t.Properties, definitions)
		}
		return document{"$ref": "#/definitions/" + t.Name}
	case "union":
		var kinds []any
		for _, one := range v.Types {
			s := db.value(one, definitions)
			if s["$ref"] != nil {
				return s
			}
			if list, ok := s["type"].([]any); ok {
				kinds = append(kinds, list...)
			} else if s["type"] != nil && !slices.Contains(kinds, s["type"]) {
				kinds = append(kinds, s["type"])
			}
		}
		if len(kinds) > 0 {
			return document{"type": kinds}
		}
	}
	return document{}
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
