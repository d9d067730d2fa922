package dashboard

import (
	"slices"
	"strconv"

	"github.com/setmend/setmend/report"
)

// actionRow is one call to AWS (or one decision without a call), its accounts and
// regions as places in the payload's lists. A report has an entry for every
// change set of an action; here those are one row.
type actionRow struct {
	report.Action
	StackSet int    `json:"stackSet"`
	Accounts column `json:"accounts"`
	Regions  column `json:"regions"`
}

type actionKey struct{ id, action, operation string }

// actions merges the report's entries into rows. An action may make several
// calls, a deletion and a creation at least: the first keeps the action's id, the
// others get a number, and who waited for the action waited for the last of them.
func (b *builder) actions() {
	rows := newDictionary[actionKey]()
	b.out.Actions = []actionRow{}
	for _, action := range b.report.Actions {
		i := rows.of(actionKey{action.ID, string(action.Action), action.OperationID})
		if i == len(b.out.Actions) {
			row := actionRow{Action: action, StackSet: b.sets.of(action.StackSet), Accounts: column{}, Regions: column{}}
			row.Cells = 0
			b.out.Actions = append(b.out.Actions, row)
		}
		b.merge(&b.out.Actions[i], action)
	}
	b.nameActions()
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
		row.Accounts = row.Accounts.with(b.accounts.of(id))
	}
	for _, region := range action.Regions {
		row.Regions = row.Regions.with(b.out.Regions.of(region))
	}
}

func (c column) with(value int) column {
	if slices.Contains(c, value) {
		return c
	}
	return append(c, value)
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
