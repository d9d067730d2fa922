package wire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// LargestBody bounds a request's body, compressed or not. The largest modelled
// input, a template of 51,200 bytes percent-encoded, is a tenth of it.
const LargestBody = 2 << 20

// Request is an API request read as far as that goes without knowing types.
type Request struct {
	Service  *core.Service
	Protocol core.Protocol
	Action   string
	// tree fills an input struct and notes the strings that were given as "".
	tree  func(v reflect.Value, given empties) error
	given func() any  // the same as maps, lists and scalars
	route *core.Route // of a RESTJSON request
}

// Read takes a request apart in the protocol that its headers tell. A request
// that names no action that the service has is refused; the error's protocol is
// in the Request, which is never nil.
func Read(service *core.Service, r *http.Request) (*Request, *core.Error) {
	q := &Request{Service: service, Protocol: protocolOf(service, r)}
	body, refused := readBody(r)
	if refused != nil {
		return q, refused
	}
	var err error
	switch q.Protocol {
	case core.Query, core.EC2:
		err = q.readQuery(r, body)
	case core.RPCCBOR:
		q.Action = lastPart(r.URL.Path, "/")
		err = q.keep(parseCBOR(body))
	case core.RESTJSON:
		err = q.readREST(r, body)
	default:
		q.Action = q.target(r.Header.Get("X-Amz-Target"))
		err = q.keep(parseJSON(body))
	}
	if err != nil {
		return q, AsError(err)
	}
	return q, q.known()
}

// protocolOf tells the protocol of a request among those of the service.
func protocolOf(service *core.Service, r *http.Request) core.Protocol {
	if service.Protocols[0] == core.RESTJSON {
		return core.RESTJSON
	}
	for _, p := range service.Protocols {
		switch {
		case p == core.RPCCBOR && r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
			return p
		case (p == core.JSON10 || p == core.JSON11) && r.Header.Get("X-Amz-Target") != "":
			return p
		}
	}
	for _, p := range service.Protocols {
		if p == core.Query && r.Header.Get("Smithy-Protocol") == "" {
			return p
		}
	}
	return service.Protocols[0]
}

func readBody(r *http.Request) ([]byte, *core.Error) {
	if r.Body == nil {
		return nil, nil
	}
	var source io.Reader = http.MaxBytesReader(nil, r.Body, LargestBody)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(source)
		if err != nil {
			return nil, malformed("the request body is not gzip")
		}
		source = unzipped
	}
	body, err := io.ReadAll(io.LimitReader(source, LargestBody+1))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge) || len(body) > LargestBody:
		return nil, core.Errorf(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "the request body is too large")
	case err != nil:
		return nil, malformed("the request body cannot be read")
	}
	return body, nil
}

// readQuery takes a form from the body, or from the URL of a GET.
func (q *Request) readQuery(r *http.Request, body []byte) error {
	source := string(body)
	if r.Method == http.MethodGet || len(body) == 0 {
		source = r.URL.RawQuery
	}
	values, err := url.ParseQuery(source)
	if err != nil {
		return malformed("the request is not form-encoded")
	}
	q.Action = values.Get("Action")
	tree, err := parseForm(values)
	if err != nil {
		return err
	}
	q.tree = tree.intoStruct
	q.given = tree.plain
	return nil
}

func (q *Request) keep(tree map[string]any, err error) error {
	q.tree = func(v reflect.Value, given empties) error { return assigner{given}.object(v, tree, "the input") }
	q.given = func() any { return tree }
	return err
}

func (q *Request) known() *core.Error {
	if _, ok := q.Service.Actions[q.Action]; ok {
		return nil
	}
	switch {
	case q.Protocol != core.Query && q.Protocol != core.EC2 && q.Action == "":
		return core.Errorf(http.StatusBadRequest, "UnknownOperationException", "the request names no operation of %s", q.Service.Name)
	case q.Protocol != core.Query && q.Protocol != core.EC2:
		return core.Errorf(http.StatusBadRequest, "UnknownOperationException", "the embedded AWS does not serve %s:%.100s", q.Service.Name, q.Action)
	case q.Action == "":
		return core.Errorf(http.StatusBadRequest, "MissingAction", "Missing Action")
	}
	return core.Errorf(http.StatusBadRequest, "InvalidAction",
		"Could not find operation %.100s for version %s: the embedded AWS does not serve %s:%.100s", q.Action, q.Service.Version, q.Service.Name, q.Action)
}

// Decode fills a pointer to an input struct and checks it. The error is AWS's.
func (q *Request) Decode(in any) error {
	v := reflect.ValueOf(in).Elem()
	if v.Kind() != reflect.Struct {
		return nil
	}
	given := empties{}
	if err := q.tree(v, given); err != nil {
		return AsError(err)
	}
	found := check(in, given)
	if len(found) == 0 {
		return nil
	}
	refused := core.Errorf(http.StatusBadRequest, q.invalidCode(), "%s", textOf(found))
	if refused.Code == "InvalidInputException" { // of Organizations, whose model has a Reason
		refused.Fields = map[string]string{"Reason": found[0].kind}
	}
	return refused
}

func (q *Request) invalidCode() string {
	switch {
	case q.Service.InvalidCode != "":
		return q.Service.InvalidCode
	case q.Service.Protocols[0] == core.Query:
		return "ValidationError"
	}
	return "ValidationException"
}

// AsError makes an AWS error of any; what is none of AWS's is an internal one.
func AsError(err error) *core.Error {
	var known *core.Error
	if errors.As(err, &known) {
		return known
	}
	return &core.Error{Status: 500, Code: "InternalFailure", Message: err.Error(), Server: true}
}

// target is the action of an X-Amz-Target, "" if it is another service's.
func (q *Request) target(header string) string {
	prefix, action, _ := strings.Cut(header, ".")
	if q.Service.TargetPrefix != "" && prefix != q.Service.TargetPrefix {
		return ""
	}
	return action
}

func lastPart(s, separator string) string {
	return s[strings.LastIndex(s, separator)+1:]
}

// Answer is a response before it is written, so that it can be kept or lost.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Write sends the answer.
func (a *Answer) Write(w http.ResponseWriter) {
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.Status)
	// Whether the client still listens is its own affair.
	_, _ = w.Write(a.Body)
}

// Success makes the answer for an action's output, a pointer to a struct.
func (q *Request) Success(out any, requestID string) *Answer {
	if p, raw := out.(*core.Payload); raw {
		return q.payload(p, requestID)
	}
	v := follow(reflect.ValueOf(out))
	a := q.answer(q.status(), requestID)
	switch q.Protocol {
	case core.Query:
		a.Body = q.queryResult(v, requestID)
	case core.EC2:
		a.Body = q.ec2Result(v, requestID)
	case core.RPCCBOR:
		a.Body = appendCBOR(nil, v)
	case core.RESTJSON:
		if a.Status != http.StatusNoContent {
			a.Body = appendJSON(nil, v)
		}
	default:
		a.Body = appendJSON(nil, v)
	}
	return a
}

func (q *Request) queryResult(v reflect.Value, requestID string) []byte {
	b := bytes.NewBuffer(make([]byte, 0, 1024))
	namespace := q.Service.Namespace
	if special := q.Service.Actions[q.Action].Namespace; special != "" {
		namespace = special
	}
	b.WriteString("<" + q.Action + `Response xmlns="` + namespace + `">`)
	element(b, q.Action+"Result", func() { appendXML(b, v, "member") })
	element(b, "ResponseMetadata", func() {
		element(b, "RequestId", func() { text(b, requestID) })
	})
	b.WriteString("</" + q.Action + "Response>\n")
	return b.Bytes()
}

// ec2Result has no element around the output.
func (q *Request) ec2Result(v reflect.Value, requestID string) []byte {
	b := bytes.NewBuffer(make([]byte, 0, 1024))
	b.WriteString("<" + q.Action + `Response xmlns="` + q.Service.Namespace + `">`)
	element(b, "requestId", func() { text(b, requestID) })
	appendXML(b, v, "item")
	b.WriteString("</" + q.Action + "Response>\n")
	return b.Bytes()
}

// answer prepares the headers that every answer of the protocol has.
func (q *Request) answer(status int, requestID string) *Answer {
	header := http.Header{"X-Amzn-Requestid": {requestID}}
	switch q.Protocol {
	case core.Query, core.EC2, core.RESTXML:
		header.Set("Content-Type", "text/xml")
	case core.RPCCBOR:
		header.Set("Content-Type", "application/cbor")
		header.Set("Smithy-Protocol", "rpc-v2-cbor")
	case core.JSON10:
		header.Set("Content-Type", "application/x-amz-json-1.0")
	case core.RESTJSON:
		header.Set("Content-Type", "application/json")
	case core.JSON11:
		header.Set("Content-Type", "application/x-amz-json-1.1")
	}
	return &Answer{Status: status, Header: header}
}
