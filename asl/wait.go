package asl

import (
	"regexp"
	"sync"
	"time"

	"github.com/setmend/setmend/asl/internal/jsonpath"
	"github.com/setmend/setmend/asl/internal/value"
)

// wait lets time pass.
type wait struct {
	leaf
	seconds        amount
	timestamp      time.Time
	timestampPath  *jsonpath.Path
	timestampQuery *query
}

func loadWait(l *loader, s *state, f *fields) {
	w := &wait{}
	s.work = w
	s.transition(f)
	s.inputOutput(f)
	s.flow.assign = assign(f)
	if !f.onlyOne("Seconds", "Timestamp", "SecondsPath", "TimestampPath") {
		l.problem(f.path, "a Wait state must have Seconds, Timestamp, SecondsPath or TimestampPath")
	}
	if w.seconds = f.amount("Seconds", 0); w.seconds.constant > maxSeconds {
		f.problem("Seconds", "Seconds must be at most %d, not %d", maxSeconds, w.seconds.constant)
	}
	w.loadTimestamp(f)
}

func (w *wait) loadTimestamp(f *fields) {
	if !f.l.jsonata {
		w.timestampPath = f.reference("TimestampPath")
	} else if w.timestampQuery = f.queryOnly("Timestamp"); w.timestampQuery != nil {
		return
	}
	if text, ok := f.text("Timestamp"); ok {
		if w.timestamp, ok = parseTimestamp(text); !ok {
			f.problem("Timestamp", "%q is not an ISO-8601 extended offset date-time, such as 2026-11-20T12:00:00Z", text)
		}
	}
}

// start works out the deadline. It goes to the log, so that an interruption does
// not make the wait longer.
func (w *wait) start(r *run, f *frame) {
	deadline, fail := w.deadline(r, f)
	if fail != nil {
		r.fail(f, fail)
		return
	}
	if deadline <= r.now() {
		w.over(r, f)
		return
	}
	r.emit(f, &record{op: opWait, Type: recordWaiting, Until: deadline})
	w.arm(r, f)
}

func (w *wait) arm(r *run, f *frame) {
	r.sleep(f, f.until, func() { w.over(r, f) })
}

func (w *wait) resume(r *run, f *frame) { w.arm(r, f) }

func (w *wait) over(r *run, f *frame) {
	in, fail := r.input(f)
	if fail != nil {
		r.fail(f, fail)
		return
	}
	r.finish(f, in)
}

// deadline returns when the wait ends, in unix nanoseconds.
func (w *wait) deadline(r *run, f *frame) (int64, *failure) {
	in, fail := r.input(f)
	if fail != nil {
		return 0, fail
	}
	deadline := nanos(w.timestamp)
	switch {
	case w.timestampQuery != nil:
		deadline, fail = w.queriedTimestamp(r, f)
	case w.timestampPath != nil:
		deadline, fail = w.pathTimestamp(r, f, in)
	case w.seconds.given:
		var n int64
		n, fail = w.delay(r, f, in)
		deadline = f.entered + min(n, maxSeconds+1)*int64(time.Second)
	}
	if fail == nil && deadline-f.entered > maxSeconds*int64(time.Second) {
		fail = f.runtime(causeWaitTooLong)
	}
	return deadline, fail
}

// delay returns how many seconds to wait.
func (w *wait) delay(r *run, f *frame, in *data) (int64, *failure) {
	switch {
	case w.seconds.query != nil:
		n, err := w.seconds.evalQuery(r.scope(f, nil))
		if err != nil {
			return 0, f.broken(err)
		}
		if n < 0 {
			return 0, f.misused("Seconds", "The Seconds field is a negative value: %d", n)
		}
		return n, nil
	case w.seconds.path != nil:
		return w.pathSeconds(r, f, in)
	}
	return w.seconds.constant, nil
}

func (w *wait) pathSeconds(r *run, f *frame, in *data) (int64, *failure) {
	v, err := w.seconds.path.Eval(r.scope(f, in.v))
	if err != nil {
		return 0, f.runtime("The SecondsPath parameter does not reference an input value: %s", w.seconds.path)
	}
	number, ok := v.(value.Number)
	n, whole := number.Int64()
	switch {
	case !ok || !whole:
		return 0, f.runtime("The SecondsPath parameter cannot be parsed as a long value: %s == %s", w.seconds.path, plain(v))
	case n < 0:
		return 0, f.runtime("The SecondsPath parameter references a negative value: %s == %d", w.seconds.path, n)
	}
	return n, nil
}

func (w *wait) queriedTimestamp(r *run, f *frame) (int64, *failure) {
	v, err := w.timestampQuery.expect(r.scope(f, nil), "string")
	if err != nil {
		return 0, f.broken(err)
	}
	at, ok := parseTimestamp(plain(v))
	if !ok {
		return 0, f.misused("Timestamp", "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: %s", plain(v))
	}
	return nanos(at), nil
}

func (w *wait) pathTimestamp(r *run, f *frame, in *data) (int64, *failure) {
	v, err := w.timestampPath.Eval(r.scope(f, in.v))
	if err != nil {
		return 0, f.runtime("The TimestampPath parameter does not reference an input value: %s", w.timestampPath)
	}
	text, _ := v.(string)
	at, ok := parseTimestamp(text)
	if !ok {
		return 0, f.runtime("The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: %s == %s", w.timestampPath, plain(v))
	}
	return nanos(at), nil
}

// nanos is t in unix nanoseconds, as near as they reach.
func nanos(t time.Time) int64 {
	const reach = 1 << 62
	switch s := t.Unix(); {
	case s > reach/int64(time.Second):
		return reach
	case s < -reach/int64(time.Second):
		return -reach
	}
	return t.UnixNano()
}

// timestampForm is what time.Parse is too generous about: hours of two digits, a
// dot before the fraction, nine digits of it at most, offsets up to 18 hours.
var timestampForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^.{10}T\d\d:\d\d(:\d\d(\.\d{0,9})?)?(Z|[+-](0\d|1[0-7]):[0-5]\d|[+-]18:00)$`)
})

// parseTimestamp reads what Java's ISO_OFFSET_DATE_TIME reads (its documentation
// is what the message recorded on AWS quotes): RFC 3339 where the seconds may be
// missing. T and Z are capitals, as the specification has it.
func parseTimestamp(s string) (time.Time, bool) {
	if !timestampForm().MatchString(s) {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
