package functions

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// initLimit is how long a runtime may take before it asks for its first invocation.
const initLimit = 10 * time.Second

// sandbox is one process of a function, with the runtime API that it talks to on an
// address of its own.
type sandbox struct {
	id, arn, key string
	epoch        int
	started      time.Time
	used         time.Time // guarded by the pool's mutex
	process      *exec.Cmd
	server       *http.Server
	work         chan Invocation
	exited       chan struct{} // closed when the process has ended
	ready        chan struct{} // closed when it asks for its first invocation
	readyOnce    sync.Once
	limitMB      int

	mu      sync.Mutex // guards what follows
	lines   []string
	current *running
	exit    error
	initErr *ended // what the runtime reported of its own start
	cold    bool
}

// running is the invocation that a process works on.
type running struct {
	in   Invocation
	done chan ended
}

// ended is what a process posted.
type ended struct {
	payload []byte
	failed  bool
}

// startSandbox starts a function's bootstrap.
func startSandbox(root string, c configuration, in Invocation, options Options) (*sandbox, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sandbox{id: strings.ReplaceAll(in.RequestID, "-", ""), started: time.Now(), work: make(chan Invocation), exited: make(chan struct{}), ready: make(chan struct{}),
		limitMB: c.memory, cold: true}
	s.server = &http.Server{Handler: s.runtimeAPI(), ReadHeaderTimeout: 10 * time.Second}
	command := exec.Command(filepath.Join(root, "bootstrap"))
	command.Dir = root
	command.Env = variables(in.Environment, root, listener.Addr().String(), s.id, options)
	isolate(command)
	out, err := command.StdoutPipe()
	if err == nil {
		command.Stderr = command.Stdout
		err = command.Start()
	}
	if err != nil {
		_ = listener.Close() // nothing was served on it
		return nil, err
	}
	s.process = command
	go func() { _ = s.server.Serve(listener) }() // ends with Close
	go s.collect(out)
	return s, nil
}

// variables is the environment of a process.
func variables(function map[string]string, root, api, id string, options Options) []string {
	env := []string{"PATH=/usr/local/bin:/usr/bin:/bin:/opt/bin", "LD_LIBRARY_PATH=/lib64:/usr/lib64", "HOME=" + os.TempDir()}
	if options.UnfilteredVariables {
		env = os.Environ()
	}
	for _, name := range sortedKeys(function) {
		env = append(env, name+"="+function[name])
	}
	env = append(env, options.Environment...)
	return append(env, "LAMBDA_TASK_ROOT="+root, "LAMBDA_RUNTIME_DIR="+root, "AWS_LAMBDA_RUNTIME_API="+api, "AWS_LAMBDA_LOG_STREAM_NAME="+id)
}

// mostLines bounds the log that is kept of one invocation.
const mostLines = 10_000

// collect gathers what the process writes, until it ends.
func (s *sandbox) collect(out io.Reader) {
	lines := bufio.NewReaderSize(out, 256<<10)
	for {
		line, err := lines.ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			s.mu.Lock()
			if len(s.lines) < mostLines {
				s.lines = append(s.lines, line)
			}
			s.mu.Unlock()
		}
		if err != nil {
			break
		}
	}
	err := s.process.Wait()
	s.mu.Lock()
	s.exit = err
	s.mu.Unlock()
	close(s.exited)
}

func (s *sandbox) dead() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}

// stop ends the process and its address.
func (s *sandbox) stop() {
	kill(s.process)
	<-s.exited
	_ = s.server.Close() // it is not used any more
}

// invoke has the process work on one invocation, up to the limit.
func (s *sandbox) invoke(in Invocation, limit time.Duration) report {
	var r report
	began := time.Now()
	if s.cold {
		s.cold = false
		if !s.awaitInit(in, &r, began) {
			return s.finish(r)
		}
		r.initTook = time.Since(began)
		began = time.Now()
	}
	in.Deadline = began.Add(limit)
	work := &running{in, make(chan ended, 1)}
	s.mu.Lock()
	s.current = work
	s.mu.Unlock()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	s.serve(in, work, timer.C, limit, &r)
	r.took = time.Since(began)
	s.mu.Lock()
	s.current = nil
	s.mu.Unlock()
	return s.finish(r)
}

// serve hands the invocation over and waits for its end.
func (s *sandbox) serve(in Invocation, work *running, late <-chan time.Time, limit time.Duration, r *report) {
	watch := time.NewTicker(100 * time.Millisecond)
	defer watch.Stop()
	next := s.work
	for {
		select {
		case next <- in:
			next = nil
		case e := <-work.done:
			r.payload = e.payload
			if e.failed {
				r.failure = unhandled
			}
			r.memory = s.memory()
			return
		case <-s.exited:
			r.payload, r.failure = failed("Runtime.ExitError", "RequestId: %s Error: Runtime exited %s", in.RequestID, s.exitText())
			return
		case <-watch.C:
			if used := s.memory(); used > s.limitMB {
				r.memory = s.limitMB
				s.kill()
				r.payload, r.failure = failed("Runtime.ExitError", "RequestId: %s Error: Runtime exited with error: signal: killed", in.RequestID)
				return
			}
		case <-late:
			s.kill()
			r.payload, r.failure = timedOut(in.RequestID, limit)
			s.note(fmt.Sprintf("%s Task timed out after %.2f seconds", in.RequestID, limit.Seconds()))
			return
		}
	}
}

// awaitInit waits until the process asks for its first invocation.
func (s *sandbox) awaitInit(in Invocation, r *report, began time.Time) bool {
	timer := time.NewTimer(initLimit)
	defer timer.Stop()
	defer func() { r.took = time.Since(began) }()
	select {
	case <-s.ready:
		return true
	case <-s.exited:
		s.mu.Lock()
		reported := s.initErr
		s.mu.Unlock()
		if reported != nil {
			r.payload, r.failure = reported.payload, unhandled
			return false
		}
		r.payload, r.failure = failed("Runtime.ExitError", "RequestId: %s Error: Runtime exited %s", in.RequestID, s.exitText())
	case <-timer.C:
		s.kill()
		r.payload, r.failure = failed("Sandbox.Timedout", "RequestId: %s Error: Task timed out after %.2f seconds", in.RequestID, initLimit.Seconds())
	}
	return false
}

// kill ends the process and waits for that.
func (s *sandbox) kill() {
	kill(s.process)
	<-s.exited
}

func (s *sandbox) exitText() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.exit == nil {
		return "without providing a reason"
	}
	return "with error: " + s.exit.Error()
}

func (s *sandbox) note(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line)
}

// finish takes the log that was written so far. What a process writes after its
// answer is the next invocation's, as on AWS.
func (s *sandbox) finish(r report) report {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.lines = append(r.lines, s.lines...)
	s.lines = nil
	return r
}

// memory returns the resident memory of the process in MB, 0 where it is not known.
func (s *sandbox) memory() int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			if kb, err := strconv.Atoi(strings.Fields(rest)[0]); err == nil {
				return kb / 1024
			}
		}
	}
	return 0
}

// The paths of the runtime API.
const (
	apiPath = "/2018-06-01/runtime/"
	// largestAnswer bounds what a process may post.
	largestAnswer = largestPayload
)

// runtimeAPI is Lambda's runtime API ("Using the Lambda runtime API for custom
// runtimes").
func (s *sandbox) runtimeAPI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+apiPath+"invocation/next", s.next)
	mux.HandleFunc("POST "+apiPath+"invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) { s.post(w, r, false) })
	mux.HandleFunc("POST "+apiPath+"invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) { s.post(w, r, true) })
	mux.HandleFunc("POST "+apiPath+"init/error", s.failInit)
	return mux
}

// next waits for an invocation and hands it to the process.
func (s *sandbox) next(w http.ResponseWriter, r *http.Request) {
	s.readyOnce.Do(func() { close(s.ready) })
	select {
	case in := <-s.work:
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", in.RequestID)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(in.Deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", in.FunctionARN)
		h.Set("Lambda-Runtime-Trace-Id", in.TraceID)
		if in.ClientContext != "" {
			h.Set("Lambda-Runtime-Client-Context", in.ClientContext)
		}
		_, _ = w.Write(in.Event) // a process that has gone is seen as such
	case <-r.Context().Done():
	case <-s.exited:
	}
}

// post takes an invocation's end in.
func (s *sandbox) post(w http.ResponseWriter, r *http.Request, isError bool) {
	body, err := io.ReadAll(io.LimitReader(r.Body, largestAnswer+1))
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil || s.current == nil || s.current.in.RequestID != r.PathValue("id"):
		reply(w, http.StatusBadRequest, `{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}`)
		return
	case len(body) > largestAnswer:
		payload, _ := failed("Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (%d bytes).", largestAnswer)
		body, isError = payload, true
		reply(w, http.StatusRequestEntityTooLarge, string(payload))
	default:
		reply(w, http.StatusAccepted, `{"status":"OK"}`)
	}
	select {
	case s.current.done <- ended{body, isError}:
	default: // it has answered before
	}
}

// failInit takes the report of a runtime that could not start.
func (s *sandbox) failInit(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, largestAnswer))
	if err == nil {
		s.mu.Lock()
		s.initErr = &ended{body, true}
		s.mu.Unlock()
	}
	reply(w, http.StatusAccepted, `{"status":"OK"}`)
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body+"\n") // a process that has gone is seen as such
}
