package plan

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// planOf is the plan for a fleet in readFleet's form.
func planOf(t *testing.T, text string) *Plan {
	_, p := decide(readFleet(t, text), policy.Default(), Memory{})
	return p
}

const before = `
accounts 30
set logs mandatory=true selfhealing=true
  1-28 eu-central-1 healthy
  1 eu-central-1 drifted
set roles mandatory=true
  1-30 eu-central-1 healthy
`

func TestCompare(t *testing.T) {
	tests := []struct {
		promise string
		after   string
		want    []string
	}{
		{"the same fleet gives the same plan", before, nil},
		{
			"what needs nothing any more is said",
			strings.Replace(before, "drifted", "healthy", 1),
			[]string{"logs: redeploy of 1 cell is no longer planned: 200000000001/eu-central-1."},
		},
		{
			"what has come is said, and how much more",
			strings.Replace(before, "1-28", "1-20", 1),
			[]string{"logs: deploy of 8 cells is newly planned: 200000000021/eu-central-1, 200000000022/eu-central-1, 200000000023/eu-central-1, and 5 more."},
		},
		{
			"another remedy for the same cell is both",
			strings.Replace(before, "drifted", "cancelled", 1),
			[]string{
				"logs: retry of 1 cell is newly planned: 200000000001/eu-central-1.",
				"logs: redeploy of 1 cell is no longer planned: 200000000001/eu-central-1.",
			},
		},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Compare(planOf(t, before), planOf(t, test.after))); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("another order alone is said too", func(t *testing.T) {
		one := planOf(t, "accounts 3\nset a mandatory=true\nset b mandatory=true\n")
		other := planOf(t, "accounts 3\nset a mandatory=true\nset b mandatory=true dependson=a\n")
		if got := Compare(one, other); len(got) != 1 || !strings.Contains(got[0], "in another order") {
			t.Errorf("%q", got)
		}
	})
}

func TestASavedPlanThatWasChangedIsRefused(t *testing.T) {
	text, err := json.Marshal(planOf(t, before))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(text); err != nil {
		t.Fatalf("the plan as saved: %v", err)
	}
	tests := []struct{ promise, old, new string }{
		{"another account in a call", `"accounts":["200000000001"]`, `"accounts":["200000000002"]`},
		{"another target", `{"account":"200000000001","region":"eu-central-1"}`, `{"account":"200000000002","region":"eu-central-1"}`},
		{"another remedy", `"remedy":"redeploy"`, `"remedy":"remove"`},
		{"another tolerance", `"failureTolerancePercentage":100`, `"failureTolerancePercentage":1`},
		{"another hash", `"hash":"`, `"hash":"0`},
		{"a call that reaches more than the targets", `"regions":["eu-central-1"]`, `"regions":["eu-central-1","eu-west-1"]`},
		{"no plan at all", string(text), `{}`},
		{"no JSON", string(text), `plan`},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			changed := strings.Replace(string(text), test.old, test.new, 1)
			if changed == string(text) {
				t.Fatal("the test changes nothing")
			}
			if _, err := Decode([]byte(changed)); err == nil || !strings.HasPrefix(err.Error(), "reading plan: ") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestNarrowWaitsThroughWhatIsGone(t *testing.T) {
	p := planOf(t, `
accounts 3
set a mandatory=true
set b mandatory=true dependson=a
set c mandatory=true dependson=b
`)
	narrow := p.Narrow(Scope{StackSets: []fleet.StackSetName{"a", "c"}})
	if got := order(narrow); !slices.Equal(got, []string{"deploy a", "deploy c"}) {
		t.Fatalf("order %v", got)
	}
	if !slices.Equal(narrow.Actions[1].After, []string{narrow.Actions[0].ID}) {
		t.Errorf("c waits for %v", narrow.Actions[1].After)
	}
	if narrow.Hash == p.Hash || narrow.Estimate.Operations != 2 {
		t.Errorf("hash %s, %d operations: want them of the part", narrow.Hash, narrow.Estimate.Operations)
	}
	if len(p.Actions) != 3 {
		t.Error("narrowing changed the plan it came from")
	}
}

func TestANarrowedWaveWaitsForTheWaveBeforeTheOneThatIsGone(t *testing.T) {
	p := planOf(t, "accounts 9\nset logs selfhealing=true\n  1-9 eu-central-1 healthy\n  1-3 eu-central-1 drifted\n")
	narrow := p.Narrow(Scope{Accounts: []fleet.AccountID{member(1), member(3)}})
	if len(healing(p)) != 3 || len(healing(narrow)) != 2 || !slices.Equal(narrow.Actions[1].After, []string{narrow.Actions[0].ID}) {
		t.Errorf("actions %+v", narrow.Actions)
	}
}

func TestNarrowToTargets(t *testing.T) {
	p := planOf(t, before)
	narrow := p.Narrow(Scope{Targets: []fleet.Target{at(30, frankfurt)}})
	if len(healing(narrow)) != 1 || !slices.Equal(narrow.Actions[0].Targets, []fleet.Target{at(30, frankfurt)}) || narrow.Actions[0].Requests[0].Cells() != 1 {
		t.Errorf("actions %+v", narrow.Actions)
	}
}
