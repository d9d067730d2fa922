package heal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// situation is something wrong with one stack that only a person may put right.
type situation struct {
	name, policy, template string
	logicalID, property    string // changed by hand; "" for nothing
	value                  any
	trouble                func(w *world, account string) // besides
	class                  plan.ReasonClass
	says                   string // in reason or hint
}

// stays runs a situation: the stack is neither deleted nor doubled, and the finding says
// why and what to do, in the first heal and in the next.
func (s situation) stays(t *testing.T) {
	scenario(t, func(w *world) {
		text := s.policy
		if text == "" {
			text = `{version: 1, defaults: {dataLoss: refuse}}`
		}
		w.setPolicy(text)
		accounts := w.accounts(6)
		w.stackSet("tool", accounts, func(spec *awssim.StackSetSpec) { spec.Template = s.template })
		stack, _ := w.aws.StackOf("tool", accounts[0], home)
		if s.logicalID != "" {
			w.must(w.aws.SetProperty(stack, s.logicalID, s.property, s.value))
		}
		if s.trouble != nil {
			s.trouble(w, accounts[0])
		}
		for range 2 {
			r := w.heal(heal.Options{})
			w.untouched()
			if now, _ := w.aws.StackOf("tool", accounts[0], home); now != stack || !w.aws.StackExists(stack) {
				t.Fatal("the stack is gone, or another is in its place")
			}
			got := cell(t, r, "tool", accounts[0])
			if !got.Attention || got.Hint == "" || r.Run.Result != report.Attention || got.Class != s.class {
				t.Errorf("%s, %s, class %s, attention %t: %s %s", r.Run.Result, got.Verdict, got.Class, got.Attention, got.Reason, got.Hint)
			}
			if !strings.Contains(got.Reason+got.Hint, s.says) {
				t.Errorf("it is not said that %q: %s %s", s.says, got.Reason, got.Hint)
			}
		}
	})
}

const topicBeside = `
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: plain}}
`

// changed is a situation in which a harmless topic beside something was changed.
func changed(name, beside string, class plan.ReasonClass, says string) situation {
	return situation{name: name, template: "Resources:\n  " + beside + topicBeside, logicalID: "Topic", property: "/DisplayName", value: "by hand", class: class, says: says}
}

// TestAStackThatHoldsDataStays: what a redeployment would destroy, or leave in a
// snapshot, is named.
func TestAStackThatHoldsDataStays(t *testing.T) {
	for _, s := range []situation{
		changed("a bucket", `Store: {Type: AWS::S3::Bucket}`, plan.ReasonHoldsData, "Store (AWS::S3::Bucket"),
		changed("a log group that is to go", `Log: {Type: AWS::Logs::LogGroup, DeletionPolicy: Delete}`, plan.ReasonHoldsData, "Log (AWS::Logs::LogGroup"),
		changed("a user pool", `Pool: {Type: AWS::Cognito::UserPool}`, plan.ReasonHoldsData, "Pool (AWS::Cognito::UserPool"),
		changed("a database that AWS takes a snapshot of by default",
			`Base: {Type: AWS::RDS::DBInstance, Properties: {Engine: postgres, DBInstanceClass: db.t3.micro, AllocatedStorage: "20", MasterUsername: u, ManageMasterUserPassword: true}}`, plan.ReasonHoldsData, "anew, empty"),
		changed("a volume with DeletionPolicy Snapshot", `Disk: {Type: AWS::EC2::Volume, DeletionPolicy: Snapshot, Properties: {AvailabilityZone: eu-central-1a, Size: 8}}`, plan.ReasonHoldsData, "leave the content in a snapshot"),
	} {
		t.Run(s.name, s.stays)
	}
}

// TestAStackThatCouldNotComeBackStays: its successor would collide, or it serves.
func TestAStackThatCouldNotComeBackStays(t *testing.T) {
	for _, s := range []situation{
		changed("a named role that is retained", `Kept: {Type: AWS::IAM::Role, DeletionPolicy: Retain, Properties: {RoleName: audit, AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}}}`, plan.ReasonCannotComeBack, "named audit"),
		changed("a named topic with RetainExceptOnCreate", `Kept: {Type: AWS::SNS::Topic, DeletionPolicy: RetainExceptOnCreate, Properties: {TopicName: alerts}}`, plan.ReasonCannotComeBack, "named alerts"),
		changed("a retained name made of pseudo parameters", `Kept: {Type: AWS::SNS::Topic, DeletionPolicy: Retain, Properties: {TopicName: !Sub "alerts-${AWS::Region}"}}`, plan.ReasonCannotComeBack, "alerts-"),
		{name: "it serves its previous version, and the new one meets a taken name", template: queueTemplate, class: plan.ReasonNameCollision, says: "already exists",
			trouble: func(w *world, account string) {
				_, err := w.member(account).CreateStack(w.t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("own"),
					TemplateBody: aws.String("Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: taken}}}")})
				w.must(err)
				time.Sleep(10 * time.Minute)
				w.newVersion(queueTemplate + "  More: {Type: AWS::SNS::Topic, Properties: {TopicName: taken}}\n")
			}},
	} {
		t.Run(s.name, s.stays)
	}
}

// newVersion gives the set another template, which reaches all accounts, whatever
// fails.
func (w *world) newVersion(template string) {
	w.t.Helper()
	_, err := w.stackSets().UpdateStackSet(w.t.Context(), &cloudformation.UpdateStackSetInput{StackSetName: aws.String("tool"), TemplateBody: aws.String(template),
		OperationPreferences: &cfn.StackSetOperationPreferences{MaxConcurrentCount: aws.Int32(50), FailureToleranceCount: aws.Int32(49)}})
	w.must(err)
	time.Sleep(time.Hour)
}

// TestASessionThatRunsOutOnTheWayIsOpenedAgain: a process that was suspended sends
// with a session that is over by then.
func TestASessionThatRunsOutOnTheWayIsOpenedAgain(t *testing.T) {
	for _, call := range []string{"DescribeStackResourceDrifts", "CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DescribeStacks"} {
		t.Run(call, func(t *testing.T) {
			scenario(t, func(w *world) {
				w.setPolicy(inPlace)
				accounts := w.accounts(6)
				w.stackSet("queue", accounts)
				w.drift("queue", accounts[0])
				w.faults(`faults: [{call: "cloudformation:` + call + `", do: fail, code: ExpiredToken, status: 403, nth: 1, times: 2}]`)
				r := w.heal(heal.Options{})
				w.untouched()
				if r.Run.Result != report.Healed || r.After.Healthy != 6 {
					t.Errorf("%s %s, %+v", r.Run.Result, r.Run.Error, r.After)
				}
			})
		})
	}
}

// TestRefusedAccessIsNoLicence: a gentler remedy that could not be tried does not
// lead to a harsher one, whatever refuses it.
func TestRefusedAccessIsNoLicence(t *testing.T) {
	for name, deny := range map[string]string{
		"assuming the role":        `{call: "sts:AssumeRole", do: fail, code: AccessDenied, status: 403}`,
		"making the change set":    `{call: "cloudformation:CreateChangeSet", do: fail, code: AccessDenied, status: 403}`,
		"reading what it would do": `{call: "cloudformation:DescribeChangeSet", do: fail, code: AccessDenied, status: 403}`,
		"executing it":             `{call: "cloudformation:ExecuteChangeSet", do: fail, code: AccessDenied, status: 403}`,
		"reading the stack":        `{call: "cloudformation:DescribeStacks", do: fail, code: AccessDenied, status: 403}`,
	} {
		s := situation{policy: inPlace, template: queueTemplate, logicalID: "Queue", property: "/MessageRetentionPeriod", value: 60, class: plan.ReasonCouldNotTry, says: "role",
			trouble: func(w *world, _ string) { w.faults("faults: [" + deny + "]") }}
		t.Run(name, s.stays)
	}
}
