package wire

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// readREST finds the action of a RESTJSON request by method and path, and gathers
// its members from the path, the query, the headers and the body.
func (q *Request) readREST(r *http.Request, body []byte) error {
	route, tree := q.find(r)
	if route == nil {
		q.Action = r.Method + " " + r.URL.Path
		return q.keep(nil, nil)
	}
	q.Action, q.route = route.Action, route
	if route.Payload == "" && r.Method != http.MethodGet && r.Method != http.MethodDelete {
		members, err := parseJSON(body)
		if err != nil {
			return q.keep(nil, err)
		}
		for name, value := range members {
			if _, placed := tree[name]; !placed {
				tree[name] = value
			}
		}
	}
	if route.Payload != "" {
		tree[route.Payload] = string(body)
	}
	for header, member := range route.Headers {
		if value := r.Header.Get(header); value != "" {
			tree[member] = value
		}
	}
	for name, values := range r.URL.Query() {
		if strings.HasPrefix(name, "X-Amz-") {
			continue
		}
		list := make([]any, len(values))
		for i, value := range values {
			list[i] = value
		}
		tree[name] = texted{list}
	}
	return q.keep(tree, nil)
}

// texted is a member of the query: one value, or several of a list, as text.
type texted struct{ values []any }

// find returns the route of a request, and the members in its path.
func (q *Request) find(r *http.Request) (*core.Route, map[string]any) {
	path := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	for i := range q.Service.Routes {
		route := &q.Service.Routes[i]
		if route.Method != r.Method {
			continue
		}
		if members, ok := matchPath(strings.Split(strings.Trim(route.Path, "/"), "/"), path); ok {
			return route, members
		}
	}
	return nil, nil
}

func matchPath(pattern, path []string) (map[string]any, bool) {
	members := map[string]any{}
	for i, part := range pattern {
		name, isMember := strings.CutPrefix(strings.TrimSuffix(part, "}"), "{")
		rest, greedy := strings.CutSuffix(name, "+")
		switch {
		case i >= len(path):
			return nil, false
		case isMember && greedy:
			return put(members, rest, strings.Join(path[i:], "/"))
		case isMember:
			if _, ok := put(members, name, path[i]); !ok {
				return nil, false
			}
		case part != path[i]:
			return nil, false
		}
	}
	return members, len(path) == len(pattern)
}

func put(members map[string]any, name, escaped string) (map[string]any, bool) {
	value, err := url.PathUnescape(escaped)
	members[name] = value
	return members, err == nil && value != ""
}

// unwrap gives a member of the query to a value, by its type.
func (a assigner) unwrap(v reflect.Value, from texted, name string) error {
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8 {
		return a.list(v, from.values, name)
	}
	text, _ := from.values[0].(string)
	if text == "" {
		a.given.note(v)
	}
	if err := setText(v, text); err != nil {
		return unserializable(err.Error(), name)
	}
	return nil
}

// payload is an answer that is none of members.
func (q *Request) payload(p *core.Payload, requestID string) *Answer {
	a := q.answer(p.Status, requestID)
	for name, values := range p.Header {
		a.Header[http.CanonicalHeaderKey(name)] = values
	}
	a.Body = p.Body
	return a
}

// status is the status of a success.
func (q *Request) status() int {
	if q.route != nil && q.route.Status != 0 {
		return q.route.Status
	}
	return http.StatusOK
}
