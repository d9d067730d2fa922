package asl

import (
	"math"
	"slices"
	"time"

	"github.com/setmend/setmend/asl/internal/jsonpath"
	"github.com/setmend/setmend/asl/internal/value"
)

// A retrier is one entry of Retry.
type retrier struct {
	errors   []string
	interval time.Duration // before the first retry; 1 s
	attempts int           // at most; 3
	rate     float64       // by which the interval grows; 2
	longest  time.Duration // MaxDelaySeconds, 0 is none
	jitter   bool          // JitterStrategy FULL
}

// A catcher is one entry of Catch.
type catcher struct {
	path     string
	errors   []string
	next     *state
	nextName string
	result   *jsonpath.Path
	noResult bool
	assign   *template
	outputs  *template // Output, with JSONata
}

// retryAndCatch reads Retry and Catch.
func (s *state) retryAndCatch(f *fields) {
	f.each("Retry", "a retrier", func(f *fields) { s.retry = append(s.retry, loadRetrier(f)) })
	f.each("Catch", "a catcher", func(f *fields) { s.catch = append(s.catch, loadCatcher(f)) })
	for i, t := range s.retry {
		checkAll(f, element(f.at("Retry"), i), t.errors, i == len(s.retry)-1)
	}
	for i, c := range s.catch {
		checkAll(f, element(f.at("Catch"), i), c.errors, i == len(s.catch)-1)
	}
}

// checkAll: States.ALL stands alone, and last.
func checkAll(f *fields, path string, errors []string, last bool) {
	if !slices.Contains(errors, errorAll) {
		return
	}
	if len(errors) > 1 {
		f.l.problem(path+".ErrorEquals", "States.ALL must stand alone")
	}
	if !last {
		f.l.problem(path+".ErrorEquals", "States.ALL must stand in the last entry")
	}
}

const (
	maxRetries   = 99_999_999
	longestDelay = 31_622_400 // of MaxDelaySeconds; it may be shorter than the interval
)

func loadRetrier(f *fields) *retrier {
	t := &retrier{interval: time.Second, attempts: 3, rate: 2}
	_ = f.comment()
	t.errors = f.strings("ErrorEquals")
	if n, ok := f.integer("IntervalSeconds", 1); ok {
		t.interval = seconds(n)
	}
	if n, ok := f.integer("MaxAttempts", 0); ok {
		if n > maxRetries {
			f.problem("MaxAttempts", "MaxAttempts must be at most %d, not %d", maxRetries, n)
		}
		t.attempts = int(min(n, maxRetries))
	}
	if rate, ok := f.number("BackoffRate"); ok {
		t.rate = rate.Float64()
		if !(t.rate >= 1) || math.IsInf(t.rate, 0) {
			f.problem("BackoffRate", "BackoffRate must be at least 1.0, not %s", rate)
		}
	}
	if n, ok := f.integer("MaxDelaySeconds", 1); ok {
		t.longest = seconds(n)
		if n > longestDelay {
			f.problem("MaxDelaySeconds", "MaxDelaySeconds must be at most %d, not %d", longestDelay, n)
		}
	}
	if strategy, ok := f.text("JitterStrategy"); ok {
		t.jitter = strategy == "FULL"
		if !slices.Contains([]string{"FULL", "NONE"}, strategy) {
			f.l.suggest(f.at("JitterStrategy"), nearest(strategy, []string{"FULL", "NONE"}), "JitterStrategy must be FULL or NONE, not %q", strategy)
		}
	}
	return t
}

func loadCatcher(f *fields) *catcher {
	c := &catcher{path: f.path}
	_ = f.comment()
	c.errors = f.strings("ErrorEquals")
	c.nextName, _ = f.text("Next")
	if !f.has("Next") {
		f.l.problem(f.path, "Next is missing")
	}
	c.assign = assign(f)
	if f.l.jsonata {
		c.outputs = f.template("Output")
		return c
	}
	c.result, c.noResult = wholePath(f, "ResultPath")
	if c.result != nil && !c.result.Reference() {
		f.problem("ResultPath", "ResultPath must be a reference path into the input, and %q is not", c.result)
	}
	return c
}

// seconds is n seconds, as far as a time.Duration reaches.
func seconds(n int64) time.Duration { return time.Duration(min(n, maxSeconds)) * time.Second }

// matches tells whether names, an ErrorEquals, cover a failure.
func matches(names []string, fail *failure) bool {
	for _, name := range names {
		switch {
		case name == fail.name:
			return true
		case name == errorAll:
			return fail.name != ErrorDataLimitExceeded || fail.answered
		case name == ErrorTaskFailed && fail.name != ErrorTimeout:
			return true
		case name == ErrorHeartbeatTimeout && fail.heartbeat:
			return true
		}
	}
	return false
}

// retrier finds the retrier that applies to a failure: the first that matches,
// if it has attempts left.
func (f *frame) retrier(fail *failure) int {
	for i, t := range f.state.retry {
		if !matches(t.errors, fail) {
			continue
		}
		used := 0
		if f.attempts != nil {
			used = f.attempts[i]
		}
		if used < t.attempts {
			return i
		}
		return -1
	}
	return -1
}

// delay is the time before the retry after n earlier ones.
func (t *retrier) delay(n int, random func(int64) int64) time.Duration {
	d := float64(t.interval) * math.Pow(t.rate, float64(n))
	if t.longest > 0 {
		d = min(d, float64(t.longest))
	}
	delay := time.Duration(min(d, float64(maxSeconds)*float64(time.Second)))
	if t.jitter && delay > 0 {
		delay = time.Duration(random(int64(delay) + 1))
	}
	return delay
}

// retryLater starts the state's work again after the retrier's delay. The
// deadline and so the jitter are in the log.
func (r *run) retryLater(f *frame, i int) {
	n := 0
	if f.attempts != nil {
		n = f.attempts[i]
	}
	delay := f.state.retry[i].delay(n, r.draw().Int64N)
	r.emit(f, &record{op: opRetry, Type: recordRetrying, Index: i, Until: r.now() + int64(delay)})
	r.armRetry(f)
}

func (r *run) armRetry(f *frame) {
	r.sleep(f, f.until, func() { f.state.work.start(r, f) })
}

// fail deals with the failure of the state that f is in, when the family of f,
// if it had one, has been dealt with: retry, catch, or fail what f is a part of.
func (r *run) fail(f *frame, fail *failure) {
	r.tellEvaluation(f, fail)
	if fail.fatal {
		r.failExecution(f, fail)
		return
	}
	if i := f.retrier(fail); i >= 0 {
		r.retryLater(f, i)
		return
	}
	r.failForGood(f, fail)
}

// tellEvaluation tells of a query that could not be evaluated, once.
func (r *run) tellEvaluation(f *frame, fail *failure) {
	if fail.location == "" {
		return
	}
	rec := &record{Type: EvaluationFailed, Name: f.state.name, Location: fail.location, Error: fail.name, Cause: fail.cause}
	if fail.early {
		if rec.Previous = f.before; rec.Previous == 0 {
			rec.Previous = noEvent
		}
	}
	r.emit(f, rec)
	fail.location = ""
}

// failForGood is fail without retry. Recorded on AWS: a Map says that it has
// failed even where it has not begun, because a query of its could not be
// evaluated.
func (r *run) failForGood(f *frame, fail *failure) {
	if f.family != nil || fail.name == ErrorQueryEvaluation && f.state.kind == KindMap {
		r.emit(f, &record{op: opDisband, Type: EventType(f.state.kind + "StateFailed"), Error: fail.name, Cause: fail.cause})
	}
	for _, c := range f.state.catch {
		if matches(c.errors, fail) {
			r.catch(f, c, fail)
			return
		}
	}
	r.failFrame(f, fail)
}

// catch goes on with the state that a catcher names. OutputPath does not count.
func (r *run) catch(f *frame, c *catcher, fail *failure) {
	caught := newData(value.NewObject(
		value.Member{Name: "Error", Value: fail.name},
		value.Member{Name: "Cause", Value: fail.cause},
	))
	s := r.scope(f, caught.v)
	s.caught = caught
	if f.state.jsonata {
		if fail := r.conclude(f, s, caught, c.assign, c.outputs, c.next); fail != nil {
			r.failFrame(f, fail)
		}
		return
	}
	assigned, runtime := r.assigned(f, c.assign, s)
	if runtime == nil {
		var output *data
		output, runtime = r.placed(f, caught, c.result, c.noResult)
		if runtime == nil {
			runtime = r.leave(f, output, assigned, c.next)
		}
	}
	if runtime != nil {
		r.failFrame(f, runtime)
	}
}

// failFrame fails what f is a part of.
func (r *run) failFrame(f *frame, fail *failure) {
	r.tellEvaluation(f, fail)
	if fail.fatal || f == f.exec.root {
		r.failExecution(f, fail)
		return
	}
	if f.state.kind == KindTask { // recorded on AWS, of the task whose failure ends a branch or an iteration
		r.emit(f, &record{Type: EventType(KindTask + "StateAborted"), Name: f.state.name})
	}
	f.parent.state.work.(parent).childFailed(r, f.parent, f, fail)
}

func (r *run) failExecution(f *frame, fail *failure) {
	r.endExecution(f, &record{Type: ExecutionFailed, Error: fail.name, Cause: fail.cause})
}
