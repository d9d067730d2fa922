package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/fleet"
)

// Answer is a person's yes to a guard. It holds for what was seen: for the numbers,
// with a margin, and for a time.
type Answer struct {
	By string `json:"by,omitempty"`
	// Until is when it ends, on the clock that the guard is asked by; zero for the run
	// that it was given with.
	Until time.Time `json:"until,omitzero"`
	// Numbers are what the guard had counted.
	Numbers Numbers `json:"numbers,omitzero"`
	// Beforehand is set if it was given before anything was seen. It then holds for
	// what each guard finds first, which First remembers by the guard's id.
	Beforehand bool               `json:"beforehand,omitempty"`
	First      map[string]Numbers `json:"first,omitempty"`
}

// Covers reports whether the answer holds for the guard as it was hit, at a time.
func (a Answer) Covers(hit GuardHit, now time.Time) bool {
	if !a.Until.IsZero() && !now.Before(a.Until) {
		return false
	}
	seen, known := a.seen(hit)
	return !known || hit.Numbers.Of <= seen.Of+max(1, seen.Of/marginShare)
}

// marginShare is the part of what was approved by which it may grow: a tenth. One
// more is always within the margin.
const marginShare = 10

// seen returns the numbers that the answer was given for, and false if there are none
// yet.
func (a Answer) seen(hit GuardHit) (Numbers, bool) {
	if !a.Beforehand {
		return a.Numbers, true
	}
	n, known := a.First[hit.Guard.Of(hit.StackSet)]
	return n, known
}

// Accepts returns the hit as it is with a person's answers: accepted, or with what
// was approved and is exceeded in its reason.
func (m *Memory) Accepts(hit GuardHit, now time.Time) GuardHit {
	if !hit.Guard.Acceptable() {
		return hit
	}
	answers := slices.Clone(m.Accepted[hit.Guard.Of(hit.StackSet)])
	if hit.StackSet != "" {
		answers = append(answers, m.Accepted[string(hit.Guard)]...)
	}
	if slices.ContainsFunc(answers, func(a Answer) bool { return a.Covers(hit, now) }) {
		hit.Accepted = true
		return hit
	}
	for _, a := range answers {
		if seen, known := a.seen(hit); known && (a.Until.IsZero() || now.Before(a.Until)) {
			hit.Found = hit.Reason
			hit.Reason += fmt.Sprintf(" %d of %d were approved by %s; now there are %d.", seen.Of, seen.All, cmp.Or(a.By, "an unnamed person"), hit.Numbers.Of)
			break
		}
	}
	return hit
}

// Acceptable reports whether a person's word opens the guard. The others open when
// their cause is gone.
func (g Guard) Acceptable() bool { return slices.Contains(acceptable, g) }

var acceptable = []Guard{GuardOrganizationShrank, GuardMassDrift, GuardMassRemoval, GuardQuietHours, GuardCanary, GuardUnavailable, GuardRollout}

// opensItself says when each guard opens that cannot be accepted.
var opensItself = map[Guard]string{
	GuardIncompleteInventory: "it opens when the organization is read whole, with its management account",
	GuardExternalOperation:   "it opens when the operation has ended",
	GuardLease:               "it opens when the other healer has ended",
	GuardChangedMeanwhile:    "the stage plans anew by itself",
	GuardInstanceQuota:       "it opens when others' operations have ended",
	GuardConfiguration:       "it opens when tags and policy agree; `setmend doctor` lists what is wrong",
	GuardMaskedOverride:      "the stack's deletion would lose a value that AWS does not tell; name a memberRole, so that drift is reverted in place",
}

// AcceptError is the error for an answer given beforehand that cannot be taken.
type AcceptError struct {
	Answer string // as it was given
	Why    string
	// Unknown is the name of a guard or stack set that there is not, with those that
	// there are.
	Unknown string
	Known   []string
}

func (e *AcceptError) Error() string { return fmt.Sprintf("accepting %s: %s", e.Answer, e.Why) }

// CheckAccept returns an [*AcceptError] if an answer given beforehand, as "guard" or
// "guard:stackset", cannot be taken: the guard or the stack set is unknown, or the
// guard is not one that a person's word opens. With sets nil the stack set is not
// looked at.
func CheckAccept(answer string, sets []fleet.StackSetName) error {
	name, set, named := strings.Cut(answer, ":")
	guard := Guard(name)
	if why, known := opensItself[guard]; known {
		return &AcceptError{Answer: answer, Why: fmt.Sprintf("no answer opens the guard %s; %s", name, why)}
	}
	if !guard.Acceptable() {
		return &AcceptError{Answer: answer, Why: fmt.Sprintf("there is no guard %q", name), Unknown: name, Known: nameTexts(acceptable)}
	}
	switch {
	case !named:
		return nil
	case guard == GuardOrganizationShrank:
		return &AcceptError{Answer: answer, Why: fmt.Sprintf("%s concerns the whole run; accept it without a stack set", name)}
	case sets != nil && !slices.Contains(sets, fleet.StackSetName(set)):
		return &AcceptError{Answer: answer, Why: fmt.Sprintf("there is no stack set %q", set), Unknown: set, Known: nameTexts(sets)}
	}
	return nil
}

func nameTexts[T ~string](names []T) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = string(name)
	}
	return list
}
