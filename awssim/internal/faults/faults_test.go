package faults

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func call(params ...string) Call {
	c := Call{Service: "cloudformation", Action: "CreateStackInstances", Caller: "100000000000", Region: "us-east-1", Params: map[string]string{}}
	for _, p := range params {
		key, value, _ := strings.Cut(p, "=")
		c.Params[key] = value
	}
	return c
}

func TestRulesFireAtTheCallsTheyName(t *testing.T) {
	for _, c := range []struct {
		name string
		rule Rule
		want []int // of ten calls
	}{
		{"all", Rule{}, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{"the third", Rule{Nth: 3}, []int{3}},
		{"two from the third on", Rule{Nth: 3, Times: 2}, []int{3, 4}},
		{"the first two", Rule{Times: 2}, []int{1, 2}},
		{"those of a stack set", Rule{Match: map[string]string{"StackSetName": "net*"}}, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{"those of another", Rule{Match: map[string]string{"StackSetName": "app"}}, nil},
		{"those of a caller and region", Rule{Nth: 1, Match: map[string]string{"Caller": "1000*", "Region": "us-east-?"}}, []int{1}},
		{"a path", Rule{Nth: 1, Match: map[string]string{"Path": "*/b"}}, []int{1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.rule.Call, c.rule.Do = "cloudformation:*StackInstances", Fail
			var s Set
			if err := s.Add(c.rule); err != nil {
				t.Fatal(err)
			}
			var got []int
			for n := 1; n <= 10; n++ {
				if s.Next(call("StackSetName=network", "Path=/a/b"), rand.New(rand.NewPCG(1, 1))) != nil {
					got = append(got, n)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if s.Next(Call{Service: "sts", Action: "AssumeRole"}, nil) != nil {
				t.Error("fired at another service")
			}
		})
	}
}

func TestTheFirstRuleThatFiresDecidesAndAllCount(t *testing.T) {
	var s Set
	err := s.Add(Rule{Call: "*:*", Do: Throttle, Nth: 2}, Rule{Call: "*:*", Do: Lose, Nth: 2}, Rule{Call: "*:*", Do: Fail, Nth: 3})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for range 3 {
		if r := s.Next(call(), nil); r != nil {
			got = append(got, r.Do)
		}
	}
	if diff := cmp.Diff([]string{Throttle, Fail}, got); diff != "" {
		t.Error(diff)
	}
}

func TestChanceIsTheSameForTheSameSeed(t *testing.T) {
	fired := func() string {
		var s Set
		if err := s.Add(Rule{Call: "*:*", Do: Fail, Chance: 0.5}); err != nil {
			t.Fatal(err)
		}
		random, out := rand.New(rand.NewPCG(7, 7)), ""
		for range 40 {
			if s.Next(call(), random) != nil {
				out += "x"
			} else {
				out += "."
			}
		}
		return out
	}
	first := fired()
	if first != fired() || !strings.Contains(first, "x") || !strings.Contains(first, ".") {
		t.Errorf("fired %s", first)
	}
}

func TestPlansAreReadStrictly(t *testing.T) {
	p, err := Parse([]byte(`
faults:
  - call: cloudformation:CreateStackInstances
    match: {StackSetName: net}
    nth: 2
    do: lose
  - {call: "*:List*", do: stale, delay: 30s}
changes:
  - {at: 10m, every: 1h, do: drift, stackSet: net, account: "111111111111", region: eu-west-1, resource: Topic, property: /DisplayName, value: changed}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := Plan{
		Faults: []Rule{
			{Call: "cloudformation:CreateStackInstances", Match: map[string]string{"StackSetName": "net"}, Nth: 2, Do: Lose},
			{Call: "*:List*", Do: Stale, Delay: 30 * time.Second},
		},
		Changes: []Change{{At: 10 * time.Minute, Every: time.Hour, Do: Drift, StackSet: "net", Account: "111111111111",
			Region: "eu-west-1", Resource: "Topic", Property: "/DisplayName", Value: "changed"}},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
	for text, problem := range map[string]string{
		"faults: [{call: CreateStack, do: fail}]":          `call "CreateStack" is not of the form service:Action`,
		"faults: [{call: a:b, do: explode}]":               `do "explode" of a:b`,
		"faults: [{call: a:b, do: slow}]":                  "slow of a:b needs a delay",
		"faults: [{call: a:b, do: fail, nht: 1}]":          "nht",
		"faults: [{call: a:b, do: fail, status: 200}]":     "status 200",
		"faults: [{call: 'a:[', do: fail}]":                "is no pattern",
		"changes: [{do: lose-role, account: '1'}]":         "lose-role needs role",
		"changes: [{do: vanish}]":                          `do "vanish"`,
		"changes: [{do: suspend, account: a, at: -1s}]":    "out of range",
		"changes: [{do: suspend, account: a, every: 1ms}]": "out of range",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := Parse(nil); err != nil {
		t.Errorf("an empty plan: %v", err)
	}
}
