package dashboard

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/setmend/setmend/report"
)

var errNoRun = errors.New("no run yet")

// cache keeps what was made of one version, so that a hundred open pages cost
// one rendering.
type cache struct {
	mutex   sync.Mutex
	version string // of what follows; "" for none
	page    []byte
	state   []byte // gzipped
}

// view is a consistent reading of the sources.
type view struct {
	report  *report.Report
	options Options
}

// version names the state of source and approvals together.
func (s *Server) version(ctx context.Context) (string, error) {
	version, err := s.config.Source.Version(ctx)
	if err != nil {
		return "", fmt.Errorf("reading the report's version: %w", err)
	}
	waiting, err := s.waiting(ctx)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal([]any{version, waiting})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), err
}

func (s *Server) waiting(ctx context.Context) ([]Approval, error) {
	if s.config.Approvals == nil {
		return nil, nil
	}
	waiting, err := s.config.Approvals.Waiting(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading what waits for approval: %w", err)
	}
	return waiting, nil
}

// read reads everything that a page shows. Ended runs are counted on the way.
func (s *Server) read(ctx context.Context) (view, error) {
	report, err := s.latest(ctx)
	if err != nil {
		return view{}, err
	}
	options := s.config.Page
	options.LiveURL = "/"
	if options.Approvals, err = s.waiting(ctx); err != nil {
		return view{}, err
	}
	options.Decisions = nil
	for decision, err := range s.config.Source.Decisions(ctx, report.Run.ID) {
		if err != nil {
			return view{}, fmt.Errorf("reading the decisions of run %s: %w", report.Run.ID, err)
		}
		options.Decisions = append(options.Decisions, decision)
	}
	return view{report, options}, nil
}

func (s *Server) latest(ctx context.Context) (*report.Report, error) {
	report, err := s.config.Source.Latest(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the latest report: %w", err)
	}
	if report == nil {
		return nil, errNoRun
	}
	s.metrics.observe(report)
	return report, nil
}

// current makes page and state of the present version, or takes what was made.
// The version is read first: if the state changes meanwhile, what is cached is
// newer than its name, and is made again at the next request.
func (s *Server) current(ctx context.Context) (page, state []byte, err error) {
	version, err := s.version(ctx)
	if err != nil {
		return nil, nil, err
	}
	s.cache.mutex.Lock()
	defer s.cache.mutex.Unlock()
	if s.cache.version == version {
		return s.cache.page, s.cache.state, nil
	}
	seen, err := s.read(ctx)
	if err != nil {
		return nil, nil, err
	}
	if page, err = renderLive(seen, version); err != nil {
		return nil, nil, err
	}
	core, more := build(seen.report, seen.options, false)
	if state, err = zip(map[string]any{"core": core, "details": more}); err != nil {
		return nil, nil, err
	}
	s.cache.version, s.cache.page, s.cache.state = version, page, state
	return page, state, nil
}

// renderLive renders the page with the version that it shows.
func renderLive(seen view, version string) ([]byte, error) {
	options := seen.options
	options.version = version
	return render(seen.report, options, false)
}

func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	page, _, err := s.current(r.Context())
	if errors.Is(err, errNoRun) {
		w.Header().Set("Refresh", "5")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page)
}

func (s *Server) serveState(w http.ResponseWriter, r *http.Request) {
	_, state, err := s.current(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(state)
		return
	}
	plain, err := gzip.NewReader(strings.NewReader(string(state)))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	_, _ = io.Copy(w, plain)
}

// serveEvents tells an open page the version, and again whenever it changes. A
// comment now and then keeps proxies from closing the stream.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	stream := http.NewResponseController(w)
	_ = stream.SetWriteDeadline(time.Time{}) // not every writer has one to lift
	_ = stream.SetReadDeadline(time.Time{})  // it would end the request, which waits to hear that the page was closed
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	tick := time.NewTicker(s.config.Poll)
	defer tick.Stop()
	for told, quiet := "", 0; ; quiet++ {
		if version, err := s.version(r.Context()); err != nil {
			s.config.Log.Error("watching the report", "error", err)
		} else if version != told {
			told, quiet = version, 0
			fmt.Fprintf(w, "event: state\ndata: %s\n\n", version)
		} else if quiet%15 == 14 {
			fmt.Fprint(w, ": still here\n\n")
		}
		if stream.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-s.closed.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Server) serveReport(w http.ResponseWriter, r *http.Request) {
	report, err := s.latest(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = JSON(w, report) // the reader has left: nobody to tell
}

// serveDecisions serves the latest run's decisions, or those of ?run=ID.
func (s *Server) serveDecisions(w http.ResponseWriter, r *http.Request) {
	run := r.URL.Query().Get("run")
	if run == "" {
		report, err := s.latest(r.Context())
		if err != nil {
			s.fail(w, r, err)
			return
		}
		run = report.Run.ID
	}
	w.Header().Set("Content-Type", "application/jsonl")
	if err := DecisionsJSONL(w, s.config.Source.Decisions(r.Context(), run)); err != nil {
		s.config.Log.Error("serving decisions", "run", run, "error", err)
		panic(http.ErrAbortHandler) // half a file must not look like a whole one
	}
}

func serveSchema(schema func() []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/schema+json")
		_, _ = w.Write(schema())
	}
}

func (s *Server) serveHealth(w http.ResponseWriter, r *http.Request) {
	if _, err := s.config.Source.Version(r.Context()); err != nil {
		s.fail(w, r, err)
		return
	}
	fmt.Fprintln(w, "ok")
}

// serveApproval takes a decision. It wants JSON, which no form on another site
// can send without asking first; requests across origins are refused before.
func (s *Server) serveApproval(w http.ResponseWriter, r *http.Request) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		http.Error(w, "Send JSON.", http.StatusUnsupportedMediaType)
		return
	}
	var verdict ApprovalVerdict
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&verdict); err != nil || verdict.ID == "" {
		http.Error(w, `Send {"id": "…", "approve": true or false}.`, http.StatusBadRequest)
		return
	}
	if s.config.Approvals == nil {
		s.fail(w, r, ErrNotWaiting)
		return
	}
	verdict.By, _, _ = net.SplitHostPort(r.RemoteAddr)
	if err := s.config.Approvals.Decide(r.Context(), verdict); err != nil {
		s.fail(w, r, fmt.Errorf("deciding %s: %w", verdict.ID, err))
		return
	}
	s.config.Log.Info("approval decided", "id", verdict.ID, "approve", verdict.Approve, "by", verdict.By)
	w.WriteHeader(http.StatusNoContent)
}
