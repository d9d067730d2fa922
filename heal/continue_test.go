package heal_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// stuck leaves the first of the accounts with a stack in UPDATE_ROLLBACK_FAILED: its
// queue was deleted by hand, so that a new version failed, and its rollback too.
func (w *world) stuck(accounts []string) (stack string) {
	w.t.Helper()
	w.stackSet("queue", accounts)
	stack, _ = w.aws.StackOf("queue", accounts[0], home)
	w.must(w.aws.DeleteResource(stack, "Queue"))
	_, err := w.stackSets().UpdateStackSet(w.t.Context(), &cloudformation.UpdateStackSetInput{StackSetName: aws.String("queue"), UsePreviousTemplate: aws.Bool(true),
		Parameters:           []cfn.Parameter{{ParameterKey: aws.String("Retention"), ParameterValue: aws.String("600")}},
		OperationPreferences: &cfn.StackSetOperationPreferences{MaxConcurrentCount: aws.Int32(50), FailureToleranceCount: aws.Int32(49)}})
	w.must(err)
	time.Sleep(time.Hour)
	w.status(stack, "UPDATE_ROLLBACK_FAILED")
	return stack
}

func (w *world) status(stack, want string) {
	w.t.Helper()
	w.locked(func() error {
		if info, _ := w.aws.Stacks().Stack(stack); info.Status != want {
			w.t.Errorf("the stack is %s, want %s", info.Status, want)
		}
		return nil
	})
}

// continueByHand continues a rollback as a person does in the member account.
func (w *world) continueByHand(account, stack string) {
	w.t.Helper()
	member := cloudformation.New(cloudformation.Options{Region: home, HTTPClient: &http.Client{Transport: w.aws.Transport()},
		Credentials: credentials.NewStaticCredentialsProvider(account, "secret", "")})
	_, err := member.ContinueUpdateRollback(w.t.Context(), &cloudformation.ContinueUpdateRollbackInput{StackName: aws.String(stack)})
	w.must(err)
	time.Sleep(time.Hour)
	w.status(stack, "UPDATE_ROLLBACK_COMPLETE")
}

// A stack that serves and is stuck in its rollback is never deleted: its rollback is
// continued through the member role, then the new version is tried again.
func TestAStuckRollbackIsContinuedAndTheUpdateTriedAgain(t *testing.T) {
	scenario(t, func(w *world) {
		w.setPolicy(inPlace)
		accounts := w.accounts(6)
		stack := w.stuck(accounts)
		w.must(w.aws.RestoreResource(stack, "Queue"))
		r := w.heal(heal.Options{})
		w.untouched()
		w.status(stack, "UPDATE_COMPLETE")
		got := remedies(r, "queue", accounts[0])
		if i := slices.Index(got, plan.RemedyContinue); i < 0 || got[len(got)-1] != plan.RemedyRetry {
			t.Errorf("remedies %v", got)
		}
		if r.Run.Result != report.Healed || r.After.Healthy != 6 {
			t.Errorf("%s, %+v: %s", r.Run.Result, r.After, cell(t, r, "queue", accounts[0]).Reason)
		}
		if n := len(w.calls("ContinueUpdateRollback")); n != 1 {
			t.Errorf("continued %d times", n)
		}
	})
}

// Without a member role, or where the rollback fails again, it is a person's, with
// the command to run; and the stack stays.
func TestAStuckRollbackThatCannotBeContinuedIsAPersonsAndStays(t *testing.T) {
	for name, policy := range map[string]string{"without a member role": `{version: 1}`, "with one": inPlace} {
		t.Run(name, func(t *testing.T) {
			scenario(t, func(w *world) {
				w.setPolicy(policy)
				accounts := w.accounts(6)
				stack := w.stuck(accounts)
				for range 2 {
					r := w.heal(heal.Options{})
					w.untouched()
					w.status(stack, "UPDATE_ROLLBACK_FAILED")
					got := cell(t, r, "queue", accounts[0])
					if !got.Attention || r.Run.Result != report.Attention {
						t.Errorf("%s, %s, attention %t: %s", r.Run.Result, got.Verdict, got.Attention, got.Reason)
					}
					if want := "aws cloudformation continue-update-rollback --stack-name " + stack + " --region " + home; !strings.Contains(got.Hint, want) {
						t.Errorf("the hint is %q", got.Hint)
					}
				}
				for _, call := range w.calls("ContinueUpdateRollback") {
					for name := range call.Params {
						if strings.HasPrefix(name, "ResourcesToSkip") {
							t.Errorf("skipped: %v", call.Params)
						}
					}
				}
				if n := len(w.calls("ContinueUpdateRollback")); (n > 0) != (policy == inPlace) {
					t.Errorf("continued %d times", n)
				}
				// When a person has continued it, the new version is tried again by itself.
				w.must(w.aws.RestoreResource(stack, "Queue"))
				w.continueByHand(accounts[0], stack)
				time.Sleep(13 * time.Hour) // the longest distance between two tries
				if r := w.heal(heal.Options{}); r.After.Healthy != 6 {
					t.Errorf("after a person's continuing: %+v: %s", r.After, cell(t, r, "queue", accounts[0]).Reason)
				}
				w.untouched()
			})
		})
	}
}
