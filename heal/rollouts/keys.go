package rollouts

import (
	"slices"
	"strings"
)

// cutKey divides "rollouts/ID/REST".
func cutKey(key string) (id, rest string, ok bool) {
	return strings.Cut(strings.TrimPrefix(key, prefix), "/")
}

func sortNewestFirst(list []Rollout) {
	slices.SortStableFunc(list, func(a, b Rollout) int { return b.Started.Compare(a.Started) })
}
