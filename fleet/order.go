package fleet

import (
	"cmp"
	"maps"
	"slices"
)

// SortedKeys lists a map's keys in order. Go's map order is random on purpose;
// whatever turns into behaviour or output goes through here first.
func SortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	return slices.Sorted(maps.Keys(m))
}
