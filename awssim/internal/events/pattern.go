package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// pattern is an event pattern: an object whose leaves are lists of alternatives.
type pattern map[string]any

// parsePattern reads a pattern and checks that every leaf can be matched.
func parsePattern(text string) (pattern, error) {
	var p map[string]any
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	if err := d.Decode(&p); err != nil {
		return nil, errors.New("not a JSON object")
	}
	if len(p) == 0 {
		return nil, errors.New("empty patterns are not allowed")
	}
	return p, check(p)
}

func check(p map[string]any) error {
	for _, name := range sortedKeys(p) {
		switch value := p[name].(type) {
		case map[string]any:
			if len(value) == 0 {
				return fmt.Errorf("%s must not be empty", name)
			}
			if err := check(value); err != nil {
				return err
			}
		case []any:
			if err := checkLeaf(name, value); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%q must be an object or an array", name)
		}
	}
	return nil
}

func checkLeaf(name string, list []any) error {
	if len(list) == 0 {
		return fmt.Errorf("%s: empty arrays are not allowed", name)
	}
	for _, alternative := range list {
		filter, ok := alternative.(map[string]any)
		switch {
		case !ok:
			if _, nested := alternative.([]any); nested {
				return fmt.Errorf("%s: an array cannot hold an array", name)
			}
		case name == "$or":
			if err := check(filter); err != nil {
				return err
			}
		default:
			if err := checkFilter(name, filter); err != nil {
				return err
			}
		}
	}
	return nil
}

var filters = []string{"prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "exists", "numeric", "cidr"}

func checkFilter(name string, filter map[string]any) error {
	if len(filter) != 1 {
		return fmt.Errorf("%s: only one key allowed in match expression", name)
	}
	for kind, operand := range filter {
		if !slices.Contains(filters, kind) {
			return fmt.Errorf("%s: unrecognized match type %s", name, kind)
		}
		if kind == "numeric" {
			return checkNumeric(name, operand)
		}
		if _, text := operand.(string); !text && slices.Contains([]string{"suffix", "wildcard", "cidr", "equals-ignore-case"}, kind) {
			return fmt.Errorf("%s: %s match pattern must be a string", name, kind)
		}
	}
	return nil
}

func checkNumeric(name string, operand any) error {
	list, ok := operand.([]any)
	if !ok || len(list) == 0 || len(list)%2 != 0 {
		return fmt.Errorf("%s: value of numeric must be an array of comparisons", name)
	}
	for i := 0; i < len(list); i += 2 {
		sign, isText := list[i].(string)
		_, isNumber := list[i+1].(float64)
		if !isText || !isNumber || !slices.Contains([]string{"=", "<", "<=", ">", ">="}, sign) {
			return fmt.Errorf("%s: bad numeric comparison", name)
		}
	}
	return nil
}

// matches reports whether the event has, for every field of the pattern, one of
// the alternatives.
func (p pattern) matches(event map[string]any) bool {
	for name, want := range p {
		if name == "$or" {
			if list, ok := want.([]any); ok && !matchesOr(list, event) {
				return false
			}
			continue
		}
		have, present := event[name]
		switch want := want.(type) {
		case map[string]any:
			if !matchesObject(want, have) {
				return false
			}
		case []any:
			if !matchesLeaf(want, have, present) {
				return false
			}
		}
	}
	return true
}

func matchesOr(alternatives []any, event map[string]any) bool {
	return slices.ContainsFunc(alternatives, func(a any) bool {
		p, ok := a.(map[string]any)
		return ok && pattern(p).matches(event)
	})
}

// matchesObject looks into an object, or into any object of a list. A field that
// is absent is an empty object: exists may want just that.
func matchesObject(want map[string]any, have any) bool {
	if list, ok := have.([]any); ok {
		return slices.ContainsFunc(list, func(item any) bool { return matchesObject(want, item) })
	}
	object, ok := have.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	return pattern(want).matches(object)
}

func matchesLeaf(want []any, have any, present bool) bool {
	values := []any{have}
	if list, ok := have.([]any); ok {
		values = list
	}
	for _, alternative := range want {
		if filter, ok := alternative.(map[string]any); ok {
			if exists, asked := filter["exists"]; asked {
				if exists == (present && !isObject(have)) {
					return true
				}
				continue
			}
			if present && slices.ContainsFunc(values, func(v any) bool { return passes(filter, v) }) {
				return true
			}
			continue
		}
		if present && slices.Contains(scalars(values), alternative) {
			return true
		}
	}
	return false
}

func isObject(v any) bool { _, ok := v.(map[string]any); return ok }

// scalars leaves out what cannot be compared.
func scalars(values []any) []any {
	return slices.DeleteFunc(slices.Clone(values), func(v any) bool {
		_, list := v.([]any)
		return list || isObject(v)
	})
}

func passes(filter map[string]any, have any) bool {
	text, isText := have.(string)
	for kind, operand := range filter {
		want, _ := operand.(string)
		switch kind {
		case "prefix":
			return isText && hasPrefix(text, operand)
		case "suffix":
			return isText && strings.HasSuffix(text, want)
		case "equals-ignore-case":
			return isText && strings.EqualFold(text, want)
		case "wildcard":
			return isText && wildcard(want, text)
		case "cidr":
			return isText && inside(want, text)
		case "numeric":
			return compares(operand, have)
		case "anything-but":
			return !unwanted(operand, have)
		}
	}
	return false
}

// hasPrefix takes a text, or {"equals-ignore-case": text}.
func hasPrefix(text string, operand any) bool {
	if folded, ok := operand.(map[string]any); ok {
		want, _ := folded["equals-ignore-case"].(string)
		return len(text) >= len(want) && strings.EqualFold(text[:len(want)], want)
	}
	want, _ := operand.(string)
	return strings.HasPrefix(text, want)
}

// unwanted reports whether a value is among those of an anything-but.
func unwanted(operand, have any) bool {
	switch operand := operand.(type) {
	case []any:
		return slices.Contains(scalars(operand), have)
	case map[string]any:
		return passes(operand, have)
	}
	return operand == have
}

func wildcard(want, text string) bool {
	first, rest, more := strings.Cut(want, "*")
	if !more {
		return want == text
	}
	text, ok := strings.CutPrefix(text, first)
	for ok {
		if first, rest, more = strings.Cut(rest, "*"); !more {
			return strings.HasSuffix(text, first)
		}
		_, text, ok = strings.Cut(text, first)
	}
	return false
}

func inside(network, address string) bool {
	prefix, err := netip.ParsePrefix(network)
	at, bad := netip.ParseAddr(address)
	return err == nil && bad == nil && prefix.Contains(at)
}

func compares(operand, have any) bool {
	value, ok := have.(float64)
	list, isList := operand.([]any)
	if !ok || !isList {
		return false
	}
	for i := 0; i+1 < len(list); i += 2 {
		limit, _ := list[i+1].(float64)
		holds := map[any]bool{"=": value == limit, "<": value < limit, "<=": value <= limit, ">": value > limit, ">=": value >= limit}
		if !holds[list[i]] {
			return false
		}
	}
	return true
}

// Matches reports whether an event, a JSON text, matches a pattern.
func Matches(text string, event []byte) bool {
	p, err := parsePattern(text)
	var tree map[string]any
	return err == nil && json.Unmarshal(event, &tree) == nil && p.matches(tree)
}
