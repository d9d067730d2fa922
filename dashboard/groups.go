package dashboard

import (
	"cmp"
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// group is the cells that need a person for what is, names and numbers aside, the same
// reason. It is worded from one of them: what a pattern leaves out is no help to read.
type group struct {
	Pattern string `json:"pattern"` // the same in the next report; never shown
	Reason  int    `json:"reason"`  // the example's, in our words; places in Texts
	Said    int    `json:"said"`    // the example's, in AWS's
	Where   int    `json:"where"`
	Class   int    `json:"class"`
	Hint    int    `json:"hint"`
	Verdict int    `json:"verdict"` // the worst of the cells'
	Differ  bool   `json:"differ"`  // the other cells' reasons differ from the example's in particulars
	Example int    `json:"example"` // the cell that words it
	Cells   column `json:"cells"`   // in order
	Next    []next `json:"next"`

	said string // the example's reason, whole
}

// next is what a person can do about a finding: a command to copy and, where a live
// page has a button for it, what the button does.
type next struct {
	Does    string `json:"does"` // in a few words
	Command string `json:"command"`
	// Cell has the command end with a cell's stack set, account and region: those of
	// the cell that is looked at.
	Cell    bool `json:"cell,omitempty"`
	Release bool `json:"release,omitempty"` // a server can do it: release every cell of the group
}

type groupKey struct {
	class  plan.ReasonClass
	reason string
}

// groups gathers what needs a person by class and normalised reason, worst
// first: by the worst verdict, then by the number of cells.
func (b *builder) groups() {
	keys, normal := newDictionary[groupKey](), b.normaliser()
	b.out.Groups = []group{}
	for _, a := range b.report.Attention {
		cell, ok := b.place[a.Cell]
		if !ok {
			b.loose = append(b.loose, a)
			continue
		}
		i := keys.of(groupKey{a.Class, normal(a.Reason)})
		if i == len(b.out.Groups) {
			b.out.Groups = append(b.out.Groups, b.group(a, keys.values[i], cell))
		}
		g := &b.out.Groups[i]
		g.Verdict = b.worse(g.Verdict, b.verdict(a.Verdict))
		g.Hint = cmp.Or(g.Hint, b.out.Texts.of(a.Hint))
		g.Differ = g.Differ || a.Reason != g.said
		g.Cells = append(g.Cells, cell)
	}
	for i := range b.out.Groups {
		slices.Sort(b.out.Groups[i].Cells)
	}
	slices.SortStableFunc(b.out.Groups, func(x, y group) int {
		return cmp.Or(cmp.Compare(b.severity(y.Verdict), b.severity(x.Verdict)), cmp.Compare(len(y.Cells), len(x.Cells)))
	})
}

func (b *builder) group(a report.Finding, key groupKey, cell int) group {
	text := b.out.Texts.of
	where, said := resourceOf(a.Said)
	ours := plan.Assessed{Reason: a.Reason, Said: a.Said}.Ours()
	return group{Pattern: string(key.class) + "|" + key.reason, Reason: text(ours), Said: text(said), Where: text(where), Class: text(string(a.Class)),
		Hint: text(a.Hint), Verdict: b.verdict(a.Verdict), Example: cell, Cells: column{}, Next: nextFor(a.Cell, a.Verdict, a.Class), said: a.Reason}
}

// nextFor returns the commands that resolve a finding, the likeliest first.
func nextFor(cell fleet.Cell, verdict plan.Verdict, class plan.ReasonClass) []next {
	explain := next{Does: "See all that is known of it", Command: "setmend explain", Cell: true}
	release := next{Does: "Have the next heal try it again", Command: "setmend quarantine release", Cell: true, Release: true}
	switch {
	case class == plan.ReasonAccountGone:
		return []next{explain}
	case verdict == plan.Quarantined, verdict == plan.Blocked && class.Outside():
		return []next{release, explain}
	case verdict == plan.NotChecked:
		return []next{{Does: "Have AWS check it again", Command: "setmend heal --stackset " + shellWord(string(cell.StackSet))}, explain}
	}
	return []next{explain, {Does: "Heal again, once the cause is gone", Command: "setmend heal --stackset " + shellWord(string(cell.StackSet))}}
}

// shellWord quotes what a shell would take for more than a word: names are untrusted,
// and the command is meant to be pasted.
func shellWord(s string) string {
	for _, c := range s {
		if c != '-' && c != '_' && c != '.' && c != '/' && c != ':' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return quoted(s)
		}
	}
	if s == "" || s[0] == '-' {
		return quoted(s)
	}
	return s
}

// normaliser remembers what it has answered: one cause brings the same text from
// many cells.
func (b *builder) normaliser() func(string) string {
	normalise, known := b.options.Normalise, map[string]string{}
	if normalise == nil {
		normalise = plan.Normalise
	}
	return func(reason string) string {
		if _, ok := known[reason]; !ok {
			known[reason] = normalise(reason)
		}
		return known[reason]
	}
}

func (b *builder) worse(x, y int) int {
	if b.severity(y) > b.severity(x) {
		return y
	}
	return x
}

// severity ranks a verdict by plan.Verdicts, which lists the worst last.
func (b *builder) severity(verdict int) int {
	return slices.Index(plan.Verdicts[:], b.out.Verdicts.values[verdict]) // -1 for one of our own
}
