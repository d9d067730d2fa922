package dashboard

import (
	"cmp"
	"slices"

	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// group is the cells that need a person for what is, names and numbers aside,
// the same reason.
type group struct {
	Reason  int    `json:"reason"` // normalised; places in Texts
	Example int    `json:"example"`
	Class   int    `json:"class"`
	Hint    int    `json:"hint"`
	Verdict int    `json:"verdict"` // the worst of the cells'
	Cells   column `json:"cells"`
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
			continue // about no cell: the guards and problems say it
		}
		i := keys.of(groupKey{a.Class, normal(a.Reason)})
		if i == len(b.out.Groups) {
			b.out.Groups = append(b.out.Groups, b.group(a, keys.values[i]))
		}
		g := &b.out.Groups[i]
		g.Verdict = b.worse(g.Verdict, b.verdict(a.Verdict))
		g.Hint = cmp.Or(g.Hint, b.out.Texts.of(a.Hint))
		g.Cells = append(g.Cells, cell)
	}
	slices.SortStableFunc(b.out.Groups, func(x, y group) int {
		return cmp.Or(cmp.Compare(b.severity(y.Verdict), b.severity(x.Verdict)), cmp.Compare(len(y.Cells), len(x.Cells)))
	})
}

func (b *builder) group(a report.Finding, key groupKey) group {
	text := b.out.Texts.of
	return group{Reason: text(key.reason), Example: text(a.Reason), Class: text(string(a.Class)),
		Hint: text(a.Hint), Verdict: b.verdict(a.Verdict), Cells: column{}}
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
