package asl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/setmend/setmend/asl/internal/value"
)

// A record is a history event with what the interpreter
// needs besides, or a record of its own. The log is all the state there is:
// every change of an execution is a record that is applied, and recovery applies
// the same records by the same code. See apply.go. An entry of the log is an array
// of records: all that was written at once. What a record says in it is told by
// [sequence].
type record struct {
	Type     EventType       `json:"t"`
	ID       int64           `json:"i,omitempty"` // within the execution's history, from 1
	Previous int64           `json:"p,omitempty"`
	Exec     int             `json:"e,omitempty"` // 0, or the child of a distributed Map
	Frame    int             `json:"f,omitempty"` // what it happened to
	At       int64           `json:"a,omitempty"` // unix nanoseconds
	Name     string          `json:"n,omitempty"` // of the state, or of the execution
	Text     json.RawMessage `json:"x,omitempty"` // input, output, parameters or items
	Same     bool            `json:"s,omitempty"` // in the log: Text is that of the record before
	Vars     json.RawMessage `json:"v,omitempty"` // assigned
	Next     string          `json:"nx,omitempty"`
	Error    string          `json:"er,omitempty"`
	Cause    string          `json:"ca,omitempty"`
	Resource string          `json:"rs,omitempty"`
	Token    string          `json:"tk,omitempty"`
	Index    int             `json:"k,omitempty"`  // of a branch, an item or a retrier
	Child    int             `json:"c,omitempty"`  // the first frame that this begins
	Length   int             `json:"l,omitempty"`  // of a Map's items
	Until    int64           `json:"u,omitempty"`  // deadline, unix nanoseconds
	Beat     int64           `json:"hb,omitempty"` // deadline of the heartbeat, likewise
	Hash     string          `json:"h,omitempty"`
	Location string          `json:"lo,omitempty"` // of a query that failed
	Role     string          `json:"ro,omitempty"` // that a task takes on

	// What the record means here; recovery works it out from the above.
	op   op
	data *data         // Text
	vars *value.Object // Vars
}

// gaps are what stands in the log for the id and the predecessor of rec.
func (q *sequence) gaps(rec *record) (id, previous int64) {
	if rec.Type.private() {
		return 0, 0
	}
	return rec.ID - q.id - 1, rec.ID - rec.Previous - 1
}

// pass goes past rec.
func (q *sequence) pass(rec *record) {
	q.at = rec.At
	if !rec.Type.private() {
		q.id = rec.ID
	}
	if rec.Text != nil {
		q.text = rec.Text
	}
}

// append writes rec as JSON. It is by hand because it stands in the path of
// every transition.
func (rec *record) append(b []byte, q *sequence) []byte {
	id, previous := q.gaps(rec)
	b = append(b, `{"t":"`...)
	b = append(b, rec.Type...)
	b = append(b, '"')
	b = appendInt(b, `,"i":`, id)
	b = appendInt(b, `,"p":`, previous)
	b = appendInt(b, `,"e":`, int64(rec.Exec))
	b = appendInt(b, `,"f":`, int64(rec.Frame))
	b = appendInt(b, `,"a":`, rec.At-q.at)
	b = appendText(b, `,"n":`, rec.Name)
	if rec.Text != nil && bytes.Equal(rec.Text, q.text) {
		b = append(b, `,"s":true`...)
	} else {
		b = appendJSON(b, `,"x":`, rec.Text)
	}
	b = appendJSON(b, `,"v":`, rec.Vars)
	b = appendText(b, `,"nx":`, rec.Next)
	b = appendText(b, `,"er":`, rec.Error)
	b = appendText(b, `,"ca":`, rec.Cause)
	b = appendText(b, `,"rs":`, rec.Resource)
	b = appendText(b, `,"tk":`, rec.Token)
	b = appendInt(b, `,"k":`, int64(rec.Index))
	b = appendInt(b, `,"c":`, int64(rec.Child))
	b = appendInt(b, `,"l":`, int64(rec.Length))
	b = appendInt(b, `,"u":`, rec.Until)
	b = appendInt(b, `,"hb":`, rec.Beat)
	b = appendText(b, `,"h":`, rec.Hash)
	b = appendText(b, `,"lo":`, rec.Location)
	b = appendText(b, `,"ro":`, rec.Role)
	q.pass(rec)
	return append(b, '}')
}

func appendInt(b []byte, key string, n int64) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(append(b, key...), n, 10)
}

func appendText(b []byte, key, s string) []byte {
	if s == "" {
		return b
	}
	return value.AppendString(append(b, key...), s)
}

func appendJSON(b []byte, key string, text []byte) []byte {
	if text == nil {
		return b
	}
	return append(append(b, key...), text...)
}

// parseRecords reads an entry of a log.
func parseRecords(entry []byte) ([]*record, error) {
	var records []*record
	if err := json.Unmarshal(entry, &records); err != nil {
		return nil, fmt.Errorf("reading the records of an entry: %w", err)
	}
	var q sequence
	for _, rec := range records {
		if rec == nil || rec.Type == "" {
			return nil, fmt.Errorf("reading the records of an entry: one has no type")
		}
		q.complete(rec)
	}
	return records, nil
}

// complete fills in what rec has left out.
func (q *sequence) complete(rec *record) {
	if !rec.Type.private() {
		rec.ID += q.id + 1
		rec.Previous = rec.ID - rec.Previous - 1
	}
	rec.At += q.at
	if rec.Same {
		rec.Text = q.text
	}
	q.pass(rec)
}

// An op is what a record changes, apart from being an event of the history.
type op int

const (
	opNone     op = iota
	opBegin       // an execution, with its first frame
	opEnter       // a state
	opWait        // until a deadline
	opRetry       // at a deadline
	opSchedule    // a task
	opSubmit      // the function has returned, the token is awaited
	opBeat        // the task is alive
	opCalled      // the task is over
	opBranches    // begin
	opItems       // were read
	opItemsEnd    // and are all
	opMap         // begins
	opIterate     // one item begins
	opIterated    // one item is over
	opDisband     // the family is over
	opExit        // a state
	opEnd         // an execution
)

// ops tells recovery what a record that it reads changes.
func (rec *record) operation() op {
	switch rec.Type {
	case ExecutionStarted:
		return opBegin
	case recordWaiting:
		return opWait
	case recordRetrying:
		return opRetry
	case LambdaFunctionScheduled, TaskScheduled, ActivityScheduled:
		return opSchedule
	case TaskSubmitted:
		return opSubmit
	case recordHeartbeat:
		return opBeat
	case LambdaFunctionSucceeded, LambdaFunctionFailed, LambdaFunctionTimedOut,
		TaskSucceeded, TaskFailed, TaskTimedOut,
		ActivitySucceeded, ActivityFailed, ActivityTimedOut:
		return opCalled
	case ParallelStateStarted:
		return opBranches
	case recordItems:
		return opItems
	case recordItemsEnd:
		return opItemsEnd
	case MapStateStarted:
		return opMap
	case MapIterationStarted:
		return opIterate
	case MapIterationSucceeded, MapIterationFailed, MapIterationAborted:
		return opIterated
	case ParallelStateSucceeded, ParallelStateFailed, MapStateSucceeded, MapStateFailed:
		return opDisband
	case ExecutionSucceeded, ExecutionFailed, ExecutionTimedOut, ExecutionAborted:
		return opEnd
	}
	return rec.stateOperation()
}

func (rec *record) stateOperation() op {
	for _, k := range kinds {
		switch rec.Type {
		case EventType(k + "StateEntered"):
			return opEnter
		case EventType(k + "StateExited"):
			return opExit
		}
	}
	return opNone
}

func (rec *record) assigned() []value.Member {
	if rec.vars == nil {
		return nil
	}
	return rec.vars.Members()
}

func statusOf(t EventType) Status {
	switch t {
	case ExecutionSucceeded:
		return StatusSucceeded
	case ExecutionTimedOut:
		return StatusTimedOut
	case ExecutionAborted:
		return StatusAborted
	}
	return StatusFailed
}

// event is the record as the history shows it.
func (rec *record) event() Event {
	ev := Event{
		ID: rec.ID, PreviousID: rec.Previous, Type: rec.Type, Time: time.Unix(0, rec.At).UTC(),
		Name: rec.Name, Error: rec.Error, Cause: rec.Cause, Resource: rec.Resource, Variables: rec.Vars,
		Location: rec.Location, Role: rec.Role,
	}
	switch rec.operation() {
	case opBegin, opEnter:
		ev.Input = rec.Text
	case opSchedule:
		ev.Parameters = rec.Text
	case opBranches, opIterate: // what they hold besides is for recovery
	default:
		ev.Output = rec.Text
	}
	switch rec.Type {
	case MapIterationStarted, MapIterationSucceeded, MapIterationFailed, MapIterationAborted:
		ev.Index = &rec.Index
	case MapStateStarted:
		ev.Length = &rec.Length
	}
	return ev
}

// decode works out what the log's text means.
func (rec *record) decode() (err error) {
	rec.op = rec.operation()
	if rec.Text != nil {
		if rec.data, err = recordedData(rec.Text); err != nil {
			return err
		}
	}
	if rec.Vars != nil {
		vars, err := recordedData(rec.Vars)
		if err != nil {
			return err
		}
		rec.vars, _ = vars.v.(*value.Object)
	}
	return nil
}
