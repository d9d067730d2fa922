package stacks

import (
	"maps"
	"slices"
)

// Touched is a resource of a stack that is not as its template has it.
type Touched struct {
	LogicalID  string
	Deleted    bool
	Properties map[string]any // all its live properties, nil if deleted
}

// Touched lists the resources of a stack that somebody changed or deleted by
// hand, by logical id.
func (e *Engine) Touched(stackID string) []Touched {
	s := e.stacks[stackID]
	if s == nil || s.more == nil {
		return nil
	}
	var out []Touched
	for _, id := range slices.Sorted(maps.Keys(s.more.touched)) {
		if t := s.more.touched[id]; t.deleted || t.properties != nil {
			out = append(out, Touched{id, t.deleted, cloneMap(t.properties)})
		}
	}
	return out
}
