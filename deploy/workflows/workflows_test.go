package workflows_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/cloud/integration"
	"github.com/setmend/setmend/deploy/workflows"
)

func TestEveryDefinitionIsInOrder(t *testing.T) {
	names, err := fs.Glob(workflows.Definitions, "*.asl.json")
	if err != nil || len(names) < 3 {
		t.Fatalf("%d definitions: %v", len(names), err)
	}
	for _, name := range names {
		text := read(t, name)
		for _, p := range asl.Validate(text, nil) {
			t.Errorf("%s: %s", name, p)
		}
		uses, err := integration.Uses(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range integration.NewTable().Check(uses, nil) {
			t.Errorf("%s: %s: %s", name, p.Path, p.Message)
		}
	}
}

func TestAPatchReportHasAMessageForEveryPageAndNoneForNothing(t *testing.T) {
	pages := map[string]string{
		"i-1 ":  `{"Patches": [{"Title": "a"}], "NextToken": "2"}`,
		"i-1 2": `{"Patches": [{"Title": "b"}]}`,
		"i-2 ":  `{"Patches": []}`,
	}
	w := newWorld()
	w.answer("aws-sdk:ssm:describeInstancePatches", func(in map[string]any) (string, error) {
		token, _ := in["NextToken"].(string)
		return pages[in["InstanceId"].(string)+" "+token], nil
	})
	var messages []any
	w.answer("sns:publish", func(in map[string]any) (string, error) {
		messages = append(messages, in["Message"])
		return `{}`, nil
	})
	w.mustSucceed(t, "patch-report.asl.json", `{"instances": ["i-1", "i-2"], "topic": "arn:aws:sns:::t"}`)
	want := []any{[]any{map[string]any{"Title": "a"}}, []any{map[string]any{"Title": "b"}}}
	if diff := cmp.Diff(want, messages); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestASnapshotIsCopiedOnceAndSharedOnce(t *testing.T) {
	for _, c := range []struct {
		name, shares string
		copied       error
		want         []string
	}{
		{"new", `[]`, nil, []string{"rds:copyDBSnapshot", "rds:modifyDBSnapshotAttribute"}},
		{"copied before", `["444455556666"]`, &asl.Error{Name: "Rds.DbSnapshotAlreadyExistsException"}, []string{"rds:copyDBSnapshot", "rds:modifyDBSnapshotAttribute"}},
		{"shared before", `["444455556666", "111122223333"]`, &asl.Error{Name: "Rds.DbSnapshotAlreadyExistsException"}, []string{"rds:copyDBSnapshot"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			w.answer("aws-sdk:rds:copyDBSnapshot", func(in map[string]any) (string, error) {
				if id := in["TargetDBSnapshotIdentifier"]; id != "db-2026-01-15-06-00-dr" {
					t.Errorf("copied to %v", id)
				}
				return `{}`, c.copied
			})
			status := []string{"creating", "creating", "available"}
			w.answer("aws-sdk:rds:describeDBSnapshots", func(map[string]any) (string, error) {
				now := status[0]
				status = status[1:]
				return `{"DbSnapshots": [{"Status": "` + now + `"}]}`, nil
			})
			w.answer("aws-sdk:rds:describeDBSnapshotAttributes", func(map[string]any) (string, error) {
				return `{"DbSnapshotAttributesResult": {"DbSnapshotAttributes": [{"AttributeName": "other", "AttributeValues": ["111122223333"]},
					{"AttributeName": "restore", "AttributeValues": ` + c.shares + `}]}}`, nil
			})
			w.answer("aws-sdk:rds:modifyDBSnapshotAttribute", func(map[string]any) (string, error) { return `{}`, nil })
			w.mustSucceed(t, "snapshot-copy.asl.json", `{"snapshot": "rds:db-2026-01-15-06-00", "suffix": "dr", "account": "111122223333"}`)
			w.wantChanges(t, c.want)
		})
	}
}

// world is an AWS of a few answers, which remembers what was asked to change.
type world struct {
	tasks   asl.FunctionMap
	changes []string
}

func newWorld() *world { return &world{tasks: asl.FunctionMap{}} }

// answer makes an integration answer with what f gives.
func (w *world) answer(name string, f func(in map[string]any) (string, error)) {
	w.tasks["arn:aws:states:::"+name] = func(_ context.Context, input json.RawMessage) (json.RawMessage, error) {
		var in map[string]any
		if err := json.Unmarshal(input, &in); err != nil {
			return nil, err
		}
		if action := strings.TrimPrefix(name, "aws-sdk:"); !strings.Contains(action, ":describe") {
			w.changes = append(w.changes, action)
		}
		output, err := f(in)
		return json.RawMessage(output), err
	}
}

// run runs a definition in virtual time.
func (w *world) run(t *testing.T, name, input string) (outcome asl.Outcome) {
	t.Helper()
	machine, err := asl.Parse(read(t, name))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		outcome, err = asl.NewEngine(asl.Config{Tasks: w.tasks}).Run(t.Context(), "test", machine, json.RawMessage(input))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("took %s", time.Since(began))
	})
	return outcome
}

func (w *world) mustSucceed(t *testing.T, name, input string) {
	t.Helper()
	if outcome := w.run(t, name, input); outcome.Status != asl.StatusSucceeded {
		t.Fatalf("ended %+v", outcome)
	}
}

func (w *world) wantChanges(t *testing.T, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, w.changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := workflows.Definitions.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
