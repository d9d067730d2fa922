package resource

import (
	"regexp/syntax"
	"strings"
	"sync"
)

// longestMade bounds the texts that are made from patterns.
const longestMade = 64

// compiled keeps parsed patterns; nil for those that cannot be used.
var compiled sync.Map // pattern → *syntax.Regexp

// fromPattern makes a text that matches a schema's pattern, the same for the same
// identity and purpose; false if the pattern is none of RE2's, says nothing (.*), or
// is one of an ARN.
func fromPattern(i *Identity, pattern, purpose string) (string, bool) {
	if strings.Contains(pattern, "arn") || strings.HasPrefix(strings.Trim(pattern, "^$"), ".") {
		return "", false
	}
	v, ok := compiled.Load(pattern)
	if !ok {
		re, err := syntax.Parse(pattern, syntax.Perl)
		if err != nil {
			re = nil
		}
		v, _ = compiled.LoadOrStore(pattern, re)
	}
	re := v.(*syntax.Regexp)
	if re == nil {
		return "", false
	}
	m := &maker{seed: i.randomFor("hex64", "pattern "+purpose)}
	m.make(re)
	text := m.out.String()
	return text, text != "" && len(text) <= longestMade
}

// maker makes a text from a parsed pattern.
type maker struct {
	seed string
	at   int
	out  strings.Builder
}

// next is a number from the seed.
func (m *maker) next() int {
	c := m.seed[m.at%len(m.seed)]
	m.at++
	if c >= 'a' {
		return int(c-'a') + 10 + 7*(m.at/len(m.seed))
	}
	return int(c-'0') + 3*(m.at/len(m.seed))
}

func (m *maker) make(re *syntax.Regexp) {
	if m.out.Len() > longestMade {
		return
	}
	switch re.Op {
	case syntax.OpLiteral:
		m.out.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		m.out.WriteRune(m.choose(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		m.out.WriteByte('a' + byte(m.next()%26))
	case syntax.OpConcat, syntax.OpCapture:
		for _, sub := range re.Sub {
			m.make(sub)
		}
	case syntax.OpAlternate:
		m.make(re.Sub[0])
	case syntax.OpStar, syntax.OpPlus:
		m.repeat(re.Sub[0], 1, 10)
	case syntax.OpRepeat:
		m.repeat(re.Sub[0], re.Min, re.Max)
	}
}

// usualLength is the length of a part whose length the pattern leaves open.
const usualLength = 10

func (m *maker) repeat(sub *syntax.Regexp, least, most int) {
	n := least
	if least < usualLength && (most < 0 || most > usualLength) {
		n = usualLength
	} else if least < usualLength && most > 0 && least <= 1 {
		n = most
	}
	for range min(n, longestMade) {
		m.make(sub)
	}
}

// choose picks a character of a class: a small letter or a digit where it has any.
func (m *maker) choose(ranges []rune) rune {
	var nice []rune
	for _, set := range []string{"0123456789abcdef", "ghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"} {
		for _, c := range set {
			if in(c, ranges) {
				nice = append(nice, c)
			}
		}
		if len(nice) > 0 {
			return nice[m.next()%len(nice)]
		}
	}
	return ranges[0]
}

func in(c rune, ranges []rune) bool {
	for i := 0; i+1 < len(ranges); i += 2 {
		if ranges[i] <= c && c <= ranges[i+1] {
			return true
		}
	}
	return false
}
