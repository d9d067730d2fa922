package dashboard

import (
	"slices"
	"strconv"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// actionRow is one call to AWS (or one decision without a call), its accounts and
// regions as places in the payload's lists. A report has an entry for every
// change set of an action; here those are one row.
type actionRow struct {
	report.Action
	StackSet int    `json:"stackSet"`
	Accounts column `json:"accounts"` // none where there are very many
	Reached  int    `json:"reached"`  // how many accounts
	Regions  column `json:"regions"`
	Tone     tone   `json:"tone"`
	// Open is set where the end is not known: no process was there to see it.
	Open bool `json:"open,omitempty"`

	seen [2]map[int]bool // accounts and regions
}

type actionKey struct {
	id        string
	deed      report.Deed
	operation string
}

// actions merges the report's entries into rows. An action may make several
// calls, a deletion and a creation at least: the first keeps the action's id, the
// others get a number, and who waited for the action waited for the last of them.
func (b *builder) actions() {
	rows := newDictionary[actionKey]()
	b.out.Actions = []actionRow{}
	for _, action := range b.report.Actions {
		i := rows.of(actionKey{action.ID, action.Action, action.OperationID})
		if i == len(b.out.Actions) {
			row := actionRow{Action: action, StackSet: b.sets.of(action.StackSet), Accounts: column{}, Regions: column{},
				seen: [2]map[int]bool{{}, {}}}
			row.Cells = 0
			b.out.Actions = append(b.out.Actions, row)
		}
		b.merge(&b.out.Actions[i], action)
	}
	for i := range b.out.Actions {
		b.finish(&b.out.Actions[i])
	}
	b.nameActions()
	b.out.Deeds = deedsOf(b.report)
}

// merge adds an entry to its row.
func (b *builder) merge(row *actionRow, action report.Action) {
	row.Cells += action.Cells
	if row.Outcome != action.Outcome {
		row.Outcome = report.OutcomePartial
	}
	if action.Outcome == report.OutcomeFailed {
		row.Reason = action.Reason
	}
	if !action.Started.IsZero() && action.Started.Before(row.Started) {
		row.Started = action.Started
	}
	if action.Ended.IsZero() || !row.Ended.IsZero() && action.Ended.After(row.Ended) {
		row.Ended = action.Ended
	}
	for _, id := range action.Accounts {
		row.Accounts = row.Accounts.with(b.accounts.of(id), row.seen[0])
	}
	for _, region := range action.Regions {
		row.Regions = row.Regions.with(b.out.Regions.of(region), row.seen[1])
	}
}

func (c column) with(value int, seen map[int]bool) column {
	if seen[value] {
		return c
	}
	seen[value] = true
	return append(c, value)
}

// mostNamed is of how many accounts at most a row says which: the cells' stories lead
// to the row all the same, and thousands of names in each of a hundred rows would be
// most of the page.
const mostNamed = 500

// finish sets the row's times to AWS's own where they are known: what was noticed only
// when a process came back had ended before. A row without a known end stays open.
func (b *builder) finish(row *actionRow) {
	slices.Sort(row.Accounts)
	if row.Reached = len(row.Accounts); row.Reached > mostNamed {
		row.Accounts = column{}
	}
	slices.Sort(row.Regions)
	row.Tone = toneOf(row.Outcome)
	if op, known := b.operations[row.OperationID]; known && row.OperationID != "" {
		row.Started = later(row.Started, op.Created)
		if !op.Ended.IsZero() && (row.Ended.IsZero() || op.Ended.Before(row.Ended)) {
			row.Ended = op.Ended
		}
	}
	row.Open = !row.Started.IsZero() && row.Ended.IsZero() && (!underWay(b.report) || !b.report.Run.CutOff.IsZero())
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// recentOperations returns the operations that AWS listed, by id.
func recentOperations(r *report.Report) map[string]fleet.Operation {
	known := map[string]fleet.Operation{}
	for _, set := range r.StackSets {
		for _, op := range set.Operations {
			known[op.ID] = op
		}
	}
	return known
}

// nameActions makes the rows' ids unique, and points After at rows.
func (b *builder) nameActions() {
	calls, last := map[string]int{}, map[string]string{}
	for i := range b.out.Actions {
		row := &b.out.Actions[i]
		id := row.ID
		if calls[id]++; calls[id] > 1 {
			row.ID += "~" + strconv.Itoa(calls[id])
		}
		last[id] = row.ID
	}
	for i := range b.out.Actions {
		row := &b.out.Actions[i]
		row.After = slices.Clone(row.After)
		for j, id := range row.After {
			if lastCall, ok := last[id]; ok {
				row.After[j] = lastCall
			}
		}
	}
}

// deed is how many cells a remedy was taken on, by what came of it.
type deed struct {
	Remedy  plan.Remedy    `json:"remedy"`
	Outcome report.Outcome `json:"outcome"`
	Tone    tone           `json:"tone"`
	Cells   int            `json:"cells"`
}

// deedsOf counts what a run did to cells, in the order in which it came to it. A
// redeployment is one deed, not a deletion and a creation, and looking for drift is
// none. The page and the metrics both count so.
func deedsOf(r *report.Report) []deed {
	type name struct {
		remedy  plan.Remedy
		outcome report.Outcome
	}
	recreated := map[string]bool{}
	for _, a := range r.Actions {
		recreated[a.ID] = recreated[a.ID] || a.Action == report.Deed(plan.RequestCreate)
	}
	places, list := map[name]int{}, []deed{}
	for _, a := range r.Actions {
		half := a.Remedy == plan.RemedyRedeploy && a.Action == report.Deed(plan.RequestDelete) && a.Outcome == report.OutcomeSucceeded && recreated[a.ID]
		if a.Remedy == "" || a.Remedy == plan.RemedyDetect || a.Action == report.Deed(plan.RequestDetect) || half {
			continue
		}
		key := name{a.Remedy, a.Outcome}
		i, known := places[key]
		if !known {
			i = len(list)
			places[key] = i
			list = append(list, deed{Remedy: a.Remedy, Outcome: a.Outcome, Tone: toneOf(a.Outcome)})
		}
		list[i].Cells += a.Cells
	}
	return list
}
