package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// largestAnswer bounds what is read of an answer of the control endpoint: the
// snapshot of the largest fleet takes a tenth of it.
const largestAnswer = 1 << 30

// control asks the embedded AWS that --endpoint-url names to do something to
// itself, and gives its answer.
func (a *app) control(ctx context.Context, method, name string, body []byte) ([]byte, error) {
	address, err := a.controlURL(name)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", address, err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, &hintedError{fmt.Errorf("reaching the embedded AWS: %w", err), "start it with `setmend sim`; --endpoint-url (AWS_ENDPOINT_URL) says where it is", exitUnreachable}
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, largestAnswer))
	if err != nil {
		return nil, &hintedError{fmt.Errorf("reading the answer of the embedded AWS: %w", err), "see whether `setmend sim` is still running", exitUnreachable}
	}
	return text, refusal(address, answer, text)
}

// controlURL is where the endpoint's control action of the name is.
func (a *app) controlURL(name string) (string, error) {
	if a.endpoint == "" {
		return "", &usageError{errors.New("no embedded AWS is named"), "give the address that `setmend sim` printed with --endpoint-url or AWS_ENDPOINT_URL"}
	}
	u, err := url.Parse(a.endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", &usageError{fmt.Errorf("endpoint %q is no address", a.endpoint), "give one such as http://127.0.0.1:4566 with --endpoint-url or AWS_ENDPOINT_URL"}
	}
	return u.Scheme + "://" + u.Host + "/_sim/" + name, nil
}

// refusal is the error that an answer is, nil for none. AWS itself, and whatever
// else listens there, does not answer a control action with JSON.
func refusal(address string, answer *http.Response, text []byte) error {
	said := strings.TrimSpace(string(text))
	switch {
	case answer.StatusCode == http.StatusOK && json.Valid(text):
		return nil
	case answer.StatusCode == http.StatusBadRequest && strings.HasPrefix(answer.Header.Get("Content-Type"), "text/plain"):
		return &hintedError{errors.New(said), "check names and numbers against what `setmend sim snapshot` shows", exitFailed}
	case answer.StatusCode == http.StatusForbidden && strings.HasPrefix(answer.Header.Get("Content-Type"), "text/plain"):
		return &hintedError{errors.New(said), "run this where `setmend sim` runs, with a loopback address in --endpoint-url", exitDenied}
	}
	return &hintedError{fmt.Errorf("%s answers %s, which no embedded AWS does", address, answer.Status), "--endpoint-url (AWS_ENDPOINT_URL) must be the address that `setmend sim` printed", exitUnreachable}
}

// controlled reads the answer of a control action into a value.
func (a *app) controlled(ctx context.Context, name string, into any) error {
	text, err := a.control(ctx, http.MethodGet, name, nil)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("reading the answer to %s: %w", name, err)
	}
	return nil
}
