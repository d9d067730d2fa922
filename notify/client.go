package notify

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// attemptTimeout bounds one request, from dialling to the end of the answer.
	attemptTimeout = 30 * time.Second
	// maxRetryAfter bounds what a service can ask for.
	maxRetryAfter = time.Hour
	// maxAnswer is how much of an answer is read, in bytes. A Confluence page is
	// the largest.
	maxAnswer = 8 << 20
)

// client sends requests under the rules of the package.
type client struct {
	http *http.Client
	now  func() time.Time
}

func newClient(allowed []netip.Prefix, roots *x509.CertPool) *client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: guard{allowed}.control}
	return &client{now: time.Now, http: &http.Client{
		Timeout: attemptTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // whoever is redirected takes the secrets along
		},
		Transport: &http.Transport{
			Proxy:           nil, // a proxy would resolve names where the guard cannot see it
			DialContext:     dialer.DialContext,
			TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			// A new connection for each request: on a kept one, a request that failed
			// as the server closed it may or may not have arrived.
			DisableKeepAlives:   true,
			TLSHandshakeTimeout: 10 * time.Second,
			ForceAttemptHTTP2:   true,
		},
	}}
}

// request is what to send. The secrets in it are struck out of errors.
type request struct {
	method  string
	url     string
	header  map[string]string
	body    []byte
	secrets []Secret
}

// answer is what came back with a 2xx status.
type answer struct{ body []byte }

// send makes one attempt. Its errors are DeliveryErrors.
func (c *client) send(ctx context.Context, r request) (answer, error) {
	a, err := c.exchange(ctx, r)
	if err != nil {
		return a, scrub(err, r)
	}
	return a, nil
}

func (c *client) exchange(ctx context.Context, r request) (answer, error) {
	target, err := parseHTTPS(r.url)
	if err != nil {
		return answer{}, err
	}
	connected := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }})
	req, err := http.NewRequestWithContext(ctx, r.method, target.String(), strings.NewReader(string(r.body)))
	if err != nil {
		return answer{}, rejected("", "making the request: %v", errors.Unwrap(err))
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	req.Header.Set("User-Agent", "setmend")
	response, err := c.http.Do(req)
	if err != nil {
		return answer{}, transportError(target.Host, err, connected)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil && r.method == http.MethodGet {
		return answer{}, transportError(target.Host, err, true)
	}
	// Of anything else the status says all, and it has arrived.
	return answer{body}, c.judge(target.Host, response, body)
}

// parseHTTPS never repeats the URL: it is a secret.
func parseHTTPS(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil, rejected("", "the URL is not one")
	}
	if u.Scheme != "https" {
		return nil, rejected("Use the service's https:// URL.", "the URL of %s is not https", u.Hostname())
	}
	return u, nil
}

// transportError is for a request without an answer. Once there was a
// connection, nobody knows how far the request got.
func transportError(host string, err error, connected bool) error {
	var judged *DeliveryError
	if errors.As(err, &judged) {
		return judged // the guard's
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // without the URL
	}
	e := &DeliveryError{Outcome: Later, What: "connecting to " + host, Err: err}
	if connected {
		e.Outcome, e.What = Unknown, "waiting for an answer of "+host
	}
	return e
}

// judge tells what a status means.
func (c *client) judge(host string, r *http.Response, body []byte) error {
	if r.StatusCode/100 == 2 {
		return nil
	}
	e := &DeliveryError{What: fmt.Sprintf("%s answered %d", host, r.StatusCode), Outcome: Rejected, Status: r.StatusCode}
	if text := clean(string(body), 200); text != "" {
		e.Err = errors.New(text)
	}
	switch code := r.StatusCode; {
	case code/100 == 3:
		e.Err = errors.New("redirects are not followed")
		e.hint = "Configure the address that the service really has."
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		e.Outcome, e.After = Later, c.retryAfter(r.Header.Get("Retry-After"))
	case code == http.StatusGatewayTimeout, code == http.StatusRequestTimeout:
		e.Outcome = Unknown // a gateway's: what stands behind it may have got the request
	case code/100 == 5:
		e.Outcome = Later
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		e.hint = "The URL, key or token is wrong, expired or lacks permission."
	case code == http.StatusNotFound, code == http.StatusGone:
		e.hint = "The address does not exist (any more). Make a new one in the service."
	}
	return e
}

// retryAfter reads seconds or a date, the two forms of RFC 9110, 10.2.3.
func (c *client) retryAfter(header string) time.Duration {
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil {
		return min(max(time.Duration(seconds)*time.Second, 0), maxRetryAfter)
	}
	if date, err := http.ParseTime(header); err == nil {
		return min(max(date.Sub(c.now()), 0), maxRetryAfter)
	}
	return 0
}

// scrub strikes a request's secrets out of an error's text: servers repeat what
// they were sent, and libraries what they could not parse.
func scrub(err error, r request) error {
	var e *DeliveryError
	if !errors.As(err, &e) {
		e = &DeliveryError{Outcome: Later, What: "sending", Err: err}
	}
	clean := *e
	clean.What = strike(e.What, r)
	if e.Err != nil {
		clean.Err = errors.New(strike(e.Err.Error(), r))
	}
	return &clean
}

func strike(text string, r request) string {
	for _, secret := range r.secrets {
		for _, form := range spellings(secret.Reveal()) {
			text = strings.ReplaceAll(text, form, redacted)
		}
	}
	return text
}

// spellings are the ways in which a secret may turn up, the longest first:
// itself, encoded for a URL, and of a URL the parts that make it secret. Short
// parts (the words of a path) are not.
func spellings(secret string) []string {
	forms := []string{secret, url.QueryEscape(secret), url.PathEscape(secret)}
	if u, err := url.Parse(secret); err == nil && u.Host != "" {
		forms = append(forms, u.RequestURI(), u.Path, u.EscapedPath(), u.RawQuery)
		parts := strings.FieldsFunc(u.Path, func(r rune) bool { return r == '/' })
		for _, values := range u.Query() {
			parts = append(parts, values...)
		}
		forms = append(forms, slices.DeleteFunc(parts, func(part string) bool { return len(part) < 12 })...)
	}
	forms = slices.DeleteFunc(forms, func(form string) bool { return len(form) < 4 })
	slices.SortFunc(forms, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return forms
}
