package value

import (
	"fmt"
	"strings"
)

// A Track is what [DecodeTracked] learns of a text besides its value. Paths are
// those of [MemberPath] and [Element], from $ on.
type Track struct {
	Offsets    map[string]int // where members and items begin, in bytes
	Duplicates []Place        // members whose name their object has already
	Open       []Place        // values of the form ${NAME}, without quotes
}

// A Place is a part of a text.
type Place struct {
	Path string
	Name string // of the member, or the NAME
}

// DecodeTracked is [DecodeString] for a definition. A value ${NAME} that is not
// JSON becomes the text "${NAME}".
func DecodeTracked(text string, t *Track) (any, error) {
	t.Offsets = map[string]int{"$": 0}
	d := decoder{text: text, track: t, path: "$"}
	return d.whole()
}

// enter notes that the decoder is at a part of the value it was in, and returns
// the path of that value.
func (d *decoder) enter(path string, at int) (outer string) {
	outer, d.path = d.path, path
	d.track.Offsets[path] = at
	return outer
}

// enterMember does so for a member.
func (d *decoder) enterMember(name string, at int) (outer string) {
	path := MemberPath(d.path, name)
	if d.names[name] {
		d.track.Duplicates = append(d.track.Duplicates, Place{path, name})
	}
	d.names[name] = true
	return d.enter(path, at)
}

// open reads ${NAME}.
func (d *decoder) open() (any, bool) {
	rest := d.text[d.at:]
	end := strings.IndexAny(rest, "}\n\"")
	if !strings.HasPrefix(rest, "${") || end < 0 || rest[end] != '}' {
		return nil, false
	}
	d.at += end + 1
	d.track.Open = append(d.track.Open, Place{d.path, rest[2:end]})
	return rest[:end+1], true
}

// MemberPath is the path of a member of the object at a path.
func MemberPath(path, name string) string {
	if isPlainName(name) {
		return path + "." + name
	}
	return path + "['" + strings.ReplaceAll(name, "'", `\'`) + "']"
}

func isPlainName(s string) bool {
	for _, r := range s {
		if r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return s != ""
}

// Element is the path of an item of the array at a path.
func Element(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
