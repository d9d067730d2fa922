package jsonpath

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/setmend/setmend/asl/internal/value"
)

// filter reads ?(...).
func (p *parser) filter() (segment, error) {
	start := p.at
	p.at++
	p.space()
	if !p.next("(") {
		return nil, p.fault("'(' must follow '?'")
	}
	c, err := p.either()
	if err != nil {
		return nil, err
	}
	p.space()
	if !p.next(")") {
		return nil, p.fault("')' is missing before %s", p.rune())
	}
	return filter{text: p.text[start:p.at], test: c}, nil
}

func (p *parser) either() (condition, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxFilterDepth {
		return nil, p.fault("a filter nested too deeply")
	}
	a, err := p.both()
	for err == nil {
		if p.space(); !p.next("||") {
			return a, nil
		}
		var b condition
		b, err = p.both()
		a = or{a, b}
	}
	return nil, err
}

func (p *parser) both() (condition, error) {
	a, err := p.term()
	for err == nil {
		if p.space(); !p.next("&&") {
			return a, nil
		}
		var b condition
		b, err = p.term()
		a = and{a, b}
	}
	return nil, err
}

func (p *parser) term() (condition, error) {
	negated := false
	for p.space(); p.next("!"); p.space() {
		negated = !negated
	}
	c, err := p.positive()
	if err == nil && negated {
		c = not{c}
	}
	return c, err
}

func (p *parser) positive() (condition, error) {
	if !p.next("(") {
		return p.relation()
	}
	c, err := p.either()
	if err != nil {
		return nil, err
	}
	if p.space(); !p.next(")") {
		return nil, p.fault("')' is missing before %s", p.rune())
	}
	return c, nil
}

// relation reads an operand by itself, or two with an operator between.
func (p *parser) relation() (condition, error) {
	if p.space(); strings.HasPrefix(p.text[p.at:], "/") {
		return p.patternFirst()
	}
	a, err := p.operand()
	if err != nil {
		return nil, err
	}
	p.space()
	if p.next("=~") {
		re, err := p.pattern()
		return matching{a, re}, err
	}
	for _, op := range operators {
		if !p.operator(op.text, op.word) {
			continue
		}
		b, err := p.operand()
		if err != nil {
			return nil, err
		}
		return compare{comparison{a, b, op.holds}}, nil
	}
	if a.path != nil {
		return exists{a}, nil
	}
	alone, ok := a.literal.(bool)
	if !ok {
		return nil, p.fault("an operator is missing before %s", p.rune())
	}
	return truth(alone), nil
}

func (p *parser) operator(text string, word bool) bool {
	rest := p.text[p.at:]
	if len(rest) < len(text) || !strings.EqualFold(rest[:len(text)], text) {
		return false
	}
	after := strings.TrimLeft(rest[len(text):], " \t")
	if word && after == rest[len(text):] && !strings.HasPrefix(after, "[") {
		return false
	}
	p.at += len(text)
	return true
}

func (p *parser) operand() (operand, error) {
	p.space()
	if p.at >= len(p.text) {
		return operand{}, p.fault("an operand is missing")
	}
	switch c := p.text[p.at]; {
	case c == '@' || c == '$':
		return p.pathOperand()
	case c == '\'' || c == '"':
		s, err := p.quoted()
		return operand{literal: s}, err
	}
	return p.literal()
}

func (p *parser) pathOperand() (operand, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxFilterDepth {
		return operand{}, p.fault("a filter nested too deeply")
	}
	outer := p.ends
	p.ends = filterNameEnds
	defer func() { p.ends = outer }()
	start := p.at
	o := operand{path: &Path{}, fromItem: p.text[p.at] == '@'}
	p.at++
	if err := p.segments(o.path); err != nil {
		return operand{}, err
	}
	o.path.text = p.text[start:p.at]
	if o.fromItem && len(o.path.segments) == 0 {
		return operand{}, p.fault("@ must be followed by the name of a member: AWS does not compare items themselves")
	}
	return o, nil
}

// literal reads a number, true, false, null, an array or an object.
func (p *parser) literal() (operand, error) {
	rest := p.text[p.at:]
	end := strings.IndexFunc(rest, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(")]=!<>&|,", r)
	})
	if rest[0] == '[' || rest[0] == '{' {
		end = closing(rest)
	}
	if end < 0 {
		end = len(rest)
	}
	v, err := value.DecodeString(jsonQuotes(rest[:end]))
	if err != nil && isWord(rest[:end]) {
		v, err = rest[:end], nil // AWS takes a word without quotes for a text: [?(@.Type==VENDOR)]
	}
	if err != nil {
		return operand{}, p.fault("%q is not a value", rest[:end])
	}
	p.at += end
	return operand{literal: v}, nil
}

// isWord reports whether s is a word: a letter, then letters, digits, _ and -.
func isWord(s string) bool {
	for i, r := range s {
		if !unicode.IsLetter(r) && (i == 0 || r != '_' && r != '-' && !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}

// closing finds the end of the array or object that s begins with, -1 if none.
func closing(s string) int {
	depth, quote := 0, byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// jsonQuotes turns ['a','b'] into ["a","b"]: Jayway takes both.
func jsonQuotes(s string) string {
	if strings.Contains(s, `"`) {
		return s
	}
	return strings.ReplaceAll(s, "'", `"`)
}

// patternFirst reads /regular expression/ =~ operand.
func (p *parser) patternFirst() (condition, error) {
	re, err := p.pattern()
	if err != nil {
		return nil, err
	}
	if p.space(); !p.next("=~") {
		return nil, p.fault("=~ is missing before %s", p.rune())
	}
	a, err := p.operand()
	return matching{a, re}, err
}

// pattern reads /regular expression/flags.
func (p *parser) pattern() (*regexp.Regexp, error) {
	if p.space(); !p.next("/") {
		return nil, p.fault("a pattern must begin with '/'")
	}
	rest := p.text[p.at:]
	end := 0
	for end < len(rest) && rest[end] != '/' {
		if rest[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(rest) {
		return nil, p.fault("the closing '/' is missing")
	}
	source := strings.ReplaceAll(rest[:end], `\/`, "/")
	p.at += end + 1
	re, err := regexp.Compile("^(?:" + p.patternFlags() + source + ")$")
	if err != nil {
		return nil, p.fault("invalid pattern: %v", err)
	}
	return re, nil
}

// patternFlags reads Java's flags. d, u and U are about line ends and case as
// Go has them anyway.
func (p *parser) patternFlags() string {
	flags := ""
	for ; p.at < len(p.text) && strings.IndexByte("imsduU", p.text[p.at]) >= 0; p.at++ {
		if c := p.text[p.at : p.at+1]; strings.Contains("ims", c) {
			flags += c
		}
	}
	if flags == "" {
		return ""
	}
	return "(?" + flags + ")"
}
