package cloud

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
)

// stuckStack is a lab with a stack whose update and rollback have failed, since its
// topic was deleted by hand.
func stuckStack(t *testing.T) (lab, fleet.MemberStack) {
	t.Helper()
	l, stack := drifting(t)
	must(t, l.sim.DeleteResource(stack.StackID, "Topic"))
	must(t, l.Change(t.Context(), fleet.InstanceChange{OperationID: "update-1", StackSet: "owned", Kind: fleet.OperationUpdate,
		Accounts: []fleet.AccountID{stack.Account}, Regions: []fleet.Region{stack.Region},
		Overrides: []fleet.Parameter{{Key: "Team", Value: "other"}}}))
	l.ended(t, "owned", "update-1")
	wantStatus(t, l, stack, "UPDATE_ROLLBACK_FAILED")
	return l, stack
}

func wantStatus(t *testing.T, l lab, stack fleet.MemberStack, want string) {
	t.Helper()
	l.sim.Lock()
	defer l.sim.Unlock()
	if info, _ := l.sim.Stacks().Stack(stack.StackID); info.Status != want {
		t.Fatalf("the stack is %s, want %s", info.Status, want)
	}
}

func TestAStuckRollbackIsContinuedOnceItsCauseHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, stack := stuckStack(t)
		e := wantKind(t, l.ContinueRollback(t.Context(), stack, "try-1"), fleet.Invalid)
		if e.Code != "UPDATE_ROLLBACK_FAILED" || !strings.Contains(e.Message, "ResourceLogicalId:Topic") || !strings.Contains(e.Message, "was not found") {
			t.Errorf("%v", e)
		}
		must(t, l.sim.RestoreResource(stack.StackID, "Topic"))
		// With the token of the try that failed, AWS is not asked again.
		wantKind(t, l.ContinueRollback(t.Context(), stack, "try-1"), fleet.Invalid)
		must(t, l.ContinueRollback(t.Context(), stack, "try-2"))
		wantStatus(t, l, stack, "UPDATE_ROLLBACK_COMPLETE")
		for range 2 { // again by another process, and where nothing is stuck
			must(t, l.ContinueRollback(t.Context(), stack, "try-2"))
			must(t, l.ContinueRollback(t.Context(), stack, "try-3"))
		}
		if n := l.Stats().ByAction["ContinueUpdateRollback"]; n != 2 {
			t.Errorf("asked %d times", n)
		}
	})
}

func TestAServiceControlPolicyHoldsUpTheContinuedRollbackToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, stack := stuckStack(t)
		must(t, l.sim.RestoreResource(stack.StackID, "Topic"))
		l.sim.Lock()
		l.sim.Access().AddSCP(awssim.SCP{Target: string(stack.Account), Action: "sns:*"})
		l.sim.Unlock()
		if e := wantKind(t, l.ContinueRollback(t.Context(), stack, "t"), fleet.Invalid); !strings.Contains(e.Message, "service control policy") {
			t.Errorf("%v", e)
		}
	})
}

// A process that is killed while the rollback runs finds it running, and waits.
func TestAContinuedRollbackIsFoundByItsTokenAfterAKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, stack := stuckStack(t)
		must(t, l.sim.RestoreResource(stack.StackID, "Topic"))
		ctx, kill := context.WithTimeout(t.Context(), 5*time.Second)
		defer kill()
		wantKind(t, l.ContinueRollback(ctx, stack, "t"), fleet.UnknownOutcome)
		wantStatus(t, l, stack, "UPDATE_ROLLBACK_IN_PROGRESS")
		must(t, l.ContinueRollback(t.Context(), stack, "t"))
		wantStatus(t, l, stack, "UPDATE_ROLLBACK_COMPLETE")
		if n := l.Stats().ByAction["ContinueUpdateRollback"]; n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

// continuing is a stack that is stuck until it is asked to continue.
type continuing struct {
	memberStack
	applies bool // a request whose answer is lost is carried out
	lose    int  // answers to lose
	sent    int
	events  string
}

func (c *continuing) answer(q question) answer {
	switch q.Action {
	case "DescribeStackEvents":
		return xml(q.Action, "<StackEvents>"+c.events+"</StackEvents>")
	case "ContinueUpdateRollback":
		c.sent++
		if q.Form.Get("ResourcesToSkip.member.1") != "" || q.Form.Get("ClientRequestToken") != "setmend-t" {
			return fault(400, "ValidationError", "not what was meant")
		}
		lost := c.lose > 0
		c.lose--
		if !lost || c.applies {
			c.status = "UPDATE_ROLLBACK_IN_PROGRESS"
			c.events = `<member><StackId>S</StackId><PhysicalResourceId>S</PhysicalResourceId><ClientRequestToken>setmend-t</ClientRequestToken><ResourceStatus>UPDATE_ROLLBACK_IN_PROGRESS</ResourceStatus></member>`
			c.after(3*time.Minute, func(m *memberStack) { m.status = "UPDATE_ROLLBACK_COMPLETE" })
		}
		if lost {
			return answer{err: io.ErrUnexpectedEOF}
		}
		return xml(q.Action, "")
	}
	return c.memberStack.answer(q)
}

func TestAContinuedRollbackWhoseAnswerWasLostIsLookedUp(t *testing.T) {
	for name, c := range map[string]*continuing{
		"it was carried out":                     {applies: true, lose: 1},
		"it was not":                             {lose: 1},
		"it was not, as often as it was sent":    {lose: 100},
		"it was carried out, and none came back": {applies: true, lose: 100},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.status = "UPDATE_ROLLBACK_FAILED"
				a, _ := against(t, c.answer)
				err := a.ContinueRollback(t.Context(), aStack, "t")
				if c.lose > 50 && !c.applies {
					wantKind(t, err, fleet.UnknownOutcome)
					return
				}
				if err != nil || c.status != "UPDATE_ROLLBACK_COMPLETE" {
					t.Errorf("%v, the stack is %s", err, c.status)
				}
			})
		})
	}
}
