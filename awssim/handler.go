package awssim

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"net/http"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/faults"
	"github.com/setmend/setmend/awssim/internal/sts"
	"github.com/setmend/setmend/awssim/internal/wire"
)

// largestObject bounds what a service that reads bodies itself is sent.
const largestObject = 64 << 20

// timeHeader carries the world's time. Date stays that of the wall: at a speed the
// two part, and SDKs that find Date minutes off take every error for clock skew and
// retry it (the JavaScript SDK for up to a minute).
const timeHeader = "X-Setmend-Time"

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
	body    []byte
	service *core.Service
	request *wire.Request // nil for services that read requests themselves
	call    *core.Call
	refused *core.Error // why the request was refused before its action
	fault   *faults.Armed
	answer  *wire.Answer
	token   string      // the NextToken of the request
	later   *core.Later // the answer is not there yet
}

// handle answers a request; nil is an answer that got lost. The body is read
// before the world is locked, so that a slow client holds nobody else up.
func (a *AWS) handle(r *http.Request) *wire.Answer {
	if isControl(r) {
		return a.control(r)
	}
	body, err := io.ReadAll(io.LimitReader(bodyOf(r), largestObject+1))
	if err != nil || len(body) > largestObject {
		return plain(http.StatusBadRequest, "the request body is too large or was cut off")
	}
	x := &exchange{http: r, body: body}
	a.world.Serve(func() {
		if a.open(x); x.answer == nil && !a.held(x) {
			a.serve(x)
		}
	})
	a.await(x)
	a.world.Serve(func() {
		if x.answer != nil && x.answer.Header != nil {
			x.answer.Header.Set(timeHeader, a.world.Now().UTC().Format(time.RFC3339Nano))
		}
	})
	return a.deliver(x)
}

func bodyOf(r *http.Request) io.Reader {
	if r.Body == nil {
		return bytes.NewReader(nil)
	}
	return r.Body
}

// plain is an answer that is not AWS's.
func plain(status int, text string) *wire.Answer {
	return &wire.Answer{
		Status: status,
		Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
		Body:   []byte(text + "\n"),
	}
}

// open finds out what a request is: who calls which service for what.
func (a *AWS) open(x *exchange) {
	signed, isSigned := signatureOf(x.http)
	service, name := a.route(signed, x.http)
	if service == nil {
		x.answer = wire.Unserved(name, x.http, x.body, a.world.UUID())
		return
	}
	x.service = service
	x.http.Body = io.NopCloser(bytes.NewReader(x.body))
	principal, refused := a.principal(signed)
	x.call = &core.Call{
		World:     a.world,
		Service:   x.service.Name,
		Caller:    principal,
		Region:    signed.region,
		RequestID: a.world.UUID(),
	}
	if x.service.Global || x.call.Region == "" {
		x.call.Region = "us-east-1"
	}
	if x.service.Raw != nil {
		x.refused = refused
		switch why := presigned(x.http); {
		case !isSigned: // S3 takes it for an anonymous request
			x.refused = core.Errorf(http.StatusForbidden, "AccessDenied", "Access Denied")
		case why != nil:
			x.refused = why
		}
		dropOldSignature(x.http)
		return
	}
	x.request, x.refused = wire.Read(x.service, x.http)
	x.call.Action = x.request.Action
	switch {
	case !isSigned && !(service.Name == "sts" && sts.Unsigned(x.call.Action)):
		x.refused = core.Errorf(http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token")
	case refused != nil:
		x.refused = refused
	}
	x.fault = a.faultFor(x)
}

// serve carries a request out, with the lock held, and leaves the answer in the
// exchange.
func (a *AWS) serve(x *exchange) {
	if x.service.Raw != nil {
		x.answer = a.serveRaw(x)
		return
	}
	if x.answer = a.recalled(x); x.answer != nil {
		return
	}
	out, err := a.invoke(x)
	if later, waits := out.(*core.Later); waits && err == nil {
		x.later = later
		return
	}
	a.finish(x, out, err)
}

// await waits for an answer that was not there at once, as long as the client does.
func (a *AWS) await(x *exchange) {
	if x.later == nil {
		return
	}
	select {
	case <-x.later.Done():
	case <-x.http.Context().Done():
	}
	a.world.Serve(func() {
		select {
		case <-x.later.Done():
			out, err := x.later.Result()
			a.finish(x, out, err)
		default: // the client has gone
			x.answer = plain(http.StatusServiceUnavailable, "the client did not wait for the answer")
		}
	})
}

// finish makes the answer, with the lock held.
func (a *AWS) finish(x *exchange, out any, err error) {
	a.record.note(x, err)
	if err != nil {
		x.answer = x.request.Failure(wire.AsError(err), x.call.RequestID)
		return
	}
	x.answer = x.request.Success(out, x.call.RequestID)
	a.remember(x)
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
	return a.act(x)
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
			answer = rawFailure(&core.Error{Status: 500, Code: "InternalError", Message: "We encountered an internal error. Please try again."})
		}
	}()
	if x.refused != nil {
		return rawFailure(x.refused)
	}
	x.fault = a.faultFor(x)
	switch {
	case x.does(faults.Fail):
		return rawFailure(x.fault.Error())
	case x.does(faults.Throttle):
		return rawFailure(&core.Error{Status: http.StatusServiceUnavailable, Code: "SlowDown", Message: "Please reduce your request rate."})
	}
	x.service.Raw(x.call, w, x.http)
	if x.does(faults.FailApplied) {
		return rawFailure(x.fault.Error())
	}
	if w.answer.Status == 0 {
		w.answer.Status = http.StatusOK
	}
	a.record.noteRaw(x, w.answer.Status)
	return &w.answer
}

// rawFailure is an error in the envelope of S3, the one service that reads
// requests itself.
func rawFailure(e *core.Error) *wire.Answer {
	return &wire.Answer{
		Status: e.Status,
		Header: http.Header{"Content-Type": {"application/xml"}},
		Body:   fmt.Appendf(nil, "<Error><Code>%s</Code><Message>%s</Message></Error>", e.Code, html.EscapeString(e.Message)),
	}
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
