package s3

import (
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
)

// address is what a request is about: the service, a bucket or an object.
type address struct{ bucket, key string }

var (
	bucketName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`) })
	// virtualHost is AWS's own: bucket.s3.region.amazonaws.com and its older and
	// dual-stack forms.
	virtualHost = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(.+)\.s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?$`)
	})
	// pathHost are AWS's hosts without a bucket.
	pathHost = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?$`)
	})
)

// addressOf tells path-style from virtual-host by the host: AWS's own forms, and
// for custom endpoints any name below localhost.
func addressOf(r *http.Request) address {
	path := strings.TrimPrefix(r.URL.Path, "/")
	if bucket := hostBucket(r.Host); bucket != "" {
		return address{bucket, path}
	}
	bucket, key, _ := strings.Cut(path, "/")
	return address{bucket, key}
}

func hostBucket(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(host)
	if pathHost().MatchString(host) {
		return ""
	}
	if m := virtualHost().FindStringSubmatch(host); m != nil {
		return m[1]
	}
	if bucket, ok := strings.CutSuffix(host, ".localhost"); ok {
		return strings.TrimSuffix(bucket, ".s3")
	}
	return ""
}
