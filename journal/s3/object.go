package s3

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"

	"github.com/setmend/setmend/journal/internal/contract"
)

// object is what one S3 object holds: a header of 64 bytes and a payload.
//
//	offset  bytes  what
//	     0      4  "smj2"
//	     4      1  kind
//	     5      3  zero
//	     8      8  number, big endian
//	    16      8  epoch, big endian
//	    24      8  the writer's mark
//	    32      8  checksum over the object's key, the above and the payload
//	    40         payload
type object struct {
	kind    byte
	number  int64   // a document's version; of a link, how many entries come before it
	epoch   int64   // of a link: the log's epoch, from this link on
	writer  [8]byte // differs for every write, to recognise one's own
	payload []byte
}

const (
	kindDocument  = 'd' // the value and a zero byte, so that it is longer than a tombstone
	kindTombstone = 't' // nothing
	kindEntries   = 'e' // each entry behind its length, a uvarint
	kindClaim     = 'c' // nothing

	headerSize = 40
	magic      = "smj2"
)

// version is the document's, 0 if there is none.
func (o object) version() int64 {
	if o.kind != kindDocument {
		return 0
	}
	return o.number
}

func (o object) withoutPayload() object {
	o.payload = nil
	return o
}

func encode(name string, o object) []byte {
	head := append([]byte(magic), o.kind, 0, 0, 0)
	head = binary.BigEndian.AppendUint64(head, uint64(o.number))
	head = binary.BigEndian.AppendUint64(head, uint64(o.epoch))
	head = append(head, o.writer[:]...)
	body := append(append(head, o.sum(name)...), o.payload...)
	if o.kind == kindDocument {
		body = append(body, 0)
	}
	return body
}

func (o object) sum(name string) []byte {
	return contract.Checksum(o.kind, name, []int64{o.number, o.epoch, int64(binary.BigEndian.Uint64(o.writer[:]))}, o.payload)
}

func decode(name string, body []byte) (object, error) {
	if len(body) < headerSize || string(body[:4]) != magic {
		return object{}, contract.Damaged("reading object "+name, "it is not one of the journal's")
	}
	o := object{
		kind:    body[4],
		number:  int64(binary.BigEndian.Uint64(body[8:])),
		epoch:   int64(binary.BigEndian.Uint64(body[16:])),
		writer:  [8]byte(body[24:32]),
		payload: body[headerSize:],
	}
	if o.kind == kindDocument && len(o.payload) > 0 {
		o.payload = o.payload[:len(o.payload)-1]
	}
	if !bytes.Equal(body[32:40], o.sum(name)) {
		return object{}, contract.Damaged("reading object "+name, "its checksum does not match")
	}
	return o, nil
}

func packEntries(entries [][]byte) []byte {
	var payload []byte
	for _, entry := range entries {
		payload = binary.AppendUvarint(payload, uint64(len(entry)))
		payload = append(payload, entry...)
	}
	return payload
}

func unpackEntries(name string, payload []byte) ([][]byte, error) {
	var entries [][]byte
	for len(payload) > 0 {
		size, n := binary.Uvarint(payload)
		if n <= 0 || size > uint64(len(payload)-n) {
			return nil, contract.Damaged("reading object "+name, "its entries are cut off")
		}
		end := n + int(size)
		entries = append(entries, payload[n:end:end])
		payload = payload[end:]
	}
	return entries, nil
}

// escape spells a name in characters that S3 keys may have without trouble. It
// works byte by byte, so a prefix of a name becomes a prefix of its spelling.
// Dots are escaped as well: clients resolve "." and ".." segments in URLs.
func escape(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_/", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// escapeSegment is escape for a name that must not reach into the next segment.
func escapeSegment(name string) string { return strings.ReplaceAll(escape(name), "/", "%2F") }

func unescape(s string) (string, error) { return url.PathUnescape(s) }
