package drift

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/setmend/setmend/fleet"
)

const sameInAnotherForm = "It is the same value in another form"

// sameValue returns why two texts say the same whatever the type, "" if they do
// not: JSON as text or as an object, numbers and booleans as text, the order of
// keys, white space between JSON's parts.
func sameValue(d fleet.PropertyDifference) string {
	if d.Type != "NOT_EQUAL" {
		return ""
	}
	if d.Expected == d.Actual {
		return sameInAnotherForm
	}
	expected, actual := read(d.Expected), read(d.Actual)
	if expected == nil || actual == nil {
		return ""
	}
	if canonical(expected) == canonical(actual) {
		return sameInAnotherForm
	}
	return ""
}

// sameMembers reports whether two JSON lists have the same members in any order,
// nested lists included.
func sameMembers(a, b string) bool {
	x, y := read(a), read(b)
	return x != nil && y != nil && canonical(sorted(x)) == canonical(sorted(y))
}

// read reads JSON, keeping numbers as written; nil if it is none.
func read(text string) any {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil || decoder.More() {
		return nil
	}
	return value
}

// canonical writes a value so that equal values in different forms read the same.
func canonical(value any) string {
	b, _ := json.Marshal(plain(value, 0)) // made of JSON: cannot fail
	return string(b)
}

// deepest bounds how many texts within texts are read.
const deepest = 8

// plain turns numbers and booleans into their texts, and texts that hold JSON
// objects or lists into these.
func plain(value any, depth int) any {
	switch v := value.(type) {
	case map[string]any:
		fields := make(map[string]any, len(v))
		for name, inner := range v {
			fields[name] = plain(inner, depth)
		}
		return fields
	case []any:
		items := make([]any, len(v))
		for i, inner := range v {
			items[i] = plain(inner, depth)
		}
		return items
	case json.Number:
		return number(v)
	case bool:
		if v {
			return "true"
		}
		return "false"
	case string:
		if trimmed := strings.TrimSpace(v); depth < deepest && (strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[")) {
			if inner := read(trimmed); inner != nil {
				return plain(inner, depth+1)
			}
		}
		return number(json.Number(v))
	}
	return value
}

// number writes a number in one way: 5.0 is 5, 1e2 is 100. What is no number
// stays as it is.
func number(n json.Number) string {
	text := string(n)
	if len(text) > 40 || text == "" || !strings.ContainsAny(text[:1], "-0123456789") {
		return text
	}
	f, err := n.Float64()
	if err != nil || f > 1<<53 || f < -(1<<53) {
		return text
	}
	if strings.HasPrefix(text, "0") && len(text) > 1 && text[1] != '.' {
		return text // an identifier with leading zeros is none
	}
	b, err := json.Marshal(f)
	if err != nil {
		return text
	}
	return string(bytes.TrimSpace(b))
}

// sorted orders the members of all lists.
func sorted(value any) any {
	switch v := value.(type) {
	case map[string]any:
		fields := make(map[string]any, len(v))
		for name, inner := range v {
			fields[name] = sorted(inner)
		}
		return fields
	case []any:
		items := make([]any, len(v))
		for i, inner := range v {
			items[i] = sorted(inner)
		}
		slices.SortFunc(items, func(a, b any) int { return strings.Compare(canonical(a), canonical(b)) })
		return items
	}
	return value
}
