package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/journal/journaltest"
	"github.com/setmend/setmend/journal/s3"
	"github.com/setmend/setmend/journal/sqlite"
)

const waitingTask = `{"StartAt": "Ask", "States": {"Ask": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
	"Parameters": {"FunctionName": "ask", "Payload": {}}, "End": true}}}`

// Two openings of one journal share nothing but what is in it, as two processes.
func TestTasksAreAnsweredThroughEveryJournal(t *testing.T) {
	memory, objects, file := journal.NewMemory(), journaltest.NewObjects(), filepath.Join(t.TempDir(), "j.db")
	for name, open := range map[string]func(t *testing.T) journal.Journal{
		"memory": func(*testing.T) journal.Journal { return memory },
		"S3":     func(*testing.T) journal.Journal { return s3.New(objects, "p/", nil) },
		"SQLite": func(t *testing.T) journal.Journal {
			j, err := sqlite.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { j.Close() })
			return j
		},
	} {
		t.Run(name, func(t *testing.T) {
			machine, err := asl.Parse([]byte(waitingTask))
			if err != nil {
				t.Fatal(err)
			}
			elsewhere := asl.NewEngine(asl.Config{Store: open(t)})
			tasks := asl.FunctionMap{"ask": func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
				if err := elsewhere.SendTaskHeartbeat(ctx, asl.TaskToken(ctx)); err != nil {
					t.Error(err)
				}
				return nil, elsewhere.SendTaskSuccess(ctx, asl.TaskToken(ctx), json.RawMessage(`"answered"`))
			}}
			engine := asl.NewEngine(asl.Config{Store: open(t), Tasks: tasks, AnswerPoll: time.Millisecond})
			outcome, err := engine.Run(t.Context(), "run", machine, nil)
			if err != nil || string(outcome.Output) != `"answered"` {
				t.Errorf("%+v, %v", outcome, err)
			}
		})
	}
}
