package s3

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxKeys is the largest and the default page of a listing.
const maxKeys = 1000

type content struct {
	Key, LastModified, ETag string
	ChecksumAlgorithm       string
	ChecksumType            string
	Size                    int
	StorageClass            string
	Owner                   *owner
}

type commonPrefix struct{ Prefix string }

type listResult struct {
	XMLName                           xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name, Prefix                      string
	Marker                            *string
	StartAfter, ContinuationToken     string `xml:",omitempty"`
	NextMarker, NextContinuationToken string `xml:",omitempty"`
	KeyCount                          *int
	MaxKeys                           int
	Delimiter, EncodingType           string `xml:",omitempty"`
	IsTruncated                       bool
	Contents                          []content
	CommonPrefixes                    []commonPrefix
}

// listing is one page: keys and, with a delimiter, what they have in common.
type listing struct {
	keys, prefixes []string
	last           string // the last key or prefix of the page
	more           bool
}

// list cuts a page out of the bucket's keys: those after a place, with a prefix;
// a group below a delimiter counts as one.
func (b *bucket) list(prefix, delimiter, after string, limit int) listing {
	var out listing
	if limit == 0 { // nothing is asked for, so nothing is cut off either
		return out
	}
	start, _ := slices.BinarySearch(b.keys, max(prefix, after))
	for _, key := range b.keys[start:] {
		if !strings.HasPrefix(key, prefix) {
			break // keys are sorted, and the search began at the prefix
		}
		group := groupOf(key, prefix, delimiter)
		entry := key
		if group != "" {
			entry = group
		}
		if entry <= after || len(out.prefixes) > 0 && group == out.prefixes[len(out.prefixes)-1] && group != "" {
			continue
		}
		if len(out.keys)+len(out.prefixes) == limit {
			out.more = true
			break
		}
		if group != "" {
			out.prefixes = append(out.prefixes, group)
		} else {
			out.keys = append(out.keys, key)
		}
		out.last = entry
	}
	return out
}

func groupOf(key, prefix, delimiter string) string {
	if delimiter == "" {
		return ""
	}
	if i := strings.Index(key[len(prefix):], delimiter); i >= 0 {
		return key[:len(prefix)+i+len(delimiter)]
	}
	return ""
}

func (q *request) listObjectsV2() error {
	limit, err := q.limit("max-keys")
	if err != nil {
		return err
	}
	after, token := q.query.Get("start-after"), q.query.Get("continuation-token")
	if token != "" {
		place, err := base64.StdEncoding.DecodeString(token)
		if err != nil {
			return errInvalidArgument("continuation-token", token, "The continuation token provided is incorrect")
		}
		after = string(place)
	}
	page := q.bucket.list(q.query.Get("prefix"), q.query.Get("delimiter"), after, limit)
	out := q.listResult(page, limit, q.query.Get("fetch-owner") == "true")
	count := len(page.keys) + len(page.prefixes)
	out.KeyCount, out.StartAfter, out.ContinuationToken = &count, q.encode(q.query.Get("start-after")), token
	if page.more {
		out.NextContinuationToken = base64.StdEncoding.EncodeToString([]byte(page.last))
	}
	q.answer(http.StatusOK, out)
	return nil
}

func (q *request) listObjects() error {
	limit, err := q.limit("max-keys")
	if err != nil {
		return err
	}
	marker := q.query.Get("marker")
	page := q.bucket.list(q.query.Get("prefix"), q.query.Get("delimiter"), marker, limit)
	out := q.listResult(page, limit, true)
	encoded := q.encode(marker)
	out.Marker = &encoded
	if page.more && out.Delimiter != "" {
		out.NextMarker = q.encode(page.last)
	}
	q.answer(http.StatusOK, out)
	return nil
}

func (q *request) listResult(page listing, limit int, withOwner bool) listResult {
	out := listResult{
		Name: q.bucket.name, Prefix: q.encode(q.query.Get("prefix")), MaxKeys: limit,
		Delimiter: q.encode(q.query.Get("delimiter")), EncodingType: q.query.Get("encoding-type"), IsTruncated: page.more,
	}
	for _, key := range page.keys {
		o := q.bucket.objects[key]
		item := content{
			Key: q.encode(key), LastModified: iso(o.modified), ETag: o.etag, Size: len(o.body), StorageClass: "STANDARD",
			ChecksumAlgorithm: strings.ToUpper(o.checksum.algorithm), ChecksumType: o.checksum.kind(),
		}
		if withOwner {
			item.Owner = &owner{ID: q.bucket.owner}
		}
		out.Contents = append(out.Contents, item)
	}
	for _, prefix := range page.prefixes {
		out.CommonPrefixes = append(out.CommonPrefixes, commonPrefix{q.encode(prefix)})
	}
	return out
}

func (q *request) limit(name string) (int, error) {
	text := q.query.Get(name)
	if text == "" {
		return maxKeys, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, errInvalidArgument(name, text, "Argument "+name+" must be an integer between 0 and 2147483647")
	}
	return min(n, maxKeys), nil
}

// encode writes a key as the request wants keys written: XML 1.0 cannot hold all
// of them.
func (q *request) encode(key string) string {
	if q.query.Get("encoding-type") != "url" {
		return key
	}
	return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/")
}
