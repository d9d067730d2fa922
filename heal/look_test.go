package heal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/google/go-cmp/cmp"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/plan"
)

func TestDriftThatThePolicyIgnoresIsReportedAndNotHealed(t *testing.T) {
	scenario(t, func(w *world) {
		w.setPolicy(`{version: 1, stackSets: [{match: "*", ignoreDrift: [{resourceType: "AWS::SQS::Queue", property: /MessageRetentionPeriod}]}]}`)
		accounts := w.accounts(6)
		w.stackSet("queue", accounts)
		w.drift("queue", accounts[0])
		r := w.heal(heal.Options{})
		w.untouched()
		got := cell(t, r, "queue", accounts[0])
		if got.Verdict != plan.Healthy || !strings.Contains(got.Reason, "ignores") || len(got.Drift) != 1 {
			t.Errorf("%s: %s; drift %+v", got.Verdict, got.Reason, got.Drift)
		}
		if again := w.heal(heal.Options{}); len(writes(again)) > 0 || again.After.Healthy != 6 {
			t.Errorf("a second run writes %v, leaves %+v", writes(again), again.After)
		}
	})
}

func TestDriftOfWhichTheRulesIgnoreOnlyAPartIsHealed(t *testing.T) {
	scenario(t, func(w *world) {
		w.setPolicy(`{version: 1, stackSets: [{match: "*", ignoreDrift: [{resourceType: "AWS::SQS::Queue", property: /Tags}]}]}`)
		accounts := w.accounts(6)
		w.stackSet("queue", accounts)
		w.drift("queue", accounts[0])
		id, _ := w.aws.StackOf("queue", accounts[0], home)
		w.must(w.aws.SetProperty(id, "Queue", "/Tags/0/Value", "me"))
		r := w.heal(heal.Options{})
		if got := cell(t, r, "queue", accounts[0]); got.Before != plan.Drifted || got.Verdict != plan.Healthy || len(got.Steps) == 0 {
			t.Errorf("%s → %s, %+v", got.Before, got.Verdict, got.Steps)
		}
	})
}

const comparing = `{version: 1, stackSets: [{match: "*", memberRole: OrganizationAccountAccessRole, checkTemplates: true}]}`

// behind updates a member stack directly, behind its stack set's back.
func (w *world) behind(set, account, template string, parameters ...types.Parameter) {
	w.t.Helper()
	id, _ := w.aws.StackOf(set, account, home)
	in := &cloudformation.UpdateStackInput{StackName: aws.String(id), Parameters: parameters}
	if in.TemplateBody = aws.String(template); template == "" {
		in.TemplateBody, in.UsePreviousTemplate = nil, aws.Bool(true)
	}
	_, err := w.member(account).UpdateStack(w.t.Context(), in)
	w.must(err)
}

func TestAStackChangedBehindItsSetsBackIsFoundAndPutRight(t *testing.T) {
	for _, c := range []struct {
		promise string
		change  func(w *world, account string)
		says    string
	}{
		{"another template", func(w *world, a string) {
			w.behind("queue", a, strings.Replace(queueTemplate, "Key: owner", "Key: proprietor", 1))
		}, "template"},
		{"other parameters", func(w *world, a string) {
			w.behind("queue", a, "", types.Parameter{ParameterKey: aws.String("Owner"), ParameterValue: aws.String("me")},
				types.Parameter{ParameterKey: aws.String("Retention"), UsePreviousValue: aws.Bool(true)})
		}, "Owner"},
	} {
		t.Run(c.promise, func(t *testing.T) {
			scenario(t, func(w *world) {
				w.setPolicy(comparing)
				accounts := w.accounts(6)
				w.stackSet("queue", accounts[1:], func(s *awssim.StackSetSpec) { s.Parameters = map[string]string{"Owner": "platform"} })
				own := map[string]string{"Retention": "1209600"}
				w.instance("queue", accounts[0], awssim.InstanceSeed{Overrides: own})
				c.change(w, accounts[0])
				time.Sleep(2 * time.Minute) // the person's update ends
				r := w.heal(heal.Options{})
				got := cell(t, r, "queue", accounts[0])
				if got.Before != plan.Outdated || got.Verdict != plan.Healthy {
					t.Errorf("%s → %s: %s %+v", got.Before, got.Verdict, got.Reason, got.Steps)
				}
				if len(got.Steps) == 0 || got.Steps[0].Remedy != plan.RemedyRetry || !strings.Contains(got.Steps[0].Reason, c.says) {
					t.Errorf("steps %+v", got.Steps)
				}
				if diff := cmp.Diff(own, w.overrides("queue", accounts[0])); diff != "" {
					t.Errorf("overrides (-before +after):\n%s", diff)
				}
				if again := w.heal(heal.Options{}); again.After.Healthy != 6 || len(writes(again)) > 0 {
					t.Errorf("a second run: %+v, %v", again.After, writes(again))
				}
			})
		})
	}
}

func TestTemplatesAreComparedOnlyWhereThePolicyAsksForIt(t *testing.T) {
	scenario(t, func(w *world) {
		w.setPolicy(strings.Replace(comparing, "checkTemplates: true", "checkTemplates: false", 1))
		w.stackSet("queue", w.accounts(6))
		if r := w.heal(heal.Options{}); r.API.ByAction["GetTemplate"] > 0 {
			t.Errorf("%d templates were read", r.API.ByAction["GetTemplate"])
		}
	})
}
