package heal_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"net/http"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// watched is a Cloud that tells a test what is about to happen, so that it can
// change the world right before it.
type watched struct {
	heal.Cloud
	beforeInstance func(fleet.Cell)
	beforeStackSet func()                // reading a set again is the last thing before a call
	instance       func(*fleet.Instance) // may change what is read
	result         func(*fleet.Result)   // may change what is read
	beforeChange   func(fleet.InstanceChange)
	afterChange    func(fleet.InstanceChange)
}

func (c *watched) Instance(ctx context.Context, cell fleet.Cell) (fleet.Instance, error) {
	if c.beforeInstance != nil {
		c.beforeInstance(cell)
	}
	instance, err := c.Cloud.Instance(ctx, cell)
	if c.instance != nil && err == nil {
		c.instance(&instance)
	}
	return instance, err
}

func (c *watched) StackSet(ctx context.Context, name fleet.StackSetName) (fleet.StackSet, error) {
	if c.beforeStackSet != nil {
		c.beforeStackSet()
	}
	return c.Cloud.StackSet(ctx, name)
}

func (c *watched) Results(ctx context.Context, name fleet.StackSetName, id string) ([]fleet.Result, error) {
	results, err := c.Cloud.Results(ctx, name, id)
	for i := range results {
		if c.result != nil && results[i].Reason != "" {
			c.result(&results[i])
		}
	}
	return results, err
}

func (c *watched) Change(ctx context.Context, change fleet.InstanceChange) error {
	if c.beforeChange != nil {
		c.beforeChange(change)
	}
	err := c.Cloud.Change(ctx, change)
	if c.afterChange != nil && err == nil {
		c.afterChange(change)
	}
	return err
}

// healWatched heals through a watched Cloud.
func (w *world) healWatched(watch *watched, options heal.Options) *report.Report {
	w.t.Helper()
	aws := w.connect()
	config := w.config(aws)
	watch.Cloud = aws
	config.Cloud = watch
	return w.healWith(config, options)
}

// once makes a function that does something the first time only.
func once(do func()) func() {
	done := false
	return func() {
		if !done {
			done = true
			do()
		}
	}
}

// locked does something to the world with its lock held.
func (w *world) locked(do func() error) {
	w.t.Helper()
	w.aws.Lock()
	defer w.aws.Unlock()
	w.must(do())
}

// calls lists the accepted calls of one action that the world has seen.
func (w *world) calls(action string) []awssim.WriteCall {
	return slices.DeleteFunc(w.aws.Writes(), func(c awssim.WriteCall) bool { return c.Action != action || c.Code != "" })
}

// untouched fails the test if anything was deleted.
func (w *world) untouched() {
	w.t.Helper()
	if n := len(w.calls("DeleteStackInstances")); n > 0 {
		w.t.Errorf("%d deletions were asked for, want none", n)
	}
}

// stackSets is CloudFormation as some person at a console uses it.
func (w *world) stackSets() *cloudformation.Client {
	return cloudformation.New(cloudformation.Options{Region: home, HTTPClient: &http.Client{Transport: w.aws.Transport()},
		Credentials: credentials.NewStaticCredentialsProvider(management, "secret", "")})
}

// updateSet gives a stack set another template, behind the healer's back, without
// waiting for the instances.
func (w *world) updateSet(name, template string) {
	w.t.Helper()
	_, err := w.stackSets().UpdateStackSet(w.t.Context(), &cloudformation.UpdateStackSetInput{
		StackSetName: aws.String(name), TemplateBody: aws.String(template)})
	w.must(err)
}

// cell finds a cell of the report.
func cell(t *testing.T, r *report.Report, set, account string) report.Cell {
	t.Helper()
	for _, c := range r.Cells {
		if c.StackSet == fleet.StackSetName(set) && c.Account == fleet.AccountID(account) {
			return c
		}
	}
	t.Fatalf("the report has no cell %s in %s", set, account)
	return report.Cell{}
}

// trip finds a guard in the report.
func trip(t *testing.T, r *report.Report, guard plan.Guard) plan.GuardHit {
	t.Helper()
	for _, g := range r.Guards {
		if g.Guard == guard {
			return g
		}
	}
	t.Fatalf("the guard %s did not trip: %+v", guard, r.Guards)
	return plan.GuardHit{}
}

// met fails the test unless the run met a guard, which may have opened since: the
// decisions tell of all.
func (w *world) met(r *report.Report, guard plan.Guard) {
	w.t.Helper()
	for d, err := range heal.Decisions(w.t.Context(), w.journal, r.Run.ID) {
		w.must(err)
		if d.Action == "guard" && d.Outcome == report.Tripped(guard) && d.StackSet == "queue" {
			return
		}
	}
	w.t.Errorf("run %s did not meet the guard %s", r.Run.ID, guard)
}

// faults puts a fault plan in force.
func (w *world) faults(yaml string) {
	w.t.Helper()
	p, err := awssim.ParseFaults([]byte(yaml))
	w.must(err)
	w.must(w.aws.Inject(p))
}

// named changes the queue template so that every queue has one name.
func named(name string) func(*awssim.StackSetSpec) {
	return func(s *awssim.StackSetSpec) {
		s.Template = strings.Replace(queueTemplate, "MessageRetentionPeriod:", "QueueName: "+name+"\n      MessageRetentionPeriod:", 1)
	}
}

// tagged replaces a stack set's tags.
func tagged(tags map[string]string) func(*awssim.StackSetSpec) {
	return func(s *awssim.StackSetSpec) { s.Tags = tags }
}

// afterDelete does something once AWS has carried a deletion out, before the
// healer goes on.
type afterDelete struct {
	*watched
	deleted *bool
	then    func()
}

func (c *afterDelete) Operation(ctx context.Context, name fleet.StackSetName, id string) (fleet.Operation, error) {
	operation, err := c.watched.Operation(ctx, name, id)
	if *c.deleted && err == nil && operation.Kind == fleet.OperationDelete && operation.Status.Ended() {
		c.then()
	}
	return operation, err
}

// headless is a Cloud whose organization lacks its own management account.
type headless struct{ heal.Cloud }

func (c *headless) Organization(ctx context.Context) (fleet.Organization, error) {
	organization, err := c.Cloud.Organization(ctx)
	delete(organization.Accounts, organization.Management)
	return organization, err
}
