package awssim

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestOtherClientsTellTheWholeStory drives the AWS CLI and the JavaScript SDK
// against a listener: organization, stack set, instances by OU, overrides, a
// change by hand, drift, its revert, stop, import, delete. It is asked for by
// SETMEND_CLIENTS, the directory where testdata/clients/package.json is installed.
func TestOtherClientsTellTheWholeStory(t *testing.T) {
	modules := os.Getenv("SETMEND_CLIENTS")
	if modules == "" {
		t.Skip("SETMEND_CLIENTS does not name a directory with the JavaScript SDK")
	}
	for _, command := range []string{"sh testdata/clients/story.sh", "node testdata/clients/story.mjs"} {
		words := strings.Fields(command)
		t.Run(words[0], func(t *testing.T) {
			if _, err := exec.LookPath(words[0]); err != nil {
				t.Skip(err)
			}
			a, err := New(Options{Seed: 1, Account: managementAccount, Unthrottled: true})
			if err != nil {
				t.Fatal(err)
			}
			village(t, a)
			server := httptest.NewServer(a)
			defer server.Close()
			c := exec.Command(words[0], words[1:]...)
			c.Env = append(os.Environ(),
				"AWS_ENDPOINT_URL="+server.URL, "AWS_ACCESS_KEY_ID="+managementAccount, "AWS_SECRET_ACCESS_KEY=x",
				"AWS_DEFAULT_REGION=us-east-1", "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true", "MODULES="+modules)
			out, err := c.CombinedOutput()
			if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "told") {
				t.Errorf("%s: %v\n%s", command, err, out)
			}
		})
	}
}

// village is an organization of one OU with three accounts.
func village(t *testing.T, a *AWS) {
	t.Helper()
	a.Lock()
	defer a.Unlock()
	o := a.Organization()
	if err := o.Create(managementAccount, "Management"); err != nil {
		t.Fatal(err)
	}
	ou, err := o.AddOU(o.Root(), "village")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"200000000001", "200000000002", "200000000003"} {
		if err := o.AddAccount(Account{ID: id, Name: "house-" + id, Parent: ou}); err != nil {
			t.Fatal(err)
		}
	}
}
