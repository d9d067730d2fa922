package s3

import (
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// hostID stands where S3 names the host that served a request.
const hostID = "embedded"

// request is one request on its way.
type request struct {
	store  *Store
	call   *core.Call
	w      http.ResponseWriter
	r      *http.Request
	query  url.Values
	at     address
	bucket *bucket // nil for ListBuckets and CreateBucket
	// body and sum are the content, decoded and checked. Set for operations
	// that have one.
	body []byte
	sum  checksum
}

// operation is one action of the API.
type operation struct {
	name string
	run  func(*request) error
	// free operations need no existing bucket of the caller's.
	free bool
}

// level, method and subresource name an operation.
type route struct {
	level, method, subresource string
}

var operations = map[route]operation{
	{"service", "GET", ""}:           {"ListBuckets", (*request).listBuckets, true},
	{"bucket", "PUT", ""}:            {"CreateBucket", (*request).createBucket, true},
	{"bucket", "HEAD", ""}:           {"HeadBucket", (*request).headBucket, false},
	{"bucket", "DELETE", ""}:         {"DeleteBucket", (*request).deleteBucket, false},
	{"bucket", "GET", ""}:            {"ListObjects", (*request).listObjects, false},
	{"bucket", "GET", "list-type"}:   {"ListObjectsV2", (*request).listObjectsV2, false},
	{"bucket", "GET", "versions"}:    {"ListObjectVersions", (*request).listVersions, false},
	{"bucket", "GET", "location"}:    {"GetBucketLocation", (*request).getLocation, false},
	{"bucket", "GET", "policy"}:      {"GetBucketPolicy", (*request).getPolicy, false},
	{"bucket", "PUT", "policy"}:      {"PutBucketPolicy", (*request).putPolicy, false},
	{"bucket", "DELETE", "policy"}:   {"DeleteBucketPolicy", (*request).deletePolicy, false},
	{"bucket", "POST", "delete"}:     {"DeleteObjects", (*request).deleteObjects, false},
	{"bucket", "GET", "uploads"}:     {"ListMultipartUploads", (*request).listUploads, false},
	{"object", "PUT", ""}:            {"PutObject", (*request).putObject, false},
	{"object", "PUT", "copy"}:        {"CopyObject", (*request).copyObject, false},
	{"object", "GET", ""}:            {"GetObject", (*request).getObject, false},
	{"object", "HEAD", ""}:           {"HeadObject", (*request).getObject, false},
	{"object", "DELETE", ""}:         {"DeleteObject", (*request).deleteObject, false},
	{"object", "POST", "uploads"}:    {"CreateMultipartUpload", (*request).createUpload, false},
	{"object", "PUT", "uploadId"}:    {"UploadPart", (*request).uploadPart, false},
	{"object", "POST", "uploadId"}:   {"CompleteMultipartUpload", (*request).completeUpload, false},
	{"object", "DELETE", "uploadId"}: {"AbortMultipartUpload", (*request).abortUpload, false},
}

func init() {
	for _, c := range configurations {
		c.register()
	}
}

// plain are query parameters that do not choose an operation.
var plain = []string{
	"x-id", "prefix", "delimiter", "marker", "max-keys", "encoding-type", "start-after",
	"continuation-token", "fetch-owner", "partNumber", "max-uploads", "key-marker", "upload-id-marker",
	"max-buckets", "bucket-region", "versionId", "version-id-marker",
}

func (s *Store) serve(c *core.Call, w http.ResponseWriter, r *http.Request) {
	q := &request{store: s, call: c, w: w, r: r, query: r.URL.Query(), at: addressOf(r)}
	w.Header().Set("x-amz-request-id", c.RequestID)
	w.Header().Set("x-amz-id-2", hostID)
	w.Header().Set("Server", "AmazonS3")
	if err := q.run(); err != nil {
		var refused *core.Error
		if !errors.As(err, &refused) {
			refused = core.Errorf(http.StatusInternalServerError, "InternalError", "%v", err)
		}
		q.fail(refused)
	}
}

func (q *request) run() error {
	found, err := q.route()
	if err != nil {
		return err
	}
	op, ok := operations[found]
	if !ok {
		return core.Errorf(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
	}
	q.call.Action = op.name
	if !op.free {
		if err := q.open(); err != nil {
			return err
		}
	}
	if q.r.Method == http.MethodPut || q.r.Method == http.MethodPost {
		if err := q.readBody(); err != nil {
			return err
		}
	}
	return op.run(q)
}

func (q *request) route() (route, error) {
	found := route{"service", q.r.Method, ""}
	switch {
	case q.at.key != "":
		found.level = "object"
	case q.at.bucket != "":
		found.level = "bucket"
	}
	for _, name := range sortedKeys(q.query) {
		if slices.Contains(plain, name) || strings.HasPrefix(strings.ToLower(name), "x-amz-") || strings.HasPrefix(name, "response-") {
			continue
		}
		found.subresource = name
		if _, ok := operations[found]; !ok {
			return found, errNotImplemented(name)
		}
	}
	if found.level == "object" && q.r.Header.Get("x-amz-copy-source") != "" {
		if found.subresource != "" {
			return found, errNotImplemented("x-amz-copy-source")
		}
		found.subresource = "copy"
	}
	return found, nil
}

// open finds the bucket and checks that the caller may use it from here.
func (q *request) open() error {
	b := q.store.find(q.at.bucket, q.call.Caller.Account)
	switch {
	case b == nil:
		return errNoBucket(q.at.bucket)
	case b.owner != q.call.Caller.Account:
		return errDenied()
	case q.call.Region != b.region:
		q.w.Header().Set("x-amz-bucket-region", b.region)
		return with(core.Errorf(http.StatusMovedPermanently, "PermanentRedirect",
			"The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint."),
			"Bucket", b.name)
	}
	if want := q.r.Header.Get("x-amz-expected-bucket-owner"); want != "" && want != b.owner {
		return errDenied()
	}
	q.bucket = b
	return nil
}

func (q *request) readBody() error {
	raw, err := io.ReadAll(q.r.Body)
	if err != nil {
		return core.Errorf(http.StatusBadRequest, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
	}
	q.body, q.sum, err = decodeBody(q.r.Header, raw)
	return err
}

// answer sends a document; nil is none.
func (q *request) answer(status int, document any) {
	var body []byte
	if document != nil {
		encoded, err := xml.Marshal(document)
		if err != nil { // only for a document type that XML cannot express
			status = http.StatusInternalServerError
		}
		body = append([]byte(xml.Header), encoded...)
		q.w.Header().Set("Content-Type", "application/xml")
	}
	if q.r.Method == http.MethodHead {
		body = nil
	}
	q.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	q.w.WriteHeader(status)
	q.w.Write(body)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
