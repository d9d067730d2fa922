package wire

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/setmend/setmend/cloud/integration/internal/model"
)

// A Response is what a service sent.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Answer reads the output of an operation that succeeded.
func Answer(o *model.Operation, r *Response) (*Struct, error) {
	out := &Struct{}
	if o.Output == nil {
		return out, nil
	}
	var err error
	switch o.Service.Protocol {
	case model.JSON:
		err = jsonMembers(out, o.Output, r.Body)
	case model.Query, model.EC2:
		err = formAnswer(out, o, r.Body)
	default:
		err = restAnswer(out, o, r)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	slices.SortStableFunc(out.Fields, func(a, b Field) int { return strings.Compare(a.Member.Name, b.Member.Name) })
	return out, nil
}

func jsonMembers(out *Struct, s *model.Shape, body []byte) error {
	if len(body) == 0 {
		return nil
	}
	v, err := Decode(body)
	if err != nil {
		return err
	}
	value, err := fromJSON(s, v, "")
	if inner, ok := value.(*Struct); ok {
		out.Fields = append(out.Fields, inner.Fields...)
	}
	return err
}

// fromJSON reads a value of a shape. What is null is nil.
func fromJSON(s *model.Shape, v any, times string) (any, error) {
	if v == nil || s.Document {
		return v, nil
	}
	switch s.Kind {
	case model.Structure:
		o, ok := v.(*Object)
		if !ok {
			return nil, fmt.Errorf("an object was expected, not %.60s", dump(nil, v, ",", ":"))
		}
		return structFromJSON(s, o)
	case model.List:
		items, _ := v.([]any)
		list := make([]any, 0, len(items))
		elem := s.Elem()
		for _, item := range items {
			value, err := fromJSON(elem.Shape, item, elem.TimeFormat(unix))
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	case model.Map:
		o, _ := v.(*Object)
		out := &Object{}
		if o == nil {
			return out, nil
		}
		for _, e := range o.Entries {
			value, err := fromJSON(s.Elem().Shape, e.Value, s.Elem().TimeFormat(unix))
			if err != nil {
				return nil, err
			}
			if value != nil {
				out.Entries = append(out.Entries, Entry{e.Key, value})
			}
		}
		return out, nil
	case model.Timestamp:
		return parseTime(strings.Trim(string(dump(nil, v, "", "")), `"`))
	case model.Blob:
		if text, ok := v.(string); ok {
			return base64.StdEncoding.DecodeString(text)
		}
	}
	return v, nil
}

func structFromJSON(s *model.Shape, o *Object) (*Struct, error) {
	out := &Struct{}
	for _, m := range s.Members {
		if m.Location != "" && m.Location != "payload" {
			continue
		}
		raw := o.Get(m.WireName())
		value, err := fromJSON(m.Shape, raw, m.TimeFormat(unix))
		if err != nil {
			return nil, err
		}
		if value != nil {
			out.Fields = append(out.Fields, Field{m, value})
		}
	}
	return out, nil
}

func formAnswer(out *Struct, o *model.Operation, body []byte) error {
	root, err := parseXML(body)
	if err != nil || root == nil {
		return err
	}
	if o.Wrapper != "" {
		if root = root.child(o.Wrapper); root == nil {
			return nil
		}
	}
	return structFromXML(out, o.Output, root)
}

// restAnswer reads what an answer has in its status, its headers and its body.
func restAnswer(out *Struct, o *model.Operation, r *Response) error {
	for _, m := range o.Output.Members {
		switch m.Location {
		case "statusCode":
			out.Set(m, json.Number(strconv.Itoa(r.Status)))
		case "header":
			if values := r.Header.Values(m.WireName()); len(values) > 0 {
				value, err := fromHeader(m, strings.Join(values, ","))
				if err != nil {
					return fmt.Errorf("header %s: %w", m.WireName(), err)
				}
				out.Set(m, value)
			}
		case "headers":
			if o := prefixed(r.Header, m.WireName()); len(o.Entries) > 0 {
				out.Set(m, o)
			}
		}
	}
	return restBody(out, o, r.Body)
}

func prefixed(h http.Header, prefix string) *Object {
	o := &Object{}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
			o.Entries = append(o.Entries, Entry{strings.ToLower(name[len(prefix):]), strings.Join(h[name], ",")})
		}
	}
	return o
}

func restBody(out *Struct, o *model.Operation, body []byte) error {
	isJSON := o.Service.Protocol == model.RESTJSON
	if name := o.Output.Payload; name != "" {
		m := o.Output.Member(name)
		switch {
		case m.Shape.Kind == model.Blob:
			out.Set(m, body)
			return nil
		case m.Shape.Kind == model.String:
			out.Set(m, string(body))
			return nil
		case len(body) == 0:
			return nil
		case isJSON:
			v, err := Decode(body)
			if err != nil {
				return err
			}
			value, err := fromJSON(m.Shape, v, unix)
			if err == nil && value != nil {
				out.Set(m, value)
			}
			return err
		}
		root, err := parseXML(body)
		if err != nil || root == nil {
			return err
		}
		value, err := fromXML(m, root)
		if err == nil {
			out.Set(m, value)
		}
		return err
	}
	if isJSON {
		if !hasBody(o.Output) {
			return nil
		}
		return jsonMembers(out, o.Output, body)
	}
	if len(body) == 0 {
		return nil
	}
	root, err := parseXML(body)
	if err != nil || root == nil {
		return err
	}
	if o.Service.SDKID == "S3" && o.Name == "GetBucketLocation" { // the answer is its own only member
		if m := o.Output.Member("LocationConstraint"); root.text != "" {
			out.Set(m, root.text)
		}
		return nil
	}
	return structFromXML(out, o.Output, root)
}

func fromHeader(m *model.Member, text string) (any, error) {
	switch m.Shape.Kind {
	case model.Integer, model.Long, model.Float, model.Double:
		return json.Number(text), nil
	case model.Boolean:
		return strings.EqualFold(text, "true"), nil
	case model.Timestamp:
		return parseTime(text)
	case model.Blob:
		return base64.StdEncoding.DecodeString(text)
	case model.List:
		var list []any
		for _, part := range strings.Split(text, ",") {
			list = append(list, strings.Trim(strings.TrimSpace(part), `"`))
		}
		return list, nil
	}
	if m.JSONValue {
		if plain, err := base64.StdEncoding.DecodeString(text); err == nil {
			return string(plain), nil
		}
	}
	return text, nil
}
