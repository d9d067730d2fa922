package main

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/clock"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/cloud/integration"
)

// permitted are the actions that `setmend permissions` prints for the arguments.
func permitted(t *testing.T, args ...string) []string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	a := &app{stdout: &stdout, stderr: &stderr, getenv: func(string) string { return "" }}
	if code := a.run(t.Context(), append([]string{"permissions"}, args...)); code != exitOK {
		t.Fatalf("permissions %q exits with %d: %s", args, code, &stderr)
	}
	var policy integration.Policy
	if err := json.Unmarshal(stdout.Bytes(), &policy); err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, statement := range policy.Statement {
		actions = append(actions, statement.Action...)
	}
	return actions
}

// against runs a command on an embedded AWS.
func against(t *testing.T, url, journal string, args ...string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	a := &app{stdout: &stdout, stderr: &stderr, getenv: func(string) string { return "" }}
	args = append(args, "--endpoint-url", url, "--region", "eu-central-1", "--journal", journal, "--speed", "3000", "--config", "demo.yaml")
	if code := a.run(t.Context(), args); code != exitOK {
		t.Fatalf("%q exits with %d: %s", args, code, &stderr)
	}
}

// What is printed is enough: the embedded AWS, which counts every call, sees none
// that the policies leave out.
func TestThePrintedPermissionsCoverEveryCallThatIsMade(t *testing.T) {
	s := simulation{scenario: scenario{accounts: 24, seed: 1, speed: 3000}, name: "otto"}
	aws, err := s.aws(clock.Scaled(s.speed, simStart))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(aws)
	defer server.Close()
	journal := filepath.Join(t.TempDir(), "journal.db")
	reading := permitted(t, "read")
	for _, command := range [][]string{{"status"}, {"plan"}, {"doctor"}, {"explain", "log-bucket"}, {"dashboard", "--fresh", "--out", filepath.Join(t.TempDir(), "page.html")}} {
		against(t, server.URL, journal, command...)
		covered(t, aws, reading)
	}
	against(t, server.URL, journal, "heal", "--yes")
	covered(t, aws, append(permitted(t, "heal", "--config", "demo.yaml"), permitted(t, "member")...))
}

func covered(t *testing.T, aws *awssim.AWS, actions []string) {
	t.Helper()
	for call := range aws.Stats().Calls {
		if !slices.Contains(actions, call) {
			t.Errorf("%s is called, and no printed policy allows it", call)
		}
	}
}

// And it is not more than looking takes: nothing that writes is for reading.
func TestLookingNeedsNoPermissionThatChangesAnything(t *testing.T) {
	reading := permitted(t)
	for _, action := range cloud.Actions() {
		if (action.Write || action.Service == "sts" && action.Name == "AssumeRole") && slices.Contains(reading, action.Permission()) {
			t.Errorf("%s is permitted to those who only look", action.Permission())
		}
	}
}

func TestHealingWithoutAPolicyFileNeedsNoRoleTopicOrParameter(t *testing.T) {
	for _, action := range permitted(t, "heal") {
		if slices.Contains([]string{"sts:AssumeRole", "ssm:GetParameter", "sns:Publish"}, action) {
			t.Errorf("%s is permitted, and nothing asks for it", action)
		}
	}
}
