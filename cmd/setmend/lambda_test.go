package main

import (
	"encoding/json"
	"net/http/httptest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// lambdaKey is where a script has its functions.
type lambdaKey struct{}

// giveLambda makes functions of any name for a script.
func giveLambda(env *testscript.Env) {
	env.Values[lambdaKey{}] = &functions{bodies: map[string][]string{}, called: make(chan string, 100)}
}

// startLambda serves the script's functions in the test's process until the
// script ends, and points AWS_ENDPOINT_URL at them: lambda
func startLambda(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: lambda")
	}
	server := httptest.NewServer(ts.Value(lambdaKey{}).(*functions))
	ts.Defer(server.Close)
	ts.Setenv("AWS_ENDPOINT_URL", server.URL)
	ts.Setenv("AWS_REGION", "eu-central-1")
}

// asked waits until a function is called, and keeps the token that it is given
// in an environment variable: asked FUNCTION VARIABLE
func asked(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: asked FUNCTION VARIABLE")
	}
	lambda := ts.Value(lambdaKey{}).(*functions)
	late := time.After(time.Minute)
	for called := ""; called != args[0]; {
		select {
		case called = <-lambda.called:
		case <-late:
			ts.Fatalf("%s was not called within a minute", args[0])
		}
	}
	lambda.mu.Lock()
	defer lambda.mu.Unlock()
	bodies := lambda.bodies[args[0]]
	var payload struct{ Token string }
	ts.Check(json.Unmarshal([]byte(bodies[len(bodies)-1]), &payload))
	ts.Setenv(args[1], payload.Token)
}
