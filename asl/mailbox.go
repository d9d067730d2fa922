package asl

import "sync"

// A mailbox brings what happens elsewhere (a function has returned, a timer has
// fired, somebody wants to stop the execution) to the goroutine of a run.
type mailbox struct {
	mu     sync.Mutex
	posted []func()      // guarded by mu; in the order of posting
	closed bool          // guarded by mu
	signal chan struct{} // has one element if there may be something posted
}

func newMailbox() *mailbox { return &mailbox{signal: make(chan struct{}, 1)} }

// post hands f over. It never blocks; it reports false once the run is over.
func (m *mailbox) post(f func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.posted = append(m.posted, f)
	select {
	case m.signal <- struct{}{}:
	default:
	}
	return true
}

// take empties the box.
func (m *mailbox) take() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	posted := m.posted
	m.posted = nil
	return posted
}

// close ends the posting and returns what nobody has taken.
func (m *mailbox) close() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	posted := m.posted
	m.posted = nil
	return posted
}
