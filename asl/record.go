package asl

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/setmend/setmend/asl/internal/value"
)

// A record is a history event with what the interpreter
// needs besides, or a record of its own. The log is all the state there is:
// every change of an execution is a record that is applied, and recovery applies
// the same records by the same code. See apply.go. An entry of the log is an array
// of records: all that was written at once.
type record struct {
	Type     EventType       `json:"t"`
	ID       int64           `json:"i,omitempty"` // within the execution's history, from 1
	Previous int64           `json:"p,omitempty"`
	Exec     int             `json:"e,omitempty"` // 0, or the child of a distributed Map
	Frame    int             `json:"f,omitempty"` // what it happened to
	At       int64           `json:"a,omitempty"` // unix nanoseconds
	Name     string          `json:"n,omitempty"` // of the state, or of the execution
	Text     json.RawMessage `json:"x,omitempty"` // input, output, parameters or items
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

	// What the record means here; recovery works it out from the above.
	op   op
	data *data         // Text
	vars *value.Object // Vars
}

// append writes rec as JSON. It is by hand because it stands in the path of
// every transition.
func (rec *record) append(b []byte) []byte {
	b = append(b, `{"t":"`...)
	b = append(b, rec.Type...)
	b = append(b, '"')
	b = appendInt(b, `,"i":`, rec.ID)
	b = appendInt(b, `,"p":`, rec.Previous)
	b = appendInt(b, `,"e":`, int64(rec.Exec))
	b = appendInt(b, `,"f":`, int64(rec.Frame))
	b = appendInt(b, `,"a":`, rec.At)
	b = appendText(b, `,"n":`, rec.Name)
	b = appendJSON(b, `,"x":`, rec.Text)
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
	for _, rec := range records {
		if rec == nil || rec.Type == "" {
			return nil, fmt.Errorf("reading the records of an entry: one has no type")
		}
	}
	return records, nil
}
