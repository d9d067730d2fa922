package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// What the documentation tells people to type is run here, word for word and in
// its order, each page against an embedded AWS of its own; what it shows as the
// answer must be the answer. In it, "…" stands for anything: within a line for any
// text, on a line of its own for any lines.

// instead is what is run for a command that does not end by itself, or takes
// longer than it must.
var instead = map[string]string{
	"go run ./cmd/setmend demo":                       "exec setmend demo --no-serve --accounts 24 --speed 3000",
	"setmend serve --schedule '0 6 * * *' --out site": "serves --schedule '0 6 * * *' --out site",
	// There is no terminal to be asked on.
	"setmend apply first.plan --stackset audit-role --account 328677502694": "exec setmend apply first.plan --stackset audit-role --account 328677502694 --yes",
}

// notRun are the commands that are left out, each for its reason.
var notRun = map[string]string{
	"go install ./cmd/setmend": "what is tested is installed already",
	"go test ./...":            "it is what runs this",
}

func TestDocumentation(t *testing.T) {
	for _, page := range []string{"README.md", "docs/operating.md", "docs/policy.md", "docs/workflows.md", "docs/embedded-aws.md"} {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			steps := stepsOf(t, page)
			url, _ := startedSim(t, "--accounts", "40", "--speed", "3000", "--listen", "127.0.0.1:0")
			for _, s := range steps {
				if s.startsSim() {
					compareSim(t, s)
				}
			}
			runSteps(t, steps, url)
		})
	}
}

// startsSim tells whether the step is to be left running in another terminal. The
// page's other commands have an AWS of their own, faster than the one that is shown.
func (s step) startsSim() bool { return strings.HasPrefix(s.command, "setmend sim --") }

// compareSim starts the embedded AWS as the page does, but for the port.
func compareSim(t *testing.T, s step) {
	t.Helper()
	url, said := startedSim(t, append(strings.Fields(s.command)[2:], "--listen", "127.0.0.1:0")...)
	if why := differs(s.shown, lines(strings.ReplaceAll(said, url, "http://127.0.0.1:4566"))); why != "" {
		t.Errorf("%s:%d: %s", s.page, s.line, why)
	}
}

// runSteps makes a script of the steps and runs it.
func runSteps(t *testing.T, steps []step, url string) {
	var script, files strings.Builder
	fmt.Fprintf(&script, "env AWS_ENDPOINT_URL=%s\nenv AWS_REGION=eu-central-1\nenv AWS_DEFAULT_REGION=eu-central-1\nenv SETMEND_SPEED=3000\n", url)
	fmt.Fprintln(&script, "exec setmend demo --no-serve --accounts 24 --speed 3000") // pages take its results as given
	for i, s := range steps {
		fmt.Fprintf(&script, "\n# %s:%d\n", s.page, s.line)
		if s.file != "" {
			fmt.Fprintf(&script, "cp %d.file %s\n", i, s.file)
			fmt.Fprintf(&files, "-- %d.file --\n%s\n", i, strings.Join(s.shown, "\n"))
			continue
		}
		script.WriteString(s.script(t))
		if len(s.shown) > 0 && !s.startsSim() {
			fmt.Fprintf(&script, "shows %d.want\n", i)
			fmt.Fprintf(&files, "-- %d.want --\n%s\n", i, strings.Join(s.shown, "\n"))
		}
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "page.txt"), []byte(script.String()+"\n"+files.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Dir: folder, Setup: surroundings, RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"shows": shows, "serves": serves}})
}

// surroundings are the repository's, as far as the documentation's commands look
// at it.
func surroundings(env *testscript.Env) error {
	deploy, err := filepath.Abs(filepath.Join("..", "..", "deploy"))
	if err != nil {
		return err
	}
	for name, value := range map[string]string{"HOME": env.WorkDir, "AWS_ACCESS_KEY_ID": "sim", "AWS_SECRET_ACCESS_KEY": "sim", "AWS_EC2_METADATA_DISABLED": "true"} {
		env.Setenv(name, value)
	}
	return os.Symlink(deploy, filepath.Join(env.WorkDir, "deploy"))
}

// step is a command with what the page shows as its answer, or a file to be
// written, whose lines are in shown.
type step struct {
	page    string
	line    int
	command string
	file    string
	shown   []string
}

// script is the step in testscript's words.
func (s step) script(t *testing.T) string {
	if s.startsSim() {
		return ""
	}
	if replacement, ok := instead[s.command]; ok {
		return replacement + "\n"
	}
	if _, ok := notRun[s.command]; ok {
		return ""
	}
	program, _, _ := strings.Cut(s.command, " ")
	switch program {
	case "setmend":
		return "exec " + s.command + "\n"
	case "aws":
		return "[exec:aws] exec " + s.command + "\n"
	}
	t.Fatalf("%s:%d: nobody knows how to run %q here", s.page, s.line, s.command)
	return ""
}

var block = regexp.MustCompile("(?ms)^```(console|yaml)\n(.*?)^```$")

// stepsOf reads a page's blocks: commands after "$ ", and files named in the first
// line of a YAML block.
func stepsOf(t *testing.T, page string) []step {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", page))
	if err != nil {
		t.Fatal(err)
	}
	var steps []step
	for _, at := range block.FindAllSubmatchIndex(text, -1) {
		line := 1 + bytes.Count(text[:at[4]], []byte("\n"))
		body := lines(string(text[at[4]:at[5]]))
		if string(text[at[2]:at[3]]) == "yaml" {
			if file, named := strings.CutPrefix(body[0], "# "); named {
				steps = append(steps, step{page: page, line: line, file: file, shown: body})
			}
			continue
		}
		for i, content := range body {
			if command, ok := strings.CutPrefix(content, "$ "); ok {
				command, _, _ = strings.Cut(command, "  #")
				steps = append(steps, step{page: page, line: line + i, command: strings.TrimSpace(strings.TrimSuffix(command, " #"))})
			} else {
				last := &steps[len(steps)-1]
				last.shown = append(last.shown, content)
			}
		}
	}
	if len(steps) == 0 {
		t.Fatalf("%s has no commands", page)
	}
	return steps
}

func lines(text string) []string { return strings.Split(strings.TrimRight(text, "\n"), "\n") }

// shows checks that the last command's output, on one stream or the other, is what
// a file says: shows FILE
func shows(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: shows FILE")
	}
	want := lines(ts.ReadFile(args[0]))
	why := differs(want, lines(ts.ReadFile("stdout")))
	if why != "" && differs(want, lines(ts.ReadFile("stderr"))) != "" {
		ts.Fatalf("%s", why)
	}
}

// differs says where the output is not as shown, "" if it is.
func differs(want, got []string) string {
	want, got = withoutBlank(want), withoutBlank(got)
	anywhere := false
	for _, line := range want {
		if line == "…" {
			anywhere = true
			continue
		}
		form := formOf(line)
		at := slices.IndexFunc(got, form.MatchString)
		if at < 0 || at > 0 && !anywhere {
			return fmt.Sprintf("no line %q where it is shown; what follows there is:\n%s", line, strings.Join(got[:min(5, len(got))], "\n"))
		}
		got, anywhere = got[at+1:], false
	}
	if len(got) > 0 && !anywhere {
		return fmt.Sprintf("more comes than is shown:\n%s", strings.Join(got[:min(5, len(got))], "\n"))
	}
	return ""
}

// formOf makes a pattern of a shown line. How wide a table's columns are does not
// matter.
func formOf(line string) *regexp.Regexp {
	var words []string
	for _, word := range strings.Fields(line) {
		words = append(words, strings.ReplaceAll(regexp.QuoteMeta(word), "…", ".*"))
	}
	return regexp.MustCompile(`^\s*` + strings.Join(words, `\s+`) + `\s*$`)
}

func withoutBlank(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return strings.TrimSpace(line) == "" })
}

// serves runs `setmend serve` on a free port until it has said where, and ends it:
// serves [ARG...]
func serves(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: serves [ARG...]")
	}
	reader, writer := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	code := make(chan int, 1)
	go func() {
		a := &app{stdout: io.Discard, stderr: writer, getenv: ts.Getenv}
		code <- a.run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0", "--region", ts.Getenv("AWS_REGION"), "--config", ts.MkAbs("setmend.yaml"), "--journal", ts.MkAbs("served.db")}, args...))
		writer.Close()
	}()
	buffer := make([]byte, 200)
	n, _ := io.ReadAtLeast(reader, buffer, len("dashboard: "))
	cancel()
	_, _ = io.Copy(io.Discard, reader)
	if got := <-code; got != exitInterrupted {
		ts.Fatalf("interrupted, serve exits with %d", got)
	}
	said := regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(string(buffer[:n]), "127.0.0.1:8080")
	_, _ = io.WriteString(ts.Stdout(), lines(said)[0]+"\n")
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	fenced  = regexp.MustCompile("(?ms)^```.*?^```$")
)

func TestEveryLinkOfTheDocumentationLeadsSomewhere(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "../../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range link.FindAllStringSubmatch(string(fenced.ReplaceAll(text, nil)), -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(found[1], "#")
			target := page
			if file != "" {
				target = filepath.Join(filepath.Dir(page), file)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s is not there", page, found[1])
			} else if anchor != "" && !slices.Contains(anchorsOf(t, target), anchor) {
				t.Errorf("%s: %s has no heading #%s, but %v", page, target, anchor, anchorsOf(t, target))
			}
		}
	}
}

// anchorsOf are a page's headings as links name them.
func anchorsOf(t *testing.T, page string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	anchors := map[string]bool{}
	for _, found := range heading.FindAllStringSubmatch(string(fenced.ReplaceAll(text, nil)), -1) {
		slug := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(found[1]), "")
		anchors[strings.ReplaceAll(slug, " ", "-")] = true
	}
	return slices.Sorted(maps.Keys(anchors))
}
