package dashboard

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"github.com/setmend/setmend/report"
)

// Source is where a [Server] reads what it shows. It is called by many requests
// at a time.
type Source interface {
	// Version names the state that Latest would answer, and changes with it. It
	// is asked for once a [Config.Poll] by every open page, so it should be cheap.
	Version(ctx context.Context) (string, error)
	// Latest is the newest report, of a run that is under way or has ended. It is
	// nil before the first run. It is not changed by the server, nor by the
	// source once handed out.
	Latest(ctx context.Context) (*report.Report, error)
	// Decisions are a run's, oldest first. The sequence ends after an error.
	Decisions(ctx context.Context, run string) iter.Seq2[report.Decision, error]
}

// Approvals is what waits for a person, and the way to answer.
type Approvals interface {
	Waiting(ctx context.Context) ([]Approval, error)
	// Decide passes a person's decision on. It is durable when the call returns.
	// The error wraps [ErrNotWaiting] if nothing of that id waits (any more).
	Decide(ctx context.Context, verdict ApprovalVerdict) error
}

// ApprovalVerdict is a person's answer to an [Approval].
type ApprovalVerdict struct {
	ID      string `json:"id"`
	Approve bool   `json:"approve"`
	By      string `json:"-"` // the remote address it came from
}

// ErrNotWaiting says that an approval was decided before, or never asked for.
var ErrNotWaiting = errors.New("nothing of that name waits for approval")

// Config says what a [Server] serves and to whom.
type Config struct {
	Source    Source    // required
	Approvals Approvals // nil: there is nothing to approve
	// Address is the one listened on, such as 127.0.0.1:8080. What is not a
	// loopback address needs a Token.
	Address string
	// Token is the bearer token that every request but /healthz must bring, 16
	// characters at least; a browser is asked for it once. "" on loopback only.
	Token string
	// Page has the page's options. LiveURL, Decisions and Approvals are set by
	// the server.
	Page Options
	// FrameAncestors says who may show the page in a frame, as the directive of
	// the Content-Security-Policy does: "https://wiki.example.com". "" is nobody.
	FrameAncestors string
	// SecureCookie marks the browser's cookie for HTTPS only, though the server
	// itself speaks HTTP, to a proxy that ends TLS.
	SecureCookie bool
	Poll         time.Duration // between two looks at the source; 0 means 1 s
	Log          *slog.Logger  // nil is silent
}

// Server serves the dashboard live. It is an http.Handler.
type Server struct {
	config  Config
	gate    gate
	metrics *metrics
	cache   cache
	handler http.Handler
	closed  context.Context // done when streams must end
	end     context.CancelFunc
}

// NewServer makes a server, or says what is missing: a source, or a token where
// others than this machine could connect.
func NewServer(config Config) (*Server, error) {
	if config.Source == nil {
		return nil, errors.New("making the dashboard server: it has no source of reports")
	}
	if config.Poll <= 0 {
		config.Poll = time.Second
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	gate, err := newGate(config)
	if err != nil {
		return nil, err
	}
	s := &Server{config: config, gate: gate, metrics: newMetrics()}
	s.closed, s.end = context.WithCancel(context.Background())
	s.handler = s.routes()
	return s, nil
}

// Close ends the streams to open pages, which http.Server.Shutdown would
// otherwise wait for; register it with RegisterOnShutdown.
func (s *Server) Close() { s.end() }

// Observe counts an ended run into the metrics. The server also does so with
// every ended run that it serves, each once; a process that runs heals itself
// calls it after each of them, so that none is missed between two requests.
func (s *Server) Observe(r *report.Report) { s.metrics.observe(r) }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// routes is every address there is. /healthz alone is open to all, and tells
// nothing but whether the source can be read.
func (s *Server) routes() http.Handler {
	inner := http.NewServeMux()
	inner.HandleFunc("GET /{$}", s.servePage)
	inner.HandleFunc("GET /report.json", s.serveReport)
	inner.HandleFunc("GET /decisions.jsonl", s.serveDecisions)
	inner.HandleFunc("GET /schema/report.json", serveSchema(ReportSchema))
	inner.HandleFunc("GET /schema/decision.json", serveSchema(DecisionSchema))
	inner.HandleFunc("GET /metrics", s.serveMetrics)
	inner.HandleFunc("GET /api/state", s.serveState)
	inner.HandleFunc("GET /api/events", s.serveEvents)
	inner.HandleFunc("POST /api/approvals", s.serveApproval)

	outer := http.NewServeMux()
	outer.HandleFunc("GET /healthz", s.serveHealth)
	outer.HandleFunc("GET /login", s.gate.serveForm)
	outer.HandleFunc("POST /login", s.gate.serveLogin)
	outer.Handle("/", s.gate.guard(inner))
	return s.headers(http.NewCrossOriginProtection().Handler(outer))
}

// headers go with every answer. The page's own policy is in the page; here is
// only what a page cannot say of itself.
func (s *Server) headers(next http.Handler) http.Handler {
	frames := "frame-ancestors 'none'"
	if s.config.FrameAncestors != "" {
		frames = "frame-ancestors " + s.config.FrameAncestors
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", frames)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// fail answers with an error. What went wrong inside is logged, not told: it may
// name files and accounts.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, errNoRun):
		http.Error(w, "There has not been a run yet.", http.StatusNotFound)
	case errors.Is(err, ErrNotWaiting):
		http.Error(w, "Nothing of that name waits for approval; somebody may have decided it already.", http.StatusConflict)
	case r.Context().Err() != nil: // the reader has left
	default:
		s.config.Log.Error("serving the dashboard", "path", r.URL.Path, "error", err)
		http.Error(w, "The report cannot be read at the moment; the program's log says why.", http.StatusServiceUnavailable)
	}
}
