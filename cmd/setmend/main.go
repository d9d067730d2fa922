// Command setmend keeps CloudFormation StackSets healthy across an AWS
// Organization. One file is one command; this package is the only place where
// the others are wired together.
//
// Output rules: data goes to stdout, everything else (progress, questions,
// errors, hints) to stderr. An error is one line that says what, and one that
// says what to do about it; its class decides the exit code (exit.go).
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(mainCode())
}

// mainCode is main with its exit code, so that tests can run the command in
// process.
func mainCode() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}
	if a.inLambda() && len(os.Args) == 1 {
		return a.lambda()
	}
	return a.run(ctx, os.Args[1:])
}
