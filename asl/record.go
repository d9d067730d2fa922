package asl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

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

// A sequence is the place between two records of an entry. A record leaves out
// what follows from the one before: its id is told as how many were skipped, its
// predecessor as how many lie between, its time as the time since, and a text
// that is the same again as "s". A log is mostly these.
type sequence struct {
	id, at int64
	text   []byte
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
