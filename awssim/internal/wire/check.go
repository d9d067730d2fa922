package wire

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// rules are the constraints that a `valid` or `each` tag states.
type rules struct {
	required bool
	min, max *int64
	enum     []string
	pattern  *regexp.Regexp
	source   string // the pattern as the model has it
}

// parseRules reads a tag. A tag that cannot be read is a mistake in this
// program, found by the first test that uses the type; hence the panic.
func parseRules(tag string) rules {
	var r rules
	for tag != "" {
		var part string
		if strings.HasPrefix(tag, "pattern=") {
			part, tag = tag, ""
		} else {
			part, tag, _ = strings.Cut(tag, ",")
		}
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "required":
			r.required = true
		case "min":
			r.min = mustNumber(value)
		case "max":
			r.max = mustNumber(value)
		case "enum":
			r.enum = strings.FieldsFunc(value, func(c rune) bool { return c == '|' || c == ' ' })
		case "pattern":
			r.source = value
			r.pattern = regexp.MustCompile(`^(?:` + value + `)$`)
		default:
			panic("wire: unknown rule " + strconv.Quote(key) + " in a tag")
		}
	}
	return r
}

func mustNumber(s string) *int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic("wire: bad number in a tag: " + err.Error())
	}
	return &n
}

func (r rules) empty() bool {
	return r.min == nil && r.max == nil && r.enum == nil && r.pattern == nil
}

// Check holds an input against its tags and returns AWS's text for what it
// violates, "" if nothing.
func Check(in any) string {
	var found []string
	checkStruct(follow(reflect.ValueOf(in)), "", &found)
	switch len(found) {
	case 0:
		return ""
	case 1:
		return "1 validation error detected: " + found[0]
	}
	return fmt.Sprintf("%d validation errors detected: %s", len(found), strings.Join(found, "; "))
}

func checkStruct(v reflect.Value, path string, found *[]string) {
	for _, f := range fieldsOf(v.Type()) {
		value, err := v.FieldByIndexErr(f.index)
		if err != nil {
			continue
		}
		at := path + lowerFirst(f.name)
		value, ok := present(value)
		if !ok {
			if f.rules.required {
				report(found, "null", at, "Member must not be null")
			}
			continue
		}
		checkValue(value, at, f.rules, found)
		checkInside(value, at, f.each, found)
	}
}

// checkInside checks what a struct, a list or a map holds.
func checkInside(v reflect.Value, at string, each rules, found *[]string) {
	switch {
	case v.Kind() == reflect.Struct && v.Type() != timeType:
		checkStruct(v, at+".", found)
	case v.Kind() == reflect.Slice:
		if broken := brokenMember(v, each); broken != "" {
			report(found, show(v), at, "Member must satisfy constraint: ["+broken+"]")
		}
		for i := range v.Len() {
			item := follow(v.Index(i))
			if item.Kind() == reflect.Struct && item.Type() != timeType {
				checkStruct(item, fmt.Sprintf("%s.%d.member.", at, i+1), found)
			}
		}
	}
}

// brokenMember is the first constraint that a member of a list violates.
func brokenMember(list reflect.Value, each rules) string {
	if each.empty() {
		return ""
	}
	for i := range list.Len() {
		if broken := each.broken(follow(list.Index(i))); len(broken) > 0 {
			return strings.Join(broken, ", ")
		}
	}
	return ""
}

func checkValue(v reflect.Value, at string, r rules, found *[]string) {
	for _, broken := range r.broken(v) {
		report(found, show(v), at, broken)
	}
}

// broken lists the constraints that a value violates, in AWS's words.
func (r rules) broken(v reflect.Value) []string {
	var list []string
	size, what := sizeOf(v)
	if r.min != nil && size < *r.min {
		list = append(list, fmt.Sprintf("Member must have %s greater than or equal to %d", what, *r.min))
	}
	if r.max != nil && size > *r.max {
		list = append(list, fmt.Sprintf("Member must have %s less than or equal to %d", what, *r.max))
	}
	if v.Kind() != reflect.String {
		return list
	}
	if r.enum != nil && !slices.Contains(r.enum, v.String()) {
		list = append(list, "Member must satisfy enum value set: ["+strings.Join(r.enum, ", ")+"]")
	}
	if r.pattern != nil && !r.pattern.MatchString(v.String()) {
		list = append(list, "Member must satisfy regular expression pattern: "+r.source)
	}
	return list
}

func sizeOf(v reflect.Value) (int64, string) {
	switch v.Kind() {
	case reflect.String:
		return int64(utf8.RuneCountInString(v.String())), "length"
	case reflect.Slice, reflect.Map:
		return int64(v.Len()), "length"
	}
	switch {
	case v.CanInt():
		return v.Int(), "value"
	case v.CanFloat():
		return int64(v.Float()), "value"
	}
	return 0, "value"
}

func report(found *[]string, value, at, constraint string) {
	*found = append(*found, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", value, at, constraint))
}

// show prints a value as AWS's message does: quoted, a list in brackets.
func show(v reflect.Value) string {
	const longest = 512 // so that an answer is not as large as the request
	text := fmt.Sprint(v.Interface())
	if v.Kind() == reflect.Slice {
		text = listText(v)
	}
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "..."
	}
	return "'" + text + "'"
}

func listText(v reflect.Value) string {
	items := make([]string, 0, min(v.Len(), 64))
	for i := range min(v.Len(), 64) {
		items = append(items, fmt.Sprint(follow(v.Index(i)).Interface()))
	}
	return "[" + strings.Join(items, ", ") + "]"
}

func lowerFirst(s string) string {
	c, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(c)) + s[size:]
}
