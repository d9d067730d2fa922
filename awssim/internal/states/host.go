package states

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// runner returns what runs the executions of a state machine, and the function that
// marks it as at work.
func (s *States) runner(x *execution) (Runner, func()) {
	key := x.machine + " " + x.role
	if r, known := s.runners[key]; known {
		return r, r.(*hosted).host.stir
	}
	h := &host{states: s}
	role := x.role[strings.LastIndexByte(x.role, '/')+1:]
	expires := s.world.Now().UTC().Add(sessionLasts)
	machine := x.machine
	r := s.with.Interpreter.Open(Host{
		Account: x.account, Region: x.region, StateMachine: x.machineName, Role: x.role,
		Now: h.now, AfterFunc: h.afterFunc, Transport: transport{h, s.with.Transport},
		AccessKey: x.account, SecretAccessKey: "execution", SessionToken: s.world.SessionToken(x.account, role, "execution", expires),
		Happened: func(execution string, e Event) {
			h.touch()
			s.happened(machine, execution, e)
		},
	})
	s.runners[key] = &hosted{r, h}
	return s.runners[key], h.stir
}

// hosted is a runner with the host that it was given.
type hosted struct {
	Runner
	host *host
}

// quiet is how long an interpreter must have done nothing to count as idle, and
// longestStir how long it counts as busy at most.
const (
	quiet       = 25 * time.Millisecond
	longestStir = 2 * time.Second
)

// host is the world as an interpreter sees it. It knows when the interpreter was
// last seen to do anything.
type host struct {
	states *States

	mu      sync.Mutex // guards what follows; never held with the world's lock to be taken
	touched time.Time  // by package time
	busy    bool
}

func (h *host) touch() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.touched = time.Now()
}

// stir marks the interpreter as busy until it is quiet. It is called with the
// world's lock held.
func (h *host) stir() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.touched = time.Now()
	if h.busy {
		return
	}
	h.busy = true
	h.states.world.Outside(h.settle, func() {})
}

// settle returns once the interpreter is quiet.
func (h *host) settle() {
	began := time.Now()
	for {
		over := !h.states.pause(quiet)
		h.mu.Lock()
		if now := time.Now(); over || now.Sub(h.touched) >= quiet || now.Sub(began) >= longestStir {
			h.busy = false
			h.mu.Unlock()
			return
		}
		h.mu.Unlock()
	}
}

// pause waits; it returns false if the service was closed.
func (s *States) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}

func (h *host) now() (t time.Time) {
	h.touch()
	h.states.world.Serve(func() { t = h.states.world.Now() })
	return t
}

// afterFunc puts a timer of the interpreter's into the world's queue.
func (h *host) afterFunc(d time.Duration, f func()) (stop func() bool) {
	h.touch()
	w := h.states.world
	var timer *core.Timer
	fired, stopped := false, false
	w.Serve(func() {
		timer = w.After(max(d, 0), func() {
			fired = true
			h.stir()
			go f()
		})
	})
	return func() bool {
		first := false
		w.Serve(func() {
			first = !fired && !stopped
			stopped = true
			w.Cancel(timer)
		})
		return first
	}
}

// transport carries what tasks call to the AWS.
type transport struct {
	host  *host
	inner http.RoundTripper
}

// RoundTrip sends a request on.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.host.touch()
	response, err := t.inner.RoundTrip(r)
	t.host.states.world.Serve(t.host.stir)
	return response, err
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
