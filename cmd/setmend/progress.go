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

	mu      sync.Mutex // guards what follows
	last    string
	stage   string
	shown   time.Time
	calls   int
	written bool // there is something on the terminal's line
}

func newProgress(w io.Writer) *progress {
	return &progress{w: w, terminal: isTerminal(w)}
}

// called counts an API call, for the display. Until a run shows more, that is all
// there is to show: AWS lets no more than two pages of instances be read a second,
// so that reading a large fleet takes a minute or two.
func (p *progress) called(string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	if p.terminal && p.stage == "" && time.Since(p.shown) > time.Second/4 {
		p.shown = time.Now()
		p.over(fmt.Sprintf("reading the fleet: %d calls to AWS", p.calls))
	}
}

// over writes over the terminal's line. One that is too long would begin a second
// line, and only that would be written over; so it is cut.
func (p *progress) over(line string) {
	fmt.Fprintf(p.w, "\r\x1b[K%s", cut(line, widthOf(p.w)))
	p.written = true
}

// show takes a snapshot of the run.
func (p *progress) show(s heal.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := fmt.Sprintf("%s  %-22s stack sets %d/%d  healed %d/%d  running %d  calls %d",
		s.At.UTC().Format("15:04:05"), s.Stage, s.Sets, s.AllSets, s.Healed, s.Planned, s.Running, p.calls)
	if p.terminal {
		p.stage = s.Stage
		p.over(line)
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
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.written {
		fmt.Fprintln(p.w)
	}
	p.written = false
}

// clear takes away what stands on the terminal's line.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.written {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	p.written = false
}
