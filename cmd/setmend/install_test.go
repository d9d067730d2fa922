package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/cloud/integration"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/install"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/report"
)

// installed are commands against one embedded AWS.
type installed struct {
	t       *testing.T
	url     string
	journal string
	policy  string
	stdout  string
}

// run runs a command and returns its exit code and what it said.
func (i *installed) run(args ...string) (code int, said string) {
	i.t.Helper()
	var stdout, stderr bytes.Buffer
	env := map[string]string{"AWS_ACCESS_KEY_ID": "sim", "AWS_SECRET_ACCESS_KEY": "sim"}
	a := &app{stdout: &stdout, stderr: &stderr, getenv: func(name string) string { return env[name] }}
	args = append(args, "--endpoint-url", i.url, "--region", "eu-central-1", "--speed", "60", "--config", i.policy)
	if i.journal != "" {
		args = append(args, "--journal", i.journal)
	}
	code = a.run(i.t.Context(), args)
	i.stdout = stdout.String()
	return code, stderr.String()
}

// must runs a command that succeeds and returns its output.
func (i *installed) must(args ...string) string {
	i.t.Helper()
	if code, said := i.run(args...); code != exitOK {
		i.t.Fatalf("%q exits with %d: %s", args, code, said)
	}
	return i.stdout
}

// topic makes an SNS topic and returns its ARN.
func topic(t *testing.T, url string) string {
	t.Helper()
	aws, err := cloud.New(t.Context(), cloud.Config{Region: "eu-central-1", EndpointURL: url, Keys: &cloud.Keys{AccessKeyID: "sim", SecretAccessKey: "sim"}})
	if err != nil {
		t.Fatal(err)
	}
	create, _ := integration.Bind(aws).Lookup("arn:aws:states:::aws-sdk:sns:createTopic")
	out, err := create(t.Context(), json.RawMessage(`{"Name": "heals"}`))
	if err != nil {
		t.Fatal(err)
	}
	var made struct{ TopicArn string }
	if err := json.Unmarshal(out, &made); err != nil {
		t.Fatal(err)
	}
	return made.TopicArn
}

// agreed is what two runs must agree in.
func agreed(r *report.Report) map[string]any {
	verdicts := map[string]string{}
	for _, cell := range r.Cells {
		verdicts[cell.Cell.String()] = string(cell.Verdict)
	}
	return map[string]any{"result": r.Run.Result, "verdicts": verdicts, "attention": len(r.Attention)}
}

func smallFleet(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", "fleets", "small.json"))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// newest is the newest run's report in a journal.
func (i *installed) newest() *report.Report {
	i.t.Helper()
	var runs []record.Run
	if err := json.Unmarshal([]byte(i.must("runs", "-o", "json")), &runs); err != nil {
		i.t.Fatal(err)
	}
	for _, run := range runs {
		if run.Result == "" {
			continue
		}
		var told report.Report
		if err := json.Unmarshal([]byte(i.must("runs", "show", run.ID, "-o", "json")), &told); err != nil {
			i.t.Fatal(err)
		}
		return &told
	}
	return nil
}

// The whole, with this program as the functions' code: installed, it heals by its
// schedule what a local run heals, to the same outcome, publishes, compiles the
// parameters and notifies; it finds its own drift; and it is removed without its journal.
func TestTheInstalledSystemHealsToTheSameOutcomeAsALocalRun(t *testing.T) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skipf("functions run as processes of linux; this is %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	url, _ := startedSim(t, "--fleet", smallFleet(t), "--speed", "60", "--listen", "127.0.0.1:0", "--run-functions")
	policyFile := filepath.Join(t.TempDir(), "setmend.yaml")
	text := fmt.Sprintf("version: 1\nnotify:\n  channels:\n    - name: heals\n      when: always\n      sns: {topic: %s}\n", topic(t, url))
	if err := os.WriteFile(policyFile, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	i := &installed{t: t, url: url, policy: policyFile}
	outputs := map[string]string{}
	said := i.must("install", "--yes", "-o", "json", "--parameter", "HealSchedule=rate(15 minutes)", "--parameter", "ConfigSchedule=rate(10 minutes)")
	// The changes are printed before the outputs: the last document is theirs.
	if err := json.Unmarshal([]byte(said[strings.LastIndex(said, "\n{")+1:]), &outputs); err != nil {
		t.Fatalf("%v in %s", err, said)
	}
	i.journal = outputs["JournalURL"]

	deadline := time.Now().Add(3 * time.Minute)
	for i.newest() == nil {
		if time.Now().After(deadline) {
			t.Fatalf("no run has ended; calls: %s", told(t, url, "stats"))
		}
		select { // the functions are other processes: their work takes real time
		case <-time.After(500 * time.Millisecond):
		case <-t.Context().Done():
			t.FailNow()
		}
	}

	local, _ := startedSim(t, "--fleet", smallFleet(t), "--speed", "600", "--listen", "127.0.0.1:0")
	l := &installed{t: t, url: local, policy: "demo.yaml", journal: filepath.Join(t.TempDir(), "journal.db")}
	l.must("heal", "--yes")
	if diff := cmp.Diff(agreed(l.newest()), agreed(i.newest())); diff != "" {
		t.Errorf("outcome (-local +installed):\n%s", diff)
	}
	if i.newest().Run.Engine != "step-functions" {
		t.Errorf("the run's engine is %s", i.newest().Run.Engine)
	}
	calls := told(t, url, "stats")
	for _, call := range []string{"states:StartExecution", "sns:Publish", "ssm:PutParameter"} {
		if !regexp.MustCompile(`(?m)^` + call + ` +[1-9]`).MatchString(calls) {
			t.Errorf("%s was not called: %s", call, calls)
		}
	}
	if i.must("config", "diff"); strings.Contains(i.stdout, "would") {
		t.Errorf("the parameters are not as they should be: %s", i.stdout)
	}
	i.published(outputs["ReportBucket"])

	if code, said := i.run("install", "--check"); code != exitOK {
		t.Errorf("install --check exits with %d: %s%s", code, i.stdout, said)
	}
	if code, _ := i.run("install", "--check", "--governs", "platform-*"); code != exitChanges || !strings.Contains(i.stdout, "HealerRole") {
		t.Errorf("install --check for other stack sets exits with %d: %s", code, i.stdout)
	}
}

// published checks the page, the report and the log in the bucket.
func (i *installed) published(bucket string) {
	i.t.Helper()
	aws, err := cloud.New(i.t.Context(), cloud.Config{Region: "eu-central-1", EndpointURL: i.url, Keys: &cloud.Keys{AccessKeyID: "sim", SecretAccessKey: "sim"}})
	if err != nil {
		i.t.Fatal(err)
	}
	for _, name := range []string{pageFile, reportFile, decisionsFile} {
		if body, _, err := aws.Bucket(bucket).Get(i.t.Context(), name); err != nil || len(body) == 0 {
			i.t.Errorf("%s has %d bytes: %v", name, len(body), err)
		}
	}
}

// An event names what is to be healed; twice the same is once.
func TestEventsAskForWhatTheyNameAndOnce(t *testing.T) {
	for name, c := range map[string]struct {
		event string
		want  pending
	}{
		"instance": {`{"source":"aws.cloudformation","detail-type":"CloudFormation StackSet StackInstance Status Change","detail":{"stack-set-arn":"arn:aws:cloudformation:eu-central-1:111122223333:stackset/guard:0f0f","stack-id":"","status-details":{"detailed-status":"FAILED"}}}`,
			pending{StackSets: sets("guard")}},
		"created": {`{"source":"aws.organizations","detail":{"eventName":"CreateAccountResult","serviceEventDetails":{"createAccountStatus":{"accountId":"200000000003","state":"SUCCEEDED"}}}}`,
			pending{Accounts: accountList("200000000003")}},
		"moved": {`{"source":"aws.organizations","detail":{"eventName":"MoveAccount","requestParameters":{"accountId":"200000000001"},"userIdentity":{"accountId":"111122223333"}}}`,
			pending{Accounts: accountList("200000000001")}},
		"accepted": {`{"source":"aws.organizations","detail":{"eventName":"AcceptHandshake","requestParameters":{"handshakeId":"h-1"},"userIdentity":{"accountId":"200000000009"}}}`,
			pending{Accounts: accountList("200000000009")}},
		"enrolled": {`{"source":"aws.controltower","detail":{"eventName":"CreateManagedAccount","serviceEventDetails":{"createManagedAccountStatus":{"account":{"accountId":"200000000004"}}}}}`,
			pending{Accounts: accountList("200000000004")}},
		"unsaid": {`{"source":"aws.organizations","detail":{"eventName":"CloseAccountResult"}}`, pending{Whole: true}},
	} {
		t.Run(name, func(t *testing.T) {
			var e triggered
			if err := json.Unmarshal([]byte(c.event), &e); err != nil {
				t.Fatal(err)
			}
			got, err := askedBy(e)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			var gathered pending
			gathered.add(got, simStart)
			once := gathered
			if gathered.add(got, simStart.Add(time.Hour)) || cmp.Diff(once, gathered) != "" {
				t.Errorf("the same again makes %+v of %+v", gathered, once)
			}
		})
	}
}

// A report that was written before publishing failed is no success.
func TestARunWhoseExecutionFailedIsNoSuccess(t *testing.T) {
	timeout := asl.Outcome{Status: asl.StatusFailed, Error: "States.Timeout", Cause: "state PublishStatus took longer than 900 s"}
	r, err := failedReport(&report.Report{Run: report.Run{Result: report.Attention}}, timeout)
	if err != nil || r.Run.Result != report.Failed || !strings.Contains(r.Run.Error, "PublishStatus") {
		t.Errorf("the run is %+v: %v", r.Run, err)
	}
	if r, _ := failedReport(&report.Report{Run: report.Run{Result: report.Stopped, Error: "by hand"}}, timeout); r.Run.Result != report.Stopped || r.Run.Error != "by hand" {
		t.Errorf("a run that was stopped is %+v", r.Run)
	}
	if _, err := failedReport(nil, asl.Outcome{Status: asl.StatusTimedOut}); err == nil {
		t.Error("an execution that timed out without a report is a success")
	}
}

// What the roles may do is what the code declares that it calls.
func TestTheTemplatesPermissionsAreWhatTheCodeDeclares(t *testing.T) {
	var stdout bytes.Buffer
	a := &app{stdout: &stdout, stderr: &stdout, getenv: func(string) string { return "" }}
	if code := a.run(t.Context(), []string{"install", "--print", "--config", "demo.yaml"}); code != exitOK {
		t.Fatal(stdout.String())
	}
	template := stdout.String()
	for _, purpose := range []string{forReading, forHealing, forSync, forStarting} {
		for _, action := range actionsFor(purpose) {
			if !strings.Contains(template, action) {
				t.Errorf("%s is called for %s, and no role allows it", action, purpose)
			}
		}
	}
	declared := map[string]bool{}
	for _, action := range cloud.Actions() {
		declared[action.Permission()] = true
	}
	for _, service := range []string{"cloudformation", "organizations", "ssm", "states"} {
		for _, action := range regexp.MustCompile(`\b`+service+`:[A-Z]\w+`).FindAllString(template, -1) {
			if !declared[action] {
				t.Errorf("a role allows %s, which the code does not declare", action)
			}
		}
	}
	if !strings.Contains(template, "role/OrganizationAccountAccessRole") || len(install.Stages) != 8 {
		t.Error("the healer may not assume the policy's member role")
	}
}

func sets(list ...fleet.StackSetName) []fleet.StackSetName  { return list }
func accountList(list ...fleet.AccountID) []fleet.AccountID { return list }

// A schedule that comes more often than the policy trusts a drift check has AWS check
// in every run; what a policy names itself stays.
func TestAScheduleChecksDriftInEveryRun(t *testing.T) {
	for text, want := range map[string]time.Duration{"@every 6h": 3 * time.Hour, "0 6,8 * * *": time.Hour, "0 6 * * *": 12 * time.Hour, "0 6 * * 1": 20 * time.Hour} {
		schedule, err := parseSchedule(text)
		if err != nil {
			t.Fatal(err)
		}
		p := policy.Default()
		checkEveryRun(p, shortestInterval(schedule, simStart))
		if got := p.For(fleet.StackSet{Name: "any"}).DriftMaxAge; got != want {
			t.Errorf("%s: checks are trusted for %v, want %v", text, got, want)
		}
	}
	own, err := policy.Parse([]byte("version: 1\ndefaults: {driftMaxAge: 48h}\n"))
	if err != nil {
		t.Fatal(err)
	}
	checkEveryRun(own, time.Hour)
	if got := own.For(fleet.StackSet{Name: "any"}).DriftMaxAge; got != 48*time.Hour {
		t.Errorf("the policy's own 48 h became %v", got)
	}
}

// What an event names is checked anew, by a check since the event.
func TestARunForAnEventTrustsNoCheckBeforeIt(t *testing.T) {
	event, err := json.Marshal(map[string]any{"run": "r", "input": (&pending{Accounts: accountList("200000000001"), Since: simStart}).input()})
	if err != nil {
		t.Fatal(err)
	}
	strict := asOf(policy.Default(), event, simStart.Add(10*time.Minute))
	if got := strict.For(fleet.StackSet{Name: "any"}).DriftMaxAge; got != 10*time.Minute {
		t.Errorf("checks are trusted for %v, want since the event, 10 min ago", got)
	}
	if p := policy.Default(); asOf(p, json.RawMessage(`{"input":{}}`), simStart) != p {
		t.Error("a run by schedule has another policy")
	}
}
