package otto_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/setmend/setmend/awssim/otto"
)

// An operator with patience heals the whole fleet by hand, cell by cell: then
// Check has nothing to say, and before that it names every cell in turn.
func TestCheckIsContentWhenAllIsDoneAndNotBefore(t *testing.T) {
	l := fill(t, 20, 3)
	l.aws.Advance(minutes(20)) // somebody else's operation
	todo := map[otto.Cell]bool{}
	for _, p := range l.truth.Problems {
		if p.InPlace == otto.Healthy || p.InPlace == otto.Gone && p.Kind != otto.Displaced {
			todo[p.Cell] = true
		}
	}
	if wrong := l.truth.Check(l.aws, true); len(wrong) != len(todo) {
		t.Errorf("before healing Check finds %d cells wrong, want %d: %s", len(wrong), len(todo), strings.Join(wrong, "\n"))
	}
	for _, name := range l.truth.StackSets { // in order of dependence
		for _, p := range l.truth.Problems {
			if p.StackSet == name && todo[p.Cell] {
				l.mend(p)
			}
		}
	}
	if wrong := l.truth.Check(l.aws, true); len(wrong) > 0 {
		t.Errorf("after healing Check finds\n%s", strings.Join(wrong, "\n"))
	}
}

func (l *lab) mend(p otto.Problem) {
	l.t.Helper()
	switch p.Kind {
	case otto.Departed, otto.Suspended, otto.Closed:
		l.delete(p.Cell, true)
	case otto.Missing:
		l.create(p.Cell, nil)
	case otto.Failed, otto.Cancelled:
		l.update(p.Cell)
	case otto.Inoperable:
		l.redeploy(p.Cell, l.truth.Overrides[p.Cell])
	default:
		must(l.t, l.revert(p.Cell))
	}
}

func TestCheckFindsWhatAHealerShouldNotHaveDone(t *testing.T) {
	l := fill(t, 20, 3)
	l.aws.Advance(minutes(20))
	before := l.truth.Check(l.aws, false)
	p := l.one(otto.Unhealed)
	overridden := l.cellWithOverrides()
	l.delete(overridden, false)
	l.create(overridden, nil)
	l.delete(l.one(otto.Conflict).Cell, false)
	must(t, l.revert(p.Cell))
	after := l.truth.Check(l.aws, false)
	for _, text := range []string{"its overrides are map[] and were map[", "there is no instance", "it has no drifted stack any more"} {
		if !slices.ContainsFunc(after, func(s string) bool { return strings.Contains(s, text) && !slices.Contains(before, s) }) {
			t.Errorf("nothing is said of %q in\n%s", text, strings.Join(after, "\n"))
		}
	}
}

// cellWithOverrides is a healthy cell with overrides that nothing imports from.
func (l *lab) cellWithOverrides() otto.Cell {
	l.t.Helper()
	for _, c := range l.truth.Cells {
		_, wrong := l.truth.At(c)
		if len(l.truth.Overrides[c]) > 0 && !wrong && !slices.Contains(exporters, c.StackSet) {
			return c
		}
	}
	l.t.Fatal("no healthy instance has overrides")
	return otto.Cell{}
}
