package dashboard

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

const token = "a-token-of-some-length"

// memory is a source and approvals that the test changes.
type memory struct {
	mutex     sync.Mutex
	version   int
	report    *report.Report
	decisions []report.Decision
	waiting   []Approval
	decided   []ApprovalVerdict
	broken    error
}

func (m *memory) Version(context.Context) (string, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return fmt.Sprint(m.version), m.broken
}

func (m *memory) Latest(context.Context) (*report.Report, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.report, m.broken
}

func (m *memory) Decisions(context.Context, string) iter.Seq2[report.Decision, error] {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return sequence(m.decisions, m.broken)
}

func (m *memory) Waiting(context.Context) ([]Approval, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.waiting, nil
}

func (m *memory) Decide(_ context.Context, verdict ApprovalVerdict) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for i, waiting := range m.waiting {
		if waiting.ID == verdict.ID {
			m.waiting = append(append([]Approval{}, m.waiting[:i]...), m.waiting[i+1:]...)
			m.decided = append(m.decided, verdict)
			return nil
		}
	}
	return fmt.Errorf("%s: %w", verdict.ID, ErrNotWaiting)
}

// become changes the source's state.
func (m *memory) become(report *report.Report) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.report = report
	m.version++
}

func newTestServer(t *testing.T, source *memory, change func(*Config)) *Server {
	t.Helper()
	config := Config{Source: source, Approvals: source, Address: "127.0.0.1:8080"}
	if change != nil {
		change(&config)
	}
	server, err := NewServer(config)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// ask makes a request as a browser on the same machine would, changed by edits.
func ask(server http.Handler, method, target, body string, edits ...func(*http.Request)) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, target, strings.NewReader(body))
	request.Host = "127.0.0.1:8080"
	for _, edit := range edits {
		edit(request)
	}
	answer := httptest.NewRecorder()
	server.ServeHTTP(answer, request)
	return answer
}

func with(header, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(header, value) }
}

func withHost(host string) func(*http.Request) { return func(r *http.Request) { r.Host = host } }

func bearer(token string) func(*http.Request) { return with("Authorization", "Bearer "+token) }

func TestServerIsNotMadeWithoutATokenWhereOthersCouldConnect(t *testing.T) {
	for address, want := range map[string]bool{"127.0.0.1:80": true, "[::1]:80": true, "localhost:80": true, "127.8.9.1:1": true,
		":8080": false, "0.0.0.0:80": false, "[::]:80": false, "10.0.0.7:80": false, "example.com:80": false, "": false, "localhost.example.com:80": false} {
		_, err := NewServer(Config{Source: &memory{}, Address: address})
		if (err == nil) != want {
			t.Errorf("listening on %q without a token: error %v, want it made: %v", address, err, want)
		}
	}
	if _, err := NewServer(Config{Source: &memory{}, Address: ":8080", Token: "short"}); err == nil {
		t.Error("a token of five characters was taken")
	}
	if _, err := NewServer(Config{Address: "127.0.0.1:80"}); err == nil {
		t.Error("a server without a source was made")
	}
}

func TestServerAdmits(t *testing.T) {
	guarded := func(c *Config) { c.Address, c.Token = ":8080", token }
	cases := []struct {
		name   string
		change func(*Config)
		edits  []func(*http.Request)
		want   int
	}{
		{"anybody by a loopback name, without a token", nil, nil, 200},
		{"localhost", nil, []func(*http.Request){withHost("localhost:8080")}, 200},
		{"no name that was made to resolve to loopback", nil, []func(*http.Request){withHost("evil.example.com:8080")}, 403},
		{"nobody without the token", guarded, nil, 401},
		{"the token's bearer, by any name", guarded, []func(*http.Request){bearer(token), withHost("setmend.example.com")}, 200},
		{"no bearer of another token", guarded, []func(*http.Request){bearer(token + "x")}, 401},
		{"no bearer of nothing", guarded, []func(*http.Request){bearer("")}, 401},
		{"no cookie of another process", guarded, []func(*http.Request){with("Cookie", cookieName+"=99999999999.c2lnbmVk")}, 401},
		{"a browser to the login form only", guarded, []func(*http.Request){with("Accept", "text/html")}, 303},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			server := newTestServer(t, &memory{report: reportOf(100)}, c.change)
			for _, path := range []string{"/", "/report.json", "/decisions.jsonl", "/metrics", "/api/state"} {
				if got := ask(server, "GET", path, "", c.edits...).Code; got != c.want {
					t.Errorf("GET %s answered %d, want %d", path, got, c.want)
				}
			}
		})
	}
}

func TestLoginGivesACookieForTheTokenThatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newTestServer(t, &memory{report: reportOf(100)}, func(c *Config) { c.Address, c.Token = ":8080", token })
		form := with("Content-Type", "application/x-www-form-urlencoded")
		if got := ask(server, "POST", "/login", "token=wrong-wrong-wrong-wrong", form); got.Code != 401 || len(got.Result().Cookies()) > 0 {
			t.Errorf("a wrong token answered %d with cookies %v", got.Code, got.Result().Cookies())
		}
		answer := ask(server, "POST", "/login", "token="+url.QueryEscape(token), form)
		cookies := answer.Result().Cookies()
		if answer.Code != 303 || len(cookies) != 1 {
			t.Fatalf("the token answered %d with %d cookies", answer.Code, len(cookies))
		}
		if c := cookies[0]; !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || strings.Contains(c.Value, token) {
			t.Errorf("cookie %+v: want HttpOnly, SameSite=Strict, and not the token", c)
		}
		signedIn := with("Cookie", cookies[0].Name+"="+cookies[0].Value)
		if got := ask(server, "GET", "/report.json", "", signedIn).Code; got != 200 {
			t.Errorf("with the cookie %d, want 200", got)
		}
		time.Sleep(passTime + time.Second)
		if got := ask(server, "GET", "/report.json", "", signedIn).Code; got != 401 {
			t.Errorf("with a cookie that has ended %d, want 401", got)
		}
	})
}

func TestHealthIsOpenAndTellsNothing(t *testing.T) {
	source := &memory{report: reportOf(100)}
	server := newTestServer(t, source, func(c *Config) { c.Address, c.Token = ":8080", token })
	if got := ask(server, "GET", "/healthz", ""); got.Code != 200 || got.Body.String() != "ok\n" {
		t.Errorf("answered %d %q", got.Code, got.Body)
	}
	source.broken = errors.New("opening /secret/place/journal.db: disk full")
	if got := ask(server, "GET", "/healthz", ""); got.Code != 503 || strings.Contains(got.Body.String(), "secret") {
		t.Errorf("with a broken source answered %d %q, want 503 without the reason", got.Code, got.Body)
	}
}

func TestServerBeforeTheFirstRun(t *testing.T) {
	server := newTestServer(t, &memory{}, nil)
	for path, want := range map[string]int{"/": 404, "/report.json": 404, "/api/state": 404, "/healthz": 200, "/metrics": 200} {
		if got := ask(server, "GET", path, "").Code; got != want {
			t.Errorf("GET %s answered %d, want %d", path, got, want)
		}
	}
}

func TestServedFilesAreTheFiles(t *testing.T) {
	report := reportOf(300)
	server := newTestServer(t, &memory{report: report, decisions: decisionsOf(report)}, nil)
	validate(t, compiled(t, ReportSchema()), ask(server, "GET", "/report.json", "").Body.Bytes())
	lines := strings.Split(strings.TrimSpace(ask(server, "GET", "/decisions.jsonl", "").Body.String()), "\n")
	if len(lines) != len(decisionsOf(report)) {
		t.Errorf("%d lines for %d decisions", len(lines), len(decisionsOf(report)))
	}
	if got := ask(server, "GET", "/schema/report.json", "").Body.Bytes(); string(got) != string(ReportSchema()) {
		t.Error("the schema served is another one")
	}
}

func TestStateIsTheSamePackedAndPlain(t *testing.T) {
	server := newTestServer(t, &memory{report: reportOf(300)}, nil)
	plain := ask(server, "GET", "/api/state", "").Body.String()
	packed := ask(server, "GET", "/api/state", "", with("Accept-Encoding", "gzip"))
	if packed.Header().Get("Content-Encoding") != "gzip" || packed.Body.Len() >= len(plain) {
		t.Errorf("packed: %d bytes as %q, plain %d", packed.Body.Len(), packed.Header().Get("Content-Encoding"), len(plain))
	}
	var state struct{ Core struct{ Format int } }
	if err := json.Unmarshal([]byte(plain), &state); err != nil || state.Core.Format != payloadFormat {
		t.Errorf("state of format %d, error %v", state.Core.Format, err)
	}
}

func TestEveryAnswerForbidsFramingUnlessAllowed(t *testing.T) {
	source := &memory{report: reportOf(100)}
	if got := ask(newTestServer(t, source, nil), "GET", "/", "").Header().Get("Content-Security-Policy"); got != "frame-ancestors 'none'" {
		t.Errorf("policy %q", got)
	}
	wiki := newTestServer(t, source, func(c *Config) { c.FrameAncestors = "https://wiki.example.com" })
	if got := ask(wiki, "GET", "/", "").Header().Get("Content-Security-Policy"); got != "frame-ancestors https://wiki.example.com" {
		t.Errorf("policy %q", got)
	}
}

func TestApprovalIsPassedOnOnce(t *testing.T) {
	source := &memory{report: reportOf(100), waiting: []Approval{{ID: "mass-drift:log-bucket", Reason: "21 % drifted"}}}
	server := newTestServer(t, source, nil)
	body, kind := `{"id": "mass-drift:log-bucket", "approve": true}`, with("Content-Type", "application/json")
	if got := ask(server, "POST", "/api/approvals", body, kind); got.Code != 204 {
		t.Fatalf("answered %d %s", got.Code, got.Body)
	}
	if len(source.decided) != 1 || !source.decided[0].Approve || source.decided[0].By != "192.0.2.1" {
		t.Errorf("passed on %+v", source.decided)
	}
	if got := ask(server, "POST", "/api/approvals", body, kind); got.Code != 409 {
		t.Errorf("the second time answered %d, want 409", got.Code)
	}
}

func TestApprovalIsRefused(t *testing.T) {
	body, kind := `{"id": "mass-drift:log-bucket", "approve": true}`, with("Content-Type", "application/json")
	cases := []struct {
		name, body string
		edits      []func(*http.Request)
		want       int
	}{
		{"from another site's page", body, []func(*http.Request){kind, with("Sec-Fetch-Site", "cross-site")}, 403},
		{"from another origin of an old browser", body, []func(*http.Request){kind, with("Origin", "https://evil.example.com")}, 403},
		{"as a form", "id=mass-drift%3Alog-bucket&approve=true", []func(*http.Request){with("Content-Type", "application/x-www-form-urlencoded")}, 415},
		{"as text that a form can send", body, []func(*http.Request){with("Content-Type", "text/plain")}, 415},
		{"without an id", `{"approve": true}`, []func(*http.Request){kind}, 400},
		{"with more than is known", `{"id": "x", "approve": true, "force": true}`, []func(*http.Request){kind}, 400},
		{"too long", `{"id": "` + strings.Repeat("x", 5000) + `"}`, []func(*http.Request){kind}, 400},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			source := &memory{report: reportOf(100), waiting: []Approval{{ID: "mass-drift:log-bucket"}}}
			server := newTestServer(t, source, nil)
			if got := ask(server, "POST", "/api/approvals", c.body, c.edits...); got.Code != c.want {
				t.Errorf("answered %d %s, want %d", got.Code, got.Body, c.want)
			}
			if len(source.decided) != 0 {
				t.Errorf("passed on %+v", source.decided)
			}
		})
	}
	if got := ask(newTestServer(t, &memory{report: reportOf(100)}, nil), "GET", "/api/approvals", ""); got.Code != 405 {
		t.Errorf("GET answered %d, want 405", got.Code)
	}
}

func TestEventsTellOfEveryChangeAndEndWithTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &memory{report: reportOf(100)}
		server := newTestServer(t, source, nil)
		reader, writer := io.Pipe()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			server.ServeHTTP(&streamWriter{Writer: writer, header: http.Header{}}, loopbackRequest("/api/events"))
			writer.Close()
		}()
		lines := bufio.NewScanner(reader)
		first := nextData(t, lines)
		source.become(reportOf(200))
		if second := nextData(t, lines); second == first {
			t.Errorf("the version %s was told twice", second)
		}
		server.Close()
		if _, err := io.Copy(io.Discard, reader); err != nil {
			t.Error(err)
		}
		<-ended
	})
}

// streamWriter is a connection that a stream is written to.
type streamWriter struct {
	io.Writer
	header http.Header
}

func (w *streamWriter) Header() http.Header { return w.header }
func (w *streamWriter) WriteHeader(int)     {}
func (w *streamWriter) Flush()              {}

func loopbackRequest(path string) *http.Request {
	request := httptest.NewRequest("GET", path, nil)
	request.Host = "localhost"
	return request
}

func nextData(t *testing.T, lines *bufio.Scanner) string {
	t.Helper()
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			return data
		}
	}
	t.Fatal("the stream ended")
	return ""
}

func TestMetricsCountEachEndedRunOnce(t *testing.T) {
	report := reportOf(1500)
	report.Guards = []plan.GuardHit{{Guard: plan.GuardMassDrift}, {Guard: plan.GuardLease, Accepted: true}}
	source := &memory{report: report}
	server := newTestServer(t, source, nil)
	server.Observe(report)
	ask(server, "GET", "/report.json", "")
	text := ask(server, "GET", "/metrics", "").Body.String()
	for _, line := range []string{
		fmt.Sprintf(`setmend_cells{verdict="healthy"} %d`, report.After.Healthy),
		fmt.Sprintf(`setmend_cells{verdict="notChecked"} %d`, report.After.NotChecked),
		fmt.Sprintf(`setmend_attention_cells %d`, len(report.Attention)),
		`setmend_runs_total{result="attention"} 1`, `setmend_run_duration_seconds_count 1`, `setmend_api_throttled_total 23`,
		`setmend_api_calls_total{action="ListStackInstances"} 402`, `setmend_guards_tripped 1`, `setmend_run_under_way 0`,
		fmt.Sprintf(`setmend_overrides_total{state="saved"} %d`, report.Overrides.Saved),
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %q in the metrics", line)
		}
	}
	underWay := *report
	underWay.Run.ID, underWay.Run.Ended = "next", time.Time{}
	source.become(&underWay)
	text = ask(server, "GET", "/metrics", "").Body.String()
	if !strings.Contains(text, "setmend_run_under_way 1\n") || !strings.Contains(text, `setmend_runs_total{result="attention"} 1`+"\n") {
		t.Error("a run under way is not shown as such, or is counted before its end")
	}
}
