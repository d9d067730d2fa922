package asl

import (
	"fmt"
	"strings"

	"github.com/setmend/setmend/asl/internal/source"
	"github.com/setmend/setmend/asl/internal/value"
)

// A Problem is one thing that is wrong with a definition.
type Problem struct {
	Path       string `json:"path"`                 // where, such as $.States.Heal.Retry[0].ErrorEquals
	Line       int    `json:"line,omitempty"`       // of the text, from 1; 0 is unknown
	Message    string `json:"message"`              // what
	Suggestion string `json:"suggestion,omitempty"` // what may have been meant, for a mistyped name
}

func (p Problem) String() string {
	s := p.Path + ": " + p.Message
	if p.Suggestion != "" {
		s += fmt.Sprintf(" (did you mean %q?)", p.Suggestion)
	}
	return s
}

// Located returns problems with the lines of the definition's text that they are
// in. It is for problems that callers find by themselves.
func Located(definition []byte, problems []Problem) []Problem {
	d, err := source.Read(definition)
	if err != nil {
		return problems
	}
	located := make([]Problem, len(problems))
	for i, p := range problems {
		if p.Line == 0 {
			p.Line = d.Line(p.Path)
		}
		located[i] = p
	}
	return located
}

// A DefinitionError lists all that is wrong with a definition.
type DefinitionError struct{ Problems []Problem }

func (e *DefinitionError) Error() string {
	if len(e.Problems) == 1 {
		return "loading the definition: " + e.Problems[0].String()
	}
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return fmt.Sprintf("loading the definition: %d problems:\n%s", len(lines), strings.Join(lines, "\n"))
}

// Nearest is the candidate that name may have been meant to be, or "" if none is
// like it: for problems that callers find by themselves.
func Nearest(name string, candidates []string) string { return nearest(name, candidates) }

// longestGuess is the longest name that is worth a guess, in bytes: one of 80
// characters.
const longestGuess = 80 * 4

// nearest is the candidate most like name, or "" if none is like it.
func nearest(name string, candidates []string) string {
	if len(name) > longestGuess {
		return ""
	}
	best, least := "", max(2, len(name)/3)+1
	for _, c := range candidates {
		if strings.EqualFold(c, name) {
			return c
		}
		if d := distance(name, c, least); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance counts the insertions, deletions and replacements between a and b;
// limit or more is as good as limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

func member(path, name string) string { return value.MemberPath(path, name) }

func element(path string, i int) string { return value.Element(path, i) }
