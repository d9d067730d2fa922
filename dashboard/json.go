package dashboard

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
)

// JSON writes report.json as [ReportSchema] describes it. Lists that are empty
// are written as such, never as null.
func JSON(w io.Writer, r *heal.Report) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(complete(r)); err != nil {
		return fmt.Errorf("writing report.json of run %s: %w", r.Run.ID, err)
	}
	return nil
}

// complete is the report with its nil lists and maps made empty ones.
func complete(r *heal.Report) *heal.Report {
	c := *r
	c.Actions, c.Attention, c.Guards = completeActions(r.Actions), orEmpty(r.Attention), orEmpty(r.Guards)
	c.StackSets, c.Accounts, c.Cells = orEmpty(r.StackSets), orEmpty(r.Accounts), orEmpty(r.Cells)
	c.Levels, c.Problems, c.History = orEmpty(r.Levels), orEmpty(r.Problems), orEmpty(r.History)
	if c.OUs == nil {
		c.OUs = map[fleet.OUID]fleet.OU{}
	}
	if c.Fleet.Accounts == nil {
		c.Fleet.Accounts = map[string]int{}
	}
	if c.API.ByAction == nil {
		c.API.ByAction = map[string]int{}
	}
	return &c
}

func completeActions(actions []heal.ActionReport) []heal.ActionReport {
	list := append([]heal.ActionReport{}, actions...)
	for i := range list {
		list[i].Accounts, list[i].Regions = orEmpty(list[i].Accounts), orEmpty(list[i].Regions)
	}
	return list
}

// DecisionsJSONL writes decisions.jsonl: one decision a line, each as
// [DecisionSchema] describes it, in the order given. It ends at the first error
// of the sequence, with what came before it written.
func DecisionsJSONL(w io.Writer, decisions iter.Seq2[heal.Decision, error]) error {
	buffered := bufio.NewWriter(w)
	encoder := json.NewEncoder(buffered)
	for decision, err := range decisions {
		if err == nil {
			err = encoder.Encode(decision)
		}
		if err != nil {
			_ = buffered.Flush() // the error at hand says more than this one would
			return fmt.Errorf("writing decisions.jsonl: %w", err)
		}
	}
	return buffered.Flush()
}
