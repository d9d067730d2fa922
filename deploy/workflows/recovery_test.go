package workflows_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/deploy/workflows"
)

// A fortress is a database in production, and a recovery account in another region.
type fortress struct {
	*lab
	production, recovery tasks
	sourceKey, ownKey    string // of encrypted databases
	topics               map[string]string
}

func newFortress(t *testing.T, encrypted bool) *fortress {
	l := newLab(t)
	f := &fortress{lab: l, production: l.in(production, home), recovery: l.in(recovery, elsewhere), topics: map[string]string{}}
	more := ""
	if encrypted {
		f.sourceKey = dig(f.production.do(t, "kms:createKey", `{}`), "KeyMetadata", "Arn").(string)
		f.ownKey = dig(f.recovery.do(t, "kms:createKey", `{}`), "KeyMetadata", "Arn").(string)
		more = `, "StorageEncrypted": true, "KmsKeyId": "` + f.sourceKey + `"`
	}
	f.production.do(t, "rds:createDBInstance", `{"DbInstanceIdentifier": "orders", "DbInstanceClass": "db.t3.micro", "Engine": "postgres"`+more+`}`)
	for _, name := range []string{"ops", "lead", "database", "communications", "channel"} {
		b := f.recovery
		if name == "ops" {
			b = f.production
		}
		f.topics[name] = b.do(t, "sns:createTopic", `{"Name": "`+name+`"}`)["TopicArn"].(string)
	}
	time.Sleep(10 * time.Minute)
	return f
}

// must runs a definition to its success.
func (f *fortress) must(t *testing.T, b tasks, name, input string, last int, made bool) (map[string]any, int) {
	t.Helper()
	outcome, writes := run(t, b, name, input, last, made)
	if outcome.Status != asl.StatusSucceeded {
		t.Fatalf("%s ended %s %s: %s", name, outcome.Status, outcome.Error, outcome.Cause)
	}
	var out map[string]any
	if err := json.Unmarshal(outcome.Output, &out); err != nil {
		t.Fatal(err)
	}
	return out, writes
}

const (
	snapshotInput = `{"database": "orders", "environment": "production"}`
	shareInput    = `{"database": "orders", "recoveryAccount": "` + recovery + `", "topic": %q, "keep": 2}`
	copyInput     = `{"database": "orders", "region": "` + elsewhere + `", "snapshots": [%q], "key": %q, "topic": %q, "keep": 2}`
)

func (f *fortress) share(t *testing.T, last int, made bool) (map[string]any, int) {
	t.Helper()
	return f.must(t, f.production, "recovery-2-share.asl.json", fmt.Sprintf(shareInput, f.topics["ops"]), last, made)
}

func (f *fortress) snapshots(t *testing.T, b tasks) int {
	t.Helper()
	return len(b.do(t, "rds:describeDBSnapshots", `{"SnapshotType": "manual"}`)["DbSnapshots"].([]any))
}

func TestASnapshotIsMadeSharedAndCopiedOnceHoweverOftenTheProcessIsKilled(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		t.Run(fmt.Sprintf("encrypted %v", encrypted), func(t *testing.T) {
			for killed := range 3 {
				killedAfterEach(t, func(t *testing.T, last int, made bool) (writes int) {
					f := newFortress(t, encrypted)
					at := func(stage int) int { // the write at which this stage is killed
						if stage == killed {
							return last
						}
						return 0
					}
					n := [3]int{}
					_, n[0] = f.must(t, f.production, "recovery-1-snapshot.asl.json", snapshotInput, at(0), made)
					var shared map[string]any
					shared, n[1] = f.share(t, at(1), made)
					if shared["encrypted"] != encrypted {
						t.Errorf("shared %v", shared)
					}
					_, n[2] = f.must(t, f.recovery, "recovery-3-copy.asl.json", fmt.Sprintf(copyInput, shared["snapshot"], f.ownKey, f.topics["lead"]), at(2), made)
					if a, b := f.snapshots(t, f.production), f.snapshots(t, f.recovery); a != 1 || b != 1 {
						t.Errorf("%d snapshots and %d copies", a, b)
					}
					own := dig(f.recovery.do(t, "rds:describeDBSnapshots", `{}`), "DbSnapshots", 0)
					if dig(own, "Status") != "available" || encrypted && dig(own, "KmsKeyId") != f.ownKey {
						t.Errorf("the copy is %v", own)
					}
					return n[killed]
				})
			}
		})
	}
}

func TestOnlyAsManySnapshotsAreKeptAsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFortress(t, false)
		f.production.do(t, "rds:createDBSnapshot", `{"DbInstanceIdentifier": "orders", "DbSnapshotIdentifier": "by-hand"}`)
		var newest string
		for range 4 {
			out, _ := f.must(t, f.production, "recovery-1-snapshot.asl.json", snapshotInput, 0, false)
			newest = out["snapshot"].(string)
			time.Sleep(time.Hour)
			shared, _ := f.share(t, 0, false)
			if !strings.HasSuffix(shared["snapshot"].(string), newest) {
				t.Errorf("shared %v, want %s", shared["snapshot"], newest)
			}
			f.must(t, f.recovery, "recovery-3-copy.asl.json", fmt.Sprintf(copyInput, shared["snapshot"], "", f.topics["lead"]), 0, false)
		}
		if n := f.snapshots(t, f.production); n != 3 { // two of the workflow's, and one unrelated
			t.Errorf("%d snapshots in production", n)
		}
		if n := f.snapshots(t, f.recovery); n != 2 {
			t.Errorf("%d copies", n)
		}
	})
}

func TestAMissedRecoveryPointIsToldAndMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFortress(t, false)
		outcome, _ := run(t, f.production, "recovery-2-share.asl.json", fmt.Sprintf(shareInput, f.topics["ops"]), 0, false)
		if outcome.Error != "NoSnapshot" || f.said("ops") != 1 {
			t.Errorf("without a snapshot: %s %s, %d messages", outcome.Error, outcome.Cause, f.said("ops"))
		}
		f.must(t, f.production, "recovery-1-snapshot.asl.json", snapshotInput, 0, false)
		f.share(t, 0, false)
		if f.said("ops") != 1 {
			t.Error("a fresh snapshot is called too old")
		}
		time.Sleep(26 * time.Hour)
		began := time.Now()
		f.share(t, 0, false)
		if f.said("ops") != 2 {
			t.Error("a snapshot of 26 hours is not called too old")
		}
		f.sim.Lock()
		age := f.sim.Metrics().Sum(production, home, "setmend/Recovery", "SnapshotAgeMinutes", began)
		f.sim.Unlock()
		if age < 26*60 || age > 27*60 {
			t.Errorf("measured %v minutes", age)
		}
	})
}

func TestAnEnvironmentThatIsNotToBeBackedUpIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFortress(t, false)
		for name, b := range map[string]tasks{
			"recovery-1-snapshot.asl.json": f.production, "recovery-2-share.asl.json": f.production, "recovery-3-copy.asl.json": f.recovery,
		} {
			out, _ := f.must(t, b, name, `{"database": "orders", "environment": "test"}`, 0, false)
			if out["skipped"] == nil {
				t.Errorf("%s answers %v", name, out)
			}
		}
		if n := f.snapshots(t, f.production); n != 0 {
			t.Errorf("%d snapshots", n)
		}
	})
}

// said is how many messages a topic has.
func (f *fortress) said(topic string) int {
	f.sim.Lock()
	defer f.sim.Unlock()
	return len(f.sim.Topics().Messages(f.topics[topic]))
}

// answer acts for the people: each question is answered after a while. The question
// whether it is over is answered when the main branch is.
func (f *fortress) answer(ctx context.Context, engine *atomic.Pointer[asl.Engine], patience time.Duration) {
	answered := map[string]bool{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(patience):
		}
		for _, role := range []string{"lead", "database", "communications"} {
			f.sim.Lock()
			messages := f.sim.Topics().Messages(f.topics[role])
			f.sim.Unlock()
			for _, m := range messages {
				var asked struct{ Step, Token string }
				if json.Unmarshal([]byte(m.Body), &asked) != nil || asked.Token == "" || answered[asked.Token] {
					continue
				}
				if strings.Contains(asked.Step, "over") && !answered["status page"] {
					continue
				}
				// A process that was just killed takes no answer; it is given again. One
				// that comes too late is asked for anew.
				err := engine.Load().SendTaskSuccess(ctx, asked.Token, json.RawMessage(`{"by": "somebody"}`))
				if err != nil && !errors.Is(err, asl.ErrNoSuchTask) {
					continue
				}
				answered[asked.Token] = true
				if strings.Contains(asked.Step, "status page") {
					answered["status page"] = true
				}
			}
		}
	}
}

func TestThePlanToRunIsConfirmedStepByStepAndTellsEveryHour(t *testing.T) {
	killedAfterEach(t, func(t *testing.T, last int, made bool) int {
		f := newFortress(t, false)
		f.production.do(t, "rds:createDBSnapshot", `{"DbInstanceIdentifier": "orders", "DbSnapshotIdentifier": "orders-dr-1"}`)
		time.Sleep(10 * time.Minute)
		f.production.do(t, "rds:modifyDBSnapshotAttribute", `{"DbSnapshotIdentifier": "orders-dr-1", "AttributeName": "restore", "ValuesToAdd": ["`+recovery+`"]}`)
		f.recovery.do(t, "rds:copyDBSnapshot", `{"SourceDBSnapshotIdentifier": "arn:aws:rds:`+home+`:`+production+`:snapshot:orders-dr-1",
			"TargetDBSnapshotIdentifier": "orders-dr-1", "SourceRegion": "`+home+`"}`)
		time.Sleep(15 * time.Minute)
		input := fmt.Sprintf(`{"database": "orders", "target": "orders-recovered", "channels": [%q], "rtoMinutes": 60,
			"roles": {"lead": %q, "database": %q, "communications": %q}}`, f.topics["channel"], f.topics["lead"], f.topics["database"], f.topics["communications"])
		text, err := workflows.Definitions.ReadFile("recovery-run.asl.json")
		if err != nil {
			t.Fatal(err)
		}
		machine, err := asl.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		store := &mortal{Store: asl.NewMemoryStore(), last: last, made: made}
		var engine atomic.Pointer[asl.Engine]
		engine.Store(asl.NewEngine(asl.Config{Store: store, Tasks: f.recovery}))
		ctx, stop := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer stop()
		go f.answer(ctx, &engine, 25*time.Minute)
		outcome, err := engine.Load().Run(t.Context(), "run", machine, json.RawMessage(input))
		for tries := 0; err != nil && tries < 3; tries++ {
			time.Sleep(time.Minute)
			engine.Store(asl.NewEngine(asl.Config{Store: store, Tasks: f.recovery}))
			if outcome, err = engine.Load().Resume(t.Context(), "run"); errors.Is(err, asl.ErrNotFound) {
				outcome, err = engine.Load().Run(t.Context(), "run", machine, json.RawMessage(input))
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if outcome.Status != asl.StatusSucceeded || !strings.Contains(string(outcome.Output), "orders-recovered") {
			t.Errorf("ended %s %s %s %s", outcome.Status, outcome.Output, outcome.Error, outcome.Cause)
		}
		if status := dig(f.recovery.do(t, "rds:describeDBInstances", `{}`), "DbInstances", 0, "DbInstanceStatus"); status != "available" {
			t.Errorf("the database is %v", status)
		}
		if n := f.said("channel"); n < 4 {
			t.Errorf("the channel has %d messages", n)
		}
		return store.writes
	})
}
