package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/setmend/setmend/asl"
)

// A run in the background is this program, started again. It says the run's name
// on its standard output as soon as the run is durable, and closes that. So the
// name is not printed before there is such a run, and what keeps it from
// beginning is told where somebody reads it.

// detachWorkflow starts a run in the background and prints its name.
func (a *app) detachWorkflow(s workflowStart, definition, input []byte) error {
	folder, err := os.MkdirTemp("", "setmend-run-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder) // the run has read the files when it says its name
	cmd, err := a.detached(s, folder, definition, input)
	if err != nil {
		return err
	}
	said, err := runUntilSaid(cmd, filepath.Join(folder, "stderr"))
	if err != nil {
		return err
	}
	if said != s.name {
		return &hintedError{fmt.Errorf("starting run %s in the background: it ended at once", s.name),
			"run it without --detach to see why", exitFailed}
	}
	return a.print(struct {
		Run string `json:"run"`
	}{s.name}, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, s.name)
		return err
	})
}

// detached is the command of the background process: the same flags, and the
// definition and input as they were read here.
func (a *app) detached(s workflowStart, folder string, definition, input []byte) (*exec.Cmd, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	journal, err := a.workflowJournalPath()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"definition.json": definition, "input.json": input}
	for file, content := range files {
		if err := os.WriteFile(filepath.Join(folder, file), content, 0o600); err != nil {
			return nil, err
		}
	}
	args := []string{"workflow", "run", filepath.Join(folder, "definition.json"), "--input", "@" + filepath.Join(folder, "input.json"),
		"--name", s.name, "--announce", "--journal", journal, "--answer-poll", s.poll.String()}
	for _, flag := range [][2]string{{"--profile", a.profile}, {"--region", a.region}, {"--call-as", a.callAs},
		{"--endpoint-url", a.endpoint}, {"--config", a.config}, {"--speed", fmt.Sprint(a.speed)}} {
		if flag[1] != "" {
			args = append(args, flag[0], flag[1])
		}
	}
	cmd := exec.Command(program, args...)
	cmd.SysProcAttr = detachment()
	return cmd, nil
}

// runUntilSaid starts the command and gives the line that it says. If it ends
// without one, the error is what it wrote to its standard error.
func runUntilSaid(cmd *exec.Cmd, stderrPath string) (string, error) {
	stderr, err := os.Create(stderrPath)
	if err != nil {
		return "", err
	}
	defer stderr.Close()
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("starting a background process: %w", err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err == nil {
		return strings.TrimSpace(line), cmd.Process.Release()
	}
	waited := cmd.Wait()
	text, _ := os.ReadFile(stderrPath) // without it there is the exit code
	return "", saidInstead(string(text), waited)
}

// saidInstead passes on what a background process that failed has said: the error
// and the hint, with its exit code.
func saidInstead(text string, waited error) error {
	code := exitFailed
	if exit, ok := errors.AsType[*exec.ExitError](waited); ok {
		code = exit.ExitCode()
	}
	message, hint, _ := strings.Cut(strings.TrimSpace(text), "\n")
	message = strings.TrimPrefix(message, "setmend: ")
	if message == "" {
		message = fmt.Sprint("the background process ended at once: ", waited)
	}
	hint = strings.TrimPrefix(strings.TrimSpace(hint), "hint: ")
	return &hintedError{errors.New(message), hint, code}
}

// An announcer says a run's name when the run has begun, and nothing more.
type announcer struct{ say func() }

func newAnnouncer(name string) *announcer {
	return &announcer{sync.OnceFunc(func() {
		fmt.Fprintln(os.Stdout, name)
		os.Stdout.Close() // nobody listens any more
	})}
}

// Happened implements [asl.Listener]. Events are durable, so the run is.
func (n *announcer) Happened(string, asl.Event) { n.say() }

// begin says nothing: only an event shows that the run is durable.
func (n *announcer) begin() {}

func (n *announcer) end() {}
