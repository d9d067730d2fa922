package otto

import (
	"slices"
	"strings"
	"time"
)

// Cell is a stack set at an account and region.
type Cell struct{ StackSet, Account, Region string }

func (c Cell) compare(d Cell) int {
	return slices.Compare([]string{c.StackSet, c.Account, c.Region}, []string{d.StackSet, d.Account, d.Region})
}

// Kind is what is wrong with a cell.
type Kind string

const (
	// Departed: the account left the organization, its instance is still there.
	Departed Kind = "departed"
	// Suspended and Closed: the account is, and its instance is still there.
	Suspended Kind = "suspended"
	Closed    Kind = "closed"
	// PendingClosure: the account is being closed. Nothing may be done yet.
	PendingClosure Kind = "pending closure"
	// Missing: the account joined lately and lacks a mandatory instance.
	Missing Kind = "missing"
	// Changed and Deleted: somebody changed or deleted a resource by hand.
	Changed Kind = "changed by hand"
	Deleted Kind = "deleted by hand"
	// Failed: an operation failed there, for a reason that has passed. Cancelled:
	// the same operation had not got there when it was given up.
	Failed    Kind = "failed"
	Cancelled Kind = "cancelled"
	// Inoperable: a deletion failed, for a reason that has passed.
	Inoperable Kind = "inoperable"
	// Protected: a deletion failed, for the stack has termination protection.
	Protected Kind = "termination protected"
	// Denied: a service control policy denies the deployment, for good.
	Denied Kind = "denied"
	// Flapping: it drifts again after every heal.
	Flapping Kind = "flapping"
	// Masked: it has drifted, and one of its overrides is NoEcho, so that nobody
	// can save it. Only a revert in place keeps it.
	Masked Kind = "masked override"
	// Unhealed: it has drifted, and its stack set is not to be healed.
	Unhealed Kind = "not to be healed"
	// Conflict: two stack sets that must never meet are both there.
	Conflict Kind = "conflict"
	// Displaced: it is mandatory, but another stack set is there that it must
	// never meet, so it is rightly not there.
	Displaced Kind = "displaced"
	// Mended: the last check says DRIFTED, but somebody has put it right since.
	Mended Kind = "mended since"
)

// Outcome is how a cell should end.
type Outcome string

const (
	// Healthy: there is a CURRENT instance with the stack set's template and the
	// overrides it had, and no resource has drifted.
	Healthy Outcome = "healthy"
	// Gone: there is no instance.
	Gone Outcome = "gone"
	// Untouched: nothing was done to it.
	Untouched Outcome = "untouched"
	// Attention: nothing could be done; it is as it was, or as bad, with the
	// overrides it had, and a person is told.
	Attention Outcome = "attention"
)

// Problem is one thing that is wrong.
type Problem struct {
	Cell
	Kind   Kind
	Expect Outcome
	// InPlace is how it should end where the healer may revert drift in place, by
	// change sets in the members' accounts; the same as Expect for most.
	InPlace Outcome
	// Resource is the logical id that was changed or deleted, Pointer the JSON
	// pointer to what was changed.
	Resource, Pointer string
	// Reason is AWS's text about it, where there is one.
	Reason string
	// Known tells that the last drift check found it.
	Known bool
}

// Truth is what Fill did, for tests.
type Truth struct {
	Management string
	HomeRegion string
	Regions    []string
	StackSets  []string // in order of dependence
	// Accounts by what they are, without the management account and in order.
	Active, Joined, Suspended, Closed, PendingClosure []string
	// Departed are not in the organization any more.
	Departed []string
	// Cells are all that have an instance, sorted.
	Cells []Cell
	// Problems are sorted by cell; no cell has two.
	Problems []Problem
	// Overrides are those of every instance that has any, by parameter.
	Overrides map[Cell]map[string]string
	// Foreign is the stack set that somebody else's operation runs on, Operation
	// its id, and Until about when it ends.
	Foreign   string
	Operation string
	Until     time.Time
}

// Of lists the problems of the kinds, or all without one.
func (t *Truth) Of(kinds ...Kind) []Problem {
	var list []Problem
	for _, p := range t.Problems {
		if len(kinds) == 0 || slices.Contains(kinds, p.Kind) {
			list = append(list, p)
		}
	}
	return list
}

// Hopeless lists the problems that only a person can solve, for a healer that may
// revert in place or may not.
func (t *Truth) Hopeless(inPlace bool) []Problem {
	var list []Problem
	for _, p := range t.Problems {
		if inPlace && p.InPlace == Attention || !inPlace && p.Expect == Attention {
			list = append(list, p)
		}
	}
	return list
}

// At finds what is wrong with a cell.
func (t *Truth) At(c Cell) (Problem, bool) {
	i, found := slices.BinarySearchFunc(t.Problems, c, func(p Problem, c Cell) int { return p.Cell.compare(c) })
	if !found {
		return Problem{}, false
	}
	return t.Problems[i], true
}

// String summarizes the truth, one kind a line.
func (t *Truth) String() string {
	counts := map[Kind]int{}
	for _, p := range t.Problems {
		counts[p.Kind]++
	}
	var b strings.Builder
	for _, kind := range kinds {
		if counts[kind] > 0 {
			b.WriteString(padded(string(kind), counts[kind]))
		}
	}
	return b.String()
}

// kinds lists all of them in the order of a summary.
var kinds = []Kind{
	Departed, Suspended, Closed, PendingClosure, Missing, Displaced, Conflict, Changed, Deleted, Unhealed,
	Masked, Flapping, Mended, Failed, Cancelled, Inoperable, Protected, Denied,
}
