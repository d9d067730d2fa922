package wire

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/setmend/setmend/cloud/integration/internal/model"
)

// A form is the body of a Query request.
type form struct {
	ec2 bool
	b   strings.Builder
}

func (r *Request) encodeForm(o *model.Operation, in *Struct) {
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	f := &form{ec2: o.Service.Protocol == model.EC2}
	f.add("Action", o.Name)
	f.add("Version", o.Service.Version)
	f.structure("", in)
	r.Body = []byte(f.b.String())
}

func (f *form) add(key, value string) {
	if f.b.Len() > 0 {
		f.b.WriteByte('&')
	}
	f.b.WriteString(url.QueryEscape(key) + "=" + url.QueryEscape(value))
}

// name is a member's name. EC2's begin with a capital in requests.
func (f *form) name(m *model.Member) string {
	if !f.ec2 {
		return m.WireName()
	}
	switch {
	case m.EC2 != "":
		return m.EC2
	case m.Wire != "":
		return strings.ToUpper(m.Wire[:1]) + m.Wire[1:]
	}
	return m.Name
}

func (f *form) structure(prefix string, s *Struct) {
	for _, field := range s.Fields {
		f.value(dot(prefix, f.name(field.Member)), field.Member, field.Value)
	}
}

func dot(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

func (f *form) value(prefix string, m *model.Member, v any) {
	switch v := v.(type) {
	case *Struct:
		f.structure(prefix, v)
	case []any:
		f.list(prefix, m, v)
	case *Object:
		f.mapping(prefix, m, v)
	default:
		f.add(prefix, scalar(v, m, iso8601))
	}
}

func (f *form) list(prefix string, m *model.Member, items []any) {
	elem := m.Shape.Elem()
	switch {
	case f.ec2:
	case len(items) == 0:
		f.add(prefix, "")
	case !m.IsFlattened():
		name := elem.Wire
		if name == "" {
			name = "member"
		}
		prefix += "." + name
	case elem.Wire != "":
		prefix = prefix[:strings.LastIndex(prefix, ".")+1] + elem.Wire
	}
	for i, item := range items {
		f.value(prefix+"."+strconv.Itoa(i+1), elem, item)
	}
}

func (f *form) mapping(prefix string, m *model.Member, o *Object) {
	if !m.IsFlattened() {
		prefix += ".entry"
	}
	key, value := mapNames(m.Shape)
	for i, e := range o.Entries {
		at := prefix + "." + strconv.Itoa(i+1) + "."
		f.add(at+key, e.Key)
		f.value(at+value, m.Shape.Elem(), e.Value)
	}
}

// mapNames are the names of a map's keys and values in forms and XML.
func mapNames(s *model.Shape) (key, value string) {
	key, value = "key", "value"
	if s.Members[0].Wire != "" {
		key = s.Members[0].Wire
	}
	if s.Members[1].Wire != "" {
		value = s.Members[1].Wire
	}
	return key, value
}

func asTime(v any) (time.Time, bool) {
	t, ok := v.(time.Time)
	return t, ok
}

// jsonTime is a timestamp in JSON: a number, or text in the other formats.
func jsonTime(t time.Time, format string) any {
	text := formatTime(t, format)
	if strings.ToLower(format) == unix {
		return json.Number(text)
	}
	return text
}
