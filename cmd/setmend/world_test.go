package main

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/clock"
	"github.com/setmend/setmend/cloud"
)

// worldSpeed is how fast the time of a commandWorld runs.
const worldSpeed = 3000

const (
	worldAccount = "111122223333"
	worldRegion  = "eu-central-1"
)

// commandWorld is an embedded AWS with an organization of one OU, and setmend's
// commands on it, as a user types them.
type commandWorld struct {
	t      *testing.T
	aws    *awssim.AWS
	url    string
	folder string // journal, policy and what else a command reads or writes
	ou     string
}

func newCommandWorld(t *testing.T, accounts int) *commandWorld {
	t.Helper()
	aws, err := awssim.New(awssim.Options{Seed: 1, Account: worldAccount, Clock: clock.Scaled(worldSpeed, simStart)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(aws)
	t.Cleanup(server.Close)
	w := &commandWorld{t: t, aws: aws, url: server.URL, folder: t.TempDir()}
	aws.Lock()
	defer aws.Unlock()
	o := aws.Organization()
	w.must(o.Create(worldAccount, "management"))
	o.SetTrustedAccess(cloud.StackSetsPrincipal, true)
	w.ou, err = o.AddOU(o.Root(), "workloads")
	w.must(err)
	for i := range accounts {
		w.must(o.AddAccount(awssim.Account{ID: w.account(i), Name: fmt.Sprintf("team%d", i), Parent: w.ou}))
	}
	return w
}

func (w *commandWorld) account(i int) string { return fmt.Sprintf("2000000000%02d", i+1) }

func (w *commandWorld) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// stackSet seeds a service-managed set with an instance in each of the first n
// accounts.
func (w *commandWorld) stackSet(spec awssim.StackSetSpec, n int) {
	w.t.Helper()
	spec.Account, spec.Region, spec.PermissionModel = worldAccount, worldRegion, "SERVICE_MANAGED"
	spec.Targets = map[string][]string{w.ou: {worldRegion}}
	w.must(w.aws.SeedStackSet(spec))
	for i := range n {
		w.must(w.aws.SeedInstance(spec.Name, w.account(i), worldRegion, awssim.InstanceSeed{}))
	}
}

// file writes a file into the world's folder and returns its path.
func (w *commandWorld) file(name, text string) string {
	w.t.Helper()
	path := filepath.Join(w.folder, name)
	w.must(os.WriteFile(path, []byte(text), 0o600))
	return path
}

// run types a command, expects its exit code, and returns what it wrote to stdout
// and stderr.
func (w *commandWorld) run(code int, args ...string) (stdout, stderr string) {
	w.t.Helper()
	var out, errs bytes.Buffer
	a := &app{stdin: bytes.NewReader(nil), stdout: &out, stderr: &errs, getenv: func(name string) string {
		if name == "NO_COLOR" {
			return "1"
		}
		return ""
	}}
	all := append(args, "--endpoint-url", w.url, "--region", worldRegion, "--journal", filepath.Join(w.folder, "journal.db"), "--speed", fmt.Sprint(worldSpeed))
	if policy := filepath.Join(w.folder, "setmend.yaml"); fileExists(policy) {
		all = append(all, "--config", policy)
	}
	if got := a.run(w.t.Context(), all); got != code {
		w.t.Fatalf("setmend %q exits with %d, want %d\n%s%s", args, got, code, &out, &errs)
	}
	return out.String(), errs.String()
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// writes counts the calls of an action so far.
func (w *commandWorld) calls(action string) int { return w.aws.Stats().Calls[action] }
