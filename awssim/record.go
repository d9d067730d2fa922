package awssim

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/wire"
)

// Stats is how much an AWS was asked.
type Stats struct {
	// Calls counts requests by "service:Action", refused ones included.
	Calls map[string]int `json:"calls"`
	// Writes counts the calls that change something and were not refused.
	Writes int `json:"writes"`
	// Throttled counts requests refused for their rate.
	Throttled int `json:"throttled"`
}

// Total is the number of calls.
func (s Stats) Total() int {
	n := 0
	for _, count := range s.Calls {
		n += count
	}
	return n
}

// WriteCall is one call to change something, for tests that ask what was done.
type WriteCall struct {
	Time    time.Time      `json:"time"`
	Service string         `json:"service"`
	Action  string         `json:"action"`
	Caller  core.Principal `json:"caller"`
	Region  string         `json:"region"`
	// Params are the input's members by dotted name; lists of scalars are joined
	// by commas. Texts over 256 bytes are cut.
	Params map[string]string `json:"params"`
	// Code is the error's, "" for success.
	Code string `json:"code,omitempty"`
}

// mostWrites is how many writes are remembered, so that an AWS that is served for
// weeks does not grow.
const mostWrites = 100_000

// record is what has been counted. The world's lock guards it.
type record struct {
	calls     map[string]int
	writes    []WriteCall // the last mostWrites
	done      int         // writes that were not refused
	throttled int
}

// write remembers a call to change something.
func (r *record) write(w WriteCall) {
	if len(r.writes) == mostWrites {
		r.writes = slices.Delete(r.writes, 0, mostWrites/2)
	}
	r.writes = append(r.writes, w)
	if w.Code == "" {
		r.done++
	}
}

// Stats counts the calls since the start or the last ResetStats.
func (a *AWS) Stats() Stats {
	a.Lock()
	defer a.Unlock()
	return Stats{Calls: maps.Clone(a.record.calls), Writes: a.record.done, Throttled: a.record.throttled}
}

// Writes lists the calls to change something since the start or the last
// ResetStats, refused ones included, in order. Of very many, the oldest are gone.
func (a *AWS) Writes() []WriteCall {
	a.Lock()
	defer a.Unlock()
	return slices.Clone(a.record.writes)
}

// ResetStats forgets what was counted.
func (a *AWS) ResetStats() {
	a.Lock()
	defer a.Unlock()
	a.record = record{calls: map[string]int{}}
}

func (r *record) note(x *exchange, err error) {
	c := x.call
	action, known := x.service.Actions[c.Action]
	if !known {
		return // a caller could otherwise fill memory with names
	}
	r.calls[c.Service+":"+c.Action]++
	code := ""
	if err != nil {
		code = wire.AsError(err).Code
	}
	switch code {
	case "Throttling", "ThrottlingException", "TooManyRequestsException":
		r.throttled++
	}
	if action.Write {
		r.write(WriteCall{c.Now(), c.Service, c.Action, c.Caller, c.Region, x.request.Params(), code})
	}
}

// noteRaw counts a call of a service that reads requests itself and sets the
// call's action when it has made it out.
func (r *record) noteRaw(x *exchange, status int) {
	c := x.call
	if c.Action == "" {
		return
	}
	r.calls[c.Service+":"+c.Action]++
	if x.http.Method == http.MethodGet || x.http.Method == http.MethodHead {
		return
	}
	code := ""
	if status >= 400 {
		code = strconv.Itoa(status)
	}
	params := map[string]string{"Path": x.http.URL.Path, "Host": x.http.Host}
	r.write(WriteCall{c.Now(), c.Service, c.Action, c.Caller, c.Region, params, code})
}
