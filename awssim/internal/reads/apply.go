package reads

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/setmend/setmend/awssim/internal/catalogue"
)

// mapID tells maps apart.
func mapID(m map[string]any) uintptr { return reflect.ValueOf(m).Pointer() }

// value is what a filling rule fills in where the schema is s.
func (w *walk) value(s *catalogue.Schema) (any, bool) {
	switch w.rule.Kind {
	case "default":
		value := w.expanded(w.rule.Argument)
		if strings.Contains(w.rule.Type.glob, "*") {
			return spelled(value, s), true
		}
		return value, true
	case "schema-default":
		if s != nil && isScalar(s.Default) {
			return s.Default, true
		}
	case "documented-default":
		if s != nil && isScalar(s.Documented) {
			return s.Documented, true
		}
	case "false":
		return false, s != nil && s.Only("boolean")
	case "empty-list":
		return []any{}, s != nil && s.Only("array")
	case "empty-map":
		return map[string]any{}, s != nil && s.Only("object") && len(s.Properties) == 0
	case "empty-text":
		return "", s != nil && s.Only("string")
	}
	return nil, false
}

// spelled writes the default of a rule for many types as the enumeration of this
// one does.
func spelled(v any, s *catalogue.Schema) any {
	text, ok := v.(string)
	if !ok || s == nil || slices.Contains(s.Enum, any(text)) {
		return v
	}
	for _, one := range s.Enum {
		if strings.EqualFold(scalarText(one), text) {
			return one
		}
	}
	return v
}

func isScalar(v any) bool {
	switch v := v.(type) {
	case nil, map[string]any, []any:
		return false
	case string:
		return !strings.Contains(v, "\n")
	}
	return true
}

var token = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\$\{(Account|Region|Partition|Name|Id|Arn|Stack|uuid|(?:hex|upper|lower|digits|mixed)[0-9]+|(?:prop|here):[A-Za-z0-9/]+(?:\|(?:base64|major|minor|dashed|last))?)\}`)
})

// expanded fills tokens into a rule's argument. A text that is one token for a
// property becomes that property's value; nil if there is none.
func (w *walk) expanded(v any) any {
	switch v := v.(type) {
	case string:
		if m := token().FindString(v); m == v && strings.HasPrefix(v, "${prop:") && !strings.Contains(v, "|") {
			return pick(w.root, v[len("${prop:"):len(v)-1])
		} else if m == v && strings.HasPrefix(v, "${here:") && !strings.Contains(v, "|") {
			return pick(w.here, v[len("${here:"):len(v)-1])
		}
		return token().ReplaceAllStringFunc(v, func(t string) string {
			name := t[2 : len(t)-1]
			name, part, _ := strings.Cut(name, "|")
			if p, ok := strings.CutPrefix(name, "prop:"); ok {
				return partOf(scalarText(pick(w.root, p)), part)
			}
			if p, ok := strings.CutPrefix(name, "here:"); ok {
				return partOf(scalarText(pick(w.here, p)), part)
			}
			return w.resource.Expand(name)
		})
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = w.expanded(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = w.expanded(v[k])
		}
		return out
	}
	return v
}

var leading = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9]+)(?:\.([0-9]+))?`) })

// partOf returns the part of a text that a token asks for: base64 of all of it, the
// major or the major.minor version at its beginning (dashed: major-minor), or what
// follows the last slash or colon.
func partOf(text, part string) string {
	switch part {
	case "base64":
		return base64.StdEncoding.EncodeToString([]byte(text))
	case "last":
		return text[strings.LastIndexAny(text, ":/")+1:]
	case "major", "minor", "dashed":
		version := leading().FindStringSubmatch(text)
		if version == nil {
			return text
		}
		if part == "major" || version[2] == "" {
			return version[1]
		}
		if part == "dashed" {
			return version[1] + "-" + version[2]
		}
		return version[0]
	}
	return text
}

// pick is what a value holds at a path, nil where there is nothing.
func pick(v any, path string) any {
	for part := range strings.SplitSeq(path, "/") {
		switch holder := v.(type) {
		case map[string]any:
			v = holder[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(holder) {
				return nil
			}
			v = holder[i]
		default:
			return nil
		}
	}
	return v
}

func scalarText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return fmt.Sprint(v)
}

// apply changes the value that a rule's path has led to; keep is false if it is
// not shown.
func (w *walk) apply(v any, s *catalogue.Schema) (out any, keep bool) {
	switch w.rule.Kind {
	case "drop":
		return nil, false
	case "set":
		return w.expanded(w.rule.Argument), true
	case "policy-text":
		return policyText(v), true
	case "pretty":
		return pretty(v), true
	case "printed":
		if _, isObject := v.(map[string]any); isObject {
			return printed(v), true
		}
		return v, true
	case "principals":
		return w.principals(v), true
	case "policy":
		return versioned(v), true
	case "json":
		return asText(v), true
	case "object":
		return asObject(v), true
	case "list":
		if _, isList := v.([]any); !isList && v != nil {
			return []any{v}, true
		}
		return v, true
	case "scalar":
		if l, isList := v.([]any); isList && len(l) == 1 {
			return l[0], true
		}
		return v, true
	case "typed":
		return typed(v, s), true
	}
	switch v.(type) {
	case map[string]any, []any, nil:
		return v, true
	}
	return w.scalar(v), true
}

var wholeMinutes = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^rate\((\d+) minutes?\)$`) })

// scalar changes a text, number or truth value.
func (w *walk) scalar(v any) any {
	text := scalarText(v)
	argument, _ := w.rule.Argument.(string)
	switch w.rule.Kind {
	case "lower":
		return strings.ToLower(text)
	case "upper":
		return strings.ToUpper(text)
	case "text":
		return text
	case "number":
		return json.Number(text)
	case "bool":
		return text == "true"
	case "map":
		return w.mapped(v, text)
	case "prefix":
		if argument = scalarText(w.expanded(argument)); !strings.HasPrefix(text, argument) {
			return argument + text
		}
	case "suffix":
		if !strings.HasSuffix(text, argument) {
			return text + argument
		}
	case "arn":
		if !strings.HasPrefix(text, "arn:") {
			return strings.ReplaceAll(scalarText(w.expanded(argument)), "{}", text)
		}
	case "replace":
		return w.replaced(v, text)
	case "name":
		if strings.HasPrefix(text, "arn:") {
			return text[strings.LastIndexAny(text, ":/")+1:]
		}
	case "rate":
		if m := wholeMinutes().FindStringSubmatch(text); m != nil {
			if n, err := strconv.Atoi(m[1]); err == nil && n > 0 && n%60 == 0 {
				return rate(n / 60)
			}
		}
	case "decimal":
		if !strings.Contains(text, ".") {
			return text + ".0"
		}
		return text
	case "hour":
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return json.Number(strconv.FormatInt(n-n%3600, 10))
		}
	}
	return v
}

func rate(hours int) string {
	if hours == 1 {
		return "rate(1 hour)"
	}
	return "rate(" + strconv.Itoa(hours) + " hours)"
}

// mapped looks a text up in a map rule: as it is, or else the longest key that
// matches counts.
func (w *walk) mapped(v any, text string) any {
	m, _ := w.rule.Argument.(map[string]any)
	if exact, ok := m[text]; ok {
		return exact
	}
	best := ""
	for key := range m {
		if ok, _ := path.Match(key, text); ok && len(key) > len(best) {
			best = key
		}
	}
	if best == "" {
		return v
	}
	return m[best]
}

// replaced replaces what a regular expression matches: ["expression", "text"], in
// which $1 is a group.
func (w *walk) replaced(v any, text string) any {
	argument, _ := w.rule.Argument.([]any)
	if len(argument) != 2 {
		return v
	}
	re := expression(scalarText(argument[0]))
	return re.ReplaceAllString(text, scalarText(w.expanded(argument[1])))
}

var expressions sync.Map

func expression(pattern string) *regexp.Regexp {
	v, ok := expressions.Load(pattern)
	if !ok {
		v, _ = expressions.LoadOrStore(pattern, regexp.MustCompile(pattern)) // of the package's own rules, which a test reads
	}
	return v.(*regexp.Regexp)
}

// typed gives a scalar the type that the schema has for it, here and below.
func typed(v any, s *catalogue.Schema) any {
	if s == nil || len(s.Types) != 1 {
		return v
	}
	switch v := v.(type) {
	case map[string]any, []any, nil:
		return v
	case string:
		lower := strings.ToLower(v)
		switch {
		case s.Types[0] == "boolean" && (lower == "true" || lower == "false"):
			return lower == "true"
		case s.Types[0] == "integer" || s.Types[0] == "number":
			if _, err := strconv.ParseFloat(v, 64); err == nil {
				return json.Number(v)
			}
		}
		return v
	}
	if s.Types[0] == "string" {
		return scalarText(v)
	}
	return v
}

func asText(v any) any {
	switch v.(type) {
	case map[string]any, []any:
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if e.Encode(v) == nil {
			return strings.TrimSuffix(b.String(), "\n")
		}
	}
	return v
}

func asObject(v any) any {
	text, ok := v.(string)
	if !ok || !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return v
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var out map[string]any
	if d.Decode(&out) != nil || d.More() {
		return v
	}
	return out
}

// merged adds to a list of objects those of a rule that it has not: merge has a
// list of the name of the key and of objects, attributes an object of keys and
// values.
func (w *walk) merged(v any) any {
	list, _ := v.([]any)
	key, members := "Key", []any{}
	switch argument := w.expanded(w.rule.Argument).(type) {
	case []any:
		key, members = scalarText(argument[0]), argument[1:]
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(argument)) {
			members = append(members, map[string]any{"Key": k, "Value": argument[k]})
		}
	}
	out := slices.Clone(list)
	for _, one := range members {
		member, _ := one.(map[string]any)
		had := slices.ContainsFunc(list, func(have any) bool {
			m, _ := have.(map[string]any)
			return m != nil && scalarText(m[key]) == scalarText(member[key])
		})
		if !had {
			out = append(out, one)
		}
	}
	return out
}

var accountID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]{12}$`) })

// principals writes account ids in a policy's principals as the ARN of their root.
func (w *walk) principals(v any) any {
	switch v := v.(type) {
	case string:
		if accountID().MatchString(v) {
			return "arn:" + w.resource.Expand("Partition") + ":iam::" + v + ":root"
		}
	case json.Number:
		if accountID().MatchString(v.String()) {
			return "arn:" + w.resource.Expand("Partition") + ":iam::" + v.String() + ":root"
		}
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = w.principals(v[i])
		}
		return out
	}
	return v
}

// versioned adds a policy's Version.
func versioned(v any) any {
	m, ok := v.(map[string]any)
	if !ok || m["Version"] != nil {
		return v
	}
	out := map[string]any{"Version": "2008-10-17"}
	for k, one := range m {
		out[k] = one
	}
	return out
}
