package wire

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/setmend/setmend/cloud/integration/internal/model"
)

// An APIError is an error that a service answered. It implements
// [smithy.APIError].
type APIError struct {
	Code      string
	Message   string
	Shape     *model.Shape // nil if the service's model does not have it
	RequestID string
	Status    int
}

func (e *APIError) Error() string        { return e.Code + ": " + e.Message }
func (e *APIError) ErrorCode() string    { return e.Code }
func (e *APIError) ErrorMessage() string { return e.Message }

// ErrorFault tells whose fault it is, by the status.
func (e *APIError) ErrorFault() smithy.ErrorFault {
	switch {
	case e.Status >= 500:
		return smithy.FaultServer
	case e.Status >= 400:
		return smithy.FaultClient
	}
	return smithy.FaultUnknown
}

// Failure reads the error of an operation that failed. One that cannot be read is
// named by its status.
func Failure(o *model.Operation, r *Response) *APIError {
	e := &APIError{Status: r.Status, RequestID: requestID(r.Header)}
	var name string // of the shape, where the code is another
	switch o.Service.Protocol {
	case model.JSON, model.RESTJSON:
		name = e.readJSON(o, r)
	default:
		e.readXML(r)
	}
	if e.Code == "" {
		e.Code = strings.ReplaceAll(cmp.Or(http.StatusText(r.Status), "UnknownError"), " ", "")
		// An answer to HEAD has no body that could name what is missing.
		if errors := o.Errors(); r.Status == http.StatusNotFound && o.Method == http.MethodHead && len(errors) == 1 {
			e.Code = errors[0].Error
		}
	}
	e.Shape = errorShape(o, cmp.Or(name, e.Code))
	return e
}

func requestID(h http.Header) string {
	return cmp.Or(h.Get("X-Amzn-Requestid"), h.Get("X-Amz-Request-Id"), h.Get("X-Amzn-Request-Id"))
}

func (e *APIError) readJSON(o *model.Operation, r *Response) (name string) {
	text := func(v any) string { s, _ := v.(string); return s }
	name = r.Header.Get("X-Amzn-Errortype")
	if v, err := Decode(r.Body); err == nil {
		if body, ok := v.(*Object); ok {
			name = cmp.Or(name, text(body.Get("__type")), text(body.Get("code")), text(body.Get("Code")))
			e.Message = cmp.Or(text(body.Get("message")), text(body.Get("Message")), text(body.Get("errorMessage")))
		}
	}
	name, _, _ = strings.Cut(name, ":")
	name = name[strings.LastIndex(name, "#")+1:]
	e.Code = name
	if code, _, ok := strings.Cut(r.Header.Get("X-Amzn-Query-Error"), ";"); ok && o.Service.QueryErrors {
		e.Code = code
	}
	return name
}

func (e *APIError) readXML(r *Response) {
	root, err := parseXML(r.Body)
	if err != nil || root == nil {
		return
	}
	n := root
	for _, inner := range []string{"Errors", "Error"} {
		if c := n.child(inner); c != nil {
			n = c
		}
	}
	for _, c := range n.children {
		switch c.name {
		case "Code":
			e.Code = strings.TrimSpace(c.text)
		case "Message", "message":
			e.Message = strings.TrimSpace(c.text)
		}
	}
	for _, at := range []*node{root, n} {
		for _, c := range at.children {
			if strings.EqualFold(c.name, "RequestId") {
				e.RequestID = cmp.Or(e.RequestID, strings.TrimSpace(c.text))
			}
		}
	}
}

// errorShape finds an error in the operation's part of the model, or the
// service's.
func errorShape(o *model.Operation, name string) *model.Shape {
	for _, list := range [][]*model.Shape{o.Errors(), o.Service.Shapes} {
		for _, s := range list {
			if s.Error != "" && (s.Error == name || s.Code == name) {
				return s
			}
		}
	}
	return nil
}

// IsErrorDocument reports whether a body is an XML document of an error.
func IsErrorDocument(body []byte) bool {
	text := strings.TrimSpace(string(body[:min(len(body), 200)]))
	if strings.HasPrefix(text, "<?xml") {
		_, text, _ = strings.Cut(text, "?>")
	}
	return strings.HasPrefix(strings.TrimSpace(text), "<Error>")
}
