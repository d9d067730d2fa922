package main

import (
	"strings"
	"testing"

	"github.com/setmend/setmend/asl"
)

func TestALineOfProgressFitsTheTerminal(t *testing.T) {
	for width, want := range map[int]string{0: "…", 1: "…", 8: "123456…", 9: "1234567…", 10: "123456789"} {
		if got := cut("123456789", width); got != want {
			t.Errorf("in %d columns %q, want %q", width, got, want)
		}
	}
}

func TestProgressNamesTheRunOnceAndOnlyWhenItIsThere(t *testing.T) {
	var shown strings.Builder
	p := newWorkflowProgress(&shown, "r")
	p.end()
	if shown.String() != "" {
		t.Errorf("of a run that is not there, %q is told", &shown)
	}
	p.begin()
	p.Happened("r", asl.Event{Type: "PassStateEntered", Name: "A"})
	p.Happened("r", asl.Event{Type: "PassStateEntered", Name: "B"})
	if got := strings.Count(shown.String(), "run r\n"); got != 1 || !strings.HasPrefix(shown.String(), "run r\n") {
		t.Errorf("told: %q", &shown)
	}
}
