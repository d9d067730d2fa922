package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a template. AWS has a bound too but does not
// tell it; no template for people comes near.
const maxDepth = 100

// decode reads a text as JSON if it begins like JSON, else as YAML.
func decode(text string) (any, error) {
	if !utf8.ValidString(text) {
		return nil, failf("Template format error: unsupported structure.")
	}
	text = strings.TrimPrefix(text, "\ufeff")
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return decodeJSON(text)
	}
	return decodeYAML(text)
}

func decodeJSON(text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	v, err := jsonValue(d, 0)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("text after the end")
		}
	}
	if refused := new(Error); errors.As(err, &refused) {
		return nil, err
	}
	if err != nil {
		line, column := position(text, d.InputOffset())
		return nil, failf("Template format error: JSON not well-formed. (line %d, column %d)", line, column)
	}
	return v, nil
}

func jsonValue(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDepth()
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		return jsonObject(d, depth)
	case json.Delim('['):
		return jsonArray(d, depth)
	}
	return t, nil
}

func jsonObject(d *json.Decoder, depth int) (any, error) {
	m := NewMap()
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := jsonValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		m.Set(fmt.Sprint(key), v)
	}
	_, err := d.Token()
	return asFunc(m), err
}

func jsonArray(d *json.Decoder, depth int) (any, error) {
	list := []any{}
	for d.More() {
		v, err := jsonValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return list, err
}

// position turns a byte offset into the line and column that AWS names.
func position(text string, offset int64) (line, column int) {
	before := []byte(text)[:min(int(offset), len(text))]
	line = bytes.Count(before, []byte("\n")) + 1
	return line, len(before) - bytes.LastIndexByte(before, '\n')
}

func errDepth() error {
	return failf("Template format error: nesting deeper than %d levels is not supported", maxDepth)
}

// asFunc recognises the long form of a function: an object of one key.
func asFunc(m *Map) any {
	if len(m.Keys) != 1 {
		return m
	}
	name, arg := m.Keys[0], m.Values[m.Keys[0]]
	if _, isName := arg.(string); name == "Condition" && !isName {
		return m
	}
	if name == "Ref" || name == "Condition" || strings.HasPrefix(name, "Fn::") && !strings.HasPrefix(name, "Fn::ForEach::") {
		return normal(&Func{Name: name, Arg: arg})
	}
	return m
}

func longName(short string) string {
	if short == "Ref" || short == "Condition" {
		return short
	}
	return "Fn::" + short
}

// normal brings "Fn::GetAtt: A.B" into the form [A, B].
func normal(f *Func) *Func {
	if s, ok := f.Arg.(string); ok && f.Name == "Fn::GetAtt" {
		resource, attribute, _ := strings.Cut(s, ".")
		f.Arg = []any{resource, attribute}
	}
	return f
}
