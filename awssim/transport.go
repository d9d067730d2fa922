package awssim

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/setmend/setmend/awssim/internal/wire"
)

// ErrLost is the error of a request whose answer got lost: the connection broke
// after the request was carried out.
var ErrLost = errors.New("awssim: connection reset by peer")

// Transport is a way to the AWS without sockets or goroutines, for an
// http.Client. Every host leads to it.
func (a *AWS) Transport() http.RoundTripper { return transport{a} }

type transport struct{ aws *AWS }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	inner := r.Clone(r.Context())
	if inner.Host == "" {
		inner.Host = r.URL.Host
	}
	answer := t.aws.handle(inner)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if answer == nil {
		return nil, ErrLost
	}
	return response(r, answer), nil
}

func response(r *http.Request, a *wire.Answer) *http.Response {
	header := a.Header.Clone()
	if r.Method != http.MethodHead || header.Get("Content-Length") == "" { // HEAD tells the length of what it leaves out
		header.Set("Content-Length", strconv.Itoa(len(a.Body)))
	}
	return &http.Response{
		Status:        strconv.Itoa(a.Status) + " " + http.StatusText(a.Status),
		StatusCode:    a.Status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Body:          io.NopCloser(bytes.NewReader(a.Body)),
		ContentLength: int64(len(a.Body)),
		Request:       r,
	}
}
