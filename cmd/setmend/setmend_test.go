package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	// The tests' own program is what install zips: as a Lambda function it is setmend.
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		os.Exit(mainCode())
	}
	testscript.Main(m, map[string]func(){"setmend": func() { os.Exit(mainCode()) }})
}

// TestCommands runs the scripts in testdata: each file is what a user types and
// what must come of it.
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			giveLambda(env)
			env.Setenv("HOME", env.WorkDir)
			deploy, err := filepath.Abs(filepath.Join("..", "..", "deploy"))
			if err != nil {
				return err
			}
			env.Setenv("DEPLOY", deploy)
			env.Setenv("AWS_ACCESS_KEY_ID", "sim")
			env.Setenv("AWS_SECRET_ACCESS_KEY", "sim")
			env.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "sim": startSim, "lambda": startLambda, "asked": asked},
	})
}
