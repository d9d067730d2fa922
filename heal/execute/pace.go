package execute

import (
	"sync"
	"time"
)

const (
	conflictWait = 30 * time.Second // until a stack set is tried again that is busy
	quotaWait    = 30 * time.Second
	firstPoll    = 45 * time.Second // a stack takes 20–60 s
	nextPoll     = 20 * time.Second
	// stumbleLimit is how long a command waits for reads that fail for a passing
	// reason, without any progress, before its error ends the call.
	stumbleLimit = 6 * time.Hour
	stumbleWait  = 5 * time.Minute // at most, between two attempts
)

// Pacing is when commands are to be looked at again. It is not durable: a new
// process looks at once.
type Pacing struct {
	mu       sync.Mutex // guards what follows
	next     map[string]time.Time
	stumbled map[string]stumble
}

// stumble is a command's series of failed reads.
type stumble struct {
	since time.Time
	times int
}

// NewPacing returns one by which everything is looked at at once.
func NewPacing() *Pacing {
	return &Pacing{next: map[string]time.Time{}, stumbled: map[string]stumble{}}
}

func (p *Pacing) set(id string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next[id] = at
}

func (p *Pacing) of(id string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.next[id]
}

// stumbles records a failed read at a moment, and returns when to try again.
func (p *Pacing) stumbles(id string, now time.Time) (again time.Time, since time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stumbled[id]
	if s.since.IsZero() {
		s.since = now
	}
	s.times++
	p.stumbled[id] = s
	p.next[id] = now.Add(min(stumbleWait, 15*time.Second<<min(s.times, 8)))
	return p.next[id], s.since
}

// progresses ends a series of failed reads.
func (p *Pacing) progresses(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.stumbled, id)
	delete(p.next, id)
}

// quota keeps the instances being operated on below AWS's limit for one
// administrator account and region, other people's included.
type quota struct {
	mu          sync.Mutex
	limit, used int
	refused     bool // a command
}

// take reserves n instances; a request larger than the whole limit goes alone.
func (q *quota) take(n int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.used > 0 && q.used+n > q.limit {
		q.refused = true
		return false
	}
	q.used += n
	return true
}
