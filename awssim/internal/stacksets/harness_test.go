package stacksets_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/organizations"
	"github.com/setmend/setmend/awssim/internal/stacksets"
	"github.com/setmend/setmend/awssim/internal/wire"
)

const (
	management = "100000000000"
	home       = "us-east-1"
)

// script is a core.Stacks whose every stack operation ends as a test says, and
// after exactly the time that it says. A template is "params: A B=default".
type script struct {
	world  *core.World
	stacks map[string]*core.StackInfo
	// ends decides how an operation ends; nil is success after takes.
	ends   func(action string, spec core.StackSpec) core.StackResult
	drifts func(stack core.StackInfo) core.StackDrift
	takes  time.Duration
	calls  []string // "CREATE account region"
	specs  []core.StackSpec
	made   int
	busy   int
	peak   int
}

func (f *script) Summary(template string) (*core.TemplateSummary, error) {
	if !strings.HasPrefix(template, "params:") {
		return nil, core.Invalid("Template format error: unsupported structure.")
	}
	summary := &core.TemplateSummary{}
	for _, word := range strings.Fields(template)[1:] {
		switch key, value, has := strings.Cut(word, "="); {
		case word == "IAM!":
			summary.Capabilities = []string{"CAPABILITY_IAM"}
		case word == "NESTED!":
			summary.Nested = true
		case has:
			summary.Parameters = append(summary.Parameters, core.TemplateParameter{Key: key, Type: "String", Default: &value})
		default:
			summary.Parameters = append(summary.Parameters, core.TemplateParameter{Key: key, Type: "String"})
		}
	}
	return summary, nil
}

func (f *script) CheckParameters(template string, values map[string]string) error {
	summary, err := f.Summary(template)
	if err != nil {
		return err
	}
	for _, p := range summary.Parameters {
		if _, ok := values[p.Key]; !ok && p.Default == nil {
			return core.Invalid("Parameters: [%s] must have values", p.Key)
		}
	}
	return nil
}

// run ends an operation after its time.
func (f *script) run(action string, spec core.StackSpec, id string, done func(core.StackResult)) {
	f.calls = append(f.calls, fmt.Sprintf("%s %s %s", action, spec.Account, spec.Region))
	f.specs = append(f.specs, spec)
	f.busy++
	f.peak = max(f.peak, f.busy)
	result := core.StackResult{OK: true}
	if f.ends != nil {
		result = f.ends(action, spec)
	}
	f.world.After(f.takes, func() {
		f.busy--
		switch {
		case action == "DELETE" && result.OK:
			delete(f.stacks, id)
		case action == "CREATE" && result.OK:
			f.put(id, spec)
			result.StackID = id
		case action == "UPDATE":
			result.StackID = id
			if result.OK {
				f.put(id, spec)
			}
		}
		done(result)
	})
}

func (f *script) put(id string, spec core.StackSpec) {
	f.stacks[id] = &core.StackInfo{
		ID: id, Name: spec.Name, Account: spec.Account, Region: spec.Region, Status: "CREATE_COMPLETE",
		Template: spec.Template, Parameters: maps.Clone(spec.Parameters),
	}
}

func (f *script) newID(spec core.StackSpec) string {
	f.made++
	return fmt.Sprintf("arn:aws:cloudformation:%s:%s:stack/%s/%d", spec.Region, spec.Account, spec.Name, f.made)
}

func (f *script) Create(spec core.StackSpec, done func(core.StackResult)) {
	f.run("CREATE", spec, f.newID(spec), done)
}

func (f *script) Update(id string, spec core.StackSpec, done func(core.StackResult)) {
	f.run("UPDATE", spec, id, done)
}

func (f *script) Delete(id string, spec core.StackSpec, done func(core.StackResult)) {
	f.run("DELETE", spec, id, done)
}

func (f *script) DetectDrift(id string, done func(core.StackDrift)) {
	f.calls = append(f.calls, "DRIFT "+id)
	f.world.After(f.takes, func() {
		found := core.StackDrift{OK: true, Status: "IN_SYNC", Checked: f.world.Now()}
		if f.drifts != nil && f.stacks[id] != nil {
			found = f.drifts(*f.stacks[id])
			found.Checked = f.world.Now()
		}
		done(found)
	})
}

func (f *script) Seed(spec core.StackSpec) (string, error) {
	id := f.newID(spec)
	f.put(id, spec)
	return id, nil
}

func (f *script) Stack(id string) (core.StackInfo, bool) {
	if s := f.stacks[id]; s != nil {
		return *s, true
	}
	return core.StackInfo{}, false
}

func (f *script) Forget(string) {}

// world is StackSets over scripted stacks, with the SDK's client at its door.
type world struct {
	*testing.T
	*core.World
	stacks *script
	org    *organizations.Organization
	sets   *stacksets.Service
	api    *core.Service
	ou     map[string]string
}

// files stands for S3.
type files map[string]string

func (f files) Fetch(_ *core.Call, url string) ([]byte, error) {
	text, ok := f[url]
	if !ok {
		return nil, core.Invalid("S3 error: Access Denied")
	}
	return []byte(text), nil
}

var stored = files{
	"https://b.s3.amazonaws.com/net.yaml": "params: A=1",
	"s3://b/accounts.csv":                 "000000000001,000000000002\n000000000009",
}

// frozen is a clock that stands: time passes by wait only.
type frozen struct{}

func (frozen) Now() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func (frozen) AfterFunc(time.Duration, func()) func() bool { return func() bool { return true } }

func newWorld(t *testing.T, options stacksets.Options) *world {
	w := &world{T: t, World: core.NewWorld(core.Options{Seed: 1, Account: management, Clock: frozen{}}), ou: map[string]string{}}
	w.stacks = &script{world: w.World, stacks: map[string]*core.StackInfo{}, takes: 30 * time.Second}
	w.org = organizations.New(w.World, organizations.Options{})
	w.sets = stacksets.New(w.World, w.stacks, w.org, stored, options)
	w.api = &core.Service{
		Name: "cloudformation", Protocols: []core.Protocol{core.Query}, Version: "2010-05-15",
		Namespace: "http://cloudformation.amazonaws.com/doc/2010-05-15/", Actions: w.sets.Actions(),
	}
	return w
}

// organize makes an organization with accounts in OUs: "prod: 1 2" puts accounts
// 000000000001 and 000000000002 in an OU named prod.
func (w *world) organize(lines ...string) {
	w.Helper()
	w.Serve(func() {
		w.must(w.org.Create(management, "Management"))
		for _, line := range lines {
			name, accounts, _ := strings.Cut(line, ":")
			parent := w.org.Root()
			if above, below, nested := strings.Cut(name, "/"); nested {
				parent, name = w.ou[above], below
			}
			id, err := w.org.AddOU(parent, name)
			w.must(err)
			w.ou[name] = id
			for _, account := range strings.Fields(accounts) {
				w.must(w.org.AddAccount(organizations.Account{ID: account12(account), Name: "a" + account, Parent: id}))
			}
		}
	})
	_, err := w.cfn().ActivateOrganizationsAccess(context.Background(), &cloudformation.ActivateOrganizationsAccessInput{})
	w.must(err)
}

func account12(short string) string { return strings.Repeat("0", 12-len(short)) + short }

func accounts(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = account12(fmt.Sprint(i + 1))
	}
	return out
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

var signer = regexp.MustCompile(`Credential=([^/]+)/[^/]+/([^/]+)/`)

// RoundTrip serves the SDK's client.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	scope := signer.FindStringSubmatch(r.Header.Get("Authorization"))
	if scope == nil {
		return nil, errors.New("the request is not signed")
	}
	var a *wire.Answer
	w.Serve(func() {
		q, refused := wire.Read(w.api, r)
		if refused != nil {
			a = q.Failure(refused, "r")
			return
		}
		c := &core.Call{World: w.World, Service: "cloudformation", Action: q.Action, Caller: w.UserPrincipal(scope[1]), Region: scope[2]}
		out, err := w.api.Actions[q.Action].Invoke(c, q.Decode)
		if err != nil {
			a = q.Failure(wire.AsError(err), "r")
			return
		}
		a = q.Success(out, "r")
	})
	return &http.Response{StatusCode: a.Status, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.Body)), Request: r}, nil
}

func (w *world) cfn() *cloudformation.Client { return w.as(management) }

// as is a client that acts as an account.
func (w *world) as(account string) *cloudformation.Client {
	return cloudformation.New(cloudformation.Options{
		Region:      home,
		Credentials: credentials.NewStaticCredentialsProvider(account, "secret", ""),
		HTTPClient:  &http.Client{Transport: w},
		Retryer:     aws.NopRetryer{},
	})
}

// create makes a stack set of a template.
func (w *world) create(name, template string, change ...func(*cloudformation.CreateStackSetInput)) {
	w.Helper()
	in := &cloudformation.CreateStackSetInput{StackSetName: &name, TemplateBody: &template}
	for _, f := range change {
		f(in)
	}
	_, err := w.cfn().CreateStackSet(context.Background(), in)
	w.must(err)
}

// managed makes the set service-managed with automatic deployment.
func managed(in *cloudformation.CreateStackSetInput) {
	in.PermissionModel = types.PermissionModelsServiceManaged
	in.AutoDeployment = &types.AutoDeployment{Enabled: aws.Bool(true), RetainStacksOnAccountRemoval: aws.Bool(false)}
}

func queueing(in *cloudformation.CreateStackSetInput) {
	in.ManagedExecution = &types.ManagedExecution{Active: aws.Bool(true)}
}

// deploy creates instances and returns the operation's id.
func (w *world) deploy(set string, accounts, regions []string, prefs *types.StackSetOperationPreferences) string {
	w.Helper()
	out, err := w.cfn().CreateStackInstances(context.Background(), &cloudformation.CreateStackInstancesInput{
		StackSetName: &set, Accounts: accounts, Regions: regions, OperationPreferences: prefs,
	})
	w.must(err)
	return *out.OperationId
}

// deployed creates instances and waits for the operation's success.
func (w *world) deployed(set string, accounts, regions []string) {
	w.Helper()
	id := w.deploy(set, accounts, regions, all)
	if status := w.ended(set, id); status != types.StackSetOperationStatusSucceeded {
		w.Fatalf("deploying %s ended %s", set, status)
	}
}

// all are preferences that hold nothing up.
var all = &types.StackSetOperationPreferences{
	MaxConcurrentPercentage: aws.Int32(100), FailureTolerancePercentage: aws.Int32(100),
	RegionConcurrencyType: types.RegionConcurrencyTypeParallel,
}

// operation describes an operation.
func (w *world) operation(set, id string) *types.StackSetOperation {
	w.Helper()
	out, err := w.cfn().DescribeStackSetOperation(context.Background(), &cloudformation.DescribeStackSetOperationInput{
		StackSetName: &set, OperationId: &id,
	})
	w.must(err)
	return out.StackSetOperation
}

// ended waits for an operation to end and returns its status.
func (w *world) ended(set, id string) types.StackSetOperationStatus {
	w.Helper()
	for range 100_000 {
		o := w.operation(set, id)
		if o.EndTimestamp != nil {
			return o.Status
		}
		w.wait(time.Second)
	}
	w.Fatalf("operation %s did not end", id)
	return ""
}

// wait lets time pass.
func (w *world) wait(d time.Duration) { w.Serve(func() { w.Advance(d) }) }

// results counts an operation's results by status.
func (w *world) results(set, id string) map[types.StackSetOperationResultStatus]int {
	w.Helper()
	out := map[types.StackSetOperationResultStatus]int{}
	for _, r := range w.resultList(set, id) {
		out[r.Status]++
	}
	return out
}

func (w *world) resultList(set, id string) []types.StackSetOperationResultSummary {
	w.Helper()
	var list []types.StackSetOperationResultSummary
	pages := cloudformation.NewListStackSetOperationResultsPaginator(w.cfn(), &cloudformation.ListStackSetOperationResultsInput{
		StackSetName: &set, OperationId: &id,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		w.must(err)
		list = append(list, page.Summaries...)
	}
	return list
}

// instances lists a set's instances as "account region STATUS/DETAILED".
func (w *world) instances(set string, filters ...types.StackInstanceFilter) []string {
	w.Helper()
	var list []string
	pages := cloudformation.NewListStackInstancesPaginator(w.cfn(), &cloudformation.ListStackInstancesInput{
		StackSetName: &set, Filters: filters,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		w.must(err)
		for _, i := range page.Summaries {
			list = append(list, fmt.Sprintf("%s %s %s/%s", strings.TrimLeft(*i.Account, "0"), *i.Region, i.Status, i.StackInstanceStatus.DetailedStatus))
		}
	}
	slices.Sort(list)
	return list
}

// instance describes an instance.
func (w *world) instance(set, account, region string) *types.StackInstance {
	w.Helper()
	out, err := w.cfn().DescribeStackInstance(context.Background(), &cloudformation.DescribeStackInstanceInput{
		StackSetName: &set, StackInstanceAccount: &account, StackInstanceRegion: &region,
	})
	w.must(err)
	return out.StackInstance
}

// code is the error code of an AWS error, "" for none.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// message is the text of an AWS error.
func message(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return ""
}

// organizationsCall calls an action of AWS Organizations as the management account.
func (w *world) organizationsCall(action, body string) error {
	r, err := http.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	if err != nil {
		return err
	}
	service := w.org.Service()
	r.Header.Set("X-Amz-Target", service.TargetPrefix+"."+action)
	w.Serve(func() {
		q, refused := wire.Read(&service, r)
		if refused != nil {
			err = refused
			return
		}
		c := &core.Call{World: w.World, Service: service.Name, Action: action, Caller: w.UserPrincipal(management), Region: home}
		_, err = service.Actions[action].Invoke(c, q.Decode)
	})
	return err
}
