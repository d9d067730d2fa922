package main

import (
	"bytes"
	"io"
)

// lineWriter shows whole lines in another way. It holds back a line until its end
// has come.
type lineWriter struct {
	w    io.Writer
	show func(line string) string // without its end
	line bytes.Buffer
}

func (l *lineWriter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		l.line.Write(line)
		rest = after
		if !ended {
			break
		}
		if _, err := io.WriteString(l.w, l.show(l.line.String())+"\n"); err != nil {
			return 0, err
		}
		l.line.Reset()
	}
	return len(p), nil
}
