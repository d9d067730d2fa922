package main

import (
	"io"
	"strings"
)

// A mark before the first word of a line says how a terminal that has colours
// shows the line. Marks are of Unicode's private use area, which [oneLine] keeps out of
// what others wrote; colouring takes them away wherever there are no colours.
const (
	markGood  = "\ue000" // all is well
	markWarn  = "\ue001" // a person should look
	markBad   = "\ue002" // it failed
	markFaint = "\ue003" // what one reads second
)

var escapes = map[string]string{markGood: "\x1b[32m", markWarn: "\x1b[33m", markBad: "\x1b[31m", markFaint: "\x1b[2m"}

const colourEnd = "\x1b[0m"

// isMark reports whether a character would be taken for a mark.
func isMark(r rune) bool { return escapes[string(r)] != "" }

// colours tells whether to colour what goes to a stream: a terminal that is not
// told otherwise, and that knows how.
func (a *app) colours(stream any) bool {
	return !a.noColor && a.getenv("TERM") != "dumb" && isTerminal(stream)
}

// colouring shows marked lines in colour, or as plain text.
func colouring(w io.Writer, on bool) io.Writer {
	return &lineWriter{w: w, show: func(line string) string { return painted(line, on) }}
}

// painted is one line, its mark replaced by the colour.
func painted(line string, on bool) string {
	words := strings.TrimLeft(line, " ")
	indent := line[:len(line)-len(words)]
	for mark, escape := range escapes {
		text, marked := strings.CutPrefix(words, mark)
		switch {
		case marked && on:
			return indent + escape + text + colourEnd
		case marked:
			return indent + text
		}
	}
	return line
}
