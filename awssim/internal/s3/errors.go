package s3

import (
	"encoding/xml"
	"net/http"

	"github.com/setmend/setmend/awssim/internal/core"
)

func errNoBucket(name string) *core.Error {
	return with(core.Errorf(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist"), "BucketName", name)
}

func errNoKey(key string) *core.Error {
	return with(core.Errorf(http.StatusNotFound, "NoSuchKey", "The specified key does not exist."), "Key", key)
}

func errNoUpload(id string) *core.Error {
	return with(core.Errorf(http.StatusNotFound, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."), "UploadId", id)
}

func errInvalidBucketName(name string) *core.Error {
	return with(core.Errorf(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid."), "BucketName", name)
}

func errBucketExists(name string) *core.Error {
	return with(core.Errorf(http.StatusConflict, "BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again."), "BucketName", name)
}

func errDenied() *core.Error {
	return core.Errorf(http.StatusForbidden, "AccessDenied", "Access Denied")
}

func errPrecondition(condition string) *core.Error {
	return with(core.Errorf(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"), "Condition", condition)
}

func errNotImplemented(what string) *core.Error {
	return with(core.Errorf(http.StatusNotImplemented, "NotImplemented", "A header or parameter you provided implies functionality that is not implemented"), "Header", what)
}

func errMalformedXML() *core.Error {
	return core.Errorf(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
}

func errInvalidArgument(name, value, message string) *core.Error {
	return with(with(core.Errorf(http.StatusBadRequest, "InvalidArgument", "%s", message), "ArgumentName", name), "ArgumentValue", value)
}

func with(e *core.Error, field, value string) *core.Error {
	if e.Fields == nil {
		e.Fields = map[string]string{}
	}
	e.Fields[field] = value
	return e
}

// errorBody is S3's error document: without an envelope and without a namespace.
type errorBody struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	Extra     []element
	Resource  string
	RequestId string
	HostId    string
}

type element struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
}

// fail answers with an error. The answer to HEAD has no body.
func (q *request) fail(e *core.Error) {
	if e.Status == http.StatusNotModified {
		q.w.WriteHeader(e.Status)
		return
	}
	body := errorBody{Code: e.Code, Message: e.Message, Resource: q.r.URL.Path, RequestId: q.call.RequestID, HostId: hostID}
	for _, name := range sortedKeys(e.Fields) {
		body.Extra = append(body.Extra, element{XMLName: xml.Name{Local: name}, Text: e.Fields[name]})
	}
	q.answer(e.Status, body)
}
