package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/install"
	"github.com/setmend/setmend/lambdahandler"
	"github.com/setmend/setmend/notify"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/report"
)

// inLambda reports whether this process is a Lambda function: Lambda says where its
// runtime API is.
func (a *app) inLambda() bool { return a.getenv("AWS_LAMBDA_RUNTIME_API") != "" }

// lambda serves the handler that the function was configured with until Lambda ends
// the process.
func (a *app) lambda() int {
	name := a.getenv("_HANDLER")
	f := &functionApp{app: a}
	handler, known := f.handlers()[name]
	if !known {
		fmt.Fprintf(os.Stderr, "setmend: there is no handler %q\n", name)
		return exitUsage
	}
	lambdahandler.Start(name, handler, f.wrapping(name))
	return exitOK // not reached: Start ends with the process
}

// functionApp is the program as a Lambda function. What it connects to is kept from
// one invocation to the next; all else is in the journal.
type functionApp struct {
	*app
	once sync.Mutex // guards c and j
	c    *connection
	j    openStore
}

func (f *functionApp) handlers() map[string]lambdahandler.Handler {
	handlers := map[string]lambdahandler.Handler{
		install.HandlerEvents: f.handleEvent, install.HandlerStatus: f.handleStatus, install.HandlerConfig: f.handleConfig,
	}
	for _, stage := range install.Stages {
		handlers[stage] = f.stage("setmend-" + stage)
	}
	return handlers
}

// wrapping returns how a handler is instrumented. A stage's failure is handled by the
// state machine, which notifies; an event's is set aside when it has failed twice.
func (f *functionApp) wrapping(name string) lambdahandler.Config {
	c := lambdahandler.Config{Namespace: install.Namespace, Fields: func(event json.RawMessage) []slog.Attr {
		var named struct{ Run, Setmend, ID string }
		if json.Unmarshal(event, &named) != nil {
			return nil
		}
		fields := []slog.Attr{slog.String("stage", name)}
		if named.Run != "" {
			fields = append(fields, slog.String("run", named.Run))
		}
		if named.ID != "" {
			fields = append(fields, slog.String("event", named.ID))
		}
		return fields
	}}
	if name == install.HandlerEvents {
		c.Aside = f.setAside
	}
	return c
}

// open connects, the first time it is called in the process.
func (f *functionApp) open(ctx context.Context) (*connection, openStore, error) {
	f.once.Lock()
	defer f.once.Unlock()
	if f.c != nil {
		return f.c, f.j, nil
	}
	if err := f.settle(); err != nil {
		return nil, nil, err
	}
	if err := f.settleSpeed(false); err != nil {
		return nil, nil, err
	}
	c, err := f.connect(context.WithoutCancel(ctx), nil)
	if err != nil {
		return nil, nil, err
	}
	j, err := f.openJournal(context.WithoutCancel(ctx), c)
	if err != nil {
		return nil, nil, err
	}
	f.c, f.j = c, j
	return c, j, nil
}

// stage is a stage's handler: the code that runs locally, on this connection.
func (f *functionApp) stage(name string) lambdahandler.Handler {
	return func(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
		c, j, err := f.open(ctx)
		if err != nil {
			return nil, err
		}
		lambdahandler.At(ctx, "stage %s", name)
		outbox := notify.NewOutbox(j, c.notify, notify.OutboxOptions{Log: lambdahandler.Logger(ctx)})
		config := f.stageConfig(ctx, c, j, outbox, event)
		_, tasks, err := newStages(config, j, c.clock)
		if err != nil {
			return nil, err
		}
		output, err := tasks[name](ctx, event)
		if name == "setmend-Notify" {
			deliver(ctx, outbox)
		}
		return output, byName(err)
	}
}

// stageConfig is the healer's configuration for one invocation.
func (f *functionApp) stageConfig(ctx context.Context, c *connection, j store, outbox *notify.Outbox, event json.RawMessage) heal.Config {
	config := f.healConfig(c)
	config.Engine, config.Log = "step-functions", lambdahandler.Logger(ctx)
	config.Holder = "lambda:" + f.getenv("AWS_LAMBDA_LOG_STREAM_NAME")
	config.Policy = asOf(c.policy, event, c.clock.Now())
	config.Publish = publishToBucket(c.aws, f.getenv("SETMEND_REPORTS"), j)
	config.Notify = tell(j, outbox, f.links(""))
	config.Progress = func(p heal.Progress) {
		lambdahandler.At(ctx, "stage %s of run %s: %d of %d stack sets, %d operations under way", p.Stage, p.Run, p.Sets, p.AllSets, p.Running)
	}
	return config
}

// asOf is the policy for a run that an event has started: a drift check made before
// the event is not trusted, whatever age the policy trusts.
func asOf(p *policy.Policy, event json.RawMessage, now time.Time) *policy.Policy {
	var request struct {
		Input struct {
			CheckedSince time.Time `json:"checkedSince"`
		} `json:"input"`
	}
	if json.Unmarshal(event, &request) != nil || request.Input.CheckedSince.IsZero() {
		return p
	}
	age := policy.Duration(max(now.Sub(request.Input.CheckedSince), time.Second))
	strict := *p
	strict.StackSets = append(append([]policy.Entry{}, p.StackSets...), policy.Entry{Match: policy.Patterns{"*"}, Settings: policy.Settings{DriftMaxAge: &age}})
	return &strict
}

// namedError carries an error's name to Step Functions, which matches it in Retry and
// Catch.
type namedError struct {
	name string
	err  error
}

func (e *namedError) Error() string { return e.err.Error() }
func (e *namedError) Unwrap() error { return e.err }
func (e *namedError) Type() string  { return e.name }

// byName gives a stage's error the name that the state machine matches.
func byName(err error) error {
	var named *asl.Error
	if errors.As(err, &named) {
		return &namedError{named.Name, errors.New(named.Cause)}
	}
	return err
}

// deliver sends what waits in the outbox, as long as there is time.
func deliver(ctx context.Context, outbox *notify.Outbox) {
	ctx, cancel := context.WithTimeout(ctx, deliveryTime)
	defer cancel()
	waiting, err := outbox.Flush(ctx)
	if err != nil {
		lambdahandler.Logger(ctx).Error("delivering notifications", "error", err)
	}
	if waiting > 0 {
		lambdahandler.Logger(ctx).Warn("notifications wait for the next run", "count", waiting)
	}
}

// publishToBucket writes the page, the report and the log of decisions of a run into
// a bucket: as the newest, and under the run's id.
func publishToBucket(aws *cloud.AWS, address string, j record.Journal) func(context.Context, *report.Report) error {
	return func(ctx context.Context, report *report.Report) error {
		bucket, prefix, err := bucketOf(address)
		if err != nil {
			return fmt.Errorf("publishing the report: %w", err)
		}
		reports := aws.Bucket(bucket)
		return publications(ctx, j, report, func(name string, fill func(io.Writer) error) error {
			var body bytes.Buffer
			if err := fill(&body); err != nil {
				return err
			}
			lambdahandler.At(ctx, "writing %s (%d bytes)", name, body.Len())
			if err := reports.Upload(ctx, prefix+"runs/"+report.Run.ID+"/"+name, body.Bytes(), contentType(name), "private, max-age=31536000, immutable"); err != nil {
				return err
			}
			return reports.Upload(ctx, prefix+name, body.Bytes(), contentType(name), "private, no-cache")
		})
	}
}

func contentType(name string) string {
	switch {
	case strings.HasSuffix(name, ".html"):
		return "text/html; charset=utf-8"
	case strings.HasSuffix(name, ".json"):
		return "application/json"
	}
	return "application/x-ndjson"
}
