// Package wire writes requests and reads answers in the protocols that AWS's
// services speak, by the facts of package model.
//
// A request is, byte for byte, what botocore sends for the same parameters in the
// same order. Values are those of Go: string, bool, []byte for a blob,
// [json.Number], [time.Time], []any, [*Object] for a map or a document, and
// [*Struct] for a structure.
package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/setmend/setmend/cloud/integration/internal/model"
)

// A Struct is a structure's members that are set, in their order.
type Struct struct{ Fields []Field }

// A Field is a member of a structure with its value.
type Field struct {
	Member *model.Member
	Value  any
}

// Get is the value of a member, nil if it is not set.
func (s *Struct) Get(name string) any {
	for _, f := range s.Fields {
		if f.Member.Name == name {
			return f.Value
		}
	}
	return nil
}

// Set sets a member, in its place if it is there.
func (s *Struct) Set(m *model.Member, value any) {
	for i := range s.Fields {
		if s.Fields[i].Member == m {
			s.Fields[i].Value = value
			return
		}
	}
	s.Fields = append(s.Fields, Field{m, value})
}

// Remove unsets a member.
func (s *Struct) Remove(name string) {
	for i, f := range s.Fields {
		if f.Member.Name == name {
			s.Fields = append(s.Fields[:i:i], s.Fields[i+1:]...)
			return
		}
	}
}

// An Object is a JSON object in its order.
type Object struct{ Entries []Entry }

// An Entry is a member of an object.
type Entry struct {
	Key   string
	Value any
}

// Get is the value of a key, nil if it is not there.
func (o *Object) Get(key string) any {
	for _, e := range o.Entries {
		if e.Key == key {
			return e.Value
		}
	}
	return nil
}

// Set sets a key, in its place if it is there.
func (o *Object) Set(key string, value any) {
	for i := range o.Entries {
		if o.Entries[i].Key == key {
			o.Entries[i].Value = value
			return
		}
	}
	o.Entries = append(o.Entries, Entry{key, value})
}

// maxDepth bounds how deep values may be nested.
const maxDepth = 200

// Decode reads JSON in its order, with its numbers as they are written. Of a key
// that comes twice the last counts.
func Decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := decode(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is something after the JSON value")
	}
	return v, nil
}

func decode(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested more than %d deep", maxDepth)
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return decodeObject(d, depth)
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := decode(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	return token, nil
}

func decodeObject(d *json.Decoder, depth int) (any, error) {
	o := &Object{}
	seen := map[string]int{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := decode(d, depth+1)
		if err != nil {
			return nil, err
		}
		name := key.(string)
		if i, ok := seen[name]; ok {
			o.Entries[i].Value = v
			continue
		}
		seen[name] = len(o.Entries)
		o.Entries = append(o.Entries, Entry{name, v})
	}
	_, err := d.Token()
	return o, err
}
