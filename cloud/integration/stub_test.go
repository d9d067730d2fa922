package integration

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/cloud/integration/internal/wire"
)

const (
	management = "100000000000"
	region     = "eu-central-1"
)

// request is what AWS would read.
type request struct {
	Method, Path, Action string
	Form                 url.Values
	Body                 string
}

// stub answers requests in AWS's wire format, for services that the embedded AWS
// does not have.
type stub struct {
	status int
	header http.Header
	body   string
	err    error
	asked  []request
}

func (s *stub) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	q := request{Method: r.Method, Path: r.URL.Path, Body: string(body)}
	q.Form, _ = url.ParseQuery(string(body))
	_, q.Action, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if action := q.Form.Get("Action"); action != "" {
		q.Action = action
	}
	s.asked = append(s.asked, q)
	if s.err != nil {
		return nil, s.err
	}
	header := http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}, "X-Amzn-Requestid": {"r-1"}}
	for name, values := range s.header {
		header[name] = values
	}
	return &http.Response{StatusCode: s.status, Header: header, Request: r,
		Body: io.NopCloser(strings.NewReader(s.body)), ContentLength: int64(len(s.body))}, nil
}

// bind connects the table to whatever answers.
func bind(t *testing.T, transport http.RoundTripper) *Bound {
	t.Helper()
	aws, err := cloud.New(t.Context(), cloud.Config{Region: region, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return Bind(aws)
}

// embed connects to an embedded AWS.
func embed(t *testing.T) (*Bound, *awssim.AWS) {
	t.Helper()
	sim, err := awssim.New(awssim.Options{Seed: 1, Account: management})
	if err != nil {
		t.Fatal(err)
	}
	return bind(t, sim.Transport()), sim
}

func (b *Bound) try(t *testing.T, ctx context.Context, resource, input string) (any, error) {
	t.Helper()
	if !strings.HasPrefix(resource, "arn:") && strings.Contains(resource, ":") {
		resource = sdkPrefix + resource
	}
	f, ok := b.Lookup(resource)
	if !ok {
		t.Fatalf("%s is not in the table", resource)
	}
	out, err := f(ctx, json.RawMessage(input))
	if err != nil {
		return nil, err
	}
	return value(t, string(out)), nil
}

// call makes a call that succeeds.
func (b *Bound) call(t *testing.T, resource, input string) any {
	t.Helper()
	out, err := b.try(t, t.Context(), resource, input)
	if err != nil {
		t.Fatalf("%s: %v", resource, err)
	}
	return out
}

// refused makes a call that fails, and gives its error as the States Language has
// it.
func (b *Bound) refused(t *testing.T, resource, input string) (name, cause string) {
	t.Helper()
	out, err := b.try(t, t.Context(), resource, input)
	named, ok := err.(interface{ StatesError() (string, string) })
	if !ok {
		t.Fatalf("%s answered %v and error %v, want an error with a name", resource, out, err)
	}
	return named.StatesError()
}

func value(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("not JSON: %v: %s", err, text)
	}
	return v
}

func wantJSON(t *testing.T, got any, want string) {
	t.Helper()
	if diff := cmp.Diff(value(t, want), got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

var emptyInput = &wire.Struct{}
