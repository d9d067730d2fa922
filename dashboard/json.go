package dashboard

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"reflect"
	"strings"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/report"
)

// JSON writes report.json as [ReportSchema] describes it. Lists that are empty
// are written as such, never as null. Every cell, action and stack set has a line
// of its own, so that line tools can be used on it and two reports compared.
func JSON(w io.Writer, r *report.Report) error {
	buffered := bufio.NewWriter(w)
	err := writeLines(buffered, reflect.ValueOf(*complete(r)))
	if err == nil {
		err = buffered.Flush()
	}
	if err != nil {
		return fmt.Errorf("writing report.json of run %s: %w", r.Run.ID, err)
	}
	return nil
}

// writeLines writes a struct as JSON, a field a line, and the elements of its
// lists a line each. Errors of writing show at the flush.
func writeLines(w *bufio.Writer, of reflect.Value) error {
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Type().Field(i).Tag.Get("json"), ",")
		separator := ","
		if i == 0 {
			separator = "{"
		}
		fmt.Fprintf(w, "%s\n %q: ", separator, name)
		if err := writeField(w, of.Field(i)); err != nil {
			return err
		}
	}
	_, err := w.WriteString("\n}\n")
	return err
}

func writeField(w *bufio.Writer, field reflect.Value) error {
	if field.Kind() != reflect.Slice || field.Len() == 0 {
		text, err := json.Marshal(field.Interface())
		_, _ = w.Write(text)
		return err
	}
	for i := range field.Len() {
		text, err := json.Marshal(field.Index(i).Interface())
		if err != nil {
			return err
		}
		separator := ","
		if i == 0 {
			separator = "["
		}
		fmt.Fprintf(w, "%s\n  %s", separator, text)
	}
	_, err := w.WriteString("]")
	return err
}

// complete is the report with its nil lists and maps made empty ones.
func complete(r *report.Report) *report.Report {
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

func completeActions(actions []report.Action) []report.Action {
	list := append([]report.Action{}, actions...)
	for i := range list {
		list[i].Accounts, list[i].Regions = orEmpty(list[i].Accounts), orEmpty(list[i].Regions)
	}
	return list
}

// DecisionsJSONL writes decisions.jsonl: one decision a line, each as
// [DecisionSchema] describes it, in the order given. It ends at the first error
// of the sequence, with what came before it written.
func DecisionsJSONL(w io.Writer, decisions iter.Seq2[report.Decision, error]) error {
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
