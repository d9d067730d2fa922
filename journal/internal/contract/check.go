package contract

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
)

// MaxValue is how many bytes the entries of one write may have together: far below
// SQLite's 1 GB and S3's 5 GB.
const MaxValue = 64 << 20

const maxName = 256 // bytes; escaped threefold it still fits into an S3 key of 1,024

// CheckName refuses names that some backend could not hold, so that a program
// that works on one of them works on all.
func CheckName(name string) error {
	why := ""
	switch {
	case name == "":
		why = "it is empty"
	case len(name) > maxName:
		why = fmt.Sprintf("it is longer than %d bytes", maxName)
	case !utf8.ValidString(name):
		why = "it is not UTF-8"
	case strings.ContainsFunc(name, unicode.IsControl):
		why = "it has control characters"
	}
	if why == "" {
		return nil
	}
	return &Error{Kind: Refused, What: fmt.Sprintf("using %.64q as a name in the journal", name), Why: why}
}

// CheckWrite is checkName for something about to be written.
func CheckWrite(name string, values ...[]byte) error {
	size := 0
	for _, value := range values {
		size += len(value)
	}
	if size > MaxValue {
		return &Error{Kind: Refused, What: "writing " + name,
			Why: fmt.Sprintf("%d bytes are more than the %d that one write may have", size, MaxValue)}
	}
	return CheckName(name)
}

// Checksum covers a value and its place, so that a value that turns up
// somewhere else, or in an older state, is noticed as well as a damaged one. It
// is against accidents, not against somebody who wants to deceive.
func Checksum(kind byte, name string, numbers []int64, value []byte) []byte {
	head := append(make([]byte, 0, 64), kind)
	head = append(binary.AppendUvarint(head, uint64(len(name))), name...)
	for _, n := range numbers {
		head = binary.BigEndian.AppendUint64(head, uint64(n))
	}
	var h xxhash.Digest
	h.Reset()
	_, _ = h.Write(head) // never fails
	_, _ = h.Write(value)
	return binary.BigEndian.AppendUint64(nil, h.Sum64())
}
