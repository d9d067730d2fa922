package wire

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// longestParam cuts texts such as templates short in Params.
const longestParam = 256

// Params are the members that a request gave, by dotted name, as text: what was
// asked for, in any protocol. Members of a list of scalars are joined by commas.
func (q *Request) Params() map[string]string {
	out := map[string]string{}
	if q.given == nil { // the body could not be read
		return out
	}
	flatten(q.given(), "", out)
	delete(out, "Action")
	delete(out, "Version")
	return out
}

func flatten(value any, name string, out map[string]string) {
	switch value := value.(type) {
	case map[string]any:
		for key, kid := range value {
			flatten(kid, under(name, key), out)
		}
	case []any:
		flattenList(value, name, out)
	case texted:
		flattenList(value.values, name, out)
	case nil:
	default:
		out[name] = scalarParam(value)
	}
}

func flattenList(list []any, name string, out map[string]string) {
	var scalars []string
	for i, item := range list {
		switch item.(type) {
		case map[string]any, []any:
			flatten(item, under(name, strconv.Itoa(i+1)), out)
		default:
			scalars = append(scalars, scalarParam(item))
		}
	}
	if len(scalars) == len(list) {
		out[name] = strings.Join(scalars, ",")
	}
}

func under(name, key string) string {
	if name == "" {
		return key
	}
	return name + "." + key
}

func scalarParam(value any) string {
	var text string
	switch value := value.(type) {
	case string:
		text = value
	case json.Number:
		text = value.String()
	case time.Time:
		text = isoTime(value)
	default:
		text = fmt.Sprint(value)
	}
	if len(text) > longestParam {
		text = text[:longestParam]
	}
	return text
}

// plain is a form as the other protocols would have sent it.
func (f *form) plain() any {
	if f.set && len(f.kids) == 0 {
		return f.value
	}
	for _, list := range []string{"member", "entry"} {
		if kid := f.kids[list]; kid != nil {
			items := []any{}
			for _, item := range kid.items() {
				items = append(items, item.plain())
			}
			return items
		}
	}
	object := make(map[string]any, len(f.kids))
	for key, kid := range f.kids {
		object[key] = kid.plain()
	}
	return object
}
