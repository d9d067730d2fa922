package main

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/setmend/setmend/clock"
)

// simStart is a fixed time, so that scripts see the same dates every day.
var simStart = time.Date(2026, 1, 15, 6, 0, 0, 0, time.UTC)

// exits runs a command and checks its exit code: exits CODE COMMAND [ARG...]
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// startSim serves an embedded AWS in the test's process until the script ends
// and points AWS_ENDPOINT_URL at it: sim SCENARIO ACCOUNTS SPEED
func startSim(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: sim SCENARIO ACCOUNTS SPEED")
	}
	accounts, err := strconv.Atoi(args[1])
	ts.Check(err)
	speed, err := strconv.ParseFloat(args[2], 64)
	ts.Check(err)
	s := simulation{scenario: scenario{accounts: accounts, seed: 1, speed: speed}, name: args[0]}
	aws, err := s.aws(clock.Scaled(speed, simStart))
	ts.Check(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = serveUntil(ctx, listener, aws) // the script's own assertions tell
	}()
	ts.Defer(func() { cancel(); <-done })
	ts.Setenv("AWS_ENDPOINT_URL", "http://"+listener.Addr().String())
	ts.Setenv("AWS_REGION", "eu-central-1")
}
