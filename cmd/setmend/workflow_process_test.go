package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// functions is Lambda, with functions of the test's.
type functions struct {
	mu     sync.Mutex
	bodies map[string][]string // by function, of each invocation
	called chan string         // the name of each, as it begins
	held   string              // a function that does not answer,
	free   chan struct{}       // until this is closed
}

func (f *functions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" { // the question who is asking
		_, _ = io.WriteString(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account><Arn>arn:aws:iam::111122223333:user/u</Arn><UserId>u</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>`)
		return
	}
	name := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/2015-03-31/functions/"), "/invocations")
	body, _ := io.ReadAll(r.Body) // a body that cannot be read is not the one that is expected
	f.mu.Lock()
	f.bodies[name] = append(f.bodies[name], string(body))
	f.mu.Unlock()
	f.called <- name
	if name == f.held {
		select {
		case <-f.free:
		case <-r.Context().Done():
			return
		}
	}
	_, _ = io.WriteString(w, `"`+name+` done"`) // who has hung up needs no answer
}

// process is the command in a process of its own.
func process(t *testing.T, home string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Args = append([]string{"setmend"}, args...)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_STATE_HOME="+home, "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=k",
		"AWS_SECRET_ACCESS_KEY=s", "AWS_EC2_METADATA_DISABLED=true")
	cmd.Stderr = new(bytes.Buffer)
	return cmd
}

func outcomeOf(t *testing.T, text []byte) (outcome struct{ Status, Cause string }) {
	t.Helper()
	if err := json.Unmarshal(text, &outcome); err != nil {
		t.Fatalf("not an outcome: %v: %s", err, text)
	}
	return outcome
}

const threeTasks = `{"StartAt":"A","States":{
 "A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"first","Payload":{"run.$":"$$.Execution.Name"}},"ResultPath":"$.a","Next":"B"},
 "B":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"second","Payload":{"at.$":"$$.State.EnteredTime"}},"ResultPath":"$.b","Next":"C"},
 "C":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"third","Payload":{"b.$":"$.b.Payload"}},"End":true}}}`

func TestAKilledRunIsResumedWithoutCallingAnyFinishedTaskAgain(t *testing.T) {
	lambda := &functions{bodies: map[string][]string{}, called: make(chan string, 10), held: "second", free: make(chan struct{})}
	server := httptest.NewServer(lambda)
	defer server.Close()
	home := t.TempDir()
	file := filepath.Join(home, "three.asl.json")
	if err := os.WriteFile(file, []byte(threeTasks), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := []string{"--endpoint-url", server.URL, "-o", "json"}
	run := process(t, home, append([]string{"workflow", "run", file, "--name", "killed"}, flags...)...)
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	<-lambda.called
	<-lambda.called // the second task is under way
	if err := run.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := run.Wait(); err == nil {
		t.Fatal("the process was not killed")
	}
	close(lambda.free)
	resume := process(t, home, append([]string{"workflow", "resume", "killed"}, flags...)...)
	output, err := resume.Output()
	if err != nil {
		t.Fatalf("resuming: %v: %s", err, resume.Stderr)
	}
	if got := outcomeOf(t, output); got.Status != "SUCCEEDED" {
		t.Errorf("outcome %+v", got)
	}
	calls := map[string]int{}
	for name, bodies := range lambda.bodies {
		calls[name] = len(bodies)
	}
	if diff := cmp.Diff(map[string]int{"first": 1, "second": 2, "third": 1}, calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if second := lambda.bodies["second"]; second[0] != second[1] {
		t.Errorf("the task that was under way was called again with another input: %q", second)
	}
}

func TestAProcessWhoseRunIsStoppedEnds(t *testing.T) {
	home := t.TempDir()
	file := filepath.Join(home, "wait.asl.json")
	if err := os.WriteFile(file, []byte(`{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":86400,"End":true}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	run := process(t, home, "workflow", "run", file, "--name", "long", "-o", "json")
	run.Stderr = nil
	progress, err := run.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	var output bytes.Buffer
	run.Stdout = &output
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(progress); lines.Scan() && !strings.HasSuffix(lines.Text(), " W"); {
	}
	stop := process(t, home, "workflow", "stop", "long", "--cause", "enough")
	if err := stop.Run(); err != nil {
		t.Fatalf("stopping: %v: %s", err, stop.Stderr)
	}
	if err := run.Wait(); err == nil || run.ProcessState.ExitCode() != exitFailed {
		t.Errorf("the process ended with %v", err)
	}
	if got := outcomeOf(t, output.Bytes()); got.Status != "ABORTED" || got.Cause != "enough" {
		t.Errorf("outcome %+v", got)
	}
}
