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
	"github.com/setmend/setmend/plan/policy"
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
	out.guards(p.Guards)
	out.actions(p)
	out.unhandled(p.Unhandled)
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
// from the authors of templates, and must not steer the reader's terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

func (out *printer) problems(problems []policy.Problem) {
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

func (out *printer) guards(hits []GuardHit) {
	if !slices.ContainsFunc(hits, worthPrinting) {
		return
	}
	out.line(0, "Guards")
	for _, hit := range hits {
		if !worthPrinting(hit) {
			continue
		}
		scope := "the run"
		if hit.StackSet != "" {
			scope = string(hit.StackSet)
		}
		state := "stops"
		if hit.Waits {
			state = "holds back"
		}
		if hit.Accepted {
			state = "accepted for"
		}
		out.line(1, "%s %s %s: %s", hit.Guard, state, scope, hit.Reason)
		out.line(2, "%s", hit.Hint)
	}
	out.line(0, "")
}

// worthPrinting is false for what the problems say already.
func worthPrinting(hit GuardHit) bool { return hit.Guard != GuardConfiguration || hit.Accepted }

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
	out.line(2, "%s %s%s  [%s]", a.Remedy, a.extent(), a.shape(), a.ID)
	out.line(3, "%s", a.Reason)
	for _, r := range a.Requests {
		out.request(a, r)
	}
	if a.Furthest.Harsher(a.Remedy) {
		out.line(3, "where that fails: up to %s", a.Furthest)
	}
	for _, d := range a.Destroys {
		out.line(3, "%s", d)
	}
	if len(a.Together) > 0 {
		out.line(3, "together with %s", strings.Join(texts(a.Together), ", "))
	}
	if len(a.After) > 0 {
		out.line(3, "after %s", strings.Join(a.After, ", "))
	}
}

// request prints what is sent, on one line.
func (out *printer) request(a Action, r Request) {
	of := ""
	if r.StackSet != a.StackSet {
		of = " of " + string(r.StackSet) + ":"
	}
	if r.Kind == RequestDetect {
		return
	}
	text := fmt.Sprintf("%s%s %s × %s", r.Kind, of, out.list(texts(r.Accounts), "account"), out.list(texts(r.Regions), "region"))
	if len(r.OUs) > 0 {
		text += " within " + out.list(texts(r.OUs), "OU")
	}
	switch {
	case r.Restores:
		text += ", with the overrides saved before"
	case r.RetainStacks:
		text += ", stacks stay"
	case len(r.Overrides) > 0:
		text += ", with " + plural(len(r.Overrides), "override") + " saved earlier"
	case r.Role != "":
		text += " through " + r.Role
	}
	out.line(3, "%s", text)
}

// extent is how much the action is for.
func (a Action) extent() string {
	if a.Remedy == RemedyDetect {
		return "drift of " + plural(a.Requests[0].Instances, "instance")
	}
	return cellCount(len(a.Targets))
}

// shape says in how many requests the action is made, and in which wave.
func (a Action) shape() string {
	switch {
	case a.Remedy == RemedyQuarantine || a.Remedy == RemedyDetect:
		return ""
	case a.Remedy == RemedyRevert || a.Remedy == RemedyContinue:
		return " one by one"
	case a.Wave > 0:
		return fmt.Sprintf(" in %s, wave %d", plural(len(a.Requests), "request"), a.Wave+1)
	}
	return " in " + plural(len(a.Requests), "request")
}

// String is the destruction as a clause.
func (d Destruction) String() string {
	text := ""
	switch d.Kind {
	case DestroysData:
		text = fmt.Sprintf("may destroy data in %s of %s", plural(d.Cells, "stack"), d.StackSet)
		if d.LogicalID == "" {
			break
		}
		text = fmt.Sprintf("destroys %s (%s) in %s of %s", d.LogicalID, d.ResourceType, plural(d.Cells, "stack"), d.StackSet)
	case DestroysDependent:
		text = fmt.Sprintf("takes along %s of %s", plural(d.Cells, "stack"), d.StackSet)
	default:
		text = fmt.Sprintf("deletes %s of %s", plural(d.Cells, "stack"), d.StackSet)
	}
	if d.Note != "" {
		text += ": " + d.Note
	}
	return text
}

func texts[S ~string](list []S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

// list names a few things and counts the rest.
func (out *printer) list(names []string, noun string) string {
	const few = 4
	if out.all || len(names) <= few {
		return strings.Join(names, " ")
	}
	return fmt.Sprintf("%s … (%d %ss)", strings.Join(names[:few-1], " "), len(names), noun)
}

// unhandled groups cells by stack set, verdict and normalised reason.
func (out *printer) unhandled(left []Assessed) {
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
	out.line(0, "Not handled")
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
	if c.Remedy != "" && !c.NotBefore.IsZero() {
		return fmt.Sprintf("Next comes %s, from %s on.", c.Remedy, stamp(c.NotBefore))
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
	if p.Unchecked > 0 {
		out.line(0, "For %s drift is unknown, or was checked too long ago.", cellCount(p.Unchecked))
	}
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
