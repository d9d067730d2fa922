package main

import (
	"context"
	"encoding/json"
	"io"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/notify"
)

// workflowStages are the stages of setmend's own run, for definitions that call
// them. They keep what they know where `setmend heal` keeps it: in the account's
// journal, unless --journal names one.
func (a *app) workflowStages(ctx context.Context) (asl.FunctionMap, error) {
	c, j, err := a.connectJournal(ctx)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { j.Close() })
	outbox := notify.NewOutbox(j, c.notify, notify.OutboxOptions{Log: a.logger()})
	run, err := a.embedded(c, j, newProgress(io.Discard), "", outbox)
	if err != nil {
		return nil, err
	}
	tasks := run.tasks
	tasks["setmend-Notify"] = flushed(tasks["setmend-Notify"], func(ctx context.Context) { a.flush(ctx, outbox) })
	return tasks, nil
}

// flushed sends what a stage has put into the outbox before it answers.
func flushed(stage asl.Function, flush func(context.Context)) asl.Function {
	return func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
		output, err := stage(ctx, input)
		flush(ctx)
		return output, err
	}
}
