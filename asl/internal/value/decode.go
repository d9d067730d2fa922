package value

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth bounds how deep arrays and objects may be nested. AWS's own limit is
// not published; this one keeps recursion over a value far from the stack's end.
const MaxDepth = 1000

// A SyntaxError says where a text stops being JSON.
type SyntaxError struct {
	Offset  int // bytes before the fault
	Message string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s at offset %d", e.Message, e.Offset)
}

// Decode reads the one JSON value that text holds.
func Decode(text []byte) (any, error) { return DecodeString(string(text)) }

// DecodeString is [Decode] for a string. Strings within the value share its
// memory.
func DecodeString(text string) (any, error) {
	d := decoder{text: text}
	return d.whole()
}

// whole reads the one value of the text.
func (d *decoder) whole() (any, error) {
	v, err := d.value(0)
	if err != nil {
		return nil, err
	}
	d.space()
	if d.at < len(d.text) {
		return nil, d.fault("data after the JSON value")
	}
	return v, nil
}

type decoder struct {
	text    string
	at      int
	members []Member // stack shared by the objects being read
	items   []any    // stack shared by the arrays being read
	track   *Track   // nil: only the value counts
	path    string   // of the value being read, where it is tracked

	names map[string]bool // of the object being read, where it is tracked
}

func (d *decoder) fault(message string) error {
	return &SyntaxError{Offset: d.at, Message: message}
}

func (d *decoder) space() {
	for d.at < len(d.text) {
		switch d.text[d.at] {
		case ' ', '\t', '\n', '\r':
			d.at++
		default:
			return
		}
	}
}

// peek is the next byte that is not space, or 0 at the end.
func (d *decoder) peek() byte {
	d.space()
	if d.at >= len(d.text) {
		return 0
	}
	return d.text[d.at]
}

func (d *decoder) value(depth int) (any, error) {
	if depth > MaxDepth {
		return nil, d.fault("nested too deeply")
	}
	switch c := d.peek(); c {
	case 0:
		return nil, d.fault("unexpected end of JSON")
	case '{':
		return d.object(depth)
	case '[':
		return d.array(depth)
	case '"':
		return d.str()
	case 't':
		return true, d.word("true")
	case 'f':
		return false, d.word("false")
	case 'n':
		return nil, d.word("null")
	default:
		if d.track != nil && c == '$' {
			if v, ok := d.open(); ok {
				return v, nil
			}
		}
		return d.number()
	}
}

func (d *decoder) word(w string) error {
	if !strings.HasPrefix(d.text[d.at:], w) {
		return d.fault("invalid literal")
	}
	d.at += len(w)
	return nil
}

func (d *decoder) object(depth int) (any, error) {
	d.at++
	if d.track != nil {
		outer := d.names
		d.names = map[string]bool{}
		defer func() { d.names = outer }()
	}
	base := len(d.members)
	if d.peek() == '}' {
		d.at++
		return &Object{}, nil
	}
	for {
		if err := d.member(depth); err != nil {
			return nil, err
		}
		switch d.peek() {
		case ',':
			d.at++
		case '}':
			d.at++
			members := make([]Member, len(d.members)-base)
			copy(members, d.members[base:])
			d.members = d.members[:base]
			return NewObject(members...), nil
		default:
			return nil, d.fault("expected ',' or '}' in an object")
		}
	}
}

func (d *decoder) member(depth int) error {
	if d.peek() != '"' {
		return d.fault("expected a member's name")
	}
	at := d.at
	name, err := d.str()
	if err != nil {
		return err
	}
	if d.track != nil {
		outer := d.enterMember(name, at)
		defer func() { d.path = outer }()
	}
	if d.peek() != ':' {
		return d.fault("expected ':' after a member's name")
	}
	d.at++
	v, err := d.value(depth + 1)
	if err != nil {
		return err
	}
	d.members = append(d.members, Member{Name: name, Value: v})
	return nil
}

func (d *decoder) array(depth int) (any, error) {
	d.at++
	base := len(d.items)
	if d.peek() == ']' {
		d.at++
		return []any{}, nil
	}
	for {
		v, err := d.item(len(d.items)-base, depth)
		if err != nil {
			return nil, err
		}
		d.items = append(d.items, v)
		switch d.peek() {
		case ',':
			d.at++
		case ']':
			d.at++
			items := make([]any, len(d.items)-base)
			copy(items, d.items[base:])
			d.items = d.items[:base]
			return items, nil
		default:
			return nil, d.fault("expected ',' or ']' in an array")
		}
	}
}

func (d *decoder) item(i, depth int) (any, error) {
	if d.track != nil {
		d.space()
		outer := d.enter(Element(d.path, i), d.at)
		defer func() { d.path = outer }()
	}
	return d.value(depth + 1)
}

// number reads a JSON number. "-0" becomes 0, as AWS has it (an integer has no
// negative zero).
func (d *decoder) number() (any, error) {
	start := d.at
	d.skip('-')
	whole := d.digits()
	if whole == 0 || whole > 1 && d.text[d.at-whole] == '0' {
		d.at = start
		return nil, d.fault("invalid value")
	}
	if d.skip('.') && d.digits() == 0 {
		return nil, d.fault("expected digits after '.'")
	}
	if d.skip('e') || d.skip('E') {
		_ = d.skip('+') || d.skip('-')
		if d.digits() == 0 {
			return nil, d.fault("expected digits in an exponent")
		}
	}
	n := Number(d.text[start:d.at])
	if n == "-0" {
		n = "0"
	}
	return n, nil
}

func (d *decoder) skip(c byte) bool {
	if d.at < len(d.text) && d.text[d.at] == c {
		d.at++
		return true
	}
	return false
}

func (d *decoder) digits() (n int) {
	for d.at < len(d.text) && d.text[d.at] >= '0' && d.text[d.at] <= '9' {
		d.at++
		n++
	}
	return n
}

// str reads a string: without escapes it is a slice of the text.
func (d *decoder) str() (string, error) {
	start := d.at + 1
	for i := start; i < len(d.text); i++ {
		switch c := d.text[i]; {
		case c == '"':
			s := d.text[start:i]
			d.at = i + 1
			if !utf8.ValidString(s) {
				return strings.ToValidUTF8(s, "\uFFFD"), nil
			}
			return s, nil
		case c == '\\':
			return d.escaped(start, i)
		case c < ' ':
			d.at = i
			return "", d.fault("control character in a string")
		}
	}
	d.at = len(d.text)
	return "", d.fault("unexpected end of a string")
}

// escaped reads the rest of a string whose first backslash is at i.
func (d *decoder) escaped(start, i int) (string, error) {
	b := append(make([]byte, 0, 2*(i-start)+16), d.text[start:i]...)
	d.at = i
	for d.at < len(d.text) {
		c := d.text[d.at]
		switch {
		case c == '"':
			d.at++
			return strings.ToValidUTF8(string(b), "\uFFFD"), nil
		case c < ' ':
			return "", d.fault("control character in a string")
		case c != '\\':
			b = append(b, c)
			d.at++
		default:
			r, err := d.escape()
			if err != nil {
				return "", err
			}
			b = utf8.AppendRune(b, r)
		}
	}
	return "", d.fault("unexpected end of a string")
}

const escapes = `"\/bfnrt`
const escapeds = "\"\\/\b\f\n\r\t"

func (d *decoder) escape() (rune, error) {
	d.at++ // the backslash
	if d.at >= len(d.text) {
		return 0, d.fault("unexpected end of a string")
	}
	c := d.text[d.at]
	if at := strings.IndexByte(escapes, c); at >= 0 {
		d.at++
		return rune(escapeds[at]), nil
	}
	if c != 'u' {
		return 0, d.fault("invalid escape in a string")
	}
	r, err := d.hex()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	return d.surrogate(r)
}

// surrogate joins r with the escape after it, if that is its other half.
func (d *decoder) surrogate(r rune) (rune, error) {
	if !strings.HasPrefix(d.text[d.at:], `\u`) {
		return utf8.RuneError, nil
	}
	before := d.at
	d.at++
	low, err := d.hex()
	if err != nil {
		return 0, err
	}
	if joined := utf16.DecodeRune(r, low); joined != utf8.RuneError {
		return joined, nil
	}
	d.at = before
	return utf8.RuneError, nil
}

// hex reads the u and four digits of an escape.
func (d *decoder) hex() (rune, error) {
	if d.at+5 > len(d.text) {
		return 0, d.fault("unexpected end of a string")
	}
	n, err := strconv.ParseUint(d.text[d.at+1:d.at+5], 16, 16)
	if err != nil {
		return 0, d.fault("invalid escape in a string")
	}
	d.at += 5
	return rune(n), nil
}
