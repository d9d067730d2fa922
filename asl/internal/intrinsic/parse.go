package intrinsic

import (
	"fmt"
	"strings"

	"github.com/setmend/setmend/asl/internal/jsonpath"
	"github.com/setmend/setmend/asl/internal/value"
)

// An UnknownError is a call of a function that does not exist.
type UnknownError struct{ Name string }

func (e *UnknownError) Error() string { return fmt.Sprintf("unknown function %q", e.Name) }

// Parse compiles an expression.
func Parse(text string) (*Call, error) {
	if len(text) > MaxLength {
		return nil, fmt.Errorf("an expression longer than %d bytes", MaxLength)
	}
	p := &parser{text: text}
	p.space()
	call, err := p.call(1)
	if err != nil {
		return nil, err
	}
	if p.space(); p.at < len(text) {
		return nil, p.fault("unexpected %q", text[p.at:])
	}
	return call, nil
}

type parser struct {
	text string
	at   int
}

func (p *parser) fault(format string, args ...any) error {
	return fmt.Errorf("%s at offset %d", fmt.Sprintf(format, args...), p.at)
}

func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *parser) next(s string) bool {
	p.space()
	if strings.HasPrefix(p.text[p.at:], s) {
		p.at += len(s)
		return true
	}
	return false
}

func (p *parser) call(depth int) (*Call, error) {
	if depth > MaxNesting {
		return nil, p.fault("more than %d functions within one another", MaxNesting)
	}
	start := p.at
	c := &Call{}
	if err := p.head(c); err != nil {
		return nil, err
	}
	if err := p.arguments(c, depth); err != nil {
		return nil, err
	}
	c.text = p.text[start:p.at]
	return c, c.checkCount()
}

func (p *parser) head(c *Call) error {
	end := strings.IndexByte(p.text[p.at:], '(')
	if end < 0 {
		return p.fault("'(' is missing")
	}
	name := strings.TrimSpace(p.text[p.at : p.at+end])
	if c.function = named(name); c.function == nil {
		return &UnknownError{name}
	}
	p.at += end + 1
	return nil
}

func (c *Call) checkCount() error {
	n := len(c.arguments)
	if n < c.function.least || c.function.most >= 0 && n > c.function.most {
		return fmt.Errorf("%s takes %s, not %d", c.function.name, c.function.counts(), n)
	}
	return nil
}

func (f *function) counts() string {
	switch {
	case f.most < 0:
		return fmt.Sprintf("at least %d arguments", f.least)
	case f.most != f.least:
		return fmt.Sprintf("%d to %d arguments", f.least, f.most)
	case f.most == 1:
		return "one argument"
	}
	return fmt.Sprintf("%d arguments", f.most)
}

func (p *parser) arguments(c *Call, depth int) error {
	if p.next(")") {
		return nil
	}
	for {
		p.space()
		a, err := p.argument(depth)
		if err != nil {
			return err
		}
		if t, ok := a.(text); ok && len(c.arguments) == 0 && c.function.name == "States.Format" {
			a = template{t}
		}
		c.arguments = append(c.arguments, a)
		if p.next(")") {
			return nil
		}
		if !p.next(",") {
			return p.fault("',' or ')' is missing")
		}
	}
}

func (p *parser) argument(depth int) (argument, error) {
	rest := p.text[p.at:]
	switch {
	case rest == "":
		return nil, p.fault("an argument is missing")
	case rest[0] == '$':
		path, n, err := jsonpath.Prefix(rest)
		p.at += n
		return pathArgument{path}, err
	case rest[0] == '\'':
		return p.quoted()
	case strings.HasPrefix(rest, "States."):
		return p.call(depth + 1)
	}
	return p.literal()
}

// literal reads a number, true, false or null. Arrays, objects and strings in
// double quotes are no arguments (the specification, "Intrinsic Functions").
func (p *parser) literal() (argument, error) {
	rest := p.text[p.at:]
	end := strings.IndexAny(rest, ",) \t\r\n")
	if end < 0 {
		end = len(rest)
	}
	v, err := value.DecodeString(rest[:end])
	if err != nil || strings.IndexByte(`"[{`, rest[0]) >= 0 {
		return nil, p.fault("%q is neither a path, nor a function, nor a value", rest[:end])
	}
	p.at += end
	return literal{v}, nil
}

// quoted reads a string in single quotes. A backslash escapes ' { } and \.
func (p *parser) quoted() (argument, error) {
	var plain strings.Builder
	open := false
	for i := p.at + 1; i < len(p.text); i++ {
		c := p.text[i]
		if c == '\'' {
			t := text{written: p.text[p.at+1 : i], plain: plain.String(), open: open}
			p.at = i + 1
			return t, nil
		}
		if c == '\\' && i+1 < len(p.text) {
			i++
			if c = p.text[i]; c == '"' {
				return nil, p.fault(`\" must not be in a string: only ', {, } and \ are escaped`)
			}
			open = open || strings.IndexByte(`'{}\`, c) < 0
		}
		plain.WriteByte(c)
	}
	return nil, p.fault("the closing ' is missing")
}
