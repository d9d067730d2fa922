package order_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/order"
	"github.com/setmend/setmend/plan/policy"
)

type names = []fleet.StackSetName

// world is a fleet of automatically deployed sets with the dependencies that their
// tags declare and those that AWS has.
func world(declared, onAWS map[fleet.StackSetName]names) *fleet.Fleet {
	f := &fleet.Fleet{StackSets: map[fleet.StackSetName]*fleet.Inventory{}}
	add := func(name fleet.StackSetName) {
		if f.StackSets[name] == nil {
			f.StackSets[name] = &fleet.Inventory{StackSet: fleet.StackSet{Name: name, ARN: "arn:aws:cloudformation:eu-central-1:111122223333:stackset/" + string(name) + ":u",
				PermissionModel: fleet.ServiceManaged, AutoDeployment: fleet.AutoDeployment{Enabled: true}, Tags: map[string]string{}}}
		}
	}
	for _, of := range []map[fleet.StackSetName]names{declared, onAWS} {
		for name, list := range of {
			add(name)
			for _, other := range list {
				add(other)
			}
		}
	}
	for name, list := range declared {
		var words []string
		for _, other := range list {
			words = append(words, string(other))
		}
		f.StackSets[name].StackSet.Tags["dependson"] = strings.Join(words, ":")
	}
	for name, list := range onAWS {
		f.StackSets[name].StackSet.AutoDeployment.DependsOn = list
	}
	return f
}

func sync(t *testing.T, f *fleet.Fleet) *order.Sync {
	t.Helper()
	s, err := order.Synchronize(f, policy.Default())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func texts(s *order.Sync) string {
	var lines []string
	for _, step := range s.Steps {
		lines = append(lines, step.Text())
	}
	return strings.Join(lines, "\n")
}

func TestADirectionThatIsTurnedRoundLosesTheOldDependencyFirst(t *testing.T) {
	s := sync(t, world(map[fleet.StackSetName]names{"app1": {"app2"}}, map[fleet.StackSetName]names{"app2": {"app1"}}))
	if got, want := texts(s), "app2 depends on app1 no more\napp1 depends on app2 from now on"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if s.Steps[0].ARNs == nil || len(s.Steps[0].ARNs) != 0 {
		t.Errorf("the first step must send an empty list, not none: %v", s.Steps[0].ARNs)
	}
}

func TestARingThatTurnsRoundTakesNoMoreThanOneUpdateOverItsSets(t *testing.T) {
	// a → b → c becomes c → b → a, and b both loses and gains.
	s := sync(t, world(map[fleet.StackSetName]names{"a": {"b"}, "b": {"c"}}, map[fleet.StackSetName]names{"c": {"b"}, "b": {"a"}}))
	if len(s.Steps) > 4 {
		t.Errorf("%d updates:\n%s", len(s.Steps), texts(s))
	}
}

func TestWhatIsDeclaredWrongIsNeverWritten(t *testing.T) {
	_, err := order.Synchronize(world(map[fleet.StackSetName]names{"a": {"b"}, "b": {"a"}}, nil), policy.Default())
	var wrong *order.Wrong
	if !errors.As(err, &wrong) || !strings.Contains(err.Error(), "a → b → a") {
		t.Errorf("got %v", err)
	}
}

func TestASetWhoseRolloutIsNotFinishedIsHeld(t *testing.T) {
	f := world(map[fleet.StackSetName]names{"app": {"base"}}, nil)
	f.StackSets["app"].SetInstances([]fleet.Instance{{Target: fleet.Target{Account: "111122223333", Region: "eu-central-1"}, Status: fleet.InstanceOutdated}})
	s := sync(t, f)
	if len(s.Steps) != 0 || len(s.Held) != 1 || !strings.Contains(s.Held[0].Reason, "1 of its instances") {
		t.Errorf("steps %v, held %v", s.Steps, s.Held)
	}
}

func TestASetThatIsNotDeployedAutomaticallyPassesItsNeedsOn(t *testing.T) {
	f := world(map[fleet.StackSetName]names{"app": {"roles"}, "roles": {"base"}}, nil)
	f.StackSets["roles"].StackSet.AutoDeployment.Enabled = false
	s := sync(t, f)
	if got := texts(s); got != "app depends on base from now on" {
		t.Errorf("got %s", got)
	}
	if len(s.Beyond) != 2 {
		t.Errorf("not told of what AWS cannot keep: %v", s.Beyond)
	}
}

func TestElevenDependenciesFitOnlyWhereOneIsImplied(t *testing.T) {
	declared := map[fleet.StackSetName]names{}
	for i := range 11 {
		declared["app"] = append(declared["app"], fleet.StackSetName(fmt.Sprintf("base%02d", i)))
	}
	if _, err := order.Synchronize(world(declared, nil), policy.Default()); err == nil || !strings.Contains(err.Error(), "AWS allows 10 of a stack set") {
		t.Errorf("eleven dependencies: %v", err)
	}
	declared["base10"] = names{"base00"}
	s := sync(t, world(declared, nil))
	if len(s.Implied) != 1 || s.Implied[0].To != "base00" {
		t.Errorf("implied: %v", s.Implied)
	}
}

func TestDependenciesOnOtherRegionsStay(t *testing.T) {
	f := world(map[fleet.StackSetName]names{"app": {"base"}}, nil)
	far := "arn:aws:cloudformation:us-east-1:111122223333:stackset/far:u"
	f.StackSets["app"].StackSet.AutoDeployment.Elsewhere = []string{far}
	s := sync(t, f)
	if len(s.Steps) != 1 || !slices.Contains(s.Steps[0].ARNs, far) {
		t.Errorf("steps: %+v", s.Steps)
	}
}

// Whatever AWS has and whatever is declared: no step passes through a cycle or over
// a limit, no set is updated more than twice, and in the end AWS has what is declared.
func TestNoStepPassesThroughACycleOrOverALimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		declared, onAWS := acyclic(t, "declared"), acyclic(t, "on AWS")
		f := world(declared, onAWS)
		s, err := order.Synchronize(f, policy.Default())
		if err != nil {
			t.Skip("does not fit")
		}
		now := map[fleet.StackSetName]names{}
		for name := range f.StackSets {
			now[name] = f.StackSets[name].StackSet.AutoDeployment.DependsOn
		}
		updates := map[fleet.StackSetName]int{}
		for _, step := range s.Steps {
			now[step.StackSet] = step.To
			if updates[step.StackSet]++; updates[step.StackSet] > 2 {
				t.Fatalf("%s is updated three times", step.StackSet)
			}
			total := 0
			for name, list := range now {
				if total += len(list); len(list) > 10 {
					t.Fatalf("%s has %d dependencies after %s", name, len(list), step.Text())
				}
				if onCycle(now, name, name, map[fleet.StackSetName]bool{}) {
					t.Fatalf("%s is on a cycle after %s", name, step.Text())
				}
			}
			if total > 100 {
				t.Fatalf("%d dependencies after %s", total, step.Text())
			}
		}
		for name, list := range declared {
			for _, other := range list {
				if !slices.Contains(now[name], other) && !slices.Contains(s.Implied, order.Edge{From: name, To: other, Declared: true}) {
					t.Fatalf("%s does not depend on %s in the end", name, other)
				}
			}
		}
		for name, list := range now {
			for _, other := range list {
				if !slices.Contains(declared[name], other) {
					t.Fatalf("%s depends on %s in the end", name, other)
				}
			}
		}
	})
}

// acyclic draws dependencies along a random order of the sets.
func acyclic(t *rapid.T, label string) map[fleet.StackSetName]names {
	sets := rapid.Permutation(names{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"}).Draw(t, label)
	dense := rapid.IntRange(1, 12).Draw(t, label+" density")
	needs := map[fleet.StackSetName]names{}
	for i, set := range sets {
		for _, other := range sets[:i] {
			if len(needs[set]) < 10 && rapid.IntRange(0, 11).Draw(t, "edge") < dense {
				needs[set] = append(needs[set], other)
			}
		}
		slices.Sort(needs[set])
	}
	total := 0
	for _, set := range sets {
		if total+len(needs[set]) > 100 {
			delete(needs, set)
		}
		total += len(needs[set])
	}
	return needs
}

func onCycle(needs map[fleet.StackSetName]names, from, goal fleet.StackSetName, seen map[fleet.StackSetName]bool) bool {
	for _, next := range needs[from] {
		if next == goal {
			return true
		}
		if !seen[next] {
			seen[next] = true
			if onCycle(needs, next, goal, seen) {
				return true
			}
		}
	}
	return false
}

func TestADrawingEscapesItsNames(t *testing.T) {
	f := world(map[fleet.StackSetName]names{"app": {"base"}}, map[fleet.StackSetName]names{"app": {"old"}})
	f.StackSets[`<b>"x"`] = &fleet.Inventory{StackSet: fleet.StackSet{Name: `<b>"x"`, Tags: map[string]string{"antidependson": "base"}}}
	g := order.Read(f, policy.Default())
	for form, draw := range map[string]func(*strings.Builder) error{
		"mermaid": func(b *strings.Builder) error { return g.Mermaid(b) },
		"dot":     func(b *strings.Builder) error { return g.DOT(b) },
		"svg":     func(b *strings.Builder) error { return g.SVG(b) },
	} {
		var b strings.Builder
		if err := draw(&b); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), `<b>"x"`) {
			t.Errorf("%s holds a name as it is:\n%s", form, b.String())
		}
		for _, want := range []string{"app", "base", "old"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s lacks %s", form, want)
			}
		}
	}
	if len(g.Conflicts) != 1 || len(g.Edges) != 2 || g.Edges[0].OnAWS || !g.Edges[1].OnAWS {
		t.Errorf("graph: %+v", g)
	}
}
