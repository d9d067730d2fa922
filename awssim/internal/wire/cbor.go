package wire

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"time"
	"unicode/utf8"

	"github.com/setmend/setmend/awssim/internal/core"
)

// The major types of RFC 8949.
const (
	cborUint   = 0
	cborNegInt = 1
	cborBytes  = 2
	cborText   = 3
	cborList   = 4
	cborMap    = 5
	cborTag    = 6
	cborSimple = 7
)

const (
	cborIndefinite = 31
	cborDepth      = 64
)

var errCBOR = errors.New("the request body is not well-formed CBOR")

// cborReader reads the subset of CBOR that AWS's SDKs write: definite and
// indefinite strings, lists and maps, integers, floats, and tag 1 for times.
type cborReader struct{ rest []byte }

func parseCBOR(body []byte) (map[string]any, error) {
	if len(body) == 0 {
		return nil, nil
	}
	r := &cborReader{body}
	value, err := r.value(cborDepth)
	if err != nil || len(r.rest) > 0 {
		return nil, core.Errorf(400, "SerializationException", "%s", errCBOR)
	}
	tree, ok := value.(map[string]any)
	if !ok {
		return nil, core.Errorf(400, "SerializationException", "the request body is not a CBOR map")
	}
	return tree, nil
}

// head reads an item's major type, its short count and its argument.
func (r *cborReader) head() (major, short byte, n uint64, err error) {
	if len(r.rest) == 0 {
		return 0, 0, 0, errCBOR
	}
	major, short = r.rest[0]>>5, r.rest[0]&31
	r.rest = r.rest[1:]
	if short < 24 || short == cborIndefinite {
		return major, short, uint64(short), nil
	}
	if short > 27 {
		return 0, 0, 0, errCBOR
	}
	size := 1 << (short - 24)
	if len(r.rest) < size {
		return 0, 0, 0, errCBOR
	}
	var wide [8]byte
	copy(wide[8-size:], r.rest[:size])
	r.rest = r.rest[size:]
	return major, short, binary.BigEndian.Uint64(wide[:]), nil
}

func (r *cborReader) value(depth int) (any, error) {
	if depth == 0 {
		return nil, errCBOR
	}
	major, short, n, err := r.head()
	if err != nil {
		return nil, err
	}
	switch major {
	case cborUint, cborNegInt:
		return cborInteger(major, short, n)
	case cborBytes, cborText:
		return r.text(major, short, n)
	case cborList:
		return r.list(short, n, depth)
	case cborMap:
		return r.object(short, n, depth)
	case cborTag:
		return r.tagged(n, depth)
	}
	return cborSimpleValue(short, n)
}

func cborInteger(major, short byte, n uint64) (any, error) {
	if short == cborIndefinite || n > math.MaxInt64 {
		return nil, errCBOR
	}
	if major == cborNegInt {
		return -1 - int64(n), nil
	}
	return int64(n), nil
}

func (r *cborReader) text(major, short byte, n uint64) (any, error) {
	var raw []byte
	if short == cborIndefinite {
		for !r.ended() {
			m, s, size, err := r.head()
			if err != nil || m != major || s == cborIndefinite || size > uint64(len(r.rest)) {
				return nil, errCBOR
			}
			raw = append(raw, r.take(size)...)
		}
	} else {
		if n > uint64(len(r.rest)) {
			return nil, errCBOR
		}
		raw = r.take(n)
	}
	if major == cborBytes {
		return raw, nil
	}
	if !utf8.Valid(raw) {
		return nil, errCBOR
	}
	return string(raw), nil
}

func (r *cborReader) take(n uint64) []byte {
	part := r.rest[:n]
	r.rest = r.rest[n:]
	return part
}

// ended consumes the break that ends an indefinite item, if it is next. At the
// end of the input it is false, and the next read fails.
func (r *cborReader) ended() bool {
	if len(r.rest) > 0 && r.rest[0] == 0xff {
		r.rest = r.rest[1:]
		return true
	}
	return false
}

func (r *cborReader) list(short byte, n uint64, depth int) (any, error) {
	items := []any{}
	for i := uint64(0); short == cborIndefinite || i < n; i++ {
		if short == cborIndefinite && r.ended() {
			break
		}
		item, err := r.value(depth - 1)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

func (r *cborReader) object(short byte, n uint64, depth int) (any, error) {
	object := map[string]any{}
	for i := uint64(0); short == cborIndefinite || i < n; i++ {
		if short == cborIndefinite && r.ended() {
			break
		}
		key, err := r.value(depth - 1)
		if err != nil {
			return nil, err
		}
		name, ok := key.(string)
		if !ok {
			return nil, errCBOR
		}
		if object[name], err = r.value(depth - 1); err != nil {
			return nil, err
		}
	}
	return object, nil
}

// tagged reads a tag's content; tag 1 is a time in epoch seconds, others are
// taken for their content.
func (r *cborReader) tagged(tag uint64, depth int) (any, error) {
	content, err := r.value(depth - 1)
	if err != nil || tag != 1 {
		return content, err
	}
	seconds, ok := numberOf(content)
	if !ok {
		return nil, errCBOR
	}
	at, err := fromEpoch(seconds)
	if err != nil {
		return nil, errCBOR
	}
	return at, nil
}

func cborSimpleValue(short byte, n uint64) (any, error) {
	switch short {
	case 20, 21:
		return short == 21, nil
	case 22, 23:
		return nil, nil
	case 25:
		return halfFloat(uint16(n)), nil
	case 26:
		return float64(math.Float32frombits(uint32(n))), nil
	case 27:
		return math.Float64frombits(n), nil
	}
	return nil, errCBOR
}

func halfFloat(bits uint16) float64 {
	exponent, fraction := int(bits>>10&31), float64(bits&1023)
	var f float64
	switch exponent {
	case 0:
		f = math.Ldexp(fraction, -24)
	case 31:
		f = math.Inf(1)
		if fraction != 0 {
			f = math.NaN()
		}
	default:
		f = math.Ldexp(fraction+1024, exponent-25)
	}
	if bits>>15 == 1 {
		return -f
	}
	return f
}

func appendCBORHead(b []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n <= math.MaxUint8:
		return append(b, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), n)
}

func appendCBOR(b []byte, v reflect.Value) []byte {
	v = follow(v)
	switch {
	case !v.IsValid() || v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface:
		return append(b, cborSimple<<5|22)
	case v.Type() == timeType:
		b = appendCBORHead(b, cborTag, 1)
		return appendCBORFloat(b, epochSeconds(v.Interface().(time.Time)))
	case v.Kind() == reflect.Struct:
		return appendCBORStruct(b, v)
	case v.Kind() == reflect.Map:
		b = appendCBORHead(b, cborMap, uint64(v.Len()))
		for _, key := range sortedKeys(v) {
			b = appendCBOR(appendCBORText(b, key.String()), v.MapIndex(key))
		}
		return b
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return append(appendCBORHead(b, cborBytes, uint64(v.Len())), v.Bytes()...)
	case v.Kind() == reflect.Slice:
		b = appendCBORHead(b, cborList, uint64(v.Len()))
		for i := range v.Len() {
			b = appendCBOR(b, v.Index(i))
		}
		return b
	}
	return appendCBORScalar(b, v)
}

func appendCBORStruct(b []byte, v reflect.Value) []byte {
	list := members(v)
	b = appendCBORHead(b, cborMap, uint64(len(list)))
	for _, m := range list {
		b = appendCBOR(appendCBORText(b, m.name), m.value)
	}
	return b
}

func appendCBORScalar(b []byte, v reflect.Value) []byte {
	switch {
	case v.Kind() == reflect.String:
		return appendCBORText(b, v.String())
	case v.Kind() == reflect.Bool && v.Bool():
		return append(b, cborSimple<<5|21)
	case v.Kind() == reflect.Bool:
		return append(b, cborSimple<<5|20)
	case v.CanInt() && v.Int() < 0:
		return appendCBORHead(b, cborNegInt, uint64(-1-v.Int()))
	case v.CanInt():
		return appendCBORHead(b, cborUint, uint64(v.Int()))
	case v.CanFloat():
		return appendCBORFloat(b, v.Float())
	}
	return append(b, cborSimple<<5|22)
}

func appendCBORText(b []byte, s string) []byte {
	return append(appendCBORHead(b, cborText, uint64(len(s))), s...)
}

func appendCBORFloat(b []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(append(b, cborSimple<<5|27), math.Float64bits(f))
}
