package clients

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// management is the account that `setmend sim --scenario empty` makes the
// organization in.
const management = "111122223333"

// stories are the clients and what shows that a client is on the machine.
var stories = []struct{ client, probe, command string }{
	{"AWS CLI", "aws --version", "sh testdata/story.sh"},
	{"boto3", "python3 -c import+boto3", "python3 testdata/story.py"},
	{"JavaScript SDK", "node -e require.resolve('./testdata/node_modules/@aws-sdk/client-cloudformation')", "node testdata/story.mjs"},
}

// TestOtherClientsTellTheWholeStory drives every client that is on the machine
// through organization, stack set, instances by OU, overrides, a change by hand,
// drift, its revert, stop, import and delete.
func TestOtherClientsTellTheWholeStory(t *testing.T) {
	if os.Getenv("SETMEND_CLIENTS") == "" {
		t.Skip("other clients are tested by `make test-clients`, which installs the JavaScript SDK")
	}
	binary := filepath.Join(t.TempDir(), "setmend")
	if out, err := exec.Command("go", "build", "-o", binary, "github.com/setmend/setmend/cmd/setmend").CombinedOutput(); err != nil {
		t.Fatalf("building setmend: %v\n%s", err, out)
	}
	for _, s := range stories {
		t.Run(s.client, func(t *testing.T) {
			if out, err := command(s.probe).CombinedOutput(); err != nil {
				t.Skipf("this machine has no %s: %v %s", s.client, err, lastLine(out))
			}
			c := command(s.command)
			c.Env = append(os.Environ(),
				"AWS_ENDPOINT_URL="+serve(t, binary), "SETMEND="+binary, "AWS_ACCESS_KEY_ID="+management, "AWS_SECRET_ACCESS_KEY=x",
				"AWS_DEFAULT_REGION=us-east-1", "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true")
			out, err := c.CombinedOutput()
			if err != nil || lastLine(out) != "told" {
				t.Errorf("%s: %v\n%s", s.command, err, out)
			}
		})
	}
}

// command is a command line whose words stand apart; a plus is a blank in a word.
func command(line string) *exec.Cmd {
	words := strings.Fields(line)
	for i, word := range words {
		words[i] = strings.ReplaceAll(word, "+", " ")
	}
	return exec.Command(words[0], words[1:]...)
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

// serve runs `setmend sim` on a free port until the test ends, and gives its URL.
func serve(t *testing.T, binary string, flags ...string) string {
	t.Helper()
	sim := exec.Command(binary, append([]string{"sim", "--scenario", "empty", "--listen", "127.0.0.1:0"}, flags...)...)
	stderr, err := sim.StderrPipe()
	if err == nil {
		err = sim.Start()
	}
	if err != nil {
		t.Fatalf("starting setmend sim: %v", err)
	}
	t.Cleanup(func() {
		_ = sim.Process.Signal(os.Interrupt)
		_ = sim.Wait() // interrupted: its exit code says so
	})
	said := bufio.NewScanner(stderr)
	for said.Scan() {
		if url := regexp.MustCompile(`AWS_ENDPOINT_URL=(\S+)`).FindStringSubmatch(said.Text()); url != nil {
			return url[1]
		}
	}
	t.Fatal("setmend sim says no address")
	return ""
}
