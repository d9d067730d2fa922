package stacks

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/resource"
)

// machine does random things to a world and checks after each that the engine's
// books agree with each other.
type machine struct {
	world    *core.World
	engine   *Engine
	ids      []string
	started  int
	reported map[int]int // operation → how often its outcome was told
}

// randomTemplate draws from few names, so that stacks get in each other's way.
func randomTemplate(t *rapid.T) string {
	name := rapid.SampledFrom([]string{"", "TopicName: one, ", "TopicName: two, "}).Draw(t, "name")
	display := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "display")
	policy := rapid.SampledFrom([]string{"Delete", "Retain"}).Draw(t, "policy")
	text := fmt.Sprintf("Resources:\n  T: {Type: AWS::SNS::Topic, DeletionPolicy: %s, Properties: {%sDisplayName: %s}}\n", policy, name, display)
	if rapid.Bool().Draw(t, "role") {
		text += "  R: {Type: AWS::IAM::Role, Properties: {RoleName: admin, Path: /" + display + "/}}\n"
	}
	if rapid.Bool().Draw(t, "import") {
		text += "  P: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !ImportValue shared}}\n"
	}
	if rapid.Bool().Draw(t, "export") {
		text += "Outputs: {O: {Value: !Ref T, Export: {Name: shared}}}\n"
	}
	return text
}

func randomSpec(t *rapid.T) core.StackSpec {
	s := spec(rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "stack"), randomTemplate(t))
	s.Account = rapid.SampledFrom([]string{"111111111111", "222222222222"}).Draw(t, "account")
	return s
}

func (m *machine) outcome() func(core.StackResult) {
	n := m.started
	m.started++
	return func(core.StackResult) { m.reported[n]++ }
}

func (m *machine) some(t *rapid.T) string {
	if len(m.ids) == 0 {
		t.Skip("no stack yet")
	}
	return rapid.SampledFrom(m.ids).Draw(t, "id")
}

func (m *machine) Create(t *rapid.T) {
	m.engine.Create(randomSpec(t), m.outcome())
	m.ids = slices.Sorted(func(yield func(string) bool) {
		for id := range m.engine.stacks {
			if !yield(id) {
				return
			}
		}
	})
}

func (m *machine) Update(t *rapid.T) { m.engine.Update(m.some(t), randomSpec(t), m.outcome()) }

func (m *machine) Delete(t *rapid.T) { m.engine.Delete(m.some(t), core.StackSpec{}, m.outcome()) }

func (m *machine) ChangeByHand(t *rapid.T) {
	_ = m.engine.SetProperty(m.some(t), "T", "/DisplayName", rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "value"))
}

func (m *machine) DeleteByHand(t *rapid.T) {
	_ = m.engine.DeleteResource(m.some(t), rapid.SampledFrom([]string{"T", "R", "P"}).Draw(t, "resource"))
}

func (m *machine) Deny(t *rapid.T) {
	m.engine.world.Access.AddSCP(core.SCP{Target: "111111111111", Action: rapid.SampledFrom([]string{"iam:*", "sns:CreateTopic", "sns:Delete*"}).Draw(t, "action")})
}

func (m *machine) Allow(*rapid.T) {
	for _, action := range []string{"iam:*", "sns:CreateTopic", "sns:Delete*"} {
		m.world.Access.RemoveSCP("111111111111", action)
	}
}

func (m *machine) Wait(t *rapid.T) {
	m.world.Advance(time.Duration(rapid.IntRange(1, 100).Draw(t, "seconds")) * time.Second)
}

func (m *machine) Cancel(t *rapid.T) {
	if s := m.engine.stacks[m.some(t)]; s.status == updateInProgress {
		m.engine.cancel(s)
	}
}

func (m *machine) Revert(t *rapid.T) {
	s := m.engine.stacks[m.some(t)]
	if !s.updatable() {
		t.Skip("the stack is in no state for it")
	}
	m.engine.newChangeSet(s, &changeSet{name: "heal", kind: "UPDATE", revert: true, deployment: s.current})
	m.world.Advance(20 * time.Second)
	set := s.more.sets[len(s.more.sets)-1]
	if set.execution != available || !s.updatable() {
		return
	}
	_ = m.engine.execute(set, actor{}, &executeChangeSetInput{})
	m.world.Advance(time.Minute * 5)
	if s.status == updateComplete {
		if d := m.engine.detect(s, actor{}, nil); d.OK && d.Status != "IN_SYNC" {
			t.Fatalf("reverted, and still %+v", d)
		}
	}
}

func (m *machine) Forget(t *rapid.T) {
	if rapid.IntRange(0, 20).Draw(t, "often") == 0 {
		m.engine.Forget("222222222222")
		m.ids = slices.DeleteFunc(m.ids, func(id string) bool { return m.engine.stacks[id] == nil })
	}
}

// Check holds the books against each other.
func (m *machine) Check(t *rapid.T) {
	for n, times := range m.reported {
		if times != 1 {
			t.Fatalf("operation %d reported %d times", n, times)
		}
	}
	m.checkClaims(t)
	m.checkExports(t)
	m.checkStory(t)
}

// checkStory: what the events tell of a stack that rests is what it has.
func (m *machine) checkStory(t *rapid.T) {
	for _, id := range sortedKeys(m.engine.stacks) {
		s := m.engine.stacks[id]
		m.engine.shape(s)
		events := m.engine.events(s)
		for i := range events {
			if i > 0 && events[i].at.Before(events[i-1].at) {
				t.Fatalf("%s: event %d, %s of %s, is older than the one before", s.name, i, events[i].status, events[i].logicalID)
			}
		}
		if s.busy() || !s.standing || s.status == deleteFailed {
			continue
		}
		if last := events[len(events)-1]; last.status != s.status {
			t.Fatalf("%s is %s, its last event says %s", s.name, s.status, last.status)
		}
		var told, has []string
		for _, r := range m.engine.states(s) {
			told = append(told, r.logicalID+" "+r.physicalID)
		}
		v := m.engine.view(s)
		resources, _ := v.resources()
		for _, r := range resources {
			physical, _ := v.PhysicalID(r)
			has = append(has, r.LogicalID+" "+physical)
		}
		slices.Sort(told)
		slices.Sort(has)
		if !slices.Equal(told, has) {
			t.Fatalf("%s in %s has %v, its events tell of %v", s.name, s.status, has, told)
		}
	}
}

// checkClaims: who stands has its names, and no resting stack has others.
func (m *machine) checkClaims(t *rapid.T) {
	held := map[claim]bool{}
	for _, id := range sortedKeys(m.engine.stacks) {
		s := m.engine.stacks[id]
		for _, l := range m.engine.liveOf(s, "") {
			c, claims := claimOf(s.place, resource.Find(l.Type), l.Properties)
			if !claims || s.status == deleteInProgress {
				continue
			}
			if held[c] {
				t.Fatalf("%v is the name of two live resources", c)
			}
			held[c] = true
			if got := m.engine.claims[c]; got != (ownerOf(s, l.LogicalID)) {
				t.Fatalf("%s of %s has not claimed its name", l.LogicalID, s.name)
			}
		}
	}
	for c, o := range m.engine.claims {
		if o.stack != nil && !o.stack.busy() && !held[c] {
			t.Fatalf("%v is claimed by %s in %s, which has no such resource", c, o.logicalID, o.stack.status)
		}
	}
}

// checkExports: exports belong to standing stacks, and their users are known.
func (m *machine) checkExports(t *rapid.T) {
	for name, x := range m.engine.exports {
		if !x.stack.standing {
			t.Fatalf("%s is exported by a stack in %s", name.name, x.stack.status)
		}
		for user := range x.users {
			if !slices.Contains(user.imports, x) {
				t.Fatalf("%s is used by %s, which does not know", name.name, user.name)
			}
		}
	}
	for _, s := range m.engine.stacks {
		for _, x := range s.imports {
			if !x.users[s] || m.engine.exports[exportName{s.place, x.name}] != x {
				t.Fatalf("%s imports %s, which is gone", s.name, x.name)
			}
		}
	}
}

func TestTheBooksAgreeWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := core.NewWorld(core.Options{Seed: 1, Clock: stopped{}})
		w.Lock()
		defer w.Unlock()
		m := &machine{world: w, engine: New(w, Options{}), reported: map[int]int{}}
		t.Repeat(rapid.StateMachineActions(m))
		w.Advance(time.Hour)
		if len(m.reported) != m.started {
			t.Fatalf("%d operations, %d outcomes", m.started, len(m.reported))
		}
	})
}
