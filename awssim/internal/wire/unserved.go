package wire

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Unserved refuses a request to a service that the embedded AWS does not have, in
// the protocol that the request is made in, so that a client reads an error with a
// code and no other service's XML. The protocol is told by the request; only where
// two look alike does the service decide: EC2 is sent Query and answers in XML of
// its own, and a few REST services speak XML.
func Unserved(service string, r *http.Request, body []byte, requestID string) *Answer {
	q := Request{Service: &core.Service{Name: service}}
	target := r.Header.Get("X-Amz-Target")
	form := formOf(r, body)
	switch {
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		q.Protocol, q.Action = core.RPCCBOR, lastPart(r.URL.Path, "/")
	case target != "":
		q.Protocol, q.Action = core.JSON11, lastPart(target, ".")
		if strings.HasSuffix(r.Header.Get("Content-Type"), "json-1.0") {
			q.Protocol = core.JSON10
		}
	case form.Get("Action") != "":
		q.Protocol, q.Action = core.Query, form.Get("Action")
	default:
		q.Action = r.Method + " " + r.URL.Path
		return q.unservedREST(requestID)
	}
	if q.Protocol != core.Query {
		return q.Failure(q.unserved("UnknownOperationException"), requestID)
	}
	q.Service.Namespace = "http://" + service + ".amazonaws.com/doc/" + form.Get("Version") + "/"
	if service == "ec2" {
		return q.ec2Failure(q.unserved("InvalidAction"), requestID)
	}
	return q.Failure(q.unserved("InvalidAction"), requestID)
}

// restXML are the services whose REST protocol is XML, by signing name.
var restXML = map[string]bool{
	"cloudfront": true, "route53": true, "s3": true, "s3express": true, "s3-object-lambda": true, "s3-outposts": true,
}

func (q *Request) unservedREST(requestID string) *Answer {
	e := q.unserved("UnknownOperationException")
	if restXML[q.Service.Name] {
		q.Protocol = core.RESTXML
		q.Service.Namespace = "http://" + q.Service.Name + ".amazonaws.com/doc/"
		return q.Failure(e, requestID)
	}
	q.Protocol = core.JSON11
	a := q.Failure(e, requestID)
	a.Header.Set("Content-Type", "application/json")
	a.Header.Set("X-Amzn-Errortype", e.Code)
	return a
}

// unserved is a sender's error, which no SDK retries.
func (q *Request) unserved(code string) *core.Error {
	return core.Errorf(http.StatusBadRequest, code, "the embedded AWS does not serve %.100s:%.100s", q.Service.Name, q.Action)
}

// ec2Failure makes an error in EC2's envelope.
func (q *Request) ec2Failure(e *core.Error, requestID string) *Answer {
	a := q.answer(e.Status, requestID)
	var b bytes.Buffer
	element(&b, "Response", func() {
		element(&b, "Errors", func() {
			element(&b, "Error", func() {
				element(&b, "Code", func() { text(&b, e.Code) })
				element(&b, "Message", func() { text(&b, e.Message) })
			})
		})
		element(&b, "RequestID", func() { text(&b, requestID) })
	})
	a.Body = b.Bytes()
	return a
}

// formOf returns the parameters of a Query request, from its body or URL.
func formOf(r *http.Request, body []byte) url.Values {
	source := r.URL.RawQuery
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		source = string(body[:min(len(body), LargestBody)])
	}
	values, err := url.ParseQuery(source)
	if err != nil {
		return url.Values{}
	}
	return values
}
