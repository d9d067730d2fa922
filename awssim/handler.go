package awssim

import (
	"bytes"
	"fmt"
	"io"
	"net/http"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/wire"
)

// largestObject bounds what a service that reads bodies itself is sent.
const largestObject = 64 << 20

// ServeHTTP answers one request.
func (a *AWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := a.handle(r)
	if answer == nil {
		panic(http.ErrAbortHandler) // the documented way to cut a connection
	}
	answer.Write(w)
}

// exchange is one request on its way through the world.
type exchange struct {
	http    *http.Request
	signed  signature
	service *core.Service
	request *wire.Request
	call    *core.Call
	refused *core.Error // why the request was refused before its action
}

// handle answers a request; nil is an answer that got lost.
func (a *AWS) handle(r *http.Request) *wire.Answer {
	x, answer := a.open(r)
	if answer != nil {
		return answer
	}
	a.world.Serve(func() { answer = a.serve(x) })
	return answer
}

// open reads as much of a request as can be read without the world, so that a
// slow client holds nobody else up.
func (a *AWS) open(r *http.Request) (*exchange, *wire.Answer) {
	x := &exchange{http: r}
	var signed bool
	x.signed, signed = signatureOf(r)
	x.service = a.route(x.signed, r)
	if x.service == nil {
		return nil, unrouted(r)
	}
	if x.service.Raw != nil {
		body, err := io.ReadAll(io.LimitReader(bodyOf(r), largestObject+1))
		if err != nil || len(body) > largestObject {
			return nil, unrouted(r)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		return x, nil
	}
	x.request, x.refused = wire.Read(x.service, r)
	if !signed {
		x.refused = core.Errorf(http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	return x, nil
}

func bodyOf(r *http.Request) io.Reader {
	if r.Body == nil {
		return bytes.NewReader(nil)
	}
	return r.Body
}

// unrouted answers what is addressed to no service that exists here.
func unrouted(r *http.Request) *wire.Answer {
	return &wire.Answer{
		Status: http.StatusNotFound,
		Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
		Body:   fmt.Appendf(nil, "no service of the embedded AWS is addressed by %s\n", r.Host),
	}
}

// serve answers with the lock held.
func (a *AWS) serve(x *exchange) *wire.Answer {
	principal, refused := a.principal(x.signed)
	if x.refused == nil {
		x.refused = refused
	}
	x.call = &core.Call{
		World:     a.world,
		Service:   x.service.Name,
		Caller:    principal,
		Region:    x.signed.region,
		RequestID: a.world.UUID(),
	}
	if x.service.Global || x.call.Region == "" {
		x.call.Region = "us-east-1"
	}
	if x.service.Raw != nil {
		return a.serveRaw(x)
	}
	x.call.Action = x.request.Action
	out, err := a.invoke(x)
	a.record.note(x, err)
	if err != nil {
		return x.request.Failure(wire.AsError(err), x.call.RequestID)
	}
	return x.request.Success(out, x.call.RequestID)
}

// invoke runs the action, unless something stands in its way. A panic is a
// mistake in this program; it becomes AWS's answer to its own mistakes, so that
// it costs one request and not the process.
func (a *AWS) invoke(x *exchange) (out any, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = internalFailure(problem)
		}
	}()
	if x.refused != nil {
		return nil, x.refused
	}
	if a.limits != nil && !a.limits.Allow(x.call) {
		return nil, throttled(x.service)
	}
	return x.service.Actions[x.call.Action].Invoke(x.call, x.request.Decode)
}

func internalFailure(problem any) *core.Error {
	return &core.Error{
		Status:  http.StatusInternalServerError,
		Code:    "InternalFailure",
		Message: fmt.Sprint("the embedded AWS failed: ", problem),
		Server:  true,
	}
}

// throttled is the error for too many requests. Which it is differs: for
// CloudFormation and SSM users see "Throttling" and "ThrottlingException", and
// Organizations models TooManyRequestsException.
func throttled(service *core.Service) *core.Error {
	switch {
	case service.Name == "organizations":
		return core.Errorf(http.StatusBadRequest, "TooManyRequestsException", "AWS Organizations can't complete your request because another request is already in progress. Try again later.")
	case service.Protocols[0] == core.Query:
		return core.Errorf(http.StatusBadRequest, "Throttling", "Rate exceeded")
	}
	return core.Errorf(http.StatusBadRequest, "ThrottlingException", "Rate exceeded")
}

// serveRaw has a service read and answer for itself.
func (a *AWS) serveRaw(x *exchange) (answer *wire.Answer) {
	w := &recorder{answer: wire.Answer{Header: http.Header{}}}
	defer func() {
		if problem := recover(); problem != nil {
			answer = &wire.Answer{
				Status: http.StatusInternalServerError,
				Header: http.Header{"Content-Type": {"application/xml"}},
				Body:   []byte("<Error><Code>InternalError</Code><Message>We encountered an internal error. Please try again.</Message></Error>"),
			}
		}
	}()
	x.service.Raw(x.call, w, x.http)
	if w.answer.Status == 0 {
		w.answer.Status = http.StatusOK
	}
	a.record.noteRaw(x, w.answer.Status)
	return &w.answer
}

// recorder is a ResponseWriter that keeps the answer.
type recorder struct{ answer wire.Answer }

func (r *recorder) Header() http.Header { return r.answer.Header }

func (r *recorder) WriteHeader(status int) {
	if r.answer.Status == 0 {
		r.answer.Status = status
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	r.answer.Body = append(r.answer.Body, p...)
	return len(p), nil
}
