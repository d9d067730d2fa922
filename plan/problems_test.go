package plan

import (
	"strings"
	"testing"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// TestProblems states which contradictions and typos are reported, in which
// words, and whether they stop the set.
func TestProblems(t *testing.T) {
	tests := []struct {
		promise string
		policy  string
		fleet   func(*fleet.Fleet)
		set     fleet.StackSetName
		text    string
		hint    string
		stops   bool
	}{
		{
			promise: "an unknown dependency is named, with what was meant",
			fleet:   func(f *fleet.Fleet) { addSet(f, "rules", "dependson=confg"); addSet(f, "config") },
			set:     "rules", text: "rules depends on confg, and there is no stack set of that name.", hint: "Did you mean config?", stops: true,
		},
		{
			promise: "an unknown opposite is named",
			fleet:   func(f *fleet.Fleet) { addSet(f, "rules", "antidependson=ruels"); addSet(f, "zzz") },
			set:     "rules", text: "rules collides with ruels", hint: "Did you mean rules?", stops: true,
		},
		{
			promise: "commas in a tag are explained",
			fleet:   func(f *fleet.Fleet) { addSet(f, "rules", "dependson=a-long-name,and-another-one") },
			set:     "rules", text: "depends on a-long-name,and-another-one", hint: "':' divides several names", stops: true,
		},
		{
			promise: "an unknown set in AutoDeployment.DependsOn is reported, and is AWS's affair",
			fleet: func(f *fleet.Fleet) {
				addSet(f, "rules").StackSet.AutoDeployment.DependsOn = []fleet.StackSetName{"elsewhere"}
			},
			set: "rules", text: "for automatic deployment on elsewhere",
		},
		{
			promise: "a cycle is named whole",
			fleet: func(f *fleet.Fleet) {
				addSet(f, "a", "dependson=b")
				addSet(f, "b", "dependson=c")
				addSet(f, "c", "dependson=a")
			},
			set: "b", text: "form a cycle: a → b → c → a.", stops: true,
		},
		{
			promise: "a set that depends on itself is a cycle",
			fleet:   func(f *fleet.Fleet) { addSet(f, "a", "dependson=a") },
			set:     "a", text: "form a cycle: a → a.", stops: true,
		},
		{
			promise: "what stands behind a cycle is stopped too",
			fleet: func(f *fleet.Fleet) {
				addSet(f, "a", "dependson=a")
				addSet(f, "z", "dependson=a")
			},
			set: "z", text: "z depends on stack sets that form a cycle.", stops: true,
		},
		{
			promise: "a set cannot depend on what it collides with",
			fleet: func(f *fleet.Fleet) {
				addSet(f, "a", "dependson=b", "antidependson=c")
				addSet(f, "b", "dependson=c")
				addSet(f, "c")
			},
			set: "a", text: "a depends on c and collides with it", stops: true,
		},
		{
			promise: "a set cannot collide with itself",
			fleet:   func(f *fleet.Fleet) { addSet(f, "a", "antidependson=a") },
			set:     "a", text: "a collides with itself.", stops: true,
		},
		{
			promise: "a tag given twice with different values stops the set",
			fleet:   func(f *fleet.Fleet) { addSet(f, "a", "mandatory=true", "Mandatory=false") },
			set:     "a", text: `mandatory is given twice`, stops: true,
		},
		{
			promise: "a tag that is neither true nor false counts as absent",
			fleet:   func(f *fleet.Fleet) { addSet(f, "a", "selfhealing=ture") },
			set:     "a", text: `selfhealing has the value "ture"`, hint: "Did you mean true?",
		},
		{
			promise: "a region that is none stops the set",
			fleet:   func(f *fleet.Fleet) { addSet(f, "a", "mandatory=true", "region=eu-central-1,eu-west-1") },
			set:     "a", text: "which is no region's name", hint: "':' divides", stops: true,
		},
		{
			promise: "a region with a typo is reported",
			fleet:   func(f *fleet.Fleet) { addSet(f, "a", "mandatory=true", "region=eu-centrl-1") },
			set:     "a", text: "eu-centrl-1, which is not known", hint: "Did you mean eu-central-1?",
		},
		{
			promise: "a mandatory set without a region is reported",
			fleet:   func(f *fleet.Fleet) { addSet(f, "a", "mandatory=true").StackSet.Regions = nil },
			set:     "a", text: "no region is known for it",
		},
		{
			promise: "a mandatory service-managed set without an OU is reported",
			fleet:   func(f *fleet.Fleet) { serve(addSet(f, "a", "mandatory=true")).StackSet.OUs = nil },
			set:     "a", text: "targets no OU yet",
		},
		{
			promise: "a policy entry that matches nothing is reported with its line",
			policy:  "stackSets:\n  - match: guardrial",
			fleet:   func(f *fleet.Fleet) { addSet(f, "guardrail") },
			text:    "The policy's entry for guardrial (line 2) matches no stack set.", hint: "Did you mean guardrail?",
		},
		{
			promise: "reverting without a member role is reported",
			policy:  "defaults: {healing: revert}",
			fleet:   func(f *fleet.Fleet) { addSet(f, "a") },
			set:     "a", text: "no member role is configured",
		},
		{
			promise: "an excluded account that is not there is reported",
			policy:  "exclude: {accounts: ['999999999999']}",
			fleet:   func(f *fleet.Fleet) { addSet(f, "a") },
			text:    "excluded account 999999999999 is not in the organization",
		},
		{
			promise: "an excluded OU that is not there is reported",
			policy:  "stackSets: [{match: a, exclude: {ous: [ou-ab12-99999999]}}]",
			fleet:   func(f *fleet.Fleet) { addSet(f, "a") },
			text:    "excluded OU ou-ab12-99999999 is not in the organization",
		},
		{
			promise: "a stack set that could not be read stops those that could not either",
			fleet:   func(f *fleet.Fleet) { addSet(f, "a"); f.StackSets["b"] = nil },
			set:     "b", text: "could not be read", stops: true,
		},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			f := newFleet(1)
			test.fleet(f)
			a, _ := decide(f, policyText(t, test.policy), Memory{})
			for _, p := range a.Problems {
				if p.StackSet == test.set && strings.Contains(p.Text, test.text) && strings.Contains(p.Hint, test.hint) && p.Stops == test.stops && p.Hint != "" {
					return
				}
			}
			t.Errorf("problems %+v\nwant for %q: %q, hint %q, stops %t", a.Problems, test.set, test.text, test.hint, test.stops)
		})
	}
}

func TestASoundConfigurationHasNoProblems(t *testing.T) {
	f := newFleet(3)
	addSet(f, "Config", "mandatory=true", "selfhealing=true", "region=eu-central-1:us-east-1")
	addSet(f, "rules", "mandatory=true", "dependson=CONFIG", "team=platform")
	addSet(f, "lenient", "antidependson=rules")
	a, _ := decide(f, policy.Default(), Memory{})
	if len(a.Problems) != 0 {
		t.Errorf("problems %+v", a.Problems)
	}
}
