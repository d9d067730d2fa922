package asl

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/setmend/setmend/asl/internal/value"
)

// checkVariables checks the names in an Assign.
func checkVariables(f *fields, v any) {
	o, ok := v.(*value.Object)
	if !ok {
		f.problem("Assign", "Assign must be an object, not %s", article(value.TypeName(v)))
		return
	}
	for _, m := range o.Members() {
		name := m.Name
		if !f.l.jsonata {
			name = trimDynamic(name)
		}
		at := member(f.at("Assign"), m.Name)
		switch {
		case !isVariableName(name):
			f.l.problem(at, "%q is not a name for a variable: a letter, then letters, digits and underscores, 80 at most", name)
		case name == reservedVariable:
			f.l.problem(at, "the name %q is reserved", name)
		}
	}
}

// trimDynamic is a template member's name without its ".$".
func trimDynamic(name string) string { return strings.TrimSuffix(name, ".$") }

func isVariableName(s string) bool {
	for i, r := range s {
		if !unicode.IsLetter(r) && (i == 0 || r != '_' && !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != "" && utf8.RuneCountInString(s) <= 80
}

// variables sums up what all variables of the execution of f take, in bytes.
func (r *run) variables(f *frame) int {
	total := 0
	seen := map[*frame]bool{}
	var add func(at *frame)
	add = func(at *frame) {
		if seen[at] {
			return
		}
		seen[at] = true
		for _, v := range at.vars {
			total += len(value.Encode(v))
		}
		if at.family != nil {
			for _, child := range at.family.running {
				add(child)
			}
		}
	}
	add(f.exec.root)
	f.exec.variables = total
	return total
}
