package awssim

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/faults"
	"github.com/setmend/setmend/awssim/internal/wire"
)

// The types of fault injection.
type (
	// FaultPlan is what is to go wrong: calls, and things that happen.
	FaultPlan = faults.Plan
	// Fault is a rule for calls to go wrong.
	Fault = faults.Rule
	// Change is something that happens to the world at a time.
	Change = faults.Change
	// ArmedFault is a fault in force with how often it matched and fired.
	ArmedFault = faults.Armed
)

// ParseFaults reads a fault plan from YAML or JSON, strictly.
func ParseFaults(text []byte) (FaultPlan, error) { return faults.Parse(text) }

// Inject puts a fault plan in force, after what is in force already. The times of
// its changes count from now.
func (a *AWS) Inject(plan FaultPlan) error {
	if err := plan.Check(); err != nil {
		return err
	}
	a.Lock()
	defer a.Unlock()
	for _, c := range plan.Changes {
		a.schedule(c, c.At, 1)
	}
	return a.faults.Add(plan.Faults...)
}

// ClearFaults takes all rules for calls out of force. Changes still happen.
func (a *AWS) ClearFaults() {
	a.Lock()
	defer a.Unlock()
	a.faults.Clear()
	a.recall = map[string]memory{}
}

// Faults lists the rules in force with their counts.
func (a *AWS) Faults() []ArmedFault {
	a.Lock()
	defer a.Unlock()
	return a.faults.List()
}

// faultFor is the rule that a request falls under, nil for none.
func (a *AWS) faultFor(x *exchange) *faults.Armed {
	if a.faults.Empty() {
		return nil
	}
	c := faults.Call{Service: x.call.Service, Action: x.call.Action, Caller: x.call.Caller.Account, Region: x.call.Region}
	if x.request != nil {
		c.Params = x.request.Params()
	} else {
		c.Action = x.http.Method
		c.Params = map[string]string{"Path": x.http.URL.Path, "Host": x.http.Host}
	}
	return a.faults.Next(c, a.world.Random())
}

func (x *exchange) does(kind string) bool { return x.fault != nil && x.fault.Do == kind }

// held puts a request off that is to be carried out late. It is carried out then
// even if the client has gone.
func (a *AWS) held(x *exchange) bool {
	if !x.does(faults.Hold) {
		return false
	}
	a.world.After(x.fault.Delay, func() { a.serve(x) })
	return true
}

// deliver hands the answer out, late or not at all if a fault says so.
func (a *AWS) deliver(x *exchange) *wire.Answer {
	if x.does(faults.Slow) || x.does(faults.Hold) {
		a.pause(x.http, x.fault.Delay)
	}
	if x.does(faults.Hold) {
		a.world.Serve(func() {}) // runs what is due, this request among it
	}
	if x.does(faults.Lose) {
		return nil
	}
	if x.answer == nil { // held, and the client went away before
		return plain(http.StatusServiceUnavailable, "the request is still held back")
	}
	return x.answer
}

// pause waits, at most as long as the client does.
func (a *AWS) pause(r *http.Request, d time.Duration) {
	over := make(chan struct{})
	stop := a.clock.AfterFunc(d, func() { close(over) })
	defer stop()
	select {
	case <-over:
	case <-r.Context().Done():
	}
}

// act runs the action as far as the fault in its way lets it.
func (a *AWS) act(x *exchange) (any, error) {
	invoke := x.service.Actions[x.call.Action].Invoke
	switch {
	case x.does(faults.Fail):
		return nil, x.fault.Error()
	case x.does(faults.Throttle):
		return nil, throttled(x.service)
	case x.does(faults.FailApplied):
		if _, err := invoke(x.call, x.decode); err != nil {
			return nil, err
		}
		return nil, x.fault.Error()
	}
	if err := a.authorize(x); err != nil {
		return nil, err
	}
	out, err := invoke(x.call, x.decode)
	if err == nil && x.does(faults.EmptyPage) {
		x.empty(out)
	}
	return out, err
}

// emptyToken marks the tokens of empty pages. What follows is the token that the
// page was asked for with.
const emptyToken = "sim-empty."

// decode fills the input; a token of an empty page is turned into the one before,
// and a short page is asked for where a fault wants one.
func (x *exchange) decode(in any) error {
	if err := x.request.Decode(in); err != nil {
		return err
	}
	v := reflect.ValueOf(in).Elem()
	if token := textField(v, "NextToken"); token.IsValid() {
		for strings.HasPrefix(token.String(), emptyToken) {
			token.SetString(strings.TrimPrefix(token.String(), emptyToken))
		}
		x.token = token.String()
	}
	if x.does(faults.CutPage) {
		cutPage(v)
	}
	return nil
}

// cutPage halves MaxResults, of ten if the request does not say.
func cutPage(in reflect.Value) {
	field := in.FieldByName("MaxResults")
	if field.Kind() != reflect.Pointer || !reflect.Zero(field.Type().Elem()).CanInt() {
		return
	}
	size := int64(10)
	if !field.IsNil() {
		size = field.Elem().Int()
	}
	number := reflect.New(field.Type().Elem())
	number.Elem().SetInt(max(size/2, 1))
	field.Set(number)
}

// empty takes a page's members away and has its token ask for the page again.
// Outputs without a token are left alone: they are no pages.
func (x *exchange) empty(out any) {
	v := reflect.ValueOf(out).Elem()
	token := v.FieldByName("NextToken")
	if !token.IsValid() {
		return
	}
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Slice && f.CanSet() {
			f.Set(reflect.MakeSlice(f.Type(), 0, 0))
		}
	}
	text := emptyToken + x.token
	if token.Kind() == reflect.Pointer {
		token.Set(reflect.ValueOf(&text))
		return
	}
	token.SetString(text)
}

// textField finds a string member, followed through a pointer; the zero Value if
// it is absent.
func textField(v reflect.Value, name string) reflect.Value {
	f := v.FieldByName(name)
	if f.Kind() == reflect.Pointer && !f.IsNil() {
		f = f.Elem()
	}
	if f.Kind() != reflect.String {
		return reflect.Value{}
	}
	return f
}

// memory is an answer kept to be given again.
type memory struct {
	at     time.Time
	answer *wire.Answer
}

// mostMemories bounds how many answers are kept for stale ones.
const mostMemories = 10_000

// recalled is the answer that the same request got before, where a fault wants
// stale ones and it is not too old; else nil.
func (a *AWS) recalled(x *exchange) *wire.Answer {
	if !x.does(faults.Stale) {
		return nil
	}
	old, ok := a.recall[x.key()]
	if !ok || a.world.Now().Sub(old.at) > x.fault.Delay {
		return nil
	}
	return old.answer
}

// remember keeps an answer where a fault wants stale ones.
func (a *AWS) remember(x *exchange) {
	if !x.does(faults.Stale) || len(a.recall) >= mostMemories {
		return
	}
	a.recall[x.key()] = memory{a.world.Now(), x.answer}
}

// key tells equal requests of one caller.
func (x *exchange) key() string {
	params := x.request.Params()
	names := make([]string, 0, len(params))
	for name, value := range params {
		names = append(names, name+"="+value)
	}
	slices.Sort(names)
	head := []string{x.call.Caller.ARN, x.call.Region, x.call.Service, x.call.Action}
	return strings.Join(append(head, names...), "\n")
}
