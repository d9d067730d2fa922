package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/setmend/setmend/asl"
)

// workflowProgress shows where a run is: one line that is written over on a
// terminal, plain lines elsewhere. There a state that is entered again and again,
// as in a loop or a Map, is told at most once a second.
type workflowProgress struct {
	w        io.Writer
	terminal bool

	mu      sync.Mutex // guards what follows
	seen    map[string]bool
	entered int
	shown   time.Time
}

func newWorkflowProgress(w io.Writer) *workflowProgress {
	return &workflowProgress{w: w, terminal: isTerminal(w), seen: map[string]bool{}}
}

// Happened implements [asl.Listener].
func (p *workflowProgress) Happened(_ string, event asl.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	what, ok := p.describe(event)
	if !ok {
		return
	}
	again := p.seen[what]
	p.seen[what] = true
	if again && time.Since(p.shown) < time.Second {
		return
	}
	p.shown = time.Now()
	line := fmt.Sprintf("%s  %5d  %s", event.Time.UTC().Format("15:04:05"), p.entered, oneLine(what))
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K%s", line)
		return
	}
	fmt.Fprintln(p.w, line)
}

// describe says what there is to tell of an event: a state, or a failure.
func (p *workflowProgress) describe(event asl.Event) (string, bool) {
	kind := string(event.Type)
	switch {
	case strings.HasSuffix(kind, "StateEntered"):
		p.entered++
		return event.Name, true
	case event.Error != "" && !strings.HasPrefix(kind, "Execution"):
		return fmt.Sprintf("%s: %s", kind, event.Error), true
	}
	return "", false
}

// end leaves the terminal's line.
func (p *workflowProgress) end() {
	if p.terminal {
		fmt.Fprintln(p.w)
	}
}
