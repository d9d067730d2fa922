package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/setmend/setmend/asl"
)

// A process that is killed in the middle of a run leaves the run to whoever
// resumes it: what was done is not done again, and a wait ends when it would have.
func TestAKilledWorkflowGoesOnWhereItWas(t *testing.T) {
	folder := t.TempDir()
	journal, definition := filepath.Join(folder, "j.db"), filepath.Join(folder, "definition.json")
	err := os.WriteFile(definition, []byte(`{"StartAt": "Before", "States": {
		"Before": {"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}, "Next": "Pause"},
		"Pause": {"Type": "Wait", "Seconds": 2, "Next": "After"},
		"After": {"Type": "Pass", "Parameters": {"id.$": "$.id", "went": "on"}, "End": true}}}`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	killWhen(t, "Pause", exec.Command("setmend", "workflow", "run", definition, "--name", "r", "--journal", journal))

	before := workflowHistory(t, journal)
	var outcome asl.Outcome
	fromJSON(t, exec.Command("setmend", "workflow", "resume", "r", "--journal", journal, "-o", "json"), &outcome)
	after := workflowHistory(t, journal)

	var output struct{ ID, Went string }
	if err := json.Unmarshal(outcome.Output, &output); err != nil || outcome.Status != asl.StatusSucceeded || output.Went != "on" {
		t.Fatalf("resumed to %+v", outcome)
	}
	if !strings.Contains(string(before[2].Output), output.ID) {
		t.Errorf("the id %s was not drawn before the kill: %s", output.ID, before[2].Output)
	}
	want := []asl.EventType{"ExecutionStarted", "PassStateEntered", "PassStateExited", "WaitStateEntered", "WaitStateExited",
		"PassStateEntered", "PassStateExited", "ExecutionSucceeded"}
	for i, event := range after {
		if i >= len(want) || event.Type != want[i] {
			t.Errorf("event %d is %s, want %v", i+1, event.Type, want)
		}
	}
	if len(after) != len(want) {
		t.Errorf("%d events, want %d", len(after), len(want))
	}
	if waited := after[4].Time.Sub(after[3].Time).Seconds(); waited < 2 {
		t.Errorf("waited for %g s in all", waited)
	}
}

// Two processes that resume one run do not both do its work: the later one has it,
// and both tell how it ended.
func TestARunThatIsResumedTwiceIsDoneOnce(t *testing.T) {
	folder := t.TempDir()
	journal, definition := filepath.Join(folder, "j.db"), filepath.Join(folder, "definition.json")
	err := os.WriteFile(definition, []byte(`{"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "Seconds": 2, "End": true}}}`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	killWhen(t, "Pause", exec.Command("setmend", "workflow", "run", definition, "--name", "r", "--journal", journal))
	var processes []*exec.Cmd
	for range 2 {
		cmd := exec.Command("setmend", "workflow", "resume", "r", "--journal", journal, "-o", "json")
		cmd.Stdout, cmd.Stderr = new(bytes.Buffer), new(bytes.Buffer)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		processes = append(processes, cmd)
	}
	ended := 0
	for _, cmd := range processes {
		err := cmd.Wait()
		switch {
		case err == nil && strings.Contains(cmd.Stdout.(*bytes.Buffer).String(), "SUCCEEDED"):
			ended++
		case !strings.Contains(cmd.Stderr.(*bytes.Buffer).String(), "another process has stopped or resumed this run"):
			t.Errorf("%v: %s", err, cmd.Stderr)
		}
	}
	if ended == 0 {
		t.Error("nobody saw the run's end")
	}
	if events := workflowHistory(t, journal); len(events) != 4 {
		t.Errorf("%d events, want 4: %v", len(events), events)
	}
}

// killWhen starts a command and kills it with SIGKILL once its standard error
// says that the run is in a state.
func killWhen(t *testing.T, state string, cmd *exec.Cmd) {
	t.Helper()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if strings.HasSuffix(lines.Text(), " "+state) {
			break
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		t.Fatalf("the command ended by itself: %v", err)
	}
}

func workflowHistory(t *testing.T, journal string) []asl.Event {
	t.Helper()
	var events []asl.Event
	fromJSON(t, exec.Command("setmend", "workflow", "history", "r", "--journal", journal, "-o", "json"), &events)
	return events
}

func fromJSON(t *testing.T, cmd *exec.Cmd, into any) {
	t.Helper()
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v", cmd, err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%v: %v in %s", cmd, err, text)
	}
}
