package plan

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/setmend/setmend/fleet"
)

// TextOptions say how a plan is printed.
type TextOptions struct {
	// All lists every target, instead of the first few of each call.
	All bool
}

// Text prints the plan for people: what stops it, then the actions by stage,
// level and stack set with their calls and reasons, then what is left and why,
// grouped by cause, then what it will cost.
func (p *Plan) Text(w io.Writer, options TextOptions) error {
	out := &printer{Writer: bufio.NewWriter(w), all: options.All}
	out.problems(p.Problems)
	out.trips(p.Trips)
	out.actions(p)
	out.left(p.Left)
	out.estimate(p)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("printing plan: %w", err)
	}
	return nil
}

type printer struct {
	*bufio.Writer // keeps the first error until Flush
	all           bool
}

func (out *printer) line(indent int, format string, values ...any) {
	fmt.Fprintf(out, "%s%s\n", strings.Repeat("  ", indent), printable(fmt.Sprintf(format, values...)))
}

// printable replaces control characters: reasons and names come from AWS and
// from whoever wrote a template, and must not steer the reader's terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

func (out *printer) problems(problems []Problem) {
	if len(problems) == 0 {
		return
	}
	out.line(0, "Configuration problems")
	for _, problem := range problems {
		effect := ""
		if problem.Stops {
			effect = " [stops " + string(problem.StackSet) + "]"
		}
		out.line(1, "%s%s", problem.Text, effect)
		out.line(2, "%s", problem.Hint)
	}
	out.line(0, "")
}

func (out *printer) trips(trips []Trip) {
	if !slices.ContainsFunc(trips, worthPrinting) {
		return
	}
	out.line(0, "Guards")
	for _, trip := range trips {
		if !worthPrinting(trip) {
			continue
		}
		scope := "the run"
		if trip.StackSet != "" {
			scope = string(trip.StackSet)
		}
		state := "stops"
		if trip.Waits {
			state = "holds back"
		}
		if trip.Accepted {
			state = "accepted for"
		}
		out.line(1, "%s %s %s: %s", trip.Guard, state, scope, trip.Reason)
		out.line(2, "%s", trip.Hint)
	}
	out.line(0, "")
}

// worthPrinting is false for what the problems say already.
func worthPrinting(trip Trip) bool { return trip.Guard != GuardConfiguration || trip.Accepted }

func (out *printer) actions(p *Plan) {
	if len(p.Actions) == 0 {
		out.line(0, "Nothing to do.")
		out.line(0, "")
		return
	}
	level := map[fleet.StackSetName]int{}
	for i, sets := range p.Levels {
		for _, set := range sets {
			level[set] = i + 1
		}
	}
	var stage Stage
	var set fleet.StackSetName
	for _, a := range p.Actions {
		if a.Stage != stage {
			stage, set = a.Stage, ""
			out.line(0, "Stage %s", stage)
		}
		if a.StackSet != set {
			set = a.StackSet
			out.line(1, "%s (level %d)", set, level[set])
		}
		out.action(a)
	}
	out.line(0, "")
}

func (out *printer) action(a Action) {
	out.line(2, "%s %s%s  [%s]", a.Rung, cellCount(len(a.Targets)), a.shape(), a.ID)
	out.line(3, "%s", a.Reason)
	for _, call := range a.Calls {
		out.line(3, "%s × %s", out.list(convert[string](call.Accounts), "account"), out.list(convert[string](call.Regions), "region"))
	}
	if len(a.OUs) > 0 {
		out.line(3, "within %s", out.list(convert[string](a.OUs), "OU"))
	}
	if len(a.Together) > 0 {
		out.line(3, "together with %s", strings.Join(convert[string](a.Together), ", "))
	}
	if len(a.After) > 0 {
		out.line(3, "after %s", strings.Join(a.After, ", "))
	}
}

// shape says in how many calls the action is made, and in which wave.
func (a Action) shape() string {
	switch {
	case a.Rung == RungQuarantine:
		return ""
	case a.Rung == RungRevert:
		return " one by one"
	case a.Wave > 0:
		return fmt.Sprintf(" in %s, wave %d", callCount(len(a.Calls)), a.Wave+1)
	}
	return " in " + callCount(len(a.Calls))
}

// list names a few things and counts the rest.
func (out *printer) list(names []string, noun string) string {
	const few = 4
	if out.all || len(names) <= few {
		return strings.Join(names, " ")
	}
	return fmt.Sprintf("%s … (%d %ss)", strings.Join(names[:few-1], " "), len(names), noun)
}

// left groups cells by stack set, verdict and normalised reason.
func (out *printer) left(left []Assessed) {
	if len(left) == 0 {
		return
	}
	type cause struct {
		verdict      Verdict
		reason, hint string
	}
	cells := map[cause][]Assessed{}
	var causes []cause
	for _, c := range left {
		key := cause{c.Verdict, Normalise(c.Reason), hintOf(c)}
		if cells[key] == nil {
			causes = append(causes, key)
		}
		cells[key] = append(cells[key], c)
	}
	slices.SortStableFunc(causes, func(x, y cause) int { return len(cells[y]) - len(cells[x]) })
	out.line(0, "Left as they are")
	for _, key := range causes {
		out.line(1, "%s %s: %s", cellCount(len(cells[key])), key.verdict, key.reason)
		if key.hint != "" {
			out.line(2, "%s", key.hint)
		}
		out.cells(cells[key])
	}
	out.line(0, "")
}

// hintOf is what comes next for a cell that is left.
func hintOf(c Assessed) string {
	if c.Rung != "" && !c.NotBefore.IsZero() {
		return fmt.Sprintf("Next comes %s, from %s on.", c.Rung, stamp(c.NotBefore))
	}
	return c.Hint
}

// cells lists the cells of one cause, a line for each stack set.
func (out *printer) cells(cells []Assessed) {
	targets := map[fleet.StackSetName][]fleet.Target{}
	for _, c := range cells {
		targets[c.StackSet] = append(targets[c.StackSet], c.Target)
	}
	for _, set := range fleet.SortedKeys(targets) {
		few := 3
		if out.all {
			few = len(targets[set])
		}
		out.line(2, "%s: %s", set, firstTargets(targets[set], few))
	}
}

func (out *printer) estimate(p *Plan) {
	e := p.Estimate
	if e.Operations > 0 {
		out.line(0, "%s, about %d API calls, about %s.", plural(e.Operations, "operation"), e.APICalls, minutes(e.Duration))
	}
	if e.Unavailable > 0 {
		out.line(0, "%s at most deleted and created again, each gone for up to %s.", plural(e.Unavailable, "instance"), minutes(e.UnavailableFor))
	}
	out.line(0, "Plan %s", p.Hash[:min(12, len(p.Hash))])
}

func minutes(d time.Duration) string {
	if d == 0 {
		return "0 minutes"
	}
	return plural(int((d+time.Minute-1)/time.Minute), "minute")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func cellCount(n int) string { return plural(n, "cell") }
func callCount(n int) string { return plural(n, "call") }

// firstTargets names the first few targets and counts the rest.
func firstTargets(targets []fleet.Target, few int) string {
	var words []string
	for i, t := range targets {
		if i == few {
			words = append(words, fmt.Sprintf("and %d more", len(targets)-few))
			break
		}
		words = append(words, t.String())
	}
	return strings.Join(words, ", ")
}
