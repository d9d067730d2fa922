// Package source reads the text of a definition: JSON or YAML, as it is written
// for CloudFormation, SAM or Terraform, with substitutions such as
// ${FunctionArn}. It knows in which line everything stands.
package source

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/setmend/setmend/asl/internal/value"
)

// A Document is a definition that has been read.
type Document struct {
	Value      any
	JSON       []byte  // the definition as JSON: the text itself, where it is that
	Duplicates []Place // members whose name their object has already
	Open       []Place // values that are a substitution without quotes, of no type yet

	line func(path string) int
}

// A Place is a part of a definition.
type Place struct {
	Path string
	Name string // of the member, or of the substitution
}

// A SyntaxError says where a text stops being a definition.
type SyntaxError struct {
	Line    int
	Message string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s in line %d", e.Message, e.Line) }

// Line returns the line of a part of the definition, or of what is nearest around
// it; 0 if there is none.
func (d *Document) Line(path string) int {
	for ; path != ""; path = parent(path) {
		if n := d.line(path); n > 0 {
			return n
		}
	}
	return 0
}

// parent is the path of what a part is in.
func parent(path string) string {
	if strings.HasSuffix(path, "']") {
		return path[:max(0, strings.LastIndex(path, "['"))]
	}
	return path[:max(0, strings.LastIndexAny(path, ".["))]
}

// IsOpen reports whether the value at a path is a substitution without quotes.
func (d *Document) IsOpen(path string) bool {
	for _, p := range d.Open {
		if p.Path == path {
			return true
		}
	}
	return false
}

var byteOrderMark = []byte("\uFEFF")

// Clean takes the byte order mark off a text. It fails for one that is not UTF-8.
func Clean(text []byte) ([]byte, error) {
	text = bytes.TrimPrefix(text, byteOrderMark)
	if utf8.Valid(text) {
		return text, nil
	}
	at := 0
	for {
		r, n := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && n <= 1 {
			return nil, &SyntaxError{lineOf(string(text), at), "the text is not UTF-8"}
		}
		at += n
	}
}

// Read reads a definition. It fails with a *[SyntaxError].
func Read(text []byte) (*Document, error) {
	text, err := Clean(text)
	if err != nil {
		return nil, err
	}
	switch first := bytes.TrimLeft(text, " \t\r\n"); {
	case len(first) == 0:
		return nil, &SyntaxError{1, "there is no definition"}
	case strings.IndexByte(`{["`, first[0]) >= 0:
		return readJSON(text)
	}
	return readYAML(text)
}

func readJSON(text []byte) (*Document, error) {
	t := value.Track{}
	v, err := value.DecodeTracked(string(text), &t)
	if err != nil {
		syntax, _ := errors.AsType[*value.SyntaxError](err)
		return nil, &SyntaxError{lineOf(string(text), syntax.Offset), "not JSON: " + syntax.Message}
	}
	d := &Document{Value: v, JSON: text}
	for _, p := range t.Duplicates {
		d.Duplicates = append(d.Duplicates, Place(p))
	}
	for _, p := range t.Open {
		d.Open = append(d.Open, Place(p))
	}
	if len(d.Open) > 0 {
		d.JSON = value.Encode(v)
	}
	d.line = func(path string) int {
		at, ok := t.Offsets[path]
		if !ok {
			return 0
		}
		return lineOf(string(text), at)
	}
	return d, nil
}

func lineOf(text string, offset int) int {
	return 1 + strings.Count(text[:min(offset, len(text))], "\n")
}
