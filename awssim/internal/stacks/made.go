package stacks

import "maps"

// made is what another makes for a stack: a nested stack, a stack set, or a custom
// resource. Its id and attributes follow from nothing that the stack holds.
type made struct {
	id         string
	attributes map[string]any
}

// madeOf answers what was made for a resource; a zero value if nothing was.
func (s *stack) madeOf(logicalID string) made {
	if s.more == nil || s.more.made[logicalID] == nil {
		return made{}
	}
	return *s.more.made[logicalID]
}

// keepMade records what was made for a resource. The map is never changed in
// place, so that operations can keep what it was.
func (s *stack) keepMade(logicalID string, m made) {
	more := s.extra()
	next := maps.Clone(more.made)
	if next == nil {
		next = map[string]*made{}
	}
	next[logicalID] = &m
	more.made = next
}

func (s *stack) dropMade(logicalID string) {
	if s.more == nil || s.more.made[logicalID] == nil {
		return
	}
	next := maps.Clone(s.more.made)
	delete(next, logicalID)
	s.more.made = next
}
