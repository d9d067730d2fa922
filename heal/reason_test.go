package heal_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// TestReasonClassesPickTheRemedy states what is done about an instance whose last
// operation failed for AWS's reason, the cause itself having gone meanwhile: the
// class alone decides.
func TestReasonClassesPickTheRemedy(t *testing.T) {
	for _, c := range []struct {
		promise, reason string
		class           plan.ReasonClass
		remedies        []plan.Remedy
		after           plan.Verdict
	}{
		{"a denial is tried once more", "User: x is not authorized to perform: sqs:CreateQueue with an explicit deny in a service control policy",
			plan.ReasonDenied, []plan.Remedy{plan.RemedyRetry}, plan.Healthy},
		{"a missing role is tried once more", "Account 200000000001 should have 'stacksets-exec' role with trust relationship to Role 'admin'.",
			plan.ReasonRoleMissing, []plan.Remedy{plan.RemedyRetry}, plan.Healthy},
		{"a name collision is retried, never redeployed", "my-queue already exists",
			plan.ReasonNameCollision, []plan.Remedy{plan.RemedyRetry}, plan.Healthy},
		{"a quota is retried", "LimitExceededException: quota of queues exceeded",
			plan.ReasonQuota, []plan.Remedy{plan.RemedyRetry}, plan.Healthy},
		{"throttling is retried", "Rate exceeded (Service: Sqs, Status Code: 400)",
			plan.ReasonThrottled, []plan.Remedy{plan.RemedyRetry}, plan.Healthy},
		{"collateral of another's failure is retried", "Cancelled since failure tolerance has exceeded",
			plan.ReasonCancelled, []plan.Remedy{plan.RemedyRetry}, plan.Healthy},
		{"a template error is tried once more", "Template error: resource Queue does not support attribute type Foo",
			plan.ReasonTemplate, []plan.Remedy{plan.RemedyRetry}, plan.Healthy},
		{"termination protection is not retried", "Stack [s] cannot be deleted while TerminationProtection is enabled",
			plan.ReasonTermination, []plan.Remedy{plan.RemedyQuarantine}, plan.Quarantined},
		{"a disabled region is tried once more", "STS is not activated in this region for account: 200000000001",
			plan.ReasonRegionDisabled, []plan.Remedy{plan.RemedyRetry}, plan.Healthy},
		{"a missing import is retried", "No export named base-Name found",
			plan.ReasonImportMissing, []plan.Remedy{plan.RemedyRetry}, plan.Healthy},
		{"an account gate is asked again", "AccountGate check failed: maintenance",
			plan.ReasonAccountGate, []plan.Remedy{plan.RemedyRetry}, plan.Healthy},
		{"a stuck stack is retried first", "Stack is in UPDATE_ROLLBACK_FAILED state and can not be updated.",
			plan.ReasonStackStuck, []plan.Remedy{plan.RemedyRetry}, plan.Healthy},
		{"an unknown reason is retried first", "Internal failure",
			plan.ReasonUnknown, []plan.Remedy{plan.RemedyRetry}, plan.Healthy},
	} {
		t.Run(c.promise, func(t *testing.T) {
			scenario(t, func(w *world) {
				accounts := w.accounts(6)
				w.stackSet("queue", accounts[1:])
				w.instance("queue", accounts[0], awssim.InstanceSeed{Status: "OUTDATED", Reason: c.reason})
				r := w.heal(heal.Options{})
				got := cell(t, r, "queue", accounts[0])
				if diff := cmp.Diff(c.remedies, remedies(r, "queue", accounts[0])); diff != "" {
					t.Errorf("remedies (-want +got):\n%s", diff)
				}
				if got.Verdict != c.after || len(got.Steps) == 0 || c.after == plan.Quarantined && (got.Class != c.class || got.Hint == "") {
					t.Errorf("left %s, class %s, hint %q", got.Verdict, got.Class, got.Hint)
				}
				w.untouched()
			})
		})
	}
}

// TestCausesThatStayBlockTheirCellWithAWSsOwnReason lets the cause stay: the healer
// meets AWS's failure itself, tells a person, and tries once a run at most.
func TestCausesThatStayBlockTheirCellWithAWSsOwnReason(t *testing.T) {
	for _, c := range []struct {
		promise string
		arrange func(w *world, account string)
		class   plan.ReasonClass
		deploys int // calls to create or update before giving up
	}{
		{"a role that is missing", func(w *world, a string) {
			w.locked(func() error { w.aws.Access().RemoveRole(a, "stacksets-exec"); return nil })
		}, plan.ReasonRoleMissing, 1},
		{"a region that the account has not opted into", func(w *world, a string) {
			w.aws.DisableRegion(a, home, true)
		}, plan.ReasonRegionDisabled, 1},
		{"a service control policy", func(w *world, a string) {
			w.locked(func() error { w.aws.Access().AddSCP(awssim.SCP{Target: a, Action: "sqs:*"}); return nil })
		}, plan.ReasonDenied, 1},
	} {
		t.Run(c.promise, func(t *testing.T) {
			scenario(t, func(w *world) {
				accounts := w.accounts(6)
				w.stackSet("queue", accounts[1:])
				c.arrange(w, accounts[0])
				r := w.heal(heal.Options{})
				got := cell(t, r, "queue", accounts[0])
				if got.Verdict != plan.Blocked || got.Class != c.class || got.Hint == "" || !got.Attention {
					t.Errorf("left %s, class %s (%s), hint %q", got.Verdict, got.Class, got.Reason, got.Hint)
				}
				if n := len(w.calls("CreateStackInstances")) + len(w.calls("UpdateStackInstances")); n != c.deploys {
					t.Errorf("%d calls before giving up, want %d", n, c.deploys)
				}
				if again := w.heal(heal.Options{}); len(writes(again)) > 0 {
					t.Errorf("a second run writes %v", writes(again))
				}
			})
		})
	}
}

func TestANameCollisionIsTriedOnceMoreAndGivenUpWithoutDeletingAnything(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("other", accounts[:1], named("jobs"), tagged(map[string]string{"selfhealing": "true"}))
		w.stackSet("queue", accounts[1:], named("jobs"))
		r := w.heal(heal.Options{})
		got := cell(t, r, "queue", accounts[0])
		if got.Verdict != plan.Quarantined && !got.Attention || got.Class != plan.ReasonNameCollision {
			t.Errorf("left %s, class %s: %s %+v", got.Verdict, got.Class, got.Reason, got.Steps)
		}
		w.untouched()
	})
}

func TestTerminationProtectionKeepsTheStackAndTellsAPerson(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts)
		w.drift("queue", accounts[0])
		stack, _ := w.aws.StackOf("queue", accounts[0], home)
		_, err := w.member(accounts[0]).UpdateTerminationProtection(w.t.Context(), &cloudformation.UpdateTerminationProtectionInput{
			StackName: aws.String(stack), EnableTerminationProtection: aws.Bool(true)})
		w.must(err)
		r := w.heal(heal.Options{})
		got := cell(t, r, "queue", accounts[0])
		if !w.aws.StackExists(stack) || got.Verdict != plan.Quarantined || got.Class != plan.ReasonTermination {
			t.Errorf("exists %t, left %s, class %s: %s", w.aws.StackExists(stack), got.Verdict, got.Class, got.Reason)
		}
	})
}

func TestThrottledCallsAreMadeAgainUntilAWSLetsThemThrough(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts[1:])
		w.faults(`faults: [{call: "cloudformation:CreateStackInstances", do: throttle, nth: 1, times: 25}]`)
		r := w.heal(heal.Options{})
		if r.After.Healthy != 6 || len(w.calls("CreateStackInstances")) != 1 {
			t.Errorf("after %+v, %d creations", r.After, len(w.calls("CreateStackInstances")))
		}
	})
}

func TestAStormOfThrottlingCostsABoundedNumberOfCallsAndIsSurvived(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts[1:])
		w.faults(`faults: [{call: "cloudformation:*", do: throttle}]`)
		r := w.heal(heal.Options{})
		total := w.aws.Stats().Total()
		if hours := r.Run.VirtualSeconds / 3600; r.Run.Result != report.Failed || hours < 2 || float64(total) > 250*hours {
			t.Errorf("%s after %d calls in %.1f hours", r.Run.Result, total, hours)
		}
		w.aws.ClearFaults()
		if r := w.heal(heal.Options{}); r.After.Healthy != 6 {
			t.Errorf("after the storm: %+v", r.After)
		}
	})
}

// member is CloudFormation as somebody in a member account uses it.
func (w *world) member(account string) *cloudformation.Client {
	return cloudformation.New(cloudformation.Options{Region: home, HTTPClient: &http.Client{Transport: w.aws.Transport()},
		Credentials: credentials.NewStaticCredentialsProvider(account, "secret", "")})
}
