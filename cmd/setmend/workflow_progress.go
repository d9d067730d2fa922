package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/setmend/setmend/asl"
)

// workflowProgress shows where a run is: one line that is written over on a
// terminal, plain lines elsewhere. There a state that is entered again and again,
// as in a loop or a Map, is told at most once a second.
type workflowProgress struct {
	w        io.Writer
	terminal bool
	named    func() // says the run's name, the first time

	mu      sync.Mutex // guards what follows
	seen    map[string]bool
	entered int
	shown   time.Time
}

func newWorkflowProgress(w io.Writer, name string) *workflowProgress {
	p := &workflowProgress{w: w, terminal: isTerminal(w), seen: map[string]bool{}}
	p.named = sync.OnceFunc(func() { fmt.Fprintf(w, "run %s\n", oneLine(name)) })
	return p
}

// begin names the run, once it is there.
func (p *workflowProgress) begin() { p.named() }

// Happened implements [asl.Listener].
func (p *workflowProgress) Happened(_ string, event asl.Event) {
	p.begin()
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
		fmt.Fprintf(p.w, "\r\x1b[K%s", cut(line, widthOf(p.w)))
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

// widthOf is how many characters a line of the terminal has.
func widthOf(terminal io.Writer) int {
	if file, ok := terminal.(*os.File); ok {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}

// cut shortens a line, which could not be written over if it took two.
func cut(line string, width int) string {
	runes := []rune(line)
	if len(runes) < width {
		return line
	}
	return string(runes[:max(0, width-2)]) + "…"
}

// end leaves the terminal's line.
func (p *workflowProgress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal && !p.shown.IsZero() {
		fmt.Fprintln(p.w)
	}
}
