package dashboard

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/fleet"
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
	released  []string
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
		if waiting.ID != verdict.ID || (waiting.Decision == "") == verdict.Undo {
			continue
		}
		m.waiting = append([]Approval{}, m.waiting...)
		w := &m.waiting[i]
		w.Decision, w.By, w.Note, w.Until = "denied", verdict.By, verdict.Note, madeAt.Add(24*time.Hour)
		if verdict.Approve {
			w.Decision = "approved"
		}
		if verdict.Undo {
			w.Decision, w.By, w.Note, w.Until = "", "", "", time.Time{}
		}
		m.decided = append(m.decided, verdict)
		return nil
	}
	return fmt.Errorf("%s: %w", verdict.ID, ErrNotWaiting)
}

func (m *memory) Release(_ context.Context, cell fleet.Cell, by string) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.broken != nil {
		return m.broken
	}
	m.released = append(m.released, by+" "+cell.String())
	return nil
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
	config := Config{Source: source, Approvals: source, Quarantine: source, Address: "127.0.0.1:8080"}
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
	for path, want := range map[string]int{"/": 200, "/report.json": 404, "/api/state": 200, "/healthz": 200, "/metrics": 200} {
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

func TestStateIsWhatThePageCarries(t *testing.T) {
	server := newTestServer(t, &memory{report: reportOf(300)}, nil)
	page := ask(server, "GET", "/", "").Body.String()
	var state map[string]string
	if err := json.Unmarshal(ask(server, "GET", "/api/state", "").Body.Bytes(), &state); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"core", "details"} {
		if state[name] == "" || !strings.Contains(page, `id="`+name+`">`+state[name]+"<") {
			t.Errorf("the page does not carry the state's %s", name)
		}
	}
}

func TestPageGreetsBeforeTheFirstRun(t *testing.T) {
	page := ask(newTestServer(t, &memory{}, nil), "GET", "/", "").Body.String()
	if !strings.Contains(page, "Welcome. Nothing has been read here yet.") {
		t.Error("the page does not say that there is nothing yet")
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
	if len(source.decided) != 1 || !source.decided[0].Approve || source.decided[0].By != "local user" {
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
		{"with a note that is too long", `{"id": "mass-drift:log-bucket", "approve": true, "note": "` + strings.Repeat("x", mostNote+1) + `"}`, []func(*http.Request){kind}, 400},
		{"too long", `{"id": "` + strings.Repeat("x", 9000) + `"}`, []func(*http.Request){kind}, 400},
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
	underWay.Run.ID, underWay.Run.Ended, underWay.Run.Result = "next", time.Time{}, ""
	source.become(&underWay)
	text = ask(server, "GET", "/metrics", "").Body.String()
	if !strings.Contains(text, "setmend_run_under_way 1\n") || !strings.Contains(text, `setmend_runs_total{result="attention"} 1`+"\n") {
		t.Error("a run under way is not shown as such, or is counted before its end")
	}
}

func TestDecisionBearsTheNameOfItsTokenAndCanBeUndone(t *testing.T) {
	source := &memory{report: reportOf(100), waiting: []Approval{{ID: "lease"}}}
	server := newTestServer(t, source, func(c *Config) {
		c.Address, c.Token, c.Tokens = ":8080", token, []Token{{"anna", "a-token-that-is-annas"}, {"ben", "a-token-that-is-bens"}}
	})
	kind := with("Content-Type", "application/json")
	if got := ask(server, "POST", "/api/approvals", `{"id": "lease", "approve": true, "note": "seen"}`, kind, bearer("a-token-that-is-bens")); got.Code != 204 {
		t.Fatalf("answered %d %s", got.Code, got.Body)
	}
	login := ask(server, "POST", "/login", "token=a-token-that-is-annas", with("Content-Type", "application/x-www-form-urlencoded"))
	if len(login.Result().Cookies()) != 1 {
		t.Fatalf("the login answered %d without a cookie", login.Code)
	}
	pass := login.Result().Cookies()[0]
	if got := ask(server, "POST", "/api/approvals", `{"id": "lease", "undo": true}`, kind, with("Cookie", pass.Name+"="+pass.Value)); got.Code != 204 {
		t.Fatalf("undoing answered %d %s", got.Code, got.Body)
	}
	want := []ApprovalVerdict{{ID: "lease", Approve: true, Note: "seen", By: "ben"}, {ID: "lease", Undo: true, By: "anna"}}
	if !slices.Equal(source.decided, want) {
		t.Errorf("passed on %+v, want %+v", source.decided, want)
	}
	forged := strings.Replace(pass.Value, base64.RawURLEncoding.EncodeToString([]byte("anna")), base64.RawURLEncoding.EncodeToString([]byte("ben")), 1)
	if got := ask(server, "GET", "/report.json", "", with("Cookie", pass.Name+"="+forged)).Code; got != 401 || forged == pass.Value {
		t.Errorf("a cookie with another's name answered %d", got)
	}
	if got := ask(server, "POST", "/api/approvals", `{"id": "lease", "undo": true}`, kind, bearer(token)).Code; got != 409 {
		t.Errorf("undoing what was not decided answered %d, want 409", got)
	}
}

func TestCellsAreReleasedByWhoAsks(t *testing.T) {
	source := &memory{report: reportOf(100)}
	server := newTestServer(t, source, func(c *Config) { c.LocalName = "carla" })
	body, kind := `{"cells": [{"stackSet": "log-bucket", "account": "111111111111", "region": "eu-west-1"}]}`, with("Content-Type", "application/json")
	if got := ask(server, "POST", "/api/release", body, kind); got.Code != 204 {
		t.Fatalf("answered %d %s", got.Code, got.Body)
	}
	if want := []string{"carla log-bucket@111111111111/eu-west-1"}; !slices.Equal(source.released, want) {
		t.Errorf("released %q, want %q", source.released, want)
	}
	source.broken = ErrNotWaiting
	for request, want := range map[string]int{body: 409, `{"cells": []}`: 400, `{"cells": 1}`: 400} {
		if got := ask(server, "POST", "/api/release", request, kind).Code; got != want {
			t.Errorf("%s answered %d, want %d", request, got, want)
		}
	}
	if got := ask(server, "POST", "/api/release", body, kind, with("Sec-Fetch-Site", "cross-site")).Code; got != 403 {
		t.Errorf("from another site it answered %d, want 403", got)
	}
}

// A scrape at every stage of a run: it is under way from its first moment to its last,
// and counted once, when it has ended.
func TestMetricsAreTrueThroughAWholeRun(t *testing.T) {
	done := reportOf(1500)
	done.Actions = append(done.Actions, report.Action{ID: "detect", Action: report.Deed(plan.RequestDetect), Remedy: plan.RemedyDetect, Outcome: report.OutcomeSucceeded, Cells: 1000, Started: madeAt, Ended: madeAt.Add(time.Minute)},
		report.Action{ID: "again", Action: report.Deed(plan.RequestDelete), Remedy: plan.RemedyRedeploy, Outcome: report.OutcomeSucceeded, Cells: 7, Started: madeAt, Ended: madeAt.Add(time.Minute)},
		report.Action{ID: "again", Action: report.Deed(plan.RequestCreate), Remedy: plan.RemedyRedeploy, Outcome: report.OutcomePartial, Cells: 7, Started: madeAt, Ended: madeAt.Add(time.Minute)})
	at := func(stage string, progress report.Progress, dataAt time.Time) *report.Report {
		r := *done
		r.Run.Ended, r.Run.Result, r.Run.Stage, r.Run.Progress, r.DataAt = time.Time{}, "", stage, progress, dataAt
		return &r
	}
	cutOff := at("Heal", report.Progress{Done: 98, Planned: 233}, madeAt)
	cutOff.Run.CutOff = madeAt
	source := &memory{}
	server := newTestServer(t, source, nil)
	scrape := func(name string) map[string]string {
		lines := map[string]string{}
		for _, line := range strings.Split(ask(server, "GET", "/metrics", "").Body.String(), "\n") {
			if i := strings.LastIndexByte(line, ' '); i > 0 && strings.HasPrefix(line, "setmend_") {
				lines[line[:i]] = line[i+1:]
			}
		}
		if name != "" && len(lines) == 0 {
			t.Errorf("%s: nothing to scrape", name)
		}
		return lines
	}
	check := func(name string, want map[string]string) {
		t.Helper()
		lines := scrape(name)
		for metric, value := range want {
			if lines[metric] != value {
				t.Errorf("%s: %s is %q, want %q", name, metric, lines[metric], value)
			}
		}
	}
	check("before the first", map[string]string{"setmend_run_under_way": "0", "setmend_run_duration_seconds_count": "0"})
	none := map[string]string{"setmend_run_under_way": "1", "setmend_run_duration_seconds_count": "0", `setmend_runs_total{result=""}`: "", `setmend_runs_total{result="attention"}`: ""}
	for name, r := range map[string]*report.Report{"reading": at("InitCleanup", report.Progress{}, time.Time{}), "checking": at("DriftStatus", report.Progress{Done: 2, Planned: 24}, madeAt), "healing": at("Heal", report.Progress{Done: 98, Planned: 233}, madeAt)} {
		source.become(r)
		check(name, none)
	}
	source.become(at("Heal", report.Progress{Done: 98, Planned: 233}, madeAt))
	check("healing", map[string]string{"setmend_run_done": "98", "setmend_run_planned": "233"})
	source.become(cutOff)
	check("cut off", map[string]string{"setmend_run_under_way": "0", "setmend_run_duration_seconds_count": "0"})
	source.become(done)
	for range 2 {
		check("ended", map[string]string{"setmend_run_under_way": "0", "setmend_run_duration_seconds_count": "1", "setmend_run_duration_seconds_sum": "612", `setmend_runs_total{result="attention"}`: "1",
			`setmend_heals_total{outcome="partial",remedy="redeploy"}`: "7", `setmend_heals_total{outcome="succeeded",remedy="detect"}`: ""})
	}
	for metric := range scrape("ended") {
		if strings.HasPrefix(metric, "setmend_heals_total") && (strings.Contains(metric, "detect") || strings.Contains(metric, `remedy=""`)) {
			t.Errorf("a drift detection is among the heals: %s", metric)
		}
	}
}
