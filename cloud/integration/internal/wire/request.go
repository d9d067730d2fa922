package wire

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/setmend/setmend/cloud/integration/internal/model"
)

// A Request is what is sent, but for where it is sent and the signature.
type Request struct {
	Method     string
	HostPrefix string // before the endpoint's host
	Path       string // escaped
	Query      string // raw
	Header     http.Header
	Body       []byte
}

// Encode makes the request of an operation.
func Encode(o *model.Operation, in *Struct) (*Request, error) {
	r := &Request{Method: o.Method, Path: "/", Header: http.Header{}}
	var err error
	switch o.Service.Protocol {
	case model.JSON:
		r.encodeJSON(o, in)
	case model.Query, model.EC2:
		r.encodeForm(o, in)
	case model.RESTJSON, model.RESTXML:
		err = r.encodeREST(o, in)
	default:
		err = fmt.Errorf("the protocol %s is not spoken", o.Service.Protocol)
	}
	if err == nil {
		r.HostPrefix, err = hostPrefix(o, in)
	}
	return r, err
}

var hostChars = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9.\-]+$`) })

// hostPrefix is what an operation puts before the host. S3 Control's account is
// in its endpoint rules, too, which count.
func hostPrefix(o *model.Operation, in *Struct) (string, error) {
	prefix := o.HostPrefix
	if prefix == "{AccountId}." && o.Context["RequiresAccountId"] == true {
		return "", nil
	}
	for _, f := range in.Fields {
		if !f.Member.HostLabel {
			continue
		}
		value := scalar(f.Value, f.Member, iso8601)
		if !hostChars().MatchString(value) {
			return "", fmt.Errorf("the field '%s' becomes part of a host name and may have letters, digits, hyphens and periods only", f.Member.Name)
		}
		prefix = strings.ReplaceAll(prefix, "{"+f.Member.Name+"}", value)
	}
	if strings.Contains(prefix, "{") {
		return "", fmt.Errorf("the host %s needs a parameter that is not given", prefix)
	}
	return prefix, nil
}

func (r *Request) encodeJSON(o *model.Operation, in *Struct) {
	r.Header.Set("X-Amz-Target", o.Service.TargetPrefix+"."+o.Name)
	r.Header.Set("Content-Type", "application/x-amz-json-"+o.Service.JSONVersion)
	if o.Service.QueryErrors {
		r.Header.Set("X-Amzn-Query-Mode", "true")
	}
	r.Body = dump(nil, document(in, nil, false), ", ", ": ")
}

// document makes JSON of a value by its names on the wire. skipLocated leaves out
// what goes elsewhere in the request.
func document(v any, m *model.Member, skipLocated bool) any {
	switch v := v.(type) {
	case *Struct:
		o := &Object{}
		for _, f := range v.Fields {
			if skipLocated && f.Member.Location != "" {
				continue
			}
			o.Entries = append(o.Entries, Entry{f.Member.WireName(), document(f.Value, f.Member, false)})
		}
		return o
	case []any:
		if m != nil && m.Shape.Document {
			return v
		}
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = document(item, m.Shape.Elem(), false)
		}
		return list
	case *Object:
		if m.Shape.Document {
			return v
		}
		o := &Object{}
		for _, e := range v.Entries {
			o.Entries = append(o.Entries, Entry{e.Key, document(e.Value, m.Shape.Elem(), false)})
		}
		return o
	}
	if t, ok := asTime(v); ok {
		return jsonTime(t, m.TimeFormat(unix))
	}
	return v
}

func (r *Request) encodeREST(o *model.Operation, in *Struct) error {
	shape := o.Input
	path, fixed, _ := strings.Cut(o.URI, "?")
	var query []string
	if fixed != "" {
		query = append(query, fixed)
	}
	if shape == nil {
		r.Path, r.Query = path, fixed
		return nil
	}
	labels := map[string]string{}
	for _, f := range in.Fields {
		switch f.Member.Location {
		case "uri":
			labels[f.Member.WireName()] = scalar(f.Value, f.Member, iso8601)
		case "querystring":
			query = append(query, queryPairs(f)...)
		case "header":
			r.setHeader(f)
		case "headers":
			for _, e := range f.Value.(*Object).Entries {
				r.Header.Set(f.Member.WireName()+e.Key, scalar(e.Value, f.Member.Shape.Elem(), rfc822))
			}
		}
	}
	if o.Service.SDKID == "S3" { // the bucket is in the endpoint
		path = strings.TrimPrefix(path, "/{Bucket}")
	}
	var err error
	if r.Path, err = expand(path, labels); err != nil {
		return err
	}
	r.Query = strings.Join(query, "&")
	r.encodeBody(o, in)
	return nil
}

var label = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{[^}]+\}`) })

// expand fills a path's labels; one that ends with + keeps its slashes.
func expand(path string, labels map[string]string) (string, error) {
	var err error
	path = label().ReplaceAllStringFunc(path, func(l string) string {
		name, safe := l[1:len(l)-1], ""
		if strings.HasSuffix(name, "+") {
			name, safe = name[:len(name)-1], "/"
		}
		value, ok := labels[name]
		if !ok || value == "" {
			err = fmt.Errorf("the field '%s' is part of the path and must not be empty", name)
		}
		return percentEncode(value, safe)
	})
	return path, err
}

func queryPairs(f Field) []string {
	pair := func(key string, value any, m *model.Member) string {
		return percentEncode(key, "") + "=" + percentEncode(scalar(value, m, iso8601), "")
	}
	var pairs []string
	switch v := f.Value.(type) {
	case []any:
		for _, item := range v {
			pairs = append(pairs, pair(f.Member.WireName(), item, f.Member.Shape.Elem()))
		}
	case *Object:
		for _, e := range v.Entries {
			items, ok := e.Value.([]any)
			if !ok {
				pairs = append(pairs, pair(e.Key, e.Value, f.Member.Shape.Elem()))
				continue
			}
			for _, item := range items {
				pairs = append(pairs, pair(e.Key, item, f.Member.Shape.Elem().Shape.Elem()))
			}
		}
	default:
		return []string{pair(f.Member.WireName(), v, f.Member)}
	}
	return pairs
}

func (r *Request) setHeader(f Field) {
	name := f.Member.WireName()
	switch v := f.Value.(type) {
	case []any:
		var parts []string
		for _, item := range v {
			text := scalar(item, f.Member.Shape.Elem(), rfc822)
			if f.Member.Shape.Elem().Shape.Kind == model.String && strings.ContainsAny(text, `",`) {
				text = `"` + strings.ReplaceAll(text, `"`, `\"`) + `"`
			}
			parts = append(parts, text)
		}
		if len(parts) > 0 {
			r.Header.Set(name, strings.Join(parts, ","))
		}
	default:
		text := scalar(v, f.Member, rfc822)
		if f.Member.JSONValue {
			text = base64.StdEncoding.EncodeToString(dump(nil, v, ",", ":"))
		}
		r.Header.Set(name, text)
	}
}

func (r *Request) encodeBody(o *model.Operation, in *Struct) {
	isJSON := o.Service.Protocol == model.RESTJSON
	if name := o.Input.Payload; name != "" {
		m := o.Input.Member(name)
		value := in.Get(name)
		switch {
		case m.Shape.Kind == model.Blob || m.Shape.Kind == model.String:
			switch v := value.(type) {
			case []byte:
				r.Body = v
			case string:
				r.Body = []byte(v)
			}
			return
		case value == nil && isJSON:
			r.Body = []byte("{}")
		case value == nil:
		case isJSON:
			r.Body = dump(nil, document(value, m, false), ", ", ": ")
		default:
			r.Body = xmlBody(m.WireName(), m.NamespaceOf(), value, m)
		}
	} else {
		r.encodeMembers(o, in, isJSON)
	}
	if isJSON && len(r.Body) > 0 && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
}

// encodeMembers makes a body of the members that have no other place.
func (r *Request) encodeMembers(o *model.Operation, in *Struct, isJSON bool) {
	body := &Struct{}
	for _, f := range in.Fields {
		if f.Member.Location == "" {
			body.Fields = append(body.Fields, f)
		}
	}
	switch {
	case len(body.Fields) > 0 && isJSON:
		r.Body = dump(nil, document(body, nil, false), ", ", ": ")
	case len(body.Fields) > 0:
		root := o.Root
		if root == "" {
			root = o.Name + "Request"
		}
		ns := o.Namespace
		if ns == nil {
			ns = o.Input.Namespace
		}
		r.Body = xmlBody(root, ns, body, nil)
	case isJSON && hasBody(o.Input):
		r.Body = []byte("{}")
	}
}

func hasBody(s *model.Shape) bool {
	for _, m := range s.Members {
		if m.Location == "" {
			return true
		}
	}
	return false
}
