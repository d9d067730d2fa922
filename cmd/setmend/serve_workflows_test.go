package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/clock"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/cloud/integration"
	"github.com/setmend/setmend/journal"
)

// waits is a definition that takes a number of seconds.
func waits(seconds string) json.RawMessage {
	return json.RawMessage(`{"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": ` + seconds + `, "Next": "Done"}, "Done": {"Type": "Succeed"}}}`)
}

// serving is a serve's scheduler at work on a journal, until it is stopped.
func serving(t *testing.T, j store, tasks *workflowTasks) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := newScheduledWorkflows(clock.Real(), j, tasks, slog.New(slog.NewTextHandler(io.Discard, nil)))
	done := make(chan struct{})
	go func() { defer close(done); w.run(ctx) }()
	return func() { cancel(); <-done }
}

func withoutAWS() *workflowTasks {
	return &workflowTasks{table: integration.NewTable(), connect: func() (*integration.Bound, error) { return nil, errors.New("there is no AWS") }}
}

// recorded puts a schedule into a journal.
func recorded(t *testing.T, j store, s workflowSchedule) {
	t.Helper()
	s.Since, s.Input = time.Now(), json.RawMessage(`{}`)
	if err := s.check(); err != nil {
		t.Fatal(err)
	}
	if err := recordSchedule(t.Context(), j, &s); err != nil {
		t.Fatal(err)
	}
}

// ran are the runs in a journal by name.
func ran(t *testing.T, j store) map[string]asl.Status {
	t.Helper()
	engine := asl.NewEngine(asl.Config{Store: j})
	names, err := engine.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	runs := map[string]asl.Status{}
	for _, name := range names {
		run, err := engine.Describe(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		runs[name] = run.Status
	}
	return runs
}

// The time in a bubble begins at midnight of 2000-01-01 UTC.
func TestAScheduledWorkflowRunsWhenItIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.NewMemory()
		recorded(t, j, workflowSchedule{Name: "five", Definition: waits("60"), Cron: "*/5 * * * *"})
		recorded(t, j, workflowSchedule{Name: "berlin", Definition: waits("60"), Cron: "20 1 * * *", Timezone: "Europe/Berlin"})
		recorded(t, j, workflowSchedule{Name: "broken", Definition: json.RawMessage(`{}`), Cron: "@every 1m"})
		time.Sleep(12 * time.Minute) // nothing serves: what is due meanwhile is not made up for
		stop := serving(t, j, withoutAWS())
		time.Sleep(13*time.Minute + 30*time.Second)
		stop()
		want := map[string]asl.Status{"five-20000101T001500Z": asl.StatusSucceeded, "five-20000101T002000Z": asl.StatusSucceeded,
			"five-20000101T002500Z": asl.StatusRunning, "berlin-20000101T002000Z": asl.StatusSucceeded}
		got := ran(t, j)
		if len(got) != len(want) {
			t.Errorf("ran %v, want %v", got, want)
		}
		for name, status := range want {
			if got[name] != status {
				t.Errorf("%s is %q, want %q", name, got[name], status)
			}
		}
	})
}

func TestAScheduledWorkflowNeverRunsTwiceAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.NewMemory()
		recorded(t, j, workflowSchedule{Name: "long", Definition: waits("420"), Cron: "*/5 * * * *"})
		stop := serving(t, j, withoutAWS())
		time.Sleep(24 * time.Minute)
		stop()
		got := ran(t, j)
		if len(got) != 2 || got["long-20000101T000500Z"] != asl.StatusSucceeded || got["long-20000101T001500Z"] != asl.StatusSucceeded {
			t.Errorf("ran %v", got)
		}
	})
}

// A dying journal calls die at a write, which it makes or does not make.
type dyingJournal struct {
	*journal.Memory
	mu     sync.Mutex
	writes int
	last   int
	made   bool
	die    func()
}

func (d *dyingJournal) write(f func() error) error {
	d.mu.Lock()
	d.writes++
	writes := d.writes
	d.mu.Unlock()
	if d.last == 0 || writes < d.last {
		return f()
	}
	if writes == d.last && d.made {
		_ = f()
	}
	d.die()
	return errDied
}

func (d *dyingJournal) Put(ctx context.Context, key string, value []byte, version int64) (next int64, err error) {
	err = d.write(func() error { next, err = d.Memory.Put(ctx, key, value, version); return err })
	return next, err
}

func (d *dyingJournal) Append(ctx context.Context, log string, epoch int64, entries ...[]byte) error {
	return d.write(func() error { return d.Memory.Append(ctx, log, epoch, entries...) })
}

func (d *dyingJournal) Create(ctx context.Context, log string, entries ...[]byte) (epoch int64, err error) {
	err = d.write(func() error { epoch, err = d.Memory.Create(ctx, log, entries...); return err })
	return epoch, err
}

func TestAServeThatDiesLeavesItsScheduledRunsToTheNext(t *testing.T) {
	writes := 0
	scenario := func(last int, made bool) func(t *testing.T) {
		return func(t *testing.T) {
			j := journal.NewMemory()
			recorded(t, j, workflowSchedule{Name: "five", Definition: waits("60"), Cron: "*/5 * * * *"})
			died := make(chan struct{})
			dying := &dyingJournal{Memory: j, last: last, made: made, die: sync.OnceFunc(func() { close(died) })}
			stop := serving(t, dying, withoutAWS())
			select {
			case <-died:
			case <-time.After(8 * time.Minute):
			}
			stop()
			writes = max(writes, dying.writes)
			stop = serving(t, j, withoutAWS())
			time.Sleep(time.Until(time.Date(2000, 1, 1, 0, 18, 30, 0, time.UTC)))
			stop()
			s, _, err := readSchedule(t.Context(), j, scheduleKey("five"))
			if err != nil {
				t.Fatal(err)
			}
			got := ran(t, j)
			if got[s.run(s.Last)] != asl.StatusSucceeded || s.Last.Before(time.Date(2000, 1, 1, 0, 10, 0, 0, time.UTC)) {
				t.Errorf("last due %s, ran %v", s.Last, got)
			}
			for name, status := range got {
				if status != asl.StatusSucceeded {
					t.Errorf("%s is %s", name, status)
				}
			}
			if _, first := got["five-20000101T000500Z"]; !first && (last > 1 || made) {
				t.Errorf("the run whose time was recorded did not begin: %v", got)
			}
		}
	}
	synctest.Test(t, scenario(0, false))
	if writes < 4 {
		t.Fatalf("only %d writes", writes)
	}
	for last := 1; last <= writes; last++ {
		for _, made := range []bool{false, true} {
			synctest.Test(t, scenario(last, made))
			if t.Failed() {
				t.Fatalf("died at write %d (made: %v) of %d", last, made, writes)
			}
		}
	}
}

func TestAScheduledWorkflowRunsBeforeAMaintenanceWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, err := awssim.New(awssim.Options{Seed: 1, Account: "100000000001"})
		if err != nil {
			t.Fatal(err)
		}
		aws, err := cloud.New(t.Context(), cloud.Config{Region: "eu-central-1", Transport: sim.Transport(),
			Keys: &cloud.Keys{AccessKeyID: "100000000001", SecretAccessKey: "secret"}})
		if err != nil {
			t.Fatal(err)
		}
		bound := integration.Bind(aws)
		call := func(action, input string, out any) {
			t.Helper()
			function, _ := bound.Lookup("arn:aws:states:::aws-sdk:ssm:" + action)
			answer, err := function(t.Context(), json.RawMessage(input))
			if err == nil && out != nil {
				err = json.Unmarshal(answer, out)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		var made struct{ WindowId string }
		call("createMaintenanceWindow", `{"Name": "nights", "Schedule": "cron(30 4 ? * * *)", "ScheduleTimezone": "Europe/Berlin",
			"Duration": 2, "Cutoff": 1, "AllowUnassociatedTargets": false}`, &made)
		j := journal.NewMemory()
		recorded(t, j, workflowSchedule{Name: "report", Definition: waits("1"), Window: made.WindowId, Lead: 2 * time.Hour})
		tasks := &workflowTasks{table: integration.NewTable(), connect: func() (*integration.Bound, error) { return bound, nil }}
		stop := serving(t, j, tasks)
		time.Sleep(30 * time.Hour)
		call("updateMaintenanceWindow", `{"WindowId": "`+made.WindowId+`", "Enabled": false}`, nil)
		time.Sleep(48 * time.Hour)
		stop()
		var names []string
		for name := range ran(t, j) {
			names = append(names, name)
		}
		slices.Sort(names)
		// The window opens at 3:30 UTC.
		if want := []string{"report-20000101T013000Z", "report-20000102T013000Z"}; !slices.Equal(names, want) {
			t.Errorf("ran %v, want %v", names, want)
		}
	})
}
