package s3

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// maxObject is the largest object of a single PutObject, maxKey the longest key,
// maxMetadata the bytes of user metadata (S3 user guide).
const (
	maxObject   = 5 << 30
	maxKey      = 1024
	maxMetadata = 2048
)

const copySource = "X-Amz-Copy-Source-"

func etagOf(body []byte) string {
	digest := md5.Sum(body)
	return `"` + hex.EncodeToString(digest[:]) + `"`
}

func (q *request) putObject() error {
	if len(q.at.key) > maxKey {
		return core.Errorf(http.StatusBadRequest, "KeyTooLongError", "Your key is too long")
	}
	if err := checkWrite(q.r.Header, q.bucket.objects[q.at.key]); err != nil {
		return err
	}
	headers, err := kept(q.r.Header)
	if err != nil {
		return err
	}
	o := q.store.newObject(q.body, headers, q.sum)
	q.bucket.put(q.store, q.at.key, o)
	q.tellVersion(o)
	q.w.Header().Set("ETag", o.etag)
	q.w.Header().Set("x-amz-server-side-encryption", "AES256")
	o.checksum.set(q.w.Header())
	q.answer(http.StatusOK, nil)
	return nil
}

// kept are the request's headers that belong to the object.
func kept(h http.Header) (http.Header, error) {
	out := http.Header{"Content-Type": {"binary/octet-stream"}}
	metadata := 0
	for name := range h {
		switch lower := strings.ToLower(name); {
		case strings.HasPrefix(lower, "x-amz-meta-"):
			metadata += len(lower) - len("x-amz-meta-") + len(h.Get(name))
			out.Set(name, h.Get(name))
		case lower == "content-type" || lower == "cache-control" || lower == "content-disposition" || lower == "content-language" || lower == "expires":
			out.Set(name, h.Get(name))
		case lower == "content-encoding":
			if encoding := withoutChunks(h.Get(name)); encoding != "" {
				out.Set(name, encoding)
			}
		}
	}
	if metadata > maxMetadata {
		return nil, core.Errorf(http.StatusBadRequest, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
	}
	return out, nil
}

// withoutChunks takes aws-chunked, an encoding of the transfer, off the object's.
func withoutChunks(encoding string) string {
	var rest []string
	for part := range strings.SplitSeq(encoding, ",") {
		if part = strings.TrimSpace(part); part != "aws-chunked" && part != "" {
			rest = append(rest, part)
		}
	}
	return strings.Join(rest, ",")
}

// getObject answers GET and HEAD.
func (q *request) getObject() error {
	o, err := q.reading()
	if err != nil {
		return err
	}
	q.tellVersion(o)
	h := q.w.Header()
	h.Set("ETag", o.etag)
	h.Set("Last-Modified", o.modified.Format(http.TimeFormat))
	if err := checkRead(q.r.Header, "", o); err != nil {
		return err
	}
	body, status, err := cut(o.body, q.r.Header.Get("Range"))
	if err != nil {
		return err
	}
	if status == http.StatusPartialContent {
		h.Set("Content-Range", contentRange(q.r.Header.Get("Range"), len(o.body)))
	}
	q.describe(o, status)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	q.w.WriteHeader(status)
	if q.r.Method != http.MethodHead {
		q.w.Write(body)
	}
	return nil
}

func (q *request) describe(o *object, status int) {
	h := q.w.Header()
	for name, values := range o.headers {
		h[http.CanonicalHeaderKey(name)] = values
	}
	for name := range q.query {
		if header, ok := strings.CutPrefix(name, "response-"); ok {
			h.Set(header, q.query.Get(name))
		}
	}
	h.Set("Accept-Ranges", "bytes")
	h.Set("x-amz-server-side-encryption", "AES256")
	if status == http.StatusOK && strings.EqualFold(q.r.Header.Get("x-amz-checksum-mode"), "ENABLED") {
		o.checksum.set(h)
	}
}

// span reads a Range of one part. An unreadable one is taken no notice of, as
// RFC 9110 has it.
func span(header string, size int) (from, to int, ok bool) {
	spec, found := strings.CutPrefix(header, "bytes=")
	first, last, both := strings.Cut(spec, "-")
	if !found || !both || strings.Contains(spec, ",") {
		return 0, 0, false
	}
	if first == "" {
		n, err := strconv.Atoi(last)
		return max(size-n, 0), size - 1, err == nil && n >= 0
	}
	from, err := strconv.Atoi(first)
	if err != nil || from < 0 {
		return 0, 0, false
	}
	if last == "" {
		return from, size - 1, true
	}
	to, err = strconv.Atoi(last)
	return from, min(to, size-1), err == nil && to >= from
}

func cut(body []byte, header string) ([]byte, int, error) {
	from, to, ok := span(header, len(body))
	switch {
	case !ok:
		return body, http.StatusOK, nil
	case from >= len(body) || from > to:
		return nil, 0, with(core.Errorf(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable"), "ActualObjectSize", strconv.Itoa(len(body)))
	}
	return body[from : to+1], http.StatusPartialContent, nil
}

func contentRange(header string, size int) string {
	from, to, _ := span(header, size)
	return fmt.Sprintf("bytes %d-%d/%d", from, to, size)
}

// deleteObject succeeds where there is nothing, unless If-Match is asked for.
func (q *request) deleteObject() error {
	if err := checkWrite(q.r.Header, q.bucket.objects[q.at.key]); err != nil {
		return err
	}
	if id := q.query.Get("versionId"); id != "" {
		q.deletion(q.bucket.removeVersion(q.at.key, id))
	} else {
		q.deletion(q.bucket.remove(q.store, q.at.key))
	}
	q.answer(http.StatusNoContent, nil)
	return nil
}

type deleteRequest struct {
	Objects []struct {
		Key, VersionId string
		ETag           string
	} `xml:"Object"`
	Quiet bool
}

type deletedEntry struct {
	Key                   string
	VersionId             string `xml:",omitempty"`
	DeleteMarker          string `xml:",omitempty"`
	DeleteMarkerVersionId string `xml:",omitempty"`
}

type deleteError struct{ Key, Code, Message string }

type deleteResult struct {
	XMLName xml.Name       `xml:"http://s3.amazonaws.com/doc/2006-03-01/ DeleteResult"`
	Deleted []deletedEntry `xml:"Deleted"`
	Errors  []deleteError  `xml:"Error"`
}

// maxDelete is the number of keys of one DeleteObjects.
const maxDelete = 1000

func (q *request) deleteObjects() error {
	var in deleteRequest
	if err := xml.Unmarshal(q.body, &in); err != nil || len(in.Objects) == 0 || len(in.Objects) > maxDelete {
		return errMalformedXML()
	}
	var out deleteResult
	for _, item := range in.Objects {
		old := q.bucket.objects[item.Key]
		if item.ETag != "" && (old == nil || !matches(item.ETag, old.etag)) {
			out.Errors = append(out.Errors, deleteError{item.Key, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"})
			continue
		}
		entry := deletedEntry{Key: item.Key, VersionId: item.VersionId}
		if item.VersionId != "" {
			q.bucket.removeVersion(item.Key, item.VersionId)
		} else if marker := q.bucket.remove(q.store, item.Key); marker != nil {
			entry.DeleteMarker, entry.DeleteMarkerVersionId = "true", marker.versionOf()
		}
		if !in.Quiet {
			out.Deleted = append(out.Deleted, entry)
		}
	}
	q.answer(http.StatusOK, out)
	return nil
}

type copyResult struct {
	XMLName      xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CopyObjectResult"`
	LastModified string
	ETag         string
}

func (q *request) copyObject() error {
	source, err := q.source()
	if err != nil {
		return err
	}
	if err := checkRead(q.r.Header, copySource, source); err != nil {
		return err
	}
	if err := checkWrite(q.r.Header, q.bucket.objects[q.at.key]); err != nil {
		return err
	}
	headers := source.headers
	if strings.EqualFold(q.r.Header.Get("x-amz-metadata-directive"), "REPLACE") {
		if headers, err = kept(q.r.Header); err != nil {
			return err
		}
	} else if source == q.bucket.objects[q.at.key] {
		return core.Errorf(http.StatusBadRequest, "InvalidRequest", "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	o := q.store.newObject(source.body, headers, defaultChecksum(source.body))
	q.bucket.put(q.store, q.at.key, o)
	q.tellVersion(o)
	q.answer(http.StatusOK, copyResult{LastModified: iso(o.modified), ETag: o.etag})
	return nil
}

// source finds what x-amz-copy-source names: bucket/key, URL-encoded.
func (q *request) source() (*object, error) {
	name, err := url.PathUnescape(strings.TrimPrefix(q.r.Header.Get("x-amz-copy-source"), "/"))
	if err != nil {
		return nil, errInvalidArgument("x-amz-copy-source", q.r.Header.Get("x-amz-copy-source"), "Invalid copy source encoding")
	}
	name, id, _ := strings.Cut(name, "?versionId=")
	from, key, _ := strings.Cut(name, "/")
	b := q.store.find(from, q.call.Caller.Account)
	switch {
	case b == nil:
		return nil, errNoBucket(from)
	case b.owner != q.call.Caller.Account:
		return nil, errDenied()
	case id != "" && b.version(key, id) != nil && !b.version(key, id).marker:
		return b.version(key, id), nil
	case id != "" || b.objects[key] == nil:
		return nil, errNoKey(key)
	}
	return b.objects[key], nil
}
