package clients

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// judge is a tool that was not made for the embedded AWS and that it has to satisfy.
type judge struct {
	name string
	// probe shows that the tool is on the machine; missing says what to install.
	probe, missing string
	// command runs it against the embedded AWS in the environment; the last line that
	// it prints is what the table shows.
	command string
	speed   string
}

var judges = []judge{
	{"requests from the models", "go version", "", "env SETMEND_REQUESTS=100000 go test ../awssim -run TestEveryActionKeepsToItsModel -count=1 -v -timeout 30m", ""},
	{"boto3 shapes", "python3 -c import+boto3", "boto3", "python3 testdata/shapes.py", "1"},
	{"AWS CLI waiters", "aws --version", "the AWS CLI", "sh testdata/waiters.sh", "60"},
	{"Terraform", "terraform version", "terraform", "sh testdata/terraform.sh", "600"},
	{"AWS CLI story", "aws --version", "the AWS CLI", "sh testdata/story.sh", "1"},
	{"boto3 story", "python3 -c import+boto3", "boto3", "python3 testdata/story.py", "1"},
	{"JavaScript SDK story", "node -e require.resolve('./testdata/node_modules/@aws-sdk/client-cloudformation')", "make test-clients, which installs it", "node testdata/story.mjs", "1"},
}

// TestJudges runs every tool that is on the machine against the embedded AWS and
// prints a table. A tool that is missing is said to be skipped.
func TestJudges(t *testing.T) {
	if os.Getenv("SETMEND_JUDGE") == "" {
		t.Skip("run by `make judge`: it takes minutes, and tools that are not part of the suite")
	}
	binary := filepath.Join(t.TempDir(), "setmend")
	if out, err := exec.Command("go", "build", "-o", binary, "github.com/setmend/setmend/cmd/setmend").CombinedOutput(); err != nil {
		t.Fatalf("building setmend: %v\n%s", err, out)
	}
	var table strings.Builder
	rows := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(rows, "judge\tverdict\ttime\tfigure")
	for _, j := range judges {
		verdict, took, figure := j.run(t, binary)
		fmt.Fprintf(rows, "%s\t%s\t%s\t%s\n", j.name, verdict, took, figure)
	}
	rows.Flush()
	t.Logf("\n%s", table.String())
}

// run runs one judge; the test fails where its verdict is that it failed.
func (j judge) run(t *testing.T, binary string) (verdict, took, figure string) {
	if err := command(j.probe).Run(); err != nil {
		return "skipped", "", "needs " + j.missing
	}
	c := command(j.command)
	c.Env = os.Environ()
	if j.speed != "" {
		url := serve(t, binary, "--speed", j.speed)
		c.Env = append(c.Env, "AWS_ENDPOINT_URL="+url, "SETMEND="+binary, "AWS_ACCESS_KEY_ID="+management, "AWS_SECRET_ACCESS_KEY=x",
			"AWS_DEFAULT_REGION=us-east-1", "AWS_REGION=us-east-1", "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true")
	}
	start := time.Now()
	out, err := c.CombinedOutput()
	took = time.Since(start).Round(100 * time.Millisecond).String()
	if err != nil {
		t.Errorf("%s: %v\n%s", j.name, err, out)
		return "failed", took, lastLine(out)
	}
	return "passed", took, figureOf(out)
}

// figureOf is the line that counts: the last, or of a Go test the one that it logged.
func figureOf(out []byte) string {
	for line := range strings.Lines(string(out)) {
		if _, figure, ok := strings.Cut(line, "modelled_test.go:"); ok {
			_, figure, _ = strings.Cut(figure, ": ")
			return strings.TrimSpace(figure)
		}
	}
	return lastLine(out)
}
