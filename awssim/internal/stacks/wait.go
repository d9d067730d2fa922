package stacks

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// waitType is the resource type that has a stack wait for signals.
const waitType = "AWS::CloudFormation::WaitCondition"

// waiting is a wait condition, or a new resource with a CreationPolicy, that has not
// got its signals yet.
type waiting struct {
	count   int
	signals map[string]string // by unique id
	timer   *core.Timer
	end     func(why string)
	take    func(id, status string) // nil: a wait condition's, of which the first failure counts
}

// waiter makes wait conditions: they are made when enough signals have come, and
// fail when one says so or their time is over.
type waiter struct{ engine *Engine }

var _ Maker = waiter{}

// byItself is when what refers to a wait condition's handle signals: an instance
// that has booted, say. Nothing runs in the embedded AWS, so it is taken to succeed.
const byItself = 30 * time.Second

func (w waiter) Make(r Request, done func(string, map[string]any, string)) {
	e := w.engine
	s := e.stacks[r.StackID]
	one := &waiting{count: 1, signals: map[string]string{}}
	if n, err := strconv.Atoi(textOf(r.Properties["Count"])); err == nil {
		one.count = n
	}
	timeout, err := strconv.Atoi(textOf(r.Properties["Timeout"]))
	if err != nil {
		timeout = 43200 // the most that a wait condition may wait
	}
	id := fmt.Sprintf("arn:%s:cloudformation:%s:%s:stack/%s/%s/%s", e.world.Options.Partition, r.Region, r.Account, s.name, s.id[len(s.id)-36:], r.LogicalID)
	key := resourceKey{r.StackID, r.LogicalID}
	one.end = func(why string) {
		e.world.Cancel(one.timer)
		delete(e.waits, key)
		done(id, map[string]any{"Data": one.data()}, why)
	}
	one.timer = e.world.After(time.Duration(timeout)*time.Second, func() {
		one.end(fmt.Sprintf("WaitCondition timed out. Received %d conditions when expecting %d", len(one.signals), one.count))
	})
	e.waits[key] = one
	if w.signalled(s, r) {
		e.world.After(min(byItself, time.Duration(timeout)*time.Second/2), func() {
			for i := range one.count {
				e.signal(one, fmt.Sprintf("signal-%d", i+1), "SUCCESS")
			}
		})
	}
	if one.count == 0 {
		one.end("")
	}
}

// signalled reports whether a resource of the template knows the handle, and so
// would signal.
func (w waiter) signalled(s *stack, r Request) bool {
	t := s.current.template
	if op := s.running; op != nil {
		t = op.deployment.template
	}
	declared, ok := t.Resource(r.LogicalID)
	if !ok {
		return false
	}
	handles := t.Uses(declared, "Handle").Resources
	for _, other := range t.Resources {
		if other.LogicalID == r.LogicalID {
			continue
		}
		for _, p := range other.Properties.Keys {
			if slices.ContainsFunc(t.Uses(other, p).Resources, func(id string) bool { return slices.Contains(handles, id) }) {
				return true
			}
		}
	}
	return false
}

// data is what the signals have said, by unique id.
func (one *waiting) data() string {
	text, err := json.Marshal(one.signals)
	if err != nil { // texts only
		return "{}"
	}
	return string(text)
}

// Change does nothing: a wait condition cannot be updated.
func (w waiter) Change(_ Request, id string, _ map[string]any, done func(string, map[string]any, string)) {
	done(id, map[string]any{"Data": "{}"}, "")
}

func (w waiter) Unmake(_ Request, _ string, done func(string)) { done("") }

func (w waiter) Live(r Request, _ string) (map[string]any, bool) { return r.Properties, true }

type resourceKey struct{ stackID, logicalID string }

// signal takes a signal in. One that is repeated counts once.
func (e *Engine) signal(one *waiting, id, status string) {
	if _, again := one.signals[id]; again {
		return
	}
	if one.take != nil {
		one.take(id, status)
		return
	}
	if status == "FAILURE" {
		one.end(fmt.Sprintf("WaitCondition received failed message: '' for uniqueId: %s", id))
		return
	}
	one.signals[id] = ""
	if len(one.signals) == one.count {
		one.end("")
	}
}

type signalInput struct {
	StackName         string `valid:"required,min=1"`
	LogicalResourceId string `valid:"required"`
	UniqueId          string `valid:"required,min=1,max=64"`
	Status            string `valid:"required,enum=SUCCESS|FAILURE"`
}

func (e *Engine) signalResource(c *core.Call, in *signalInput) (*struct{}, error) {
	s, err := e.existing(c, in.StackName)
	if err != nil {
		return nil, err
	}
	one := e.waits[resourceKey{s.id, in.LogicalResourceId}]
	switch {
	case one != nil:
		e.signal(one, in.UniqueId, in.Status)
		return &struct{}{}, nil
	case s.current == nil || !s.busy():
		return nil, core.Invalid("Stack %s is in %s state and can not be signaled", s.name, s.status)
	}
	if _, ok := s.running.deployment.template.Resource(in.LogicalResourceId); !ok {
		return nil, core.Invalid("Resource %s does not exist for stack %s", in.LogicalResourceId, s.name)
	}
	return nil, core.Invalid("Resource %s is not waiting for signals", in.LogicalResourceId)
}
