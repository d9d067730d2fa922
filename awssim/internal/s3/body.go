package s3

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// decodeBody takes the content out of a request's body, checks everything that
// the request says about it, and answers with the checksum to keep.
func decodeBody(h http.Header, raw []byte) ([]byte, checksum, error) {
	body, trailer := raw, http.Header{}
	if strings.HasPrefix(h.Get("x-amz-content-sha256"), "STREAMING-") {
		var ok bool
		if body, trailer, ok = unchunk(raw); !ok {
			return nil, checksum{}, errIncomplete()
		}
	}
	if n := h.Get("x-amz-decoded-content-length"); n != "" && n != strconv.Itoa(len(body)) {
		return nil, checksum{}, errIncomplete()
	}
	if err := checkDigests(h, body); err != nil {
		return nil, checksum{}, err
	}
	sum, err := checkedSum(h, trailer, body)
	return body, sum, err
}

func errIncomplete() *core.Error {
	return core.Errorf(http.StatusBadRequest, "IncompleteBody", "The request body terminated unexpectedly")
}

func checkDigests(h http.Header, body []byte) error {
	if want := h.Get("Content-MD5"); want != "" {
		digest := md5.Sum(body)
		if base64.StdEncoding.EncodeToString(digest[:]) != want {
			return core.Errorf(http.StatusBadRequest, "BadDigest", "The Content-MD5 you specified did not match what we received.")
		}
	}
	if want := h.Get("x-amz-content-sha256"); len(want) == 2*sha256.Size {
		digest := sha256.Sum256(body)
		if hex.EncodeToString(digest[:]) != want {
			return core.Errorf(http.StatusBadRequest, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
		}
	}
	return nil
}

// unchunk decodes aws-chunked: chunks of "hex[;chunk-signature=…]\r\n…\r\n", an
// empty one at the end, then trailing headers.
func unchunk(raw []byte) (body []byte, trailer http.Header, ok bool) {
	for {
		line, rest, found := bytes.Cut(raw, []byte("\r\n"))
		if !found {
			return nil, nil, false
		}
		length, _, _ := strings.Cut(string(line), ";")
		n, err := strconv.ParseUint(length, 16, 32)
		if err != nil || int(n) > len(rest) {
			return nil, nil, false
		}
		if n == 0 {
			return body, trailers(rest), true
		}
		body = append(body, rest[:n]...)
		if raw, ok = bytes.CutPrefix(rest[n:], []byte("\r\n")); !ok {
			return nil, nil, false
		}
	}
}

func trailers(raw []byte) http.Header {
	h := http.Header{}
	for _, line := range strings.FieldsFunc(string(raw), func(c rune) bool { return c == '\r' || c == '\n' }) {
		if name, value, found := strings.Cut(line, ":"); found {
			h.Set(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
	return h
}
