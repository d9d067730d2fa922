package dashboard

import (
	"cmp"
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/plan"
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
		cell, ok := b.place[attentionCell(a)]
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

func (b *builder) group(a heal.Attention, key groupKey) group {
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

// decisionColumns are the run's decisions, oldest first. Numbers are places in
// the payload's lists, -1 for none; Time is in milliseconds since Start.
type decisionColumns struct {
	Count     int    `json:"count"`
	Start     int64  `json:"start"` // milliseconds since 1970
	Time      column `json:"time"`
	Set       column `json:"set"`
	Account   column `json:"account"`
	Region    column `json:"region"`
	Verdict   column `json:"verdict"`
	Reason    column `json:"reason"`
	Action    column `json:"action"`
	Outcome   column `json:"outcome"`
	Operation column `json:"operation"`
}

// decisions takes the newest MaxDecisions.
func (b *builder) decisions() {
	list := b.options.Decisions
	if most := b.options.maxDecisions(); len(list) > most {
		b.out.Omitted.Decisions = len(list) - most
		list = list[len(list)-most:]
	}
	for _, decision := range list {
		b.decision(decision)
	}
}

func (b *builder) decision(decision heal.Decision) {
	d, text := &b.out.Decisions, b.out.Texts.of
	at := decision.Time.UnixMilli()
	if d.Count == 0 {
		d.Start = at
	}
	verdict := -1
	if decision.Verdict != "" {
		verdict = b.verdict(decision.Verdict)
	}
	d.Count++
	d.Time = append(d.Time, int(at-d.Start))
	d.Set = append(d.Set, orNone(b.sets, decision.StackSet))
	d.Account = append(d.Account, orNone(b.accounts, decision.Account))
	d.Region = append(d.Region, orNone(b.out.Regions, fleet.Region(decision.Region)))
	d.Verdict = append(d.Verdict, verdict)
	d.Reason = append(d.Reason, text(decision.Reason))
	d.Action = append(d.Action, text(decision.Action))
	d.Outcome = append(d.Outcome, text(decision.Outcome))
	d.Operation = append(d.Operation, text(decision.OperationID))
}

// orNone numbers a name, -1 for an empty one.
func orNone[T ~string](d *dictionary[T], name T) int {
	if name == "" {
		return -1
	}
	return d.of(name)
}
