package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/setmend/setmend/fleet"
)

// A checker is a stand-in for a service: it complains of what the real one would
// refuse, and keeps what it accepted.
type checker struct {
	check    func(r *http.Request, body []byte) error
	answer   int // the status
	mu       sync.Mutex
	accepted [][]byte
}

func (c *checker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	content, err := io.ReadAll(r.Body)
	if err == nil {
		err = c.check(r, content)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepted = append(c.accepted, content)
	w.WriteHeader(c.answer)
}

func checkTeams(r *http.Request, body []byte) error {
	var m struct {
		Type        string
		Attachments []struct {
			ContentType string
			ContentURL  *string
			Content     struct {
				Type, Version string
				Schema        string           `json:"$schema"`
				Body          []map[string]any `json:"body"`
				Actions       []map[string]any `json:"actions"`
			}
		}
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return err
	}
	size := 0 // as UTF-16, which is what Teams counts in
	for _, r := range string(body) {
		size += 2 * utf16.RuneLen(r)
	}
	switch {
	case r.Method != "POST" || r.Header.Get("Content-Type") != "application/json":
		return fmt.Errorf("%s of %s", r.Method, r.Header.Get("Content-Type"))
	case len(body) > 28_672:
		return fmt.Errorf("%d bytes are more than 28 KB", len(body))
	case m.Type != "message" || len(m.Attachments) != 1 || m.Attachments[0].ContentType != "application/vnd.microsoft.card.adaptive":
		return fmt.Errorf("not the envelope of a card")
	case m.Attachments[0].Content.Type != "AdaptiveCard" || m.Attachments[0].Content.Version != "1.5":
		return fmt.Errorf("not an adaptive card 1.5")
	}
	for _, element := range m.Attachments[0].Content.Body {
		inlines, _ := element["inlines"].([]any)
		if element["type"] != "RichTextBlock" || len(inlines) == 0 {
			return fmt.Errorf("element %v of %d runs", element["type"], len(inlines))
		}
		for _, inline := range inlines {
			if run := inline.(map[string]any); run["type"] != "TextRun" || run["text"] == "" {
				return fmt.Errorf("run %v", run)
			}
		}
	}
	for _, action := range m.Attachments[0].Content.Actions {
		if !strings.HasPrefix(action["url"].(string), "http") {
			return fmt.Errorf("action leads to %v", action["url"])
		}
	}
	return nil
}

func checkSlack(r *http.Request, body []byte) error {
	var m slackMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return err
	}
	if r.Method != "POST" || r.Header.Get("Content-Type") != "application/json" {
		return fmt.Errorf("%s of %s", r.Method, r.Header.Get("Content-Type"))
	}
	if m.Text == "" || len(m.Blocks) == 0 || len(m.Blocks) > 50 || utf8.RuneCount(body) > 10_000 {
		return fmt.Errorf("invalid_blocks: %d blocks, text %q, %d characters", len(m.Blocks), m.Text, len(body))
	}
	for i, block := range m.Blocks {
		if err := checkSlackBlock(block); err != nil {
			return fmt.Errorf("invalid_blocks: block %d (%s): %w", i, block.Type, err)
		}
	}
	return nil
}

func checkSlackBlock(b slackBlock) error {
	length := func(t *slackText) int { return utf8.RuneCountInString(t.Text) }
	switch b.Type {
	case "header":
		if b.Text == nil || b.Text.Type != "plain_text" || length(b.Text) == 0 || length(b.Text) > 150 {
			return fmt.Errorf("text %+v", b.Text)
		}
	case "section":
		if b.Text == nil && len(b.Fields) == 0 || len(b.Fields) > 10 {
			return fmt.Errorf("%d fields", len(b.Fields))
		}
		if b.Text != nil && (b.Text.Type != "mrkdwn" || length(b.Text) == 0 || length(b.Text) > 3000) {
			return fmt.Errorf("%d characters of %s", length(b.Text), b.Text.Type)
		}
		for _, f := range b.Fields {
			if length(&f) == 0 || length(&f) > 2000 {
				return fmt.Errorf("a field of %d characters", length(&f))
			}
		}
	case "context":
		if len(b.Elements) == 0 || len(b.Elements) > 10 {
			return fmt.Errorf("%d elements", len(b.Elements))
		}
	default:
		return fmt.Errorf("unknown type")
	}
	return nil
}

func checkPagerDuty(r *http.Request, body []byte) error {
	var e pagerDutyEvent
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	switch {
	case e.RoutingKey != "R0UTINGKEYCANARYSECRET":
		return fmt.Errorf("invalid routing key")
	case e.DedupKey == "" || len(e.DedupKey) > 255:
		return fmt.Errorf("dedup_key %q", e.DedupKey)
	case len(body) > 512<<10:
		return fmt.Errorf("%d bytes", len(body))
	case e.Action == "resolve":
		return nil
	case e.Action != "trigger" || e.Payload == nil:
		return fmt.Errorf("event_action %q without payload", e.Action)
	case e.Payload.Summary == "" || utf8.RuneCountInString(e.Payload.Summary) > 1024 || e.Payload.Source == "":
		return fmt.Errorf("summary %q, source %q", e.Payload.Summary, e.Payload.Source)
	case !slices.Contains([]string{"critical", "error", "warning", "info"}, e.Payload.Severity):
		return fmt.Errorf("severity %q", e.Payload.Severity)
	}
	_, err := time.Parse(time.RFC3339, e.Payload.Timestamp)
	return err
}

// services are those that take one request for a part, with the servers that
// check it.
var services = map[string]struct {
	make   func(t *testing.T, base service) Notifier
	check  func(*http.Request, []byte) error
	answer int
}{
	"Teams": {func(t *testing.T, base service) Notifier {
		return &teams{base, TeamsConfig{URL: secret(t, "HOOK", exampleURL)}, mustTexts(t, "chat", cardText)}
	}, checkTeams, http.StatusAccepted},
	"Slack": {func(t *testing.T, base service) Notifier {
		return &slack{base, SlackConfig{URL: secret(t, "HOOK", exampleURL)}, mustTexts(t, "chat", mrkdwn)}
	}, checkSlack, http.StatusOK},
	"PagerDuty": {func(t *testing.T, base service) Notifier {
		return &pagerDuty{base, PagerDutyConfig{RoutingKey: secret(t, "KEY", "R0UTINGKEYCANARYSECRET")}, "https://example.com/v2/enqueue"}
	}, checkPagerDuty, http.StatusAccepted},
	"webhook": {func(t *testing.T, base service) Notifier {
		return &webhook{base, WebhookConfig{URL: secret(t, "HOOK", exampleURL), Key: secret(t, "KEY", "S1GNINGKEYCANARYSECRET")}}
	}, checkWebhook, http.StatusNoContent},
}

func checkWebhook(r *http.Request, body []byte) error {
	var b webhookBody
	if err := json.Unmarshal(body, &b); err != nil {
		return err
	}
	if b.Version != 1 || b.Event == "" || b.Event != r.Header.Get(EventHeader) || len(body) > 1_000_000 {
		return fmt.Errorf("version %d, event %q, header %q, %d bytes", b.Version, b.Event, r.Header.Get(EventHeader), len(body))
	}
	if strings.Contains(string(body), "dashboard.html") {
		return fmt.Errorf("tells a path of the sender's machine")
	}
	return Verify(NewSecret("S1GNINGKEYCANARYSECRET"), r.Header, body, time.Now(), time.Minute)
}

// messages are what every service must cope with.
var messages = map[string]Message{
	"sample": Sample(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)),
	"empty":  {Event: "e", Run: "r", Result: Healthy},
	"huge":   huge(500),
	"only standing": {Event: "e", Run: "r", Result: Attention,
		Standing: huge(3).Attention, After: map[string]int{"failed": 3}},
	"hostile": hostile(),
}

// huge has n findings with as many reasons, in the longest of names.
func huge(n int) Message {
	m := Message{Event: "huge", Run: "huge", Result: Attention, After: map[string]int{}, Before: map[string]int{},
		Links: Links{DashboardURL: "https://dash.example/?a=1&b=2", LogURL: "https://log.example/", DashboardFile: "/no/such/dashboard.html"}}
	for i := range n {
		f := Finding{Verdict: "failed", Reason: strings.Repeat(fmt.Sprintf("reason-%c-%c ä€😀 ", 'a'+i%26, 'a'+i/26%26), 100), Hint: strings.Repeat("do this ", 100)}
		f.StackSet = fleet.StackSetName(strings.Repeat("s", 120) + fmt.Sprint(i))
		f.Account, f.Region = fleet.AccountID(fmt.Sprintf("%012d", i)), "ap-southeast-1"
		m.Attention = append(m.Attention, f)
		m.Resolved = append(m.Resolved, f)
		m.Done = append(m.Done, Deed{"redeployed", f.StackSet, 1, strings.Repeat("x", 1000)})
		if i < 15 {
			m.After[fmt.Sprint("verdict ", i)] = i + 1
		}
	}
	return m
}

// hostile has in every text what means something in one of the formats.
func hostile() Message {
	evil := "<script>alert(1)</script> <!channel> <@U1> <https://evil.example|click> [click](https://evil.example) *b* _i_ ~s~ `c` " +
		"{{DATE(2026-01-01,SHORT)}} <at>all</at> & &amp; \"quoted\" 'single' \\ </td></table> ]]> \u202egnp.exe\u202c \u200bzero\ttab\r\nnewline\x00\x1b[31m"
	f := Finding{Cell: fleet.Cell{StackSet: fleet.StackSetName(evil), Target: fleet.Target{Account: "111122223333", Region: fleet.Region(evil)}},
		Verdict: evil, Reason: evil, Hint: evil}
	return Message{Event: "hostile", Run: evil, Result: Result(evil), After: map[string]int{evil: 1}, Before: map[string]int{"healthy": 1},
		Done: []Deed{{evil, fleet.StackSetName(evil), 2, evil}}, Attention: []Finding{f}, Standing: []Finding{f}, Resolved: []Finding{f},
		Links: Links{DashboardURL: `https://dash.example/|x>"'<)](?a=1&b=2`, LogURL: "javascript:alert(1)"}}
}

func TestEachServiceAcceptsWhatItIsSent(t *testing.T) {
	for name, s := range services {
		for _, content := range fleet.SortedKeys(messages) {
			t.Run(name+" "+content, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := &checker{check: s.check, answer: s.answer}
					n := s.make(t, service{client: serve(t, c.ServeHTTP)})
					parts, err := n.Parts(messages[content])
					if err != nil {
						t.Fatal(err)
					}
					if err := sendParts(t, n, messages[content]); err != nil {
						t.Fatal(err)
					}
					if len(c.accepted) != len(parts) {
						t.Errorf("%d requests for %d parts", len(c.accepted), len(parts))
					}
				})
			})
		}
	}
}

// TestEachServicesFailuresAreTold goes over the answers that services give when
// they do not accept a message.
func TestEachServicesFailuresAreTold(t *testing.T) {
	answers := map[string]struct {
		handler http.HandlerFunc
		outcome Outcome
		after   time.Duration
		says    string
	}{
		"429 with seconds": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "17")
			w.WriteHeader(429)
		}, Later, 17 * time.Second, "answered 429"},
		"429 with a date": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", time.Now().Add(90*time.Second).UTC().Format(http.TimeFormat))
			w.WriteHeader(429)
		}, Later, 90 * time.Second, "answered 429"},
		"429 with a week": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "604800")
			w.WriteHeader(429)
		}, Later, time.Hour, "answered 429"},
		"429 without": {status(429), Later, 0, "answered 429"},
		"500":         {status(500), Later, 0, "answered 500"},
		"502":         {status(502), Later, 0, "answered 502"},
		"504":         {status(504), Unknown, 0, "answered 504"},
		"400 with a reason": {func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "invalid_payload", 400)
		}, Rejected, 0, "answered 400: invalid_payload"},
		"403": {status(403), Rejected, 0, "answered 403"},
		"404": {status(404), Rejected, 0, "answered 404"},
		"410": {status(410), Rejected, 0, "answered 410"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://example.com/elsewhere", 307)
		}, Rejected, 0, "redirects are not followed"},
		"hang": {func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}, Unknown, 0, "waiting for an answer of example.com"},
		"hang in the middle of the answer": {func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			w.Write([]byte("ok, so"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, Delivered, 0, ""}, // the status had arrived
		"cut": {func(w http.ResponseWriter, r *http.Request) {
			panic(http.ErrAbortHandler)
		}, Unknown, 0, "waiting for an answer of example.com"},
		"repeats what it got": {func(w http.ResponseWriter, r *http.Request) {
			content, _ := io.ReadAll(r.Body)
			http.Error(w, r.URL.RequestURI()+" "+r.URL.Query().Get("sig")+" "+string(content)+fmt.Sprint(r.Header), 400)
		}, Rejected, 0, "answered 400"},
	}
	for name, s := range services {
		for _, answer := range slices.Sorted(maps.Keys(answers)) {
			a := answers[answer]
			t.Run(name+" "+answer, func(t *testing.T) {
				hook, key := secret(t, "HOOK", exampleURL), secret(t, "KEY", "R0UTINGKEYCANARYSECRET")
				if name == "webhook" {
					key = secret(t, "KEY", "S1GNINGKEYCANARYSECRET")
				}
				_, _ = hook, key
				synctest.Test(t, func(t *testing.T) {
					requests := 0
					n := s.make(t, service{client: serve(t, func(w http.ResponseWriter, r *http.Request) {
						requests++
						if r.URL.Path == "/elsewhere" {
							t.Error("the redirect was followed")
						}
						a.handler(w, r)
					})})
					begin := time.Now()
					err := sendParts(t, n, messages["sample"])
					outcome, after := outcomeOf(err)
					if outcome != a.outcome || after.Round(time.Second) != a.after {
						t.Errorf("%s after %v, want %s after %v: %v", outcome, after, a.outcome, a.after, err)
					}
					if a.outcome != Delivered && requests != 1 || time.Since(begin) > time.Duration(requests)*attemptTimeout {
						t.Errorf("%d requests in %v", requests, time.Since(begin))
					}
					if !strings.Contains(fmt.Sprint(err), a.says) {
						t.Errorf("got %v, want %q", err, a.says)
					}
					wantNoSecret(t, fmt.Sprintf("%v %+v %#v", err, err, err))
				})
			})
		}
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

var canary = regexp.MustCompile(`[A-Z0-9]*CANARYSECRET[A-Z]*`)

func wantNoSecret(t *testing.T, text string) {
	t.Helper()
	if found := canary.FindString(text); found != "" {
		t.Errorf("%s is told in %.300s", found, text)
	}
}

func TestARefusedConnectionIsTriedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, status(200))
		refusing := newPipes()
		refusing.Close()
		c.http.Transport.(*http.Transport).DialContext = refusing.dial
		_, err := c.send(t.Context(), request{method: "POST", url: exampleURL, secrets: []Secret{NewSecret(exampleURL)}})
		if outcome, _ := outcomeOf(err); outcome != Later {
			t.Errorf("%s: %v", outcome, err)
		}
		wantNoSecret(t, err.Error())
	})
}

func TestACertificateThatIsNotTrustedIsTriedLaterAndTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, status(200))
		c.http.Transport.(*http.Transport).TLSClientConfig.RootCAs = nil
		c.http.Transport.(*http.Transport).TLSClientConfig.ServerName = "not.example"
		_, err := c.send(t.Context(), request{method: "POST", url: exampleURL, secrets: []Secret{NewSecret(exampleURL)}})
		if outcome, _ := outcomeOf(err); outcome != Later {
			t.Errorf("%s: %v", outcome, err)
		}
		wantNoSecret(t, err.Error())
	})
}

func TestTeamsRefusesTheConnectorsThatWereSwitchedOff(t *testing.T) {
	for url, refused := range map[string]bool{
		"https://contoso.webhook.office.com/webhookb2/CANARYSECRET":      true,
		"https://webhook.office.com/x":                                   true,
		"https://outlook.office.com/webhook/x":                           true,
		"https://CONTOSO.WEBHOOK.OFFICE.COM/x":                           true,
		"https://prod-1.westeurope.logic.azure.com:443/workflows/x":      false,
		"https://x.environment.api.powerplatform.com/webhook.office.com": false,
		"https://notwebhook.office.com/x":                                false,
	} {
		err := notRetired(url)
		if (err != nil) != refused {
			t.Errorf("%s: %v", url, err)
		}
		if err != nil {
			wantNoSecret(t, err.Error())
			if !strings.Contains(err.Error(), "May 2026") || !strings.Contains(err.(*DeliveryError).Hint(), "workflow") {
				t.Errorf("%v (hint: %s)", err, err.(*DeliveryError).Hint())
			}
		}
	}
	n := &teams{service{client: newClient(nil, nil)}, TeamsConfig{URL: secret(t, "HOOK", "https://contoso.webhook.office.com/x")}, mustTexts(t, "chat", cardText)}
	if outcome, _ := outcomeOf(sendParts(t, n, messages["sample"])); outcome != Rejected {
		t.Errorf("sending is %s", outcome)
	}
}

func TestPagerDutyOpensAndClosesAnIncidentForEachCell(t *testing.T) {
	synctest.Test(t, testIncidents)
}

func testIncidents(t *testing.T) {
	c := &checker{check: checkPagerDuty, answer: 202}
	n := &pagerDuty{service{client: serve(t, c.ServeHTTP)}, PagerDutyConfig{RoutingKey: secret(t, "KEY", "R0UTINGKEYCANARYSECRET"), MaxIncidents: 2}, exampleURL}
	many := huge(5)
	many.Resolved = nil
	open := func(keys ...string) map[string]bool {
		set := map[string]bool{}
		for _, key := range keys {
			set[key] = true
		}
		return set
	}
	first, second := dedupKey(many.Attention[0]), dedupKey(many.Attention[1])
	for _, step := range []struct {
		name string
		m    Message
		want []string
	}{
		{"one more than the limit", many, []string{"trigger " + first, "trigger " + second, "trigger setmend/more"}},
		{"some resolved", Message{Event: "e", Resolved: many.Attention[:2], Standing: many.Attention[2:]},
			[]string{"resolve " + first, "resolve " + second}},
		{"some resolved of which one is open", Message{Event: "e", Resolved: many.Attention[:2], Standing: many.Attention[2:], incidents: open(second, overflowKey)},
			[]string{"resolve " + second}},
		{"all resolved", Message{Event: "f", Resolved: many.Attention, incidents: open(first, overflowKey)},
			[]string{"resolve " + first, "resolve setmend/more"}},
		{"all resolved without overflow", Message{Event: "f", Resolved: many.Attention, incidents: open(first)},
			[]string{"resolve " + first}},
		{"nothing changed", Message{Event: "g", Standing: many.Attention}, nil},
	} {
		c.accepted = nil
		if err := sendParts(t, n, step.m); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		var got []string
		for _, b := range c.accepted {
			var e pagerDutyEvent
			if err := json.Unmarshal(b, &e); err != nil {
				t.Fatal(err)
			}
			got = append(got, e.Action+" "+e.DedupKey)
		}
		if !slices.Equal(got, step.want) {
			t.Errorf("%s: got %q, want %q", step.name, got, step.want)
		}
	}
}

// publisher is SNS: it complains of what SNS refuses.
type publisher struct{ subject, message, event string }

func (p *publisher) Publish(_ context.Context, topic, subject, message, event string) error {
	*p = publisher{subject, message, event}
	if len(subject) == 0 || len(subject) >= 100 || regexp.MustCompile(`[^ -~]`).MatchString(subject) {
		return &fleet.Error{Kind: fleet.Invalid, Call: "Publish", Code: "InvalidParameter", Message: "Subject"}
	}
	if len(message) == 0 || len(message) > 262_144 || !utf8.ValidString(message) {
		return &fleet.Error{Kind: fleet.Invalid, Call: "Publish", Code: "InvalidParameter", Message: "Message too long"}
	}
	return nil
}

func TestSNSAcceptsWhatItIsSent(t *testing.T) {
	for _, content := range fleet.SortedKeys(messages) {
		p := &publisher{}
		n := &sns{p, SNSConfig{Topic: "arn:aws:sns:eu-central-1:111122223333:setmend"}, mustTexts(t, "chat", plain)}
		if err := sendParts(t, n, messages[content]); err != nil {
			t.Errorf("%s: %v", content, err)
		}
		if p.event != messages[content].Event {
			t.Errorf("%s: event %q", content, p.event)
		}
	}
}

func TestAWSErrorsOfPublishingAreTold(t *testing.T) {
	for kind, want := range map[fleet.ErrorKind]Outcome{
		fleet.UnknownOutcome: Unknown, fleet.Denied: Rejected, fleet.NotFound: Rejected, fleet.Invalid: Rejected,
		fleet.Throttled: Later, fleet.Unreachable: Later, fleet.Expired: Later,
	} {
		if got, _ := outcomeOf(fmt.Errorf("publishing: %w", &fleet.Error{Kind: kind})); got != want {
			t.Errorf("%s is %s, want %s", kind, got, want)
		}
	}
}

func TestEveryRenderingIsWellFormedAndShowsNoHostileText(t *testing.T) {
	m := hostile()
	for name, n := range map[string]Notifier{
		"Teams":      &teams{texts: mustTexts(t, "chat", cardText)},
		"Slack":      &slack{texts: mustTexts(t, "chat", mrkdwn)},
		"SNS":        &sns{texts: mustTexts(t, "chat", plain)},
		"Confluence": &confluence{texts: mustTexts(t, "page", storage)},
		"PagerDuty":  &pagerDuty{},
	} {
		parts, err := Preview(n, m)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, part := range parts {
			text := string(part.Content)
			if part.Type == "application/json" {
				var v any
				if err := json.Unmarshal(part.Content, &v); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				text = strings.Join(textsIn(v), "\n")
			}
			for _, bad := range forbidden[name] {
				if strings.Contains(text, bad) {
					t.Errorf("%s shows %q in %s", name, bad, text)
				}
			}
			if strings.ContainsAny(text, "\u202e\u202c\u200b\x00\x1b\r") || strings.Contains(text, "javascript:") {
				t.Errorf("%s lets characters through: %q", name, text)
			}
		}
	}
}

var forbidden = map[string][]string{
	"Teams":      {"{{DATE", "\nTextBlock\n"}, // the rest means nothing in a TextRun
	"Slack":      {"<!channel", "<@U1", "<https://evil", "<script", "``", "`c`"},
	"SNS":        {},
	"PagerDuty":  {},
	"Confluence": {"<script", "</td></table> ]]", "<at>", "\"quoted\""},
}

// textsIn lists all strings of a JSON value.
func textsIn(v any) (all []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, e := range v {
			all = append(all, textsIn(e)...)
		}
	case map[string]any:
		for _, key := range fleet.SortedKeys(v) {
			all = append(all, textsIn(v[key])...)
		}
	}
	return all
}
