package heal_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/deploy"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/fault"
	"github.com/setmend/setmend/heal/lease"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// skewed is a clock that goes wrong by a fixed time.
type skewed struct {
	realClock
	by time.Duration
}

func (c skewed) Now() time.Time { return time.Now().Add(c.by) }

// start begins a heal under an id and returns how it ended.
func (w *world) start(config heal.Config, id string) (asl.Outcome, error) {
	return w.startIn(w.t.Context(), config, id)
}

func (w *world) startIn(ctx context.Context, config heal.Config, id string) (asl.Outcome, error) {
	machine, err := asl.Parse(deploy.SelfHeal)
	w.must(err)
	input, err := json.Marshal(heal.Options{})
	w.must(err)
	return w.engine(config).Run(ctx, id, machine, input)
}

// byHand calls the stages one after another in this goroutine, so that pausing it
// pauses the whole process: the state machine's own timeouts included.
func (w *world) byHand(config heal.Config, id string) error {
	healer, err := heal.New(config)
	w.must(err)
	call := func(stage string, failure *heal.Failure) (answer heal.Answer, err error) {
		input, err := json.Marshal(heal.Request{Run: id, Failure: failure})
		w.must(err)
		output, err := healer.Stages()["setmend-"+stage](w.t.Context(), input)
		if err == nil {
			err = json.Unmarshal(output, &answer)
		}
		return answer, err
	}
	for _, stage := range []string{"InitCleanup", "MandatoryDeployment", "DetectDrift", "DriftStatus", "SearchInstancesToHeal", "Heal", "PublishStatus", "Notify"} {
		for complete := false; !complete; {
			answer, err := call(stage, nil)
			if err != nil {
				var named *fault.Error
				errors.As(err, &named)
				_, failed := call("PublishStatus", &heal.Failure{Error: named.Name, Cause: err.Error()})
				w.must(failed)
				return err
			}
			if complete = answer.Complete; !complete {
				time.Sleep(time.Duration(answer.Wait) * time.Second)
			}
		}
	}
	return nil
}

// TestAPausedHealerWritesNothingOnceAnotherHasTakenOver pauses a healer right
// before its first deletion, past its lease, and lets another heal meanwhile.
func TestAPausedHealerWritesNothingOnceAnotherHasTakenOver(t *testing.T) {
	for _, by := range []time.Duration{0, time.Hour, -time.Hour} {
		t.Run(fmt.Sprintf("its clock wrong by %s", by), func(t *testing.T) {
			scenario(t, func(w *world) {
				tr := makeTrouble(w)
				paused, resume := make(chan bool), make(chan bool)
				a := w.config(w.connect())
				pause := once(func() { close(paused); <-resume })
				watch := &watched{Cloud: a.Cloud, beforeInstance: func(fleet.Cell) { pause() }}
				a.Cloud, a.Holder, a.Clock = watch, "a", skewed{by: by}
				ended := make(chan error)
				go func() { ended <- w.byHand(a, "run-a") }()
				<-paused
				time.Sleep(3 * time.Hour)
				b := w.config(w.connect())
				b.Holder = "b"
				if outcome, err := w.start(b, "run-b"); err != nil || outcome.Status != asl.StatusSucceeded {
					t.Errorf("the second healer: %v, %+v", err, outcome)
				}
				before := len(w.aws.Writes())
				close(resume)
				var stage *fault.Error
				if err := <-ended; !errors.As(err, &stage) || stage.Name != fault.LeaseLost {
					t.Errorf("the paused healer ended with %v", err)
				}
				if after := w.aws.Writes(); len(after) > before {
					t.Errorf("the paused healer wrote %+v", after[before:])
				}
				told, err := record.LoadReport(w.t.Context(), w.journal, "run-a")
				w.must(err)
				trip(t, told, plan.GuardLease)
				if told.Run.Result != report.Stopped {
					t.Errorf("its run is %s, want stopped: %s", told.Run.Result, told.Run.Error)
				}
				tr.check(&harmed{cells: map[fleet.Cell]bool{}})
			})
		})
	}
}

func TestASecondHealerIsTurnedAwayWhileTheFirstIsAtWork(t *testing.T) {
	scenario(t, func(w *world) {
		makeTrouble(w)
		a := w.config(w.connect())
		var second asl.Outcome
		try := once(func() {
			b := w.config(w.connect())
			b.Holder = "b"
			before := len(w.aws.Writes())
			second, _ = w.start(b, "run-b")
			if len(w.aws.Writes()) > before {
				t.Error("the second healer wrote something")
			}
		})
		a.Cloud, a.Holder = &watched{Cloud: a.Cloud, beforeChange: func(fleet.InstanceChange) { try() }}, "a"
		outcome, err := w.start(a, "run-a")
		w.must(err)
		if outcome.Status != asl.StatusSucceeded || second.Error != fault.LeaseLost {
			t.Errorf("the first %s %s, the second %s %s", outcome.Status, outcome.Cause, second.Status, second.Error)
		}
	})
}

// TestAnInterruptedRunHoldsNobodyUp interrupts a healer in the middle of its
// deletions, as Ctrl-C does.
func TestAnInterruptedRunHoldsNobodyUp(t *testing.T) {
	for _, next := range []string{"it is resumed", "another begins"} {
		t.Run(next, func(t *testing.T) {
			scenario(t, func(w *world) {
				tr := makeTrouble(w)
				a := w.config(w.connect())
				ctx, interrupt := context.WithCancel(w.t.Context())
				a.Cloud, a.Holder = &watched{Cloud: a.Cloud, beforeChange: func(c fleet.InstanceChange) {
					if c.Kind == fleet.OperationDelete {
						interrupt()
					}
				}}, "a"
				if _, err := w.startIn(ctx, a, "run-a"); !errors.Is(err, context.Canceled) {
					t.Fatalf("the interrupted run: %v", err)
				}
				left, _, err := lease.Interrupted(w.t.Context(), w.journal, time.Now())
				w.must(err)
				if left != "" {
					t.Errorf("%s is left behind while its lease holds", left)
				}
				healer, err := heal.New(a)
				w.must(err)
				w.must(healer.Leave(w.t.Context(), "run-a"))
				if left, _, err = lease.Interrupted(w.t.Context(), w.journal, time.Now()); err != nil || left != "run-a" {
					t.Errorf("%q is left behind, %v", left, err)
				}
				b := w.config(w.connect())
				b.Holder = "b"
				outcome, err := asl.Outcome{}, error(nil)
				if next == "another begins" {
					outcome, err = w.start(b, "run-b")
				} else {
					outcome, err = w.engine(b).Resume(w.t.Context(), "run-a")
				}
				if err != nil || outcome.Status != asl.StatusSucceeded {
					t.Errorf("the next: %v, %+v", err, outcome)
				}
				if left, cut, err := lease.Interrupted(w.t.Context(), w.journal, time.Now()); err != nil || cut {
					t.Errorf("in the end %q is left behind, %v", left, err)
				}
				tr.check(&harmed{cells: map[fleet.Cell]bool{}})
			})
		})
	}
}

func TestAFailedRunReleasesItsLeaseAndTellsPeople(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts[1:])
		w.faults(`faults: [{call: "cloudformation:ListStackInstances", do: fail, code: AccessDenied, status: 403}]`)
		told := 0
		config := w.config(w.connect())
		config.Notify = func(_ context.Context, r *report.Report) error {
			told++
			if r.Run.Result != report.Failed || r.Run.Error == "" {
				t.Errorf("people were told %s: %q", r.Run.Result, r.Run.Error)
			}
			return nil
		}
		config.Publish = func(context.Context, *report.Report) error { return errors.New("the web server is down") }
		outcome, err := w.start(config, "run-a")
		w.must(err)
		if outcome.Status == asl.StatusSucceeded || outcome.Error != fault.Denied || told != 1 {
			t.Errorf("ended %s with %s, told %d times", outcome.Status, outcome.Error, told)
		}
		w.aws.ClearFaults()
		next := w.config(w.connect())
		next.Holder = "another"
		if outcome, err := w.start(next, "run-b"); err != nil || outcome.Status != asl.StatusSucceeded {
			t.Errorf("the next run: %v %+v", err, outcome)
		}
	})
}

// TestErrorsHaveTheNameTheStateMachineActsOn states which errors are worth
// another try and which end a run.
func TestErrorsHaveTheNameTheStateMachineActsOn(t *testing.T) {
	for kind, name := range map[fleet.ErrorKind]string{
		fleet.Throttled: fault.Passing, fleet.Unreachable: fault.Passing, fleet.UnknownOutcome: fault.Passing,
		fleet.Conflict: fault.Passing, fleet.Expired: fault.Credentials, fleet.Denied: fault.Denied,
		fleet.Invalid: fault.Run, fleet.Quota: fault.Run, fleet.NotFound: fault.Run,
	} {
		t.Run(string(kind), func(t *testing.T) {
			scenario(t, func(w *world) {
				config := w.config(w.connect())
				config.Cloud = &broken{config.Cloud, &fleet.Error{Kind: kind, Call: "GetCallerIdentity", Message: "no"}}
				healer, err := heal.New(config)
				w.must(err)
				_, err = healer.Stages()["setmend-InitCleanup"](w.t.Context(), []byte(`{"run": "run-1"}`))
				var stage *fault.Error
				if !errors.As(err, &stage) || stage.Name != name {
					t.Errorf("%v, want the name %s", err, name)
				}
			})
		})
	}
}

type broken struct {
	heal.Cloud
	err error
}

func (c *broken) Caller(context.Context) (fleet.Caller, error) { return fleet.Caller{}, c.err }
