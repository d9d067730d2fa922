package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/notify"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// channels opens the configured channels. Nothing is sent, no secret read.
func (a *app) channels(s *settings, aws *cloud.AWS) ([]notify.Channel, error) {
	channels, err := notify.Open(s.notify, notify.Options{Publisher: topics{aws}, Resolver: parameterSecret(aws)})
	if err != nil {
		return nil, &hintedError{fmt.Errorf("reading the notification channels: %w", err), "`setmend policy schema` prints what may stand in the policy file", exitConfig}
	}
	return channels, nil
}

// topics lets SNS channels publish through the one connection to AWS.
type topics struct{ aws *cloud.AWS }

func (t topics) Publish(ctx context.Context, topic, subject, message, _ string) error {
	if t.aws == nil {
		return errors.New("publishing to SNS: there is no connection to AWS")
	}
	return t.aws.Publish(ctx, topic, subject, message)
}

// parameterSecret reads ssm: references.
func parameterSecret(aws *cloud.AWS) notify.Resolver {
	return func(ctx context.Context, reference notify.Reference) (string, error) {
		name, ok := strings.CutPrefix(string(reference), "ssm:")
		if !ok || aws == nil {
			return "", fmt.Errorf("reading secret %s: its kind is not known here", reference)
		}
		value, found, err := aws.Parameter(ctx, name)
		if err == nil && !found {
			err = fmt.Errorf("reading secret %s: there is no such parameter", reference)
		}
		return value, err
	}
}

// tell enqueues what a run changed since the run before it. Delivery is the
// outbox's own business.
func tell(j store, outbox *notify.Outbox, links func(run string) notify.Links) func(context.Context, *report.Report) error {
	return func(ctx context.Context, report *report.Report) error {
		previous, err := reportBefore(ctx, j, report.Run.ID)
		if err != nil {
			return err
		}
		current := runOf(report)
		current.Links = links(report.Run.ID)
		return outbox.Enqueue(ctx, notify.Changes(previous, current))
	}
}

// links are those of every message: to the pages at SETMEND_DASHBOARD_URL, if that
// names where they are served, and the page in a folder, if it is written there.
func (a *app) links(folder string) func(run string) notify.Links {
	base := strings.TrimSuffix(a.getenv("SETMEND_DASHBOARD_URL"), "/")
	return func(run string) notify.Links {
		var l notify.Links
		if base != "" {
			l.DashboardURL, l.LogURL = base+"/", base+"/"+decisionsFile
		}
		if folder != "" {
			l.DashboardFile = folder + "/" + pageFile
		}
		return l
	}
}

// reportBefore is what the run before the given one left, zero if there was none.
func reportBefore(ctx context.Context, j store, id string) (notify.Run, error) {
	runs, err := record.Runs(ctx, j)
	if err != nil {
		return notify.Run{}, err
	}
	for _, run := range runs {
		if run.ID == id || run.Result == "" {
			continue
		}
		report, err := record.LoadReport(ctx, j, run.ID)
		if err != nil {
			return notify.Run{}, err
		}
		return runOf(report), nil
	}
	return notify.Run{}, nil
}

// runOf is a report in the words of a message.
func runOf(r *report.Report) notify.Run {
	run := notify.Run{ID: r.Run.ID, Time: r.Run.Ended, Result: resultWord(r), Counts: map[string]int{}, Done: deeds(r)}
	for _, v := range plan.Verdicts {
		if n := r.After.Of(v); n > 0 {
			run.Counts[string(v)] = n
		}
	}
	for _, item := range r.Attention {
		run.Attention = append(run.Attention, notify.Finding{
			Cell:    item.Cell,
			Verdict: string(item.Verdict), Reason: item.Reason, Class: string(item.Class), Hint: item.Hint})
	}
	return run
}

func resultWord(r *report.Report) notify.Result {
	switch r.Run.Result {
	case report.Attention:
		return notify.Attention
	case report.Stopped:
		return notify.Incomplete
	case report.Failed:
		return notify.Failed
	}
	if len(deeds(r)) == 0 {
		return notify.Healthy
	}
	return notify.Healed
}

// past says what a remedy did.
var past = map[plan.Remedy]string{
	plan.RemedyDeploy: "deployed", plan.RemedyContinue: "continued the rollback of", plan.RemedyRetry: "retried", plan.RemedyRevert: "reverted drift in", plan.RemedyRedeploy: "redeployed",
	plan.RemedyRemove: "removed", plan.RemedyDetach: "let go of", plan.RemedyQuarantine: "quarantined",
}

// deeds counts what was done by stack set, remedy and outcome. A redeployment is a
// deletion and a creation; it counts as the creation.
func deeds(r *report.Report) []notify.Deed {
	index := map[notify.Deed]int{}
	var list []notify.Deed
	for _, action := range r.Actions {
		if action.Remedy == "" || action.Remedy == plan.RemedyRedeploy && action.Action == "DELETE" {
			continue
		}
		key := notify.Deed{Action: past[action.Remedy], StackSet: action.StackSet}
		if action.Outcome != report.OutcomeSucceeded {
			key.Outcome = string(action.Outcome)
		}
		i, known := index[key]
		if !known {
			i = len(list)
			index[key] = i
			list = append(list, key)
		}
		list[i].Cells += action.Cells
	}
	return list
}

// deliveryTime is how long a command stays after its run to deliver what it has
// to tell. What is left waits in the journal for the next command or `serve`.
const deliveryTime = 30 * time.Second

// flush delivers what waits, within bounds.
func (a *app) flush(ctx context.Context, outbox *notify.Outbox) {
	ctx, cancel := context.WithTimeout(ctx, deliveryTime)
	defer cancel()
	waiting, err := outbox.Flush(ctx)
	if err != nil {
		fmt.Fprintf(a.stderr, "setmend: delivering notifications: %s\n", oneLine(err.Error()))
	}
	if waiting > 0 {
		fmt.Fprintf(a.stderr, "%d notifications wait in the journal; `setmend notify flush` or the next heal delivers them\n", waiting)
	}
}
