package s3_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/setmend/setmend/awssim/internal/sdktest"
)

func FuzzRequests(f *testing.F) {
	f.Add("PUT", "/state/k", "", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "2\r\nab\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n")
	f.Add("GET", "/state", "list-type=2&delimiter=/&prefix=a&max-keys=0", "", "")
	f.Add("POST", "/state", "delete", "", "<Delete><Object><Key>k</Key></Object></Delete>")
	f.Add("POST", "/state/k", "uploads", "", "")
	f.Add("GET", "/state/k", "", "bytes=-", "")
	f.Add("PUT", "/new", "", "", "<CreateBucketConfiguration><LocationConstraint>EU</LocationConstraint></CreateBucketConfiguration>")
	f.Fuzz(func(t *testing.T, method, path, query, header, body string) {
		a := sdktest.New(t)
		a.Lock()
		must(t, a.Objects().CreateBucket(sdktest.Management, home, "state"))
		must(t, a.Objects().Put("state", "k", []byte("0123456789")))
		a.Unlock()
		r := &http.Request{Method: method, URL: &url.URL{Scheme: "https", Host: "s3." + home + ".amazonaws.com", Path: path, RawQuery: query},
			Host: "s3." + home + ".amazonaws.com", Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}}
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+sdktest.Management+"/20261120/"+home+"/s3/aws4_request, SignedHeaders=host, Signature=x")
		for _, name := range []string{"X-Amz-Content-Sha256", "Range", "If-Match", "X-Amz-Copy-Source", "X-Amz-Checksum-Crc32"} {
			if header != "" && (name != "X-Amz-Copy-Source" || strings.Contains(header, "/")) {
				r.Header.Set(name, header)
			}
		}
		answer, err := a.Transport().RoundTrip(r)
		must(t, err)
		if text, _ := io.ReadAll(answer.Body); answer.StatusCode >= 500 && answer.StatusCode != http.StatusNotImplemented {
			t.Errorf("%s %s?%s is answered with %d: %s", method, path, query, answer.StatusCode, text)
		}
	})
}
