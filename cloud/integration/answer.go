package integration

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/setmend/setmend/cloud/integration/internal/wire"
)

// compact is the JSON text of a value as Step Functions writes it: members by its
// names, times as Java's Instant, and bytes as text where they are text.
func compact(v any) []byte { return appendValue(nil, v) }

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case string:
		return appendText(b, v)
	case json.Number:
		return appendNumber(b, v)
	case []byte:
		if utf8.Valid(v) {
			return appendText(b, string(v))
		}
		return appendText(b, base64.StdEncoding.EncodeToString(v))
	case time.Time:
		return appendText(b, instant(v))
	case []any:
		b = append(b, '[')
		for i, item := range v {
			b = appendValue(comma(b, i), item)
		}
		return append(b, ']')
	case *wire.Struct:
		b = append(b, '{')
		for i, f := range v.Fields {
			b = append(appendText(comma(b, i), memberName(f.Member.Name)), ':')
			b = appendValue(b, f.Value)
		}
		return append(b, '}')
	case *wire.Object:
		b = append(b, '{')
		for i, e := range v.Entries {
			b = append(appendText(comma(b, i), e.Key), ':')
			b = appendValue(b, e.Value)
		}
		return append(b, '}')
	case map[string]any: // of a definition
		text, err := json.Marshal(v)
		if err != nil {
			return append(b, "{}"...)
		}
		return append(b, text...)
	}
	panic(fmt.Sprintf("%T in an answer", v))
}

func comma(b []byte, i int) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	return b
}

// appendNumber writes a number that a service sent. XML and headers have some
// that JSON does not; those are text.
func appendNumber(b []byte, n json.Number) []byte {
	if json.Valid([]byte(n)) {
		return append(b, n...)
	}
	return appendText(b, string(n))
}

// appendText writes a string without escaping <, > and &.
func appendText(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case r < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

// instant writes a time as Java's Instant does, which Step Functions shows:
// thousandths, millionths or billionths of a second, as many as are needed.
func instant(t time.Time) string {
	for _, layout := range []string{"2006-01-02T15:04:05Z", "2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05.000000Z"} {
		text := t.UTC().Format(layout)
		if back, err := time.Parse(layout, text); err == nil && back.Equal(t) {
			return text
		}
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000000Z")
}
