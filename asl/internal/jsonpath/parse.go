package jsonpath

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Parse compiles a path.
func Parse(text string) (*Path, error) {
	if len(text) > MaxLength {
		return nil, fmt.Errorf("a path longer than %d bytes", MaxLength)
	}
	p := &parser{text: text, ends: nameEnds}
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	if p.at < len(text) {
		return nil, p.fault("unexpected %q", text[p.at:])
	}
	return path, nil
}

// Prefix compiles the path that text begins with and returns its length. It is
// for paths among the arguments of an intrinsic function.
func Prefix(text string) (*Path, int, error) {
	p := &parser{text: text, ends: argumentNameEnds}
	path, err := p.path()
	if err == nil && p.at > MaxLength {
		err = fmt.Errorf("a path longer than %d bytes", MaxLength)
	}
	return path, p.at, err
}

type parser struct {
	text  string
	at    int
	ends  string // characters that end a name, where the path is not by itself
	depth int    // of parentheses and of paths within filters
}

// A name after a dot goes up to the next step. Within a filter or among the
// arguments of a function it also ends where the path does.
const (
	nameEnds         = ".[]() \t\r\n"
	argumentNameEnds = nameEnds + ",'"
	filterNameEnds   = nameEnds + "'\"=<>!&|~,"
)

const maxFilterDepth = 50

func (p *parser) fault(format string, args ...any) error {
	return fmt.Errorf("%s at offset %d", fmt.Sprintf(format, args...), p.at)
}

func (p *parser) next(s string) bool {
	if strings.HasPrefix(p.text[p.at:], s) {
		p.at += len(s)
		return true
	}
	return false
}

func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *parser) path() (*Path, error) {
	start := p.at
	if !p.next("$") {
		return nil, p.fault("a path must begin with '$'")
	}
	path := &Path{}
	if p.next("$") {
		path.root = Context
	} else if name := p.identifier(); name != "" {
		path.root, path.variable = Variable, name
	}
	if err := p.segments(path); err != nil {
		return nil, err
	}
	path.text = p.text[start:p.at]
	return path, nil
}

func (p *parser) identifier() string {
	rest := p.text[p.at:]
	end := strings.IndexFunc(rest, func(r rune) bool {
		return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	if end < 0 {
		end = len(rest)
	}
	p.at += end
	return rest[:end]
}

// segments reads all steps and works out whether they are definite.
func (p *parser) segments(path *Path) error {
	for path.function == nil && p.at < len(p.text) {
		var err error
		switch {
		case p.next(".."):
			path.segments = append(path.segments, scan{})
			err = p.dotted(path)
		case p.next("."):
			err = p.dotted(path)
		case p.text[p.at] == '[':
			err = p.bracketed(path)
		default:
			path.settle()
			return nil
		}
		if err != nil {
			return err
		}
	}
	path.settle()
	return nil
}

func (p *Path) settle() {
	p.definite = true
	for i, s := range p.segments {
		switch s := s.(type) {
		case names:
			s.leaf = i == len(p.segments)-1
			p.segments[i] = s
			p.definite = p.definite && s.leaf
		case scan:
			p.segments[i] = newScan(p.segments[i+1:])
			p.definite = false
		default:
			_, one := s.(definite)
			p.definite = p.definite && one
		}
	}
}

// dotted reads what follows a dot: a name, * or a function.
func (p *parser) dotted(path *Path) error {
	if p.next("*") {
		path.segments = append(path.segments, wildcard{})
		return nil
	}
	if strings.HasPrefix(p.text[p.at:], "[") { // $.['a'] is as good as $['a']
		return p.bracketed(path)
	}
	word := p.word()
	if word == "" {
		return p.fault("a name is missing")
	}
	if p.next("(") {
		return p.call(path, word)
	}
	path.segments = append(path.segments, name(word))
	return nil
}

// word reads a name that is not quoted. A backslash takes any meaning from the
// character after it: $.a\.b and $.\a\.b name the member "a.b" (the
// specification's examples of reference paths).
func (p *parser) word() string {
	var b strings.Builder
	for p.at < len(p.text) && strings.IndexByte(p.ends, p.text[p.at]) < 0 {
		if p.text[p.at] == '\\' && p.at+1 < len(p.text) {
			p.at++
		}
		b.WriteByte(p.text[p.at])
		p.at++
	}
	return b.String()
}

// bracketed reads [...].
func (p *parser) bracketed(path *Path) error {
	p.at++
	p.space()
	s, err := p.inBrackets()
	if err != nil {
		return err
	}
	p.space()
	if !p.next("]") {
		return p.fault("']' is missing")
	}
	path.segments = append(path.segments, s)
	return nil
}

func (p *parser) inBrackets() (segment, error) {
	if p.at >= len(p.text) {
		return nil, p.fault("']' is missing")
	}
	switch p.text[p.at] {
	case '*':
		p.at++
		return wildcard{}, nil
	case '?':
		return p.filter()
	case '\'', '"':
		return p.quotedNames()
	}
	return p.indexOrSlice()
}

func (p *parser) quotedNames() (segment, error) {
	var list []string
	for {
		s, err := p.quoted()
		if err != nil {
			return nil, err
		}
		list = append(list, s)
		p.space()
		if !p.next(",") {
			break
		}
		p.space()
	}
	if len(list) == 1 {
		return name(list[0]), nil
	}
	return names{list: list}, nil
}

// quoted reads a string in single or double quotes. A backslash escapes the
// quote that encloses and itself; before any other character it stands for
// itself (recorded on AWS: ['Test\""Name"'] names Test\""Name").
func (p *parser) quoted() (string, error) {
	if p.at >= len(p.text) || p.text[p.at] != '\'' && p.text[p.at] != '"' {
		return "", p.fault("a quoted name is missing")
	}
	quote := p.text[p.at]
	var b strings.Builder
	for i := p.at + 1; i < len(p.text); i++ {
		c := p.text[i]
		switch {
		case c == quote:
			p.at = i + 1
			return b.String(), nil
		case c == '\\' && i+1 < len(p.text) && (p.text[i+1] == quote || p.text[i+1] == '\\'):
			i++
			b.WriteByte(p.text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", p.fault("the closing %c is missing", quote)
}

func (p *parser) indexOrSlice() (segment, error) {
	first, err := p.integer()
	if err != nil {
		return nil, err
	}
	p.space()
	if p.next(":") {
		return p.restOfSlice(first)
	}
	if first == nil {
		return nil, p.fault("an index, a slice, a quoted name, '*' or a filter must stand in brackets")
	}
	list := indices{*first}
	for p.next(",") {
		p.space()
		n, err := p.integer()
		if err != nil {
			return nil, err
		}
		if n == nil {
			return nil, p.fault("an index is missing")
		}
		list = append(list, *n)
		p.space()
	}
	if len(list) == 1 {
		return index(list[0]), nil
	}
	return list, nil
}

// restOfSlice reads what follows the first colon. One end must be there. A step
// may be, and Jayway takes no notice of it: [0:4:2] is [0:4].
func (p *parser) restOfSlice(from *int) (segment, error) {
	p.space()
	to, err := p.integer()
	if err != nil {
		return nil, err
	}
	if from == nil && to == nil {
		return nil, p.fault("a slice must have a first or a last index")
	}
	if p.space(); p.next(":") {
		p.space()
		_, err = p.integer()
	}
	return slice{from, to}, err
}

// integer reads an integer, nil if there is none.
func (p *parser) integer() (*int, error) {
	end := p.at
	if end < len(p.text) && p.text[end] == '-' {
		end++
	}
	for end < len(p.text) && p.text[end] >= '0' && p.text[end] <= '9' {
		end++
	}
	if end == p.at {
		return nil, nil
	}
	n, err := strconv.Atoi(p.text[p.at:end])
	if err != nil {
		return nil, p.fault("invalid index %q", p.text[p.at:end])
	}
	p.at = end
	return &n, nil
}

// rune is the next character, for messages; it does not advance.
func (p *parser) rune() string {
	if p.at >= len(p.text) {
		return "the end"
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.at:])
	return strconv.QuoteRune(r)
}
