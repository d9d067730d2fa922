package heal

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/setmend/setmend/fleet"
)

// group is targets that one kind of call with one list of overrides can serve.
type group struct {
	kind      fleet.OperationKind
	overrides []fleet.Parameter
	targets   []fleet.Target
}

// groups sorts targets by what their call must say.
type groups map[string]*group

func newGroups() groups { return groups{} }

func (g groups) add(target fleet.Target, kind fleet.OperationKind, overrides []fleet.Parameter) {
	sorted := slices.Clone(overrides)
	slices.SortFunc(sorted, func(a, b fleet.Parameter) int { return strings.Compare(a.Key, b.Key) })
	b, _ := json.Marshal(sorted) // strings only: cannot fail
	key := string(kind) + string(b)
	if g[key] == nil {
		g[key] = &group{kind: kind, overrides: sorted}
	}
	g[key].targets = append(g[key].targets, target)
}

// sorted lists the groups in an order that is the same in every process.
func (g groups) sorted() []*group {
	list := make([]*group, 0, len(g))
	for _, key := range fleet.SortedKeys(g) {
		list = append(list, g[key])
	}
	return list
}
