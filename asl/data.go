package asl

import (
	"fmt"

	"github.com/setmend/setmend/asl/internal/value"
)

// data is what flows between states: a JSON value, and its text where that is
// known. Text that came in is handed on as it is, blanks included, until a
// state changes the value; that is what Step Functions does, and it also means
// that a state which passes its input through costs no encoding.
//
// data never changes, except that the text is kept once it has been made. It
// belongs to the goroutine of its run.
type data struct {
	v    any
	text []byte
}

var emptyObject = &data{v: &value.Object{}, text: []byte("{}")}

func newData(v any) *data { return &data{v: v} }

// parseData checks and decodes text from outside.
func parseData(text []byte) (*data, error) {
	v, err := value.Decode(text)
	if err != nil {
		return nil, err
	}
	return &data{v: v, text: text}, nil
}

// recordedData decodes text that a record holds.
func recordedData(text []byte) (*data, error) {
	d, err := parseData(text)
	if err != nil {
		return nil, fmt.Errorf("reading a recorded value: %w", err)
	}
	return d, nil
}

// json is the value as text. The slice must not be changed.
func (d *data) json() []byte {
	if d.text == nil {
		d.text = value.Encode(d.v)
	}
	return d.text
}

// join makes an array of parts, out of their texts.
func join(parts []*data) *data {
	items := make([]any, len(parts))
	size := 2
	for i, p := range parts {
		items[i] = p.v
		size += len(p.json()) + 1
	}
	text := append(make([]byte, 0, size), '[')
	for i, p := range parts {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, p.json()...)
	}
	return &data{v: items, text: append(text, ']')}
}
