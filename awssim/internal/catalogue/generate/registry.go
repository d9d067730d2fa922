package main

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
)

// document is a JSON object: a schema.
type document = map[string]any

// typeLine is a line of cfn-lint's index of a region: a type and its schema's hash.
var typeLine = regexp.MustCompile(`"([A-Za-z0-9]+::[A-Za-z0-9]+::[A-Za-z0-9]+)": "([0-9a-f]+)"`)

const (
	indexes = "cfnlint/data/schemas/providers/*.py"
	bodies  = "cfnlint/data/schemas/resources/"
)

// readRegistry reads the schemas of all types of all regions; where regions differ
// us-east-1's counts.
func readRegistry(path string) (map[string]document, error) {
	files, done, err := open(path)
	if err != nil {
		return nil, err
	}
	defer done()
	regions, err := fs.Glob(files, indexes)
	if err != nil || len(regions) == 0 {
		return nil, fmt.Errorf("finding %s: there is none (%v)", indexes, err)
	}
	hashes := map[string]string{}
	for _, region := range regions {
		text, err := fs.ReadFile(files, region)
		if err != nil {
			return nil, err
		}
		for _, m := range typeLine.FindAllStringSubmatch(string(text), -1) {
			if hashes[m[1]] == "" || strings.HasSuffix(region, "/us_east_1.py") {
				hashes[m[1]] = m[2]
			}
		}
	}
	out := map[string]document{}
	for name, hash := range hashes {
		f, err := files.Open(bodies + hash + ".json")
		if err != nil {
			return nil, fmt.Errorf("type %s: %w", name, err)
		}
		d := json.NewDecoder(f)
		d.UseNumber()
		var schema document
		if err := d.Decode(&schema); err != nil {
			return nil, fmt.Errorf("type %s: %w", name, err)
		}
		f.Close()
		schema["typeName"] = name
		out[name] = cleaned(schema)
	}
	return out, gettable(files, out)
}

var (
	allGettable  = regexp.MustCompile(`(?s)_all_property_types = \[(.*?)\n\]`)
	someGettable = regexp.MustCompile(`(?s)_exceptions = \{(.*?)\n\}`)
	typeWithList = regexp.MustCompile(`(?s)"(AWS::[^"]+)": \[(.*?)\]`)
	quoted       = regexp.MustCompile(`"([^"]+)"`)
)

// gettable marks the types of which Fn::GetAtt gives properties that are not
// read-only, which the schemas do not tell: x-gettable is "*" or a list.
func gettable(files fs.FS, schemas map[string]document) error {
	text, err := fs.ReadFile(files, "cfnlint/schema/_getatts.py")
	if err != nil {
		return err
	}
	all, some := allGettable.FindSubmatch(text), someGettable.FindSubmatch(text)
	if all == nil || some == nil {
		return fmt.Errorf("reading _getatts.py: its lists have another form")
	}
	for _, m := range quoted.FindAllStringSubmatch(string(all[1]), -1) {
		if s := schemas[m[1]]; s != nil {
			s["x-gettable"] = []any{"*"}
		}
	}
	for _, m := range typeWithList.FindAllStringSubmatch(string(some[1]), -1) {
		var names []any
		for _, q := range quoted.FindAllStringSubmatch(m[2], -1) {
			names = append(names, q[1])
		}
		if s := schemas[m[1]]; s != nil {
			s["x-gettable"] = names
		}
	}
	return nil
}

// open opens a wheel, or the folder that an installed package lies in.
func open(path string) (fs.FS, func() error, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return os.DirFS(path), func() error { return nil }, nil
	}
	wheel, err := zip.OpenReader(path)
	if err != nil {
		return nil, nil, err
	}
	return wheel, wheel.Close, nil
}

// kept are the keywords of a schema that the catalogue holds.
var kept = map[string]bool{
	"$ref": true, "type": true, "properties": true, "patternProperties": true, "additionalProperties": true, "required": true,
	"items": true, "enum": true, "enumCaseInsensitive": true, "const": true, "pattern": true, "minLength": true, "maxLength": true,
	"minItems": true, "maxItems": true, "minimum": true, "maximum": true, "exclusiveMinimum": true, "exclusiveMaximum": true,
	"minProperties": true, "maxProperties": true, "uniqueItems": true, "insertionOrder": true, "default": true, "oneOf": true,
	"anyOf": true, "allOf": true, "dependentRequired": true, "dependentExcluded": true, "requiredXor": true, "requiredOr": true,
	// of the whole type
	"typeName": true, "definitions": true, "readOnlyProperties": true, "writeOnlyProperties": true, "createOnlyProperties": true,
	"conditionalCreateOnlyProperties": true, "deprecatedProperties": true, "primaryIdentifier": true, "additionalIdentifiers": true,
	"tagging": true, "taggable": true, "propertyTransform": true, "replacementStrategy": true,
}

// cleaned drops the keywords that the catalogue does not hold, here and below.
func cleaned(schema document) document {
	out := document{}
	for key, v := range schema {
		if !kept[key] {
			continue
		}
		switch key {
		case "properties", "patternProperties", "definitions":
			members, ok := v.(document)
			if !ok {
				continue
			}
			m := document{}
			for name, member := range members {
				if s, ok := member.(document); ok {
					m[name] = cleaned(s)
				}
			}
			v = m
		case "items", "additionalProperties":
			if s, ok := v.(document); ok {
				v = cleaned(s)
			}
		case "oneOf", "anyOf", "allOf":
			list, _ := v.([]any)
			var all []any
			for _, one := range list {
				if s, ok := one.(document); ok {
					all = append(all, cleaned(s))
				}
			}
			v = all
		}
		out[key] = v
	}
	return out
}
