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

// Kinds of violations, as AWS Organizations names them in an error's Reason.
const (
	missing   = "INPUT_REQUIRED"
	tooShort  = "MIN_LENGTH_EXCEEDED"
	tooLong   = "MAX_LENGTH_EXCEEDED"
	tooSmall  = "MIN_VALUE_EXCEEDED"
	tooLarge  = "MAX_VALUE_EXCEEDED"
	unlisted  = "INVALID_ENUM"
	unmatched = "INVALID_PATTERN"
)

// violation is one constraint that an input breaks.
type violation struct{ kind, text string }

// empties are the addresses of the string members that a request gave as "": a
// value that is held against its constraints, where an absent one is not.
type empties map[uintptr]bool

func (e empties) note(v reflect.Value) {
	if e != nil && v.Kind() == reflect.String && v.CanAddr() {
		e[v.Addr().Pointer()] = true
	}
}

func (e empties) has(v reflect.Value) bool {
	return v.Kind() == reflect.String && v.CanAddr() && e[v.Addr().Pointer()]
}

// check holds an input against its tags.
func check(in any, given empties) []violation {
	c := checker{given: given}
	c.structure(follow(reflect.ValueOf(in)), "")
	return c.found
}

func textOf(found []violation) string {
	texts := make([]string, len(found))
	for i, each := range found {
		texts[i] = each.text
	}
	switch len(found) {
	case 0:
		return ""
	case 1:
		return "1 validation error detected: " + texts[0]
	}
	return fmt.Sprintf("%d validation errors detected: %s", len(found), strings.Join(texts, "; "))
}

// checker collects the violations of an input.
type checker struct {
	given empties
	found []violation
}

func (c *checker) structure(v reflect.Value, path string) {
	for _, f := range fieldsOf(v.Type()) {
		value, err := v.FieldByIndexErr(f.index)
		if err != nil {
			continue
		}
		at := path + lowerFirst(f.name)
		empty := c.given.has(value)
		value, ok := present(value)
		switch {
		case ok || empty:
			c.value(value, at, f.rules, empty)
			c.inside(value, at, f.each)
		case f.rules.required:
			c.report("null", at, violation{missing, "Member must not be null"})
		}
	}
}

// inside checks what a struct, a list or a map holds.
func (c *checker) inside(v reflect.Value, at string, each rules) {
	switch {
	case v.Kind() == reflect.Struct && v.Type() != timeType:
		c.structure(v, at+".")
	case v.Kind() == reflect.Slice:
		if broken := brokenMember(v, each); len(broken) > 0 {
			texts := make([]string, len(broken))
			for i, each := range broken {
				texts[i] = each.text
			}
			c.report(show(v), at, violation{broken[0].kind, "Member must satisfy constraint: [" + strings.Join(texts, ", ") + "]"})
		}
		for i := range v.Len() {
			item := follow(v.Index(i))
			if item.Kind() == reflect.Struct && item.Type() != timeType {
				c.structure(item, fmt.Sprintf("%s.%d.member.", at, i+1))
			}
		}
	}
}

// brokenMember returns the constraints that the first wrong member of a list violates.
func brokenMember(list reflect.Value, each rules) []violation {
	if each.empty() {
		return nil
	}
	for i := range list.Len() {
		if broken := each.broken(follow(list.Index(i))); len(broken) > 0 {
			return broken
		}
	}
	return nil
}

// value checks a member. An empty text for a required member whose other rules allow
// it is too short: AWS refuses an empty StackName or SSM Value where the model states
// no length. A member that is a pointer may be empty.
func (c *checker) value(v reflect.Value, at string, r rules, empty bool) {
	broken := r.broken(v)
	if empty && r.required && r.min == nil && len(broken) == 0 {
		broken = []violation{{tooShort, "Member must have length greater than or equal to 1"}}
	}
	for _, each := range broken {
		c.report(show(v), at, each)
	}
}

func (c *checker) report(value, at string, v violation) {
	v.text = fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", value, at, v.text)
	c.found = append(c.found, v)
}

// broken returns the constraints that a value violates, in AWS's words.
func (r rules) broken(v reflect.Value) []violation {
	var list []violation
	size, what, low, high := sizeOf(v)
	if r.min != nil && size < *r.min {
		list = append(list, violation{low, fmt.Sprintf("Member must have %s greater than or equal to %d", what, *r.min)})
	}
	if r.max != nil && size > *r.max {
		list = append(list, violation{high, fmt.Sprintf("Member must have %s less than or equal to %d", what, *r.max)})
	}
	if v.Kind() != reflect.String {
		return list
	}
	if r.enum != nil && !slices.Contains(r.enum, v.String()) {
		list = append(list, violation{unlisted, "Member must satisfy enum value set: [" + strings.Join(r.enum, ", ") + "]"})
	}
	if r.pattern != nil && !r.pattern.MatchString(v.String()) {
		list = append(list, violation{unmatched, "Member must satisfy regular expression pattern: " + r.source})
	}
	return list
}

// sizeOf returns what min and max bound, what AWS calls it, and the kinds of
// violation at either end.
func sizeOf(v reflect.Value) (size int64, what, low, high string) {
	switch v.Kind() {
	case reflect.String:
		return int64(utf8.RuneCountInString(v.String())), "length", tooShort, tooLong
	case reflect.Slice, reflect.Map:
		return int64(v.Len()), "length", tooShort, tooLong
	}
	switch {
	case v.CanInt():
		size = v.Int()
	case v.CanFloat():
		size = int64(v.Float())
	}
	return size, "value", tooSmall, tooLarge
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
