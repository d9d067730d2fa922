package main

import (
	"bytes"
	"io"
	"testing"
)

func TestLongLinesBreakBetweenWordsOnATerminal(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		width          int
	}{
		{"a line that fits", "  a b c\n", "  a b c\n", 7},
		{"further lines are indented beyond the first", "  hint: lift the policy\n", "  hint: lift\n    the policy\n", 14},
		{"a word that fits nowhere stays whole", "see arn:aws:iam::111122223333:role/x now\n", "see\n  arn:aws:iam::111122223333:role/x\n  now\n", 20},
		{"width counts letters, not bytes", "5 × ärger über\n", "5 × ärger über\n", 14},
		{"what is no terminal is left alone", "a b c d e f\n", "a b c d e f\n", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			w := wrapping(&out, c.width)
			for i := range len(c.in) { // however the text comes in
				if _, err := io.WriteString(w, c.in[i:i+1]); err != nil {
					t.Fatal(err)
				}
			}
			if out.String() != c.want {
				t.Errorf("got %q, want %q", out.String(), c.want)
			}
		})
	}
}
