package main

import (
	"io"
	"strings"
	"unicode/utf8"
)

// wrapWidth is where lines are to be broken: at a terminal's width, and nowhere (0)
// for what is no terminal.
func wrapWidth(stream io.Writer) int {
	if !isTerminal(stream) {
		return 0
	}
	return widthOf(stream)
}

// wrapping breaks lines between words where a terminal would break words. What
// is piped or redirected (width 0) stays as it is: programs read lines.
func wrapping(w io.Writer, width int) io.Writer {
	if width == 0 {
		return w
	}
	return &lineWriter{w: w, show: func(line string) string { return wrapLine(line, width) }}
}

// wrapLine breaks a line into several, the further ones indented beyond the
// first. A word that fits no line stays whole, so that it can be copied.
func wrapLine(line string, width int) string {
	text := strings.TrimLeft(line, " ")
	indent := len(line) - len(text) + 2
	if utf8.RuneCountInString(line) <= width || indent >= width/2 {
		return line
	}
	var b strings.Builder
	b.WriteString(line[:indent-2])
	column := indent - 2
	for i, word := range strings.Split(text, " ") { // runs of blanks stay
		length := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+length > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += length
	}
	return b.String()
}
