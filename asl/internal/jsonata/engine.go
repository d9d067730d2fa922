package jsonata

import (
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"
	"unicode/utf16"

	"github.com/dlclark/regexp2/v2"
	"github.com/dop251/goja"

	"github.com/setmend/setmend/asl/internal/intrinsic"
)

// official is the engine as its authors publish it (npm jsonata 2.0.6, MIT
// licence in official/LICENSE): the version that Step Functions supports.
//
//go:embed official/jsonata-2.0.6.min.js
var official string

//go:embed guard.js
var guard string

// bounds are what one evaluation may use. AWS does not publish its own; these are
// far beyond what makes a result of 256 KiB.
type bounds struct {
	steps int           // nodes of the expression that are evaluated
	live  int           // evaluations that wait for others within them
	size  int           // characters and items that are made
	time  time.Duration // of the wall
}

var standardBounds = bounds{steps: 250_000, live: 5_000, size: 10_000_000, time: 10 * time.Second}

const (
	maxStack  = 2_000           // JavaScript calls within one another
	maxRegexp = 2 * time.Second // of one match that backtracks
	maxParsed = 1_000           // expressions that a runtime keeps
)

// maxRange is the most items of the range operator, instead of the engine's ten
// million.
const maxRange = "1e6"

// boundedFunctions are the engine's functions whose results are counted.
var boundedFunctions = []string{
	"string", "substring", "substringBefore", "substringAfter", "lowercase", "uppercase", "trim", "pad",
	"match", "replace", "split", "join", "formatNumber", "formatBase", "formatInteger", "keys", "lookup",
	"append", "spread", "merge", "reverse", "shuffle", "distinct", "zip", "base64encode", "base64decode",
	"encodeUrlComponent", "encodeUrl", "decodeUrlComponent", "decodeUrl", "fromMillis", "clone",
}

// A task is something to do with a runtime.
type task struct {
	evaluate bool
	source   string
	names    []string // of the variables
	texts    []string // their values, as JSON
	host     Host
	now      time.Time // asked by the caller, whose time may be virtual
}

// A reply is what became of a task.
type reply struct {
	status   string // value, undefined, unsupported or error
	text     string // of a value, as JSON
	code     string // of an error
	message  string
	position int
	err      error // the runtime itself failed
}

// A worker is a goroutine with a runtime of its own. Workers are started outside
// of whatever calls them: so their time is that of the wall, which bounds an
// evaluation also where the caller's time is virtual (testing/synctest).
type worker struct {
	tasks   chan task
	replies chan reply
}

// ready hands out idle workers.
var ready = make(chan *worker)

func init() {
	regexp2.DefaultMatchTimeout = maxRegexp
	go hire(min(runtime.GOMAXPROCS(0), 8))
}

// hire starts a worker when one is asked for and none is idle, up to most.
func hire(most int) {
	for range most {
		w := &worker{tasks: make(chan task), replies: make(chan reply)}
		ready <- w
		go w.work()
	}
}

// do has a worker do t, and waits for it.
func do(t task) reply {
	w := <-ready
	w.tasks <- t
	return <-w.replies
}

// work does tasks for as long as the process lives. A runtime in which something
// was cut short is not used again.
func (w *worker) work() {
	var e *engine
	for {
		t := <-w.tasks
		var r reply
		if e == nil {
			e, r.err = newEngine(standardBounds)
		}
		if r.err == nil {
			r = e.do(t)
		}
		if r.err != nil || r.code == codeLimit {
			e = nil
		}
		w.replies <- r
		ready <- w
	}
}

// codeLimit marks the errors of guard.js.
const codeLimit = "LIMIT"

// An engine is one JavaScript runtime with JSONata in it. It belongs to one
// goroutine.
type engine struct {
	runtime  *goja.Runtime
	parse    goja.Callable
	evaluate goja.Callable
	bounds   bounds
	alarm    alarm     // rings when the time of a task is up
	host     Host      // of the task
	now      time.Time // of the task
}

// An alarm calls ring once d has passed. stop ends it: after that ring is not
// called any more, and no call of it is under way.
type alarm func(d time.Duration, ring func()) (stop func())

func wallAlarm(d time.Duration, ring func()) (stop func()) {
	rung := make(chan struct{})
	timer := time.AfterFunc(d, func() { defer close(rung); ring() })
	return func() {
		if !timer.Stop() {
			<-rung // what rings late would end the next task
		}
	}
}

// programs are the engine and its guard, compiled once for all runtimes.
var programs = sync.OnceValues(func() (p struct{ engine, guard *goja.Program }, err error) {
	bounded := strings.Replace(official, "1e7", maxRange, 1)
	if bounded == official {
		return p, errors.New("the bound of the range operator is not where it is expected")
	}
	if p.engine, err = goja.Compile("jsonata.js", bounded, false); err == nil {
		p.guard, err = goja.Compile("guard.js", guard, false)
	}
	return p, err
})

func newEngine(b bounds) (*engine, error) {
	e := &engine{runtime: goja.New(), bounds: b, alarm: wallAlarm}
	if err := e.load(); err != nil {
		return nil, fmt.Errorf("loading the JSONata engine: %w", err)
	}
	return e, nil
}

func (e *engine) load() error {
	compiled, err := programs()
	if err != nil {
		return err
	}
	rt := e.runtime
	rt.SetMaxCallStackSize(maxStack)
	rt.SetTimeSource(func() time.Time { return e.now })
	rt.SetRandSource(func() float64 { return e.host.Random().Float64() })
	if _, err := rt.RunProgram(compiled.engine); err != nil {
		return err
	}
	install, err := rt.RunProgram(compiled.guard)
	if err != nil {
		return err
	}
	call, _ := goja.AssertFunction(install)
	if err := rt.Set("window", map[string]any{"btoa": btoa, "atob": atob}); err != nil {
		return err
	}
	guarded, err := call(nil, rt.Get("jsonata"), rt.ToValue(e.hostObject()))
	if err != nil {
		return err
	}
	o := guarded.ToObject(rt)
	e.parse, _ = goja.AssertFunction(o.Get("parse"))
	e.evaluate, _ = goja.AssertFunction(o.Get("evaluate"))
	closeEngine, _ := goja.AssertFunction(o.Get("close"))
	_, err = closeEngine(nil)
	return err
}

// hostObject is all that JavaScript can reach of this process.
func (e *engine) hostObject() map[string]any {
	return map[string]any{
		"limits": map[string]any{
			"steps": e.bounds.steps, "live": e.bounds.live, "size": e.bounds.size, "parsed": maxParsed,
		},
		"functions": boundedFunctions,
		"stop":      func(message string) { e.runtime.Interrupt(message) },
		"uuid":      func() string { return intrinsic.NewUUID(e.host.Random()) },
		"seeded":    func(seed float64) float64 { return intrinsic.SeededFloat(int64(seed)) },
		"hash": func(text, algorithm string) string { // "" is an algorithm that there is not
			digest, _ := intrinsic.Digest(text, algorithm)
			return digest
		},
	}
}

// do does one task, within the bounds.
func (e *engine) do(t task) reply {
	e.host, e.now = t.host, t.now
	defer func() { e.host = nil }()
	stop := e.alarm(e.bounds.time, func() { e.runtime.Interrupt(fmt.Sprintf("The expression takes longer than %s", e.bounds.time)) })
	defer func() {
		stop()
		e.runtime.ClearInterrupt()
	}()
	if !t.evaluate {
		v, err := e.parse(nil, e.runtime.ToValue(t.source))
		return e.reply(v, err)
	}
	v, err := e.evaluate(nil, e.runtime.ToValue(t.source), e.runtime.ToValue(t.names), e.runtime.ToValue(t.texts))
	if err != nil {
		return e.reply(nil, err)
	}
	result, _ := goja.AssertFunction(v) // the promises were settled when the call returned
	v, err = result(nil)
	return e.reply(v, err)
}

// reply reads what guard.js returns.
func (e *engine) reply(v goja.Value, err error) reply {
	if err != nil {
		return reply{status: "error", code: codeLimit, message: limitMessage(err)}
	}
	o := v.ToObject(e.runtime)
	text := func(name string) string {
		if m := o.Get(name); m != nil && !goja.IsUndefined(m) {
			return m.String()
		}
		return ""
	}
	r := reply{status: text("status"), text: text("text"), code: text("code"), message: text("message")}
	if p := o.Get("position"); p != nil {
		r.position = int(p.ToInteger())
	}
	if r.status == "pending" {
		return reply{status: "error", code: codeLimit, message: "The evaluation did not come to an end"}
	}
	return r
}

// limitMessage says which bound an evaluation has met.
func limitMessage(err error) string {
	var interrupted *goja.InterruptedError
	var overflow *goja.StackOverflowError
	switch {
	case errors.As(err, &interrupted):
		return fmt.Sprint(interrupted.Value())
	case errors.As(err, &overflow):
		return "The expression is nested or recursive beyond what an evaluation may be"
	}
	return err.Error()
}

// btoa is that of a browser: each character is one byte, of which it keeps the
// lower eight bits, as Node does.
func btoa(s string) string {
	var b []byte
	for _, c := range utf16.Encode([]rune(s)) {
		b = append(b, byte(c))
	}
	return base64.StdEncoding.EncodeToString(b)
}

// atob is the reverse of btoa. Like Node, it leaves out what is not base64.
func atob(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '-':
			return '+'
		case r == '_':
			return '/'
		case r == '+', r == '/', r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z':
			return r
		}
		return -1
	}, s)
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil { // a digit by itself at the end
		b, _ = base64.RawStdEncoding.DecodeString(s[:len(s)/4*4])
	}
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}
