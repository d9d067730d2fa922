package s3

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// upload is a multipart upload under way.
type upload struct {
	id, key   string
	initiated time.Time
	headers   http.Header
	algorithm string // of the parts' checksums; "" is CRC64NVME over the whole
	parts     map[int]*object
}

// Limits of multipart uploads: part numbers, and the least size of any part but
// the last.
const (
	maxPart  = 10_000
	minBytes = 5 << 20
)

type createUploadResult struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ InitiateMultipartUploadResult"`
	Bucket, Key, UploadId string
}

func (q *request) createUpload() error {
	headers, err := kept(q.r.Header)
	if err != nil {
		return err
	}
	u := &upload{
		id: strings.ReplaceAll(q.call.UUID(), "-", ""), key: q.at.key, initiated: q.call.Now(), headers: headers,
		algorithm: strings.ToLower(q.r.Header.Get("x-amz-checksum-algorithm")), parts: map[int]*object{},
	}
	if u.algorithm != "" && hashes[u.algorithm] == nil {
		return errNotImplemented("x-amz-checksum-algorithm")
	}
	q.bucket.uploads[u.id] = u
	if u.algorithm != "" {
		q.w.Header().Set("x-amz-checksum-algorithm", strings.ToUpper(u.algorithm))
	}
	q.answer(http.StatusOK, createUploadResult{Bucket: q.bucket.name, Key: u.key, UploadId: u.id})
	return nil
}

func (q *request) upload() (*upload, error) {
	id := q.query.Get("uploadId")
	if u := q.bucket.uploads[id]; u != nil && u.key == q.at.key {
		return u, nil
	}
	return nil, errNoUpload(id)
}

func (q *request) uploadPart() error {
	u, err := q.upload()
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(q.query.Get("partNumber"))
	if err != nil || n < 1 || n > maxPart {
		return errInvalidArgument("partNumber", q.query.Get("partNumber"), "Part number must be an integer between 1 and 10000, inclusive")
	}
	part := q.store.newObject(q.body, nil, q.sum)
	u.parts[n] = part
	q.w.Header().Set("ETag", part.etag)
	part.checksum.set(q.w.Header())
	q.answer(http.StatusOK, nil)
	return nil
}

type completeRequest struct {
	Parts []struct {
		PartNumber int
		ETag       string
	} `xml:"Part"`
}

type completeResult struct {
	XMLName                     xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CompleteMultipartUploadResult"`
	Location, Bucket, Key, ETag string
}

func (q *request) completeUpload() error {
	u, err := q.upload()
	if err != nil {
		return err
	}
	if err := checkWrite(q.r.Header, q.bucket.objects[q.at.key]); err != nil {
		return err
	}
	var in completeRequest
	if xml.Unmarshal(q.body, &in) != nil || len(in.Parts) == 0 {
		return errMalformedXML()
	}
	o, err := q.assemble(u, in)
	if err != nil {
		return err
	}
	q.bucket.put(q.store, u.key, o)
	q.tellVersion(o)
	delete(q.bucket.uploads, u.id)
	q.answer(http.StatusOK, completeResult{Location: "/" + q.bucket.name + "/" + u.key, Bucket: q.bucket.name, Key: u.key, ETag: o.etag})
	return nil
}

func (q *request) assemble(u *upload, in completeRequest) (*object, error) {
	var body, digests, sums []byte
	for i, p := range in.Parts {
		part := u.parts[p.PartNumber]
		switch {
		case part == nil || !matches(p.ETag, part.etag):
			return nil, core.Errorf(http.StatusBadRequest, "InvalidPart", "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.")
		case i > 0 && p.PartNumber <= in.Parts[i-1].PartNumber:
			return nil, core.Errorf(http.StatusBadRequest, "InvalidPartOrder", "The list of parts was not in ascending order. The parts list must be specified in order by part number.")
		case i < len(in.Parts)-1 && len(part.body) < minBytes:
			return nil, core.Errorf(http.StatusBadRequest, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
		}
		body = append(body, part.body...)
		digest := md5.Sum(part.body)
		digests = append(digests, digest[:]...)
		if u.algorithm != "" {
			value, _ := base64.StdEncoding.DecodeString(sum(u.algorithm, part.body).value)
			sums = append(sums, value...)
		}
	}
	o := q.store.newObject(body, u.headers, defaultChecksum(body))
	digest := md5.Sum(digests)
	o.etag = fmt.Sprintf(`"%s-%d"`, hex.EncodeToString(digest[:]), len(in.Parts))
	if u.algorithm != "" && u.algorithm != "crc64nvme" {
		o.checksum = sum(u.algorithm, sums)
		o.checksum.value += fmt.Sprintf("-%d", len(in.Parts))
		o.checksum.composite = true
	}
	return o, nil
}

func (q *request) abortUpload() error {
	u, err := q.upload()
	if err != nil {
		return err
	}
	delete(q.bucket.uploads, u.id)
	q.answer(http.StatusNoContent, nil)
	return nil
}

type uploadEntry struct{ Key, UploadId, Initiated string }

type listUploadsResult struct {
	XMLName     xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListMultipartUploadsResult"`
	Bucket      string
	MaxUploads  int
	IsTruncated bool
	Uploads     []uploadEntry `xml:"Upload"`
}

// listUploads answers all uploads of the bucket at once.
func (q *request) listUploads() error {
	out := listUploadsResult{Bucket: q.bucket.name, MaxUploads: maxKeys}
	for _, id := range sortedKeys(q.bucket.uploads) {
		u := q.bucket.uploads[id]
		out.Uploads = append(out.Uploads, uploadEntry{q.encode(u.key), u.id, iso(u.initiated)})
	}
	q.answer(http.StatusOK, out)
	return nil
}
