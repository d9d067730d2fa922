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
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
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
			http.Redirect(w, r, "https://example.com/elsewhere", http.StatusTemporaryRedirect)
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
					var requests atomic.Int32
					n := s.make(t, service{client: serve(t, func(w http.ResponseWriter, r *http.Request) {
						requests.Add(1)
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
					if a.outcome != Delivered && requests.Load() != 1 || time.Since(begin) > time.Duration(requests.Load())*attemptTimeout {
						t.Errorf("%d requests in %v", requests.Load(), time.Since(begin))
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
