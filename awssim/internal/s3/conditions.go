package s3

import (
	"net/http"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// checkWrite holds a write against its conditions: If-None-Match: * for "only if
// there is none", If-Match for "only over this one". S3 answers 404 where If-Match
// finds nothing to match (user guide, "Conditional requests").
func checkWrite(h http.Header, old *object) error {
	if want := h.Get("If-None-Match"); want != "" {
		switch {
		case want != "*":
			return errNotImplemented("If-None-Match")
		case old != nil:
			return errPrecondition("If-None-Match")
		}
	}
	if want := h.Get("If-Match"); want != "" {
		switch {
		case old == nil:
			return core.Errorf(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		case !matches(want, old.etag):
			return errPrecondition("If-Match")
		}
	}
	return nil
}

// checkRead holds a read of an object against its conditions, whose headers have
// the given prefix. The ETag conditions outrank those on time (RFC 9110, 13.2.2).
func checkRead(h http.Header, prefix string, o *object) error {
	if want := h.Get(prefix + "If-Match"); want != "" {
		if !matches(want, o.etag) {
			return errPrecondition(prefix + "If-Match")
		}
	} else if since, ok := timeOf(h, prefix+"If-Unmodified-Since"); ok && o.modified.After(since) {
		return errPrecondition(prefix + "If-Unmodified-Since")
	}
	if want := h.Get(prefix + "If-None-Match"); want != "" {
		if matches(want, o.etag) {
			return unchanged(prefix + "If-None-Match")
		}
	} else if since, ok := timeOf(h, prefix+"If-Modified-Since"); ok && !o.modified.After(since) {
		return unchanged(prefix + "If-Modified-Since")
	}
	return nil
}

// unchanged is 304 for a read, and a failed condition for the source of a copy.
func unchanged(header string) error {
	if strings.HasPrefix(header, copySource) {
		return errPrecondition(header)
	}
	return &core.Error{Status: http.StatusNotModified, Code: "NotModified"}
}

func matches(list, etag string) bool {
	for want := range strings.SplitSeq(list, ",") {
		want = strings.Trim(strings.TrimPrefix(strings.TrimSpace(want), "W/"), `"`)
		if want == "*" || want == strings.Trim(etag, `"`) {
			return true
		}
	}
	return false
}

func timeOf(h http.Header, name string) (time.Time, bool) {
	at, err := http.ParseTime(h.Get(name))
	return at, err == nil
}
