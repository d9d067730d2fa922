package stacks

import "time"

// tokenKey is a change set's client token in its place.
type tokenKey struct {
	place
	token string
}

// changeSet is a change set; what it changes is worked out when it is made.
type changeSet struct {
	id, name, description string
	stack                 *stack
	created               time.Time
	status, reason        string
	execution             string
	kind                  string // CREATE, UPDATE, IMPORT
	revert                bool
	deployment            *deployment
	comparison            *comparison
	failure               *failure
	drift                 string
	onFailure             string
	token                 string
}

// dropChangeSets forgets a stack's change sets.
func (e *Engine) dropChangeSets(s *stack) {
	if s.more == nil {
		return
	}
	for _, c := range s.more.sets {
		delete(e.sets, c.id)
	}
	s.more.sets = nil
}
