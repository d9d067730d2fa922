package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/setmend/setmend/fleet"
)

// question is a request as AWS would read it.
type question struct {
	Action string
	Form   url.Values     // of the Query protocol
	JSON   map[string]any // of the JSON protocols
	Region string
	Key    string // the access key that signed it
	Token  string // the session token, if any
	At     time.Time
}

// answer is a status, a body and a content type; err breaks the connection.
type answer struct {
	status int
	body   string
	err    error
}

// stub is an AWS that answers whatever the test says, and remembers what it was
// asked. It is for requests and answers that the embedded AWS cannot be brought
// to: broken connections, missing members, pages out of a book of horrors.
type stub struct {
	t      *testing.T
	answer func(q question) answer

	mu    sync.Mutex
	asked []question
}

func (s *stub) RoundTrip(r *http.Request) (*http.Response, error) {
	q := s.read(r)
	s.mu.Lock()
	s.asked = append(s.asked, q)
	s.mu.Unlock()
	a := s.answer(q)
	if a.err != nil {
		return nil, a.err
	}
	header := http.Header{"Content-Type": {"text/xml"}, "Date": {time.Now().UTC().Format(http.TimeFormat)}}
	if q.JSON != nil {
		header.Set("Content-Type", "application/x-amz-json-1.1")
	}
	return &http.Response{
		StatusCode: a.status, Header: header, Request: r, Body: io.NopCloser(strings.NewReader(a.body)),
		ContentLength: int64(len(a.body)),
	}, nil
}

func (s *stub) read(r *http.Request) question {
	q := question{At: time.Now(), Token: r.Header.Get("X-Amz-Security-Token")}
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	if _, scope, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		parts := strings.Split(scope, "/")
		q.Key, q.Region = parts[0], parts[2]
	}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		_, q.Action, _ = strings.Cut(target, ".")
		if err := json.Unmarshal(body, &q.JSON); err != nil {
			s.t.Errorf("a request's body is not JSON: %v", err)
		}
		return q
	}
	q.Form, _ = url.ParseQuery(string(body))
	q.Action = q.Form.Get("Action")
	return q
}

// actions lists what was asked, in order.
func (s *stub) actions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var actions []string
	for _, q := range s.asked {
		actions = append(actions, q.Action)
	}
	return actions
}

// last is the latest question about an action.
func (s *stub) last(action string) question {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.asked) - 1; i >= 0; i-- {
		if s.asked[i].Action == action {
			return s.asked[i]
		}
	}
	s.t.Fatalf("%s was not called", action)
	return question{}
}

// against connects to a stub.
func against(t *testing.T, answer func(question) answer) (*AWS, *stub) {
	t.Helper()
	return configured(t, Config{}, answer)
}

func configured(t *testing.T, config Config, answer func(question) answer) (*AWS, *stub) {
	t.Helper()
	s := &stub{t: t, answer: answer}
	config.Region, config.Transport = "eu-central-1", s
	a, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return a, s
}

// xml is a successful answer of the Query protocol.
func xml(action, result string) answer {
	return answer{status: 200, body: fmt.Sprintf("<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></%[1]sResponse>", action, result)}
}

// fault is an error answer of the Query protocol.
func fault(status int, code, message string) answer {
	return answer{status: status, body: fmt.Sprintf("<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>r</RequestId></ErrorResponse>", code, message)}
}

// jsonOf is an answer of the JSON protocols.
func jsonOf(status int, value any) answer {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return answer{status: status, body: string(body)}
}

// wantKind checks an error's kind, and that every error is a *fleet.Error.
func wantKind(t *testing.T, err error, want fleet.ErrorKind) *fleet.Error {
	t.Helper()
	var e *fleet.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v (%T), want a *fleet.Error of kind %q", err, err, want)
	}
	if e.Kind != want {
		t.Fatalf("error %v is of kind %q, want %q", err, e.Kind, want)
	}
	return e
}
