package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/setmend/setmend/awssim/otto"
	"github.com/setmend/setmend/clock"
	"github.com/setmend/setmend/cloud"
)

// startedSim runs `setmend sim` with the arguments on a free port until the test
// ends, and gives its URL and what it said at the start.
func startedSim(t *testing.T, args ...string) (url, said string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	code := make(chan int, 1)
	go func() {
		a := &app{stdout: io.Discard, stderr: writer, getenv: func(string) string { return "" }}
		code <- a.run(ctx, append([]string{"sim"}, args...))
		writer.Close()
	}()
	lines := bufio.NewScanner(reader)
	for !strings.Contains(said, "export ") && lines.Scan() {
		said += lines.Text() + "\n"
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	t.Cleanup(func() {
		cancel()
		if got := <-code; got != exitInterrupted {
			t.Errorf("interrupted, sim exits with %d", got)
		}
	})
	found := regexp.MustCompile(`http://\S+`).FindString(said)
	if found == "" {
		t.Fatalf("sim says no address: %s", said)
	}
	return found, said
}

// told runs a subcommand of sim and gives what it prints.
func told(t *testing.T, url string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	a := &app{stdout: &stdout, stderr: &stderr, getenv: func(string) string { return "" }}
	if code := a.run(t.Context(), append([]string{"sim", "--endpoint-url", url}, args...)); code != exitOK {
		t.Fatalf("sim %s exits with %d: %s", strings.Join(args, " "), code, &stderr)
	}
	return stdout.String()
}

func TestSimStartsWithItsFleetAndFaultsAndResetBringsThemBack(t *testing.T) {
	folder := t.TempDir()
	fleet, faults := filepath.Join(folder, "fleet.json"), filepath.Join(folder, "faults.yaml")
	otto, _ := startedSim(t, "--listen", "127.0.0.1:0", "--accounts", "20", "--seed", "7")
	told(t, otto, "snapshot", "--out", fleet)
	if err := os.WriteFile(faults, []byte("faults: [{call: 'sts:*', do: throttle}]"), 0o600); err != nil {
		t.Fatal(err)
	}

	url, said := startedSim(t, "--listen", "127.0.0.1:0", "--fleet", fleet, "--faults", faults)
	if !strings.Contains(said, "fleet "+fleet) {
		t.Errorf("sim says %s", said)
	}
	check := func(when string) {
		t.Helper()
		if got := told(t, url, "snapshot"); !strings.Contains(got, `"name": "access-analyzer"`) {
			t.Errorf("%s the fleet is not there", when)
		}
		if got := told(t, url, "faults"); !regexp.MustCompile(`sts:\* +throttle`).MatchString(got) {
			t.Errorf("%s the faults are %s", when, got)
		}
	}
	check("at the start")
	told(t, url, "faults", "--clear")
	if got := told(t, url, "faults"); strings.Contains(got, "sts") {
		t.Errorf("cleared, the faults are %s", got)
	}
	told(t, url, "reset")
	check("after a reset")
}

func TestAScenarioComesBackAfterAReset(t *testing.T) {
	url, _ := startedSim(t, "--listen", "127.0.0.1:0", "--accounts", "20")
	names := regexp.MustCompile(`"name": "[\w-]+"`)
	before := names.FindAllString(told(t, url, "snapshot"), -1)
	told(t, url, "reset")
	after := names.FindAllString(told(t, url, "snapshot"), -1)
	if len(before) < 40 || strings.Join(before, " ") != strings.Join(after, " ") {
		t.Errorf("%d names before and %d after", len(before), len(after))
	}
}

func TestSimOnEveryAddressNamesOneThatMayControlIt(t *testing.T) {
	url, said := startedSim(t, "--listen", "0.0.0.0:0", "--scenario", "empty")
	if !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Errorf("sim says %s", said)
	}
	told(t, url, "reset")
}

func TestTheTimeOfAFastSimIsReadFromItsAnswers(t *testing.T) {
	fast := clock.Scaled(600, simStart)
	s := simulation{scenario: scenario{speed: 600}, name: "empty"}
	aws, err := s.aws(fast)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(aws)
	defer server.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "sim")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "sim")
	for name, config := range map[string]cloud.Config{"in process": {Transport: aws.Transport()}, "over a listener": {EndpointURL: server.URL}} {
		config.Region, config.Clock = otto.HomeRegion, fast
		client, err := cloud.New(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		before := fast.Now()
		at, err := client.ServerTime(t.Context())
		if after := fast.Now(); err != nil || at.Before(before) || at.After(after) {
			t.Errorf("%s it is %s, %v; want a time from %s to %s", name, at, err, before, after)
		}
	}
}
