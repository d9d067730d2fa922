package resource

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/setmend/setmend/awssim/internal/reads"
	"github.com/setmend/setmend/awssim/internal/template"
)

// Difference is one place where a live resource is not as expected.
type Difference struct {
	Path             string // JSON pointer
	Expected, Actual string // "null" where there is nothing
	Type             string // ADD, REMOVE, NOT_EQUAL
}

// neverCompared are properties that drift detection leaves out for every type.
// AWS documents it for KMSKeyId.
var neverCompared = []string{"KMSKeyId", "KmsKeyId"}

// Compared lists, sorted, the explicitly set properties that drift detection
// looks at: those of which anything can be read back.
func (t *Type) Compared(expected map[string]any) []string {
	keys := make([]string, 0, len(expected))
	for p := range expected {
		if !slices.Contains(t.WriteOnly, p) && !slices.Contains(neverCompared, p) && t.readable(p, expected[p]) != nil {
			keys = append(keys, p)
		}
	}
	slices.Sort(keys)
	return keys
}

// readable is a property's value without what is write-only in it; nil if nothing
// is left.
func (t *Type) readable(property string, v any) any {
	for _, path := range t.WriteOnly {
		if rest, ok := strings.CutPrefix(path, property+"/"); ok && v != nil {
			v = cutOut(v, rest)
		}
	}
	return v
}

// Diff compares the explicitly set properties with the live ones, both in the form
// in which AWS reads them. Properties that the template does not mention are no
// drift, whatever they are.
func (t *Type) Diff(i *Identity, expected, live map[string]any) []Difference {
	want, have := expected, live
	if t.Schema != nil {
		want, have = t.read(i, expected), t.read(i, live)
	}
	var out []Difference
	for _, p := range t.Compared(expected) {
		v, ok := want[p]
		if !ok { // declared, but not shown
			continue
		}
		actual, present := have[p]
		out = append(out, diffAt("/"+escape(p), t.readable(p, v), t.readable(p, actual), present)...)
	}
	return out
}

// read is what AWS shows of properties.
func (t *Type) read(i *Identity, properties map[string]any) map[string]any {
	return reads.Default().Read(t.Schema, reader{t, i}, properties)
}

// Same reports whether a property's value reads the same as another: JSON text as
// the object, letter case and types as AWS keeps them.
func (t *Type) Same(i *Identity, property string, a, b any) bool {
	if template.Equal(a, b) {
		return true
	}
	return a != nil && b != nil && t.Schema != nil &&
		len(t.Diff(i, map[string]any{property: a}, map[string]any{property: b})) == 0
}

// diffAt compares two values; present is false where there is no actual one.
func diffAt(path string, expected, actual any, present bool) []Difference {
	if !present {
		return []Difference{{path, Render(expected), "null", "REMOVE"}}
	}
	if template.Equal(expected, actual) {
		return nil
	}
	switch want := expected.(type) {
	case map[string]any:
		if have, ok := actual.(map[string]any); ok {
			return diffMaps(path, want, have)
		}
	case []any:
		if have, ok := actual.([]any); ok {
			return diffLists(path, want, have)
		}
	}
	return []Difference{{path, Render(expected), Render(actual), "NOT_EQUAL"}}
}

func diffMaps(path string, want, have map[string]any) []Difference {
	var out []Difference
	for _, k := range mergedKeys(want, have) {
		at := path + "/" + escape(k)
		expected, wanted := want[k]
		actual, present := have[k]
		if !wanted {
			out = append(out, Difference{at, "null", Render(actual), "ADD"})
			continue
		}
		out = append(out, diffAt(at, expected, actual, present)...)
	}
	return out
}

// diffLists takes out what both lists hold, pairs up what is left in order, and
// reports the rest as removed or added: a new tag is one ADD, wherever it stands.
func diffLists(path string, want, have []any) []Difference {
	missing, extra := leftOver(want, have), leftOver(have, want)
	if len(missing) == 0 && len(extra) == 0 { // the same things in another order
		return nil
	}
	var out []Difference
	pairs := min(len(missing), len(extra))
	for i := range pairs {
		at := path + "/" + strconv.Itoa(missing[i])
		out = append(out, diffAt(at, want[missing[i]], have[extra[i]], true)...)
	}
	for _, i := range missing[pairs:] {
		out = append(out, Difference{path + "/" + strconv.Itoa(i), Render(want[i]), "null", "REMOVE"})
	}
	for _, i := range extra[pairs:] {
		out = append(out, Difference{path + "/" + strconv.Itoa(i), "null", Render(have[i]), "ADD"})
	}
	return out
}

// leftOver lists the indices of those in a that have no equal partner in b.
func leftOver(a, b []any) []int {
	if len(a) > maxUnordered || len(b) > maxUnordered {
		return outOfPlace(a, b)
	}
	used := make([]bool, len(b))
	var left []int
next:
	for i, v := range a {
		for j, w := range b {
			if !used[j] && template.Equal(v, w) {
				used[j] = true
				continue next
			}
		}
		left = append(left, i)
	}
	return left
}

// maxUnordered is the longest list whose order does not matter: finding partners
// costs the square of the length.
const maxUnordered = 500

// outOfPlace lists the indices of those in a that b has not at the same place.
func outOfPlace(a, b []any) []int {
	var left []int
	for i, v := range a {
		if i >= len(b) || !template.Equal(v, b[i]) {
			left = append(left, i)
		}
	}
	return left
}

func mergedKeys(a, b map[string]any) []string {
	keys := make([]string, 0, len(a)+len(b))
	for k := range a {
		keys = append(keys, k)
	}
	for k := range b {
		if _, both := a[k]; !both {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// Render is a value as drift detection prints it: scalars bare, the rest as JSON.
func Render(v any) string {
	if s, ok := template.Text(v); ok {
		return s
	}
	return JSON(v)
}

// JSON renders an evaluated value with sorted keys.
func JSON(v any) string {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "null" // only numbers out of JSON's grammar, which decoding keeps as text
	}
	return strings.TrimSuffix(out.String(), "\n")
}
