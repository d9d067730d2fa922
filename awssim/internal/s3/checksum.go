package s3

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// checksum is the checksum that is kept with an object.
type checksum struct {
	algorithm string // lower case, as in x-amz-checksum-crc32
	value     string // base64
	composite bool   // of the parts' checksums, not of the whole
}

// nvme is the reversed polynomial of CRC-64/NVME.
const nvme = 0x9a6c9329ac4bc9b5

var hashes = map[string]func() hash.Hash{
	"crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"crc64nvme": func() hash.Hash { return crc64.New(crc64.MakeTable(nvme)) },
	"sha1":      sha1.New,
	"sha256":    sha256.New,
	"sha512":    sha512.New,
	"md5":       md5.New,
}

func sum(algorithm string, body []byte) checksum {
	h := hashes[algorithm]()
	h.Write(body)
	return checksum{algorithm: algorithm, value: base64.StdEncoding.EncodeToString(h.Sum(nil))}
}

// defaultChecksum is what S3 computes for content that came without one.
func defaultChecksum(body []byte) checksum { return sum("crc64nvme", body) }

const checksumHeader = "X-Amz-Checksum-"

// checkedSum finds the checksum that came with the content, in a header or a
// trailer, and compares it.
func checkedSum(h, trailer http.Header, body []byte) (checksum, error) {
	for _, from := range []http.Header{h, trailer} {
		for _, name := range sortedKeys(from) {
			algorithm, is := strings.CutPrefix(http.CanonicalHeaderKey(name), checksumHeader)
			algorithm = strings.ToLower(algorithm)
			if !is || algorithm == "type" || algorithm == "algorithm" || algorithm == "mode" {
				continue
			}
			if hashes[algorithm] == nil {
				return checksum{}, errNotImplemented(name)
			}
			got := sum(algorithm, body)
			if got.value != from.Get(name) {
				return checksum{}, core.Errorf(http.StatusBadRequest, "BadDigest", "The %s you specified did not match the calculated checksum.", strings.ToUpper(algorithm))
			}
			return got, nil
		}
	}
	return defaultChecksum(body), nil
}

// set adds the checksum to an answer.
func (c checksum) set(h http.Header) {
	h.Set(checksumHeader+c.algorithm, c.value)
	h.Set("x-amz-checksum-type", c.kind())
}

func (c checksum) kind() string {
	if c.composite {
		return "COMPOSITE"
	}
	return "FULL_OBJECT"
}
