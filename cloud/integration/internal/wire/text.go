package wire

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/setmend/setmend/cloud/integration/internal/model"
)

// Formats of timestamps, as the models call them.
const (
	iso8601 = "iso8601"
	rfc822  = "rfc822"
	unix    = "unixtimestamp"
)

// formatTime writes a timestamp. What is below a second is written to thousandths
// where the format has them.
func formatTime(t time.Time, format string) string {
	t = t.UTC()
	whole := t.Nanosecond()/1e6 == 0
	switch strings.ToLower(format) {
	case rfc822:
		return t.Format("Mon, 02 Jan 2006 15:04:05 GMT")
	case unix:
		if whole {
			return strconv.FormatInt(t.Unix(), 10)
		}
		return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64)
	}
	if whole {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}

// parseTime reads a timestamp in any of the formats: services do not keep to
// their models.
func parseTime(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		whole, part := math.Modf(f)
		return time.Unix(int64(whole), int64(math.Round(part*1e3))*1e6).UTC(), nil
	}
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04:05.999999999Z0700", time.RFC1123, time.RFC1123Z,
		"Mon, 2 Jan 2006 15:04:05 GMT", time.RFC850, "2006-01-02",
	} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.60q is not a time", text)
}

// number writes a number as Python's str does: what has no fraction or exponent
// stays, all else is the shortest that reads back.
func number(n json.Number) string {
	text := string(n)
	if !strings.ContainsAny(text, ".eE") {
		return text
	}
	f, err := n.Float64()
	if err != nil {
		return text
	}
	return pythonFloat(f)
}

func pythonFloat(f float64) string {
	if magnitude := math.Abs(f); f != 0 && (magnitude < 1e-4 || magnitude >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// scalar writes a value that is neither list nor structure, as query strings,
// forms and XML have it.
func scalar(v any, m *model.Member, times string) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case json.Number:
		return number(v)
	case time.Time:
		return formatTime(v, m.TimeFormat(times))
	}
	return fmt.Sprint(v)
}

// percentEncode encodes all but letters, digits, -._~ and what safe has.
func percentEncode(text, safe string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 || strings.IndexByte(safe, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// dump appends JSON with the given separators, in ASCII, as Python's json.dumps
// writes it.
func dump(b []byte, v any, comma, colon string) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case string:
		return quote(b, v)
	case []byte:
		return quote(b, base64.StdEncoding.EncodeToString(v))
	case json.Number:
		return append(b, number(v)...)
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, comma...)
			}
			b = dump(b, item, comma, colon)
		}
		return append(b, ']')
	case *Object:
		b = append(b, '{')
		for i, e := range v.Entries {
			if i > 0 {
				b = append(b, comma...)
			}
			b = append(quote(b, e.Key), colon...)
			b = dump(b, e.Value, comma, colon)
		}
		return append(b, '}')
	}
	panic(fmt.Sprintf("%T in a JSON document", v))
}

func quote(b []byte, text string) []byte {
	b = append(b, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case r == '\b':
			b = append(b, '\\', 'b')
		case r == '\f':
			b = append(b, '\\', 'f')
		case r < ' ' || r > '~' && r < utf8.RuneSelf || r >= utf8.RuneSelf && r < 0x10000:
			b = fmt.Appendf(b, `\u%04x`, r)
		case r >= 0x10000:
			r -= 0x10000
			b = fmt.Appendf(b, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			b = append(b, byte(r))
		}
	}
	return append(b, '"')
}
