package awssim

import (
	"net/url"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/s3"
)

// objects reads what requests name by URL, such as templates and lists of accounts.
type objects struct{ store *s3.Store }

// Fetch reads an object. As for AWS, what cannot be read is an access denied,
// whatever the reason.
func (o objects) Fetch(_ *core.Call, address string) ([]byte, error) {
	bucket, key, ok := bucketAndKey(address)
	if !ok {
		return nil, core.Invalid("S3 error: The specified URL is not an S3 URL: %.200s", address)
	}
	body, err := o.store.Read(bucket, key)
	if err != nil {
		return nil, core.Invalid("S3 error: Access Denied\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html")
	}
	return body, nil
}

// text is Fetch for callers that want a string.
func (o objects) text(_, _, address string) (string, error) {
	body, err := o.Fetch(nil, address)
	return string(body), err
}

// bucketAndKey takes an S3 address apart: s3://bucket/key, or https in
// virtual-host or path style.
func bucketAndKey(address string) (bucket, key string, ok bool) {
	u, err := url.Parse(address)
	if err != nil {
		return "", "", false
	}
	path := strings.TrimPrefix(u.Path, "/")
	if u.Scheme == "s3" {
		return u.Host, path, u.Host != "" && path != ""
	}
	host := u.Hostname()
	if at := strings.Index(host, ".s3"); at > 0 {
		return host[:at], path, path != ""
	}
	bucket, key, ok = strings.Cut(path, "/")
	return bucket, key, ok && key != ""
}
