package main

import (
	"strings"
	"testing"
)

func TestMarkedLinesAreColouredOnlyWhereThereAreColours(t *testing.T) {
	for _, c := range []struct {
		on   bool
		want string
	}{
		{false, "plain\n  hint: look\nall is well\n"},
		{true, "plain\n  \x1b[2mhint: look\x1b[0m\n\x1b[32mall is well\x1b[0m\n"},
	} {
		var out strings.Builder
		w := colouring(&out, c.on)
		for _, part := range []string{"plain\n  " + markFaint, "hint: look\n", markGood + "all is well\n"} {
			if _, err := w.Write([]byte(part)); err != nil {
				t.Fatal(err)
			}
		}
		if out.String() != c.want {
			t.Errorf("colours %t: %q, want %q", c.on, out.String(), c.want)
		}
	}
}

func TestWhatOthersWroteCannotColourALine(t *testing.T) {
	if got := oneLine(markBad + "ok\x1b[31m"); got != "ok[31m" {
		t.Errorf("got %q", got)
	}
}

func TestNoColoursAreWrittenToWhatIsNoTerminal(t *testing.T) {
	var out strings.Builder
	a := &app{stdout: &out, getenv: func(string) string { return "" }}
	if a.colours(a.stdout) {
		t.Error("a buffer has colours")
	}
}
