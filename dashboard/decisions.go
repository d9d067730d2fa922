package dashboard

import "github.com/setmend/setmend/report"

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

func (b *builder) decision(decision report.Decision) {
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
	d.Region = append(d.Region, orNone(b.out.Regions, decision.Region))
	d.Verdict = append(d.Verdict, verdict)
	d.Reason = append(d.Reason, text(decision.Reason))
	d.Action = append(d.Action, text(string(decision.Action)))
	d.Outcome = append(d.Outcome, text(string(decision.Outcome)))
	d.Operation = append(d.Operation, text(decision.OperationID))
}

// orNone numbers a name, -1 for an empty one.
func orNone[T ~string](d *dictionary[T], name T) int {
	if name == "" {
		return -1
	}
	return d.of(name)
}
