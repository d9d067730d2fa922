package heal_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/observe"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/report"
)

// noisy runs f on an AWS whose drift detection errs in every way that is known.
func noisy(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		aws, err := awssim.New(awssim.Options{Seed: 1, Account: management, Stacks: awssim.StackOptions{DriftQuirks: []string{"all"}}})
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, aws: aws, journal: journal.NewMemory(), policy: lossy(policy.Default())}
		w.organize()
		f(w)
	})
}

// noisyTemplate has resources that AWS calls drifted from the day they are made,
// and a topic.
const noisyTemplate = `
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: plain}}
  Query:
    Type: AWS::Logs::QueryDefinition
    Properties: {Name: errors, QueryString: "fields @message | filter level = 'error'"}
  Setting:
    Type: AWS::SSM::ServiceSetting
    Properties: {SettingId: /ssm/documents/console/public-sharing-permission, SettingValue: Disable}
  Parameters:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Description: d, Family: postgres16, Parameters: {track_activity_query_size: "4096"}}
  Options:
    Type: AWS::RDS::OptionGroup
    Properties:
      EngineName: mariadb
      MajorEngineVersion: "10.6"
      OptionGroupDescription: audit
      OptionConfigurations: [{OptionName: MARIADB_AUDIT_PLUGIN, OptionSettings: [{Name: SERVER_AUDIT_EVENTS, Value: CONNECT}]}]
  Distribution:
    Type: AWS::CloudFront::Distribution
    Properties:
      Tags: [{Key: team, Value: web}]
      DistributionConfig:
        Enabled: true
        Origins: [{Id: o, DomainName: example.com, CustomOriginConfig: {OriginProtocolPolicy: https-only}}]
        DefaultCacheBehavior: {TargetOriginId: o, ViewerProtocolPolicy: https-only, CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6}
`

func (w *world) noisyFleet(n int) []string {
	accounts := w.accounts(n)
	w.stackSet("noisy", accounts, func(s *awssim.StackSetSpec) { s.Template = noisyTemplate })
	return accounts
}

func (w *world) changeTopic(account string) {
	w.t.Helper()
	id, ok := w.aws.StackOf("noisy", account, home)
	if !ok {
		w.t.Fatalf("no stack in %s", account)
	}
	w.must(w.aws.SetProperty(id, "Topic", "/DisplayName", "changed by hand"))
}

// A fleet that AWS calls drifted as a whole and in which nothing was changed is healthy:
// nothing is written, no guard asks, and the facts are reported.
func TestAFleetThatAWSAloneCallsDriftedGetsNoWrite(t *testing.T) {
	for name, text := range map[string]string{"without a member role": `{version: 1}`, "with one": inPlace} {
		t.Run(name, func(t *testing.T) {
			noisy(t, func(w *world) {
				w.setPolicy(text)
				accounts := w.noisyFleet(8)
				for range 2 { // the second run finds what the first has read
					r := w.heal(heal.Options{})
					w.untouched()
					if n := len(w.calls("CreateChangeSet")) + len(w.calls("UpdateStackInstances")); n > 0 {
						t.Errorf("%d writes", n)
					}
					if r.Run.Result != report.Healed || r.After.Healthy != 8 || len(r.Guards) > 0 {
						t.Errorf("%s, %+v, guards %+v", r.Run.Result, r.After, r.Guards)
					}
					got := cell(t, r, "noisy", accounts[0])
					for _, fact := range []string{"every query definition as empty (Query", "default (Setting)", "engine's default (Parameters", "options' defaults (Options", "distribution's tags (Distribution"} {
						if !strings.Contains(got.Reason, fact) {
							t.Errorf("it is not said: %s\nin: %s", fact, got.Reason)
						}
					}
				}
				if got := w.read().StackSets["noisy"].Instances[target(accounts[0])].Drift; got != fleet.DriftDrifted {
					t.Fatalf("AWS says %s: there was no noise", got)
				}
			})
		})
	}
}

// Plans made without a run know it, too.
func TestAPlanHoldsNothingForDriftThatIsNone(t *testing.T) {
	noisy(t, func(w *world) {
		accounts := w.noisyFleet(8)
		w.detectByHand("noisy")
		w.changeTopic(accounts[0])
		w.detectByHand("noisy")
		f := w.read()
		memory, err := record.LoadMemory(w.t.Context(), w.journal, nil, nil)
		w.must(err)
		w.must(observe.RecallDrift(w.t.Context(), w.connect(), f, w.policy, time.Now(), &memory))
		p := plan.Assess(f, w.policy, memory, time.Now()).Plan(plan.Options{})
		var targets []fleet.Target
		for _, a := range p.Actions {
			targets = append(targets, a.Targets...)
		}
		if diff := cmp.Diff([]fleet.Target{target(accounts[0])}, targets); diff != "" || len(p.Guards) > 0 {
			t.Errorf("targets (-want +got):\n%s\nguards %+v", diff, p.Guards)
		}
	})
}

// What was changed beside noise is healed, and what is left is noise.
func TestAChangeBesideNoiseIsHealed(t *testing.T) {
	for name, test := range map[string]struct {
		policy string
		remedy plan.Remedy
	}{"by a redeployment": {`{version: 1}`, plan.RemedyRedeploy}, "in place": {inPlace, plan.RemedyRevert}} {
		t.Run(name, func(t *testing.T) {
			noisy(t, func(w *world) {
				w.setPolicy(test.policy)
				accounts := w.noisyFleet(8)
				w.changeTopic(accounts[3])
				r := w.heal(heal.Options{})
				if diff := cmp.Diff([]plan.Remedy{test.remedy}, remedies(r, "noisy", accounts[3])); diff != "" {
					t.Errorf("remedies (-want +got):\n%s", diff)
				}
				for i, account := range accounts {
					if got := remedies(r, "noisy", account); i != 3 && len(got) > 0 {
						t.Errorf("%s: %v", account, got)
					}
				}
				if r.Run.Result != report.Healed || r.After.Healthy != 8 {
					t.Errorf("%s, %+v", r.Run.Result, r.After)
				}
			})
		})
	}
}

// A rule can be switched off; then the drift counts like any.
func TestThePolicyCanHaveNoiseCounted(t *testing.T) {
	noisy(t, func(w *world) {
		w.setPolicy(`{version: 1, stackSets: [{match: "*", countDrift: [{resourceType: "AWS::Logs::QueryDefinition"}]}]}`)
		w.noisyFleet(8)
		r := w.heal(heal.Options{})
		w.untouched() // eight of eight is a mass
		if !slices.ContainsFunc(r.Guards, func(g plan.GuardHit) bool { return g.Guard == plan.GuardMassDrift }) || r.After.Drifted != 8 {
			t.Errorf("guards %+v, %+v", r.Guards, r.After)
		}
	})
}

// blindTo is a Cloud that cannot read the drift of one account's stacks, as often as
// it says.
type blindTo struct {
	heal.Cloud
	account fleet.AccountID
	times   int
}

func (c *blindTo) ResourceDrifts(ctx context.Context, cell fleet.Cell, operation string) ([]fleet.ResourceDrift, error) {
	if cell.Account == c.account && c.times > 0 {
		c.times--
		return nil, &fleet.Error{Kind: fleet.Denied, Call: "ListStackInstanceResourceDrifts", Object: cell.String(), Err: errors.New("no")}
	}
	return c.Cloud.ResourceDrifts(ctx, cell, operation)
}

// Where it cannot be read what has drifted, nothing is deleted for it.
func TestAStackWhoseDriftCannotBeReadIsNotRedeployed(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(12)
		w.stackSet("queue", accounts)
		w.drift("queue", accounts[0])
		w.drift("queue", accounts[1])
		config := w.config(w.connect())
		config.Cloud = &blindTo{config.Cloud, fleet.AccountID(accounts[0]), 1000}
		r := w.healWith(config, heal.Options{})
		got := cell(t, r, "queue", accounts[0])
		if got.Verdict != plan.Drifted || !got.Attention || got.Class != plan.ReasonDriftUnread || !strings.Contains(got.Reason, "could not be read") || got.Hint == "" {
			t.Errorf("%s, attention %t, class %s: %s %s", got.Verdict, got.Attention, got.Class, got.Reason, got.Hint)
		}
		if tried := remedies(r, "queue", accounts[0]); len(tried) > 0 {
			t.Errorf("tried %v", tried)
		}
		if r.After.Healthy != 11 || r.Run.Result != report.Attention {
			t.Errorf("%s, %+v", r.Run.Result, r.After)
		}
		if r := w.heal(heal.Options{}); r.After.Healthy != 12 {
			t.Errorf("once it can be read: %+v", r.After)
		}
	})
}

// A read that fails once is made again.
func TestDriftThatCannotBeReadAtFirstIsReadAgain(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(12)
		w.stackSet("queue", accounts)
		w.drift("queue", accounts[0])
		config := w.config(w.connect())
		config.Cloud = &blindTo{config.Cloud, fleet.AccountID(accounts[0]), 1}
		if r := w.healWith(config, heal.Options{}); r.After.Healthy != 12 {
			t.Errorf("%+v", r.After)
		}
	})
}

// AWS allows two reads of drift a second: of a set that a guard stops for its mass
// of drift, no more are made than show that.
func TestOfAMassOfDriftNoMoreIsReadThanShowsIt(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(60)
		w.stackSet("queue", accounts)
		for _, account := range accounts {
			w.drift("queue", account)
		}
		w.detectByHand("queue")
		f, aws := w.read(), w.connect()
		memory, err := record.LoadMemory(w.t.Context(), w.journal, nil, nil)
		w.must(err)
		w.must(observe.RecallDrift(w.t.Context(), aws, f, w.policy, time.Now(), &memory))
		if n := aws.Stats().ByAction["ListStackInstanceResourceDrifts"]; n <= 12 || n > 24 {
			t.Errorf("%d reads", n)
		}
		r := w.heal(heal.Options{})
		w.untouched()
		if r.After.Drifted != 60 {
			t.Errorf("%+v", r.After)
		}
		if r := w.heal(heal.Options{Accept: []string{"mass-drift:queue"}}); r.After.Healthy != 60 {
			t.Errorf("approved: %+v", r.After)
		}
	})
}

var _ heal.Cloud = (*cloud.AWS)(nil)
