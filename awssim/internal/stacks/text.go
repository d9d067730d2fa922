package stacks

import (
	"maps"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/template"
)

func join(names []string) string { return strings.Join(names, ", ") }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func compareText(a, b string) int { return strings.Compare(a, b) }

// firstPart is the first part of a JSON pointer.
func firstPart(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first
}

// mergedKeys lists the keys of both maps, sorted.
func mergedKeys(a, b map[string]any) []string {
	keys := sortedKeys(a)
	for k := range b {
		if _, both := a[k]; !both {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// textOf is an evaluated value's text, "" for lists and objects.
func textOf(v any) string {
	s, _ := template.Text(v)
	return s
}
