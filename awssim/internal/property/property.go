// Package property reads and writes the properties of live resources: JSON values
// that a template or a service gave. Numbers and booleans may come as text, since
// templates write them so.
package property

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Text returns a scalar as text, "" for what is absent, and JSON for what is none.
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case json.Number:
		return v.String()
	case map[string]any, []any:
		return JSON(v)
	}
	return fmt.Sprint(v)
}

// JSON returns a value's JSON text; a text is one already.
func JSON(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	if v == nil {
		return ""
	}
	raw, err := json.Marshal(v)
	if err != nil { // properties come out of JSON
		return ""
	}
	return string(raw)
}

// Object returns the decoded value of a JSON text, and any other text unchanged.
func Object(text string) any {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	return v
}

// Texts returns the texts of a list, nil for what is none.
func Texts(v any) []string {
	list, ok := v.([]any)
	if !ok {
		return nil
	}
	out := make([]string, len(list))
	for i := range list {
		out[i] = Text(list[i])
	}
	return out
}

// List returns texts as a property.
func List(texts []string) []any {
	out := make([]any, len(texts))
	for i := range texts {
		out[i] = texts[i]
	}
	return out
}

// Map returns an object, an empty one for what is none. It must not be changed.
func Map(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// Maps returns the objects of a list.
func Maps(v any) []map[string]any {
	list, _ := v.([]any)
	var out []map[string]any
	for _, one := range list {
		if m, ok := one.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// Strings returns an object's members as text.
func Strings(v any) map[string]string {
	out := map[string]string{}
	for name, value := range Map(v) {
		out[name] = Text(value)
	}
	return out
}

// Any returns texts by name as a property.
func Any(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

// Int returns a whole number, otherwise for what is none.
func Int(v any, otherwise int) int {
	f, err := strconv.ParseFloat(Text(v), 64)
	if err != nil || f != float64(int(f)) {
		return otherwise
	}
	return int(f)
}

// Int32 returns a pointer to a whole number, nil for what is none.
func Int32(v any) *int32 {
	f, err := strconv.ParseFloat(Text(v), 64)
	if err != nil || f != float64(int32(f)) {
		return nil
	}
	n := int32(f)
	return &n
}

// Bool returns whether a value is true, in any way that templates write it.
func Bool(v any) bool { return strings.EqualFold(Text(v), "true") }

// Tags returns the tags of a list of keys and values.
func Tags(v any) map[string]string {
	out := map[string]string{}
	for _, m := range Maps(v) {
		out[Text(m["Key"])] = Text(m["Value"])
	}
	return out
}

// TagList returns tags as a property, in order of their keys.
func TagList(tags map[string]string) []any {
	out := []any{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, map[string]any{"Key": key, "Value": tags[key]})
	}
	return out
}

// With returns properties with one set, or taken away if the value is nil, an empty
// text or an empty list.
func With(properties map[string]any, name string, value any) map[string]any {
	out := maps.Clone(properties)
	if out == nil {
		out = map[string]any{}
	}
	list, isList := value.([]any)
	m, isMap := value.(map[string]any)
	if value == nil || value == "" || isList && len(list) == 0 || isMap && len(m) == 0 {
		delete(out, name)
	} else {
		out[name] = value
	}
	return out
}

// Page cuts the page of names after the token, of at most size. next is the token
// of the page after it, "" for the last.
func Page(names []string, token string, size int) (page []string, next string) {
	start, found := slices.BinarySearch(names, token)
	if found && token != "" {
		start++
	}
	names = names[start:]
	if len(names) <= size {
		return names, ""
	}
	return names[:size], names[size-1]
}
