package stacks

import (
	"testing"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

const (
	account = "111122223333"
	region  = "eu-west-1"
)

// stopped is a clock that stands still; tests move the world's time themselves.
type stopped struct{}

func (stopped) Now() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }
func (stopped) AfterFunc(time.Duration, func()) func() bool {
	return func() bool { return true }
}

// lab is a world with a stack engine, locked for the length of a test.
type lab struct {
	*testing.T
	world  *core.World
	engine *Engine
}

func newLab(t *testing.T) *lab { return newLabWith(t, Options{}) }

func newLabWith(t *testing.T, o Options) *lab {
	w := core.NewWorld(core.Options{Seed: 1, Clock: stopped{}})
	l := &lab{t, w, New(w, o)}
	w.Lock()
	t.Cleanup(w.Unlock)
	return l
}

func spec(name, text string) core.StackSpec {
	return core.StackSpec{Account: account, Region: region, Name: name, Template: text,
		Capabilities: []string{"CAPABILITY_NAMED_IAM"}, Role: "stacksets-exec-0123"}
}

// create makes a stack and waits for the outcome.
func (l *lab) create(s core.StackSpec) core.StackResult {
	l.Helper()
	return wait(l, func(done func(core.StackResult)) { l.engine.Create(s, done) })
}

// mustCreate makes a stack that has to succeed.
func (l *lab) mustCreate(name, text string) string {
	l.Helper()
	r := l.create(spec(name, text))
	if !r.OK {
		l.Fatalf("creating %s: %s", name, r.Reason)
	}
	return r.StackID
}

func (l *lab) update(id, text string) core.StackResult {
	l.Helper()
	return wait(l, func(done func(core.StackResult)) { l.engine.Update(id, spec("", text), done) })
}

func (l *lab) delete(id string) core.StackResult {
	l.Helper()
	return wait(l, func(done func(core.StackResult)) {
		l.engine.Delete(id, core.StackSpec{Role: "stacksets-exec-0123"}, done)
	})
}

func (l *lab) drift(id string) core.StackDrift {
	l.Helper()
	return wait(l, func(done func(core.StackDrift)) { l.engine.DetectDrift(id, done) })
}

// wait starts something and moves time until it has reported, once.
func wait[T any](l *lab, start func(done func(T))) T {
	l.Helper()
	var out T
	calls := 0
	start(func(v T) { out = v; calls++ })
	if calls != 0 {
		l.Fatal("done at once: operations take time")
	}
	l.world.Advance(10 * time.Minute)
	if calls != 1 {
		l.Fatalf("done was called %d times", calls)
	}
	return out
}

func (l *lab) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

func (l *lab) status(id string) string {
	info, _ := l.engine.Stack(id)
	return info.Status
}

// ids lists the identifiers of a type's live resources.
func (l *lab) ids(typ string) []string {
	var out []string
	for _, r := range l.engine.Resources(account, region, typ) {
		out = append(out, r.ID)
	}
	return out
}

const queue = `
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {DelaySeconds: 5, RedrivePolicy: {maxReceiveCount: 10, deadLetterTargetArn: "arn:x"}, Tags: [{Key: a, Value: "1"}]}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties: {Queues: [!Ref Queue], PolicyDocument: {}}
`
