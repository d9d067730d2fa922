package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/setmend/setmend/heal"
)

// progress shows how a run goes on: one line that is written over on a terminal,
// plain lines elsewhere, and there only when something has changed.
type progress struct {
	w        io.Writer
	terminal bool

	mu    sync.Mutex // guards what follows
	last  string
	stage string
	shown time.Time
	calls int
}

func newProgress(w io.Writer) *progress {
	return &progress{w: w, terminal: isTerminal(w)}
}

// called counts an API call, for the display.
func (p *progress) called(string, bool) {
	p.mu.Lock()
	p.calls++
	p.mu.Unlock()
}

// show takes a snapshot of the run.
func (p *progress) show(s heal.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := fmt.Sprintf("%s  %-22s stack sets %d/%d  healed %d/%d  running %d  calls %d",
		s.At.UTC().Format("15:04:05"), s.Stage, s.Sets, s.AllSets, s.Healed, s.Planned, s.Running, p.calls)
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K%s", line)
		return
	}
	key := fmt.Sprint(s.Stage, s.Sets, s.Healed)
	if key == p.last || s.Stage == p.stage && time.Since(p.shown) < time.Second {
		return
	}
	p.last, p.stage, p.shown = key, s.Stage, time.Now()
	fmt.Fprintln(p.w, line)
}

// end leaves the terminal's line.
func (p *progress) end() {
	if p.terminal {
		fmt.Fprintln(p.w)
	}
}
