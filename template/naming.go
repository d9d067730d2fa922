package template

import (
	"regexp"
	"strings"
	"sync"
)

// fixedName returns the physical name that the value of a naming property fixes, and
// false if AWS makes one up or if the name follows the stack's own, which is new
// each time that StackSets creates it.
func (r *reader) fixedName(value any) (string, bool) {
	if value == nil {
		return "", false
	}
	name := r.pattern(value)
	if ofStack(value) || name == "" {
		return "", false
	}
	return name, true
}

// nameValue returns the value of the property that names the resource, nil if the
// template gives none.
func nameValue(kind string, properties map[string]any) any {
	if property, known := nameProperties[kind]; known {
		if property == "-" {
			return nil
		}
		outer, inner, nested := strings.Cut(property, ".")
		if nested {
			return mapIn(properties[outer])[inner]
		}
		return properties[property]
	}
	last := kind[strings.LastIndexByte(kind, ':')+1:]
	for _, property := range []string{last + "Name", last + "Identifier", "Name", last + "Id"} {
		if value, given := properties[property]; given {
			return value
		}
	}
	return nil
}

// ofStack reports whether a value follows the stack's name or id.
func ofStack(value any) bool {
	return speaksOf(value, "AWS::StackName") || speaksOf(value, "AWS::StackId")
}

// speaksOf reports whether a pseudo parameter occurs in a value.
func speaksOf(value any, pseudo string) bool {
	switch v := value.(type) {
	case string:
		return v == pseudo || strings.Contains(v, "${"+pseudo+"}")
	case map[string]any:
		for _, inner := range v {
			if speaksOf(inner, pseudo) {
				return true
			}
		}
	case []any:
		for _, inner := range v {
			if speaksOf(inner, pseudo) {
				return true
			}
		}
	}
	return false
}

var substitution = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\$\{[^}]*\}`) })

// pattern writes a value as text in which a part known only at deployment is *.
func (r *reader) pattern(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case map[string]any:
		return r.function(v)
	case nil:
		return ""
	}
	return "*"
}

func (r *reader) function(call map[string]any) string {
	for name, argument := range call {
		switch name {
		case "Fn::Sub":
			text, isText := argument.(string)
			if list, isList := argument.([]any); isList && len(list) > 0 {
				text, isText = list[0].(string)
			}
			if isText {
				return stars(substitution().ReplaceAllString(strings.ReplaceAll(text, "${!", "\x00"), "*"))
			}
		case "Fn::Join":
			if list, isList := argument.([]any); isList && len(list) == 2 {
				separator, _ := list[0].(string)
				if parts, isParts := list[1].([]any); isParts {
					texts := make([]string, len(parts))
					for i, part := range parts {
						texts[i] = r.pattern(part)
					}
					return stars(strings.Join(texts, separator))
				}
			}
		}
	}
	return "*"
}

// stars folds adjacent stars, and puts back what ${! escaped.
func stars(s string) string {
	for strings.Contains(s, "**") {
		s = strings.ReplaceAll(s, "**", "*")
	}
	return strings.ReplaceAll(s, "\x00", "${")
}
