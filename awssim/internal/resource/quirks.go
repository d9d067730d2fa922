package resource

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:embed quirks.txt
var quirksText string

// quirk is one way in which AWS's drift detection is blind or wrong.
type quirk struct {
	name, typ, path, kind string
	on                    bool
}

var quirks = sync.OnceValue(func() []quirk {
	var out []quirk
	for line := range strings.Lines(quirksText) {
		f := strings.Fields(line)
		if len(f) < 7 || strings.HasPrefix(line, "#") {
			continue
		}
		out = append(out, quirk{name: f[0], on: f[1] == "on", typ: f[2], path: f[3], kind: f[4]})
	}
	return out
})

// Quirks are the quirks in force, by type.
type Quirks map[string][]quirk

// NewQuirks returns the quirks that hold by default, changed by names: one turns a
// quirk on, one after a hyphen off, "all" all on, "none" all off. It fails for a name
// that is none.
func NewQuirks(names []string) (Quirks, error) {
	on := map[string]bool{}
	for _, q := range quirks() {
		on[q.name] = q.on
	}
	for _, name := range names {
		if name == "all" || name == "none" {
			for _, q := range quirks() {
				on[q.name] = name == "all"
			}
			continue
		}
		bare, off := strings.CutPrefix(name, "-")
		if _, known := on[bare]; !known {
			return nil, fmt.Errorf("switching quirks of drift detection: %q is none; there are all, none and %s", bare, strings.Join(QuirkNames(), ", "))
		}
		on[bare] = !off
	}
	out := Quirks{}
	for _, q := range quirks() {
		if on[q.name] {
			out[q.typ] = append(out[q.typ], q)
		}
	}
	return out, nil
}

// QuirkNames lists the quirks.
func QuirkNames() []string {
	var names []string
	for _, q := range quirks() {
		names = append(names, q.name)
	}
	return names
}

func (q Quirks) any(typ, kind string) bool {
	return slices.ContainsFunc(q[typ], func(one quirk) bool { return one.kind == kind })
}

// Unsupported reports whether drift detection leaves a type out.
func (q Quirks) Unsupported(typ string) bool { return q.any(typ, "unsupported") }

// Deleted reports whether drift detection takes a type's resources for deleted.
func (q Quirks) Deleted(typ string) bool { return q.any(typ, "deleted") }

// Adjust returns the differences that drift detection reports, given those that
// there are.
func (q Quirks) Adjust(typ string, expected map[string]any, found []Difference) []Difference {
	out := found
	for _, one := range q[typ] {
		out = one.adjust(expected, out)
	}
	return out
}

func (q quirk) adjust(expected map[string]any, found []Difference) []Difference {
	switch q.kind {
	case "unseen", "unseen-added", "unseen-removed":
		return slices.DeleteFunc(slices.Clone(found), func(d Difference) bool {
			at := "/" + q.path
			within := d.Path == at || strings.HasPrefix(d.Path, at+"/")
			return within && (q.kind == "unseen" || q.kind == "unseen-added" && d.Type == "ADD" || q.kind == "unseen-removed" && d.Type == "REMOVE")
		})
	case "added":
		found = append(slices.Clone(found), q.beyond(expected)...)
	case "removed", "differs":
		for _, p := range mergedKeys(expected, nil) {
			if p == q.path || q.path == "*" {
				found = append(slices.Clone(found), q.invented(p, expected[p]))
			}
		}
	}
	return found
}

// invented is a difference that is none.
func (q quirk) invented(property string, v any) Difference {
	d := Difference{"/" + escape(property), Render(v), "null", "REMOVE"}
	if q.kind == "differs" {
		d.Actual, d.Type = "{}", "NOT_EQUAL"
	}
	return d
}

// beyond are the members that a service adds to the declared lists that the path
// leads to, as option groups do with the settings of an option; one for each list.
func (q quirk) beyond(expected map[string]any) []Difference {
	outer, inner, _ := strings.Cut(q.path, "/*/")
	items, _ := expected[outer].([]any)
	var found []Difference
	for i, item := range items {
		fields, _ := item.(map[string]any)
		if list, declared := fields[inner].([]any); declared {
			path := fmt.Sprintf("/%s/%d/%s/%d", escape(outer), i, escape(inner), len(list))
			found = append(found, Difference{path, "null", Render(map[string]any{"Name": "FILLED_IN", "Value": "DEFAULT"}), "ADD"})
		}
	}
	return found
}
