package intrinsic

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/setmend/setmend/asl/internal/value"
)

// maxEncoded is how many characters Hash, Base64Encode and Base64Decode take.
const maxEncoded = 10_000

func stringOf(v any) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	return "", refuse("The argument must be a string, not %s", an(v))
}

// boundedString is a string short enough to hash or encode.
func boundedString(v any) (string, error) {
	s, err := stringOf(v)
	if err == nil && len([]rune(s)) > maxEncoded {
		err = refuse("The argument must not be longer than %d characters", maxEncoded)
	}
	return s, err
}

// format puts the arguments in the places marked {}. \{, \}, \' and \\ stand for
// the character itself.
func format(args []any) (any, error) {
	pattern, err := stringOf(args[0])
	if err != nil {
		return nil, err
	}
	args = args[1:]
	var b strings.Builder
	used := 0
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern) && strings.IndexByte(`'{}\`, pattern[i+1]) >= 0:
			i++
			b.WriteByte(pattern[i])
		case c == '{' && i+1 < len(pattern) && pattern[i+1] == '}':
			i++
			if used == len(args) {
				return nil, refuse("There are more placeholders than arguments")
			}
			writeJava(&b, args[used])
			used++
		default:
			b.WriteByte(c)
		}
	}
	if used < len(args) {
		return nil, refuse("There are more arguments than placeholders")
	}
	return b.String(), nil
}

// writeJava prints a value as Java's toString does, which is what States.Format
// on AWS shows: {a=1, b=[x, y]}.
func writeJava(b *strings.Builder, v any) {
	switch v := v.(type) {
	case string:
		b.WriteString(v)
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			separate(b, i)
			writeJava(b, item)
		}
		b.WriteByte(']')
	case *value.Object:
		b.WriteByte('{')
		for i, m := range v.Members() {
			separate(b, i)
			b.WriteString(m.Name)
			b.WriteByte('=')
			writeJava(b, m.Value)
		}
		b.WriteByte('}')
	default:
		b.Write(value.Encode(v))
	}
}

func separate(b *strings.Builder, i int) {
	if i > 0 {
		b.WriteString(", ")
	}
}

// stringToJSON of blank text is null, as recorded on AWS.
func stringToJSON(args []any) (any, error) {
	s, err := stringOf(args[0])
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	return value.DecodeString(s)
}

func jsonToString(args []any) (any, error) { return string(value.Encode(args[0])), nil }

func jsonMerge(args []any) (any, error) {
	a, aOK := args[0].(*value.Object)
	b, bOK := args[1].(*value.Object)
	if !aOK || !bOK {
		return nil, refuse("The first two arguments must be objects")
	}
	if args[2] != false {
		return nil, refuse("The third argument must be false: only shallow merging is supported")
	}
	for _, m := range b.Members() {
		a = a.With(m.Name, m.Value)
	}
	return a, nil
}

// stringSplit divides at every character of the delimiter, and leaves out what
// is empty.
func stringSplit(args []any) (any, error) {
	s, err := stringOf(args[0])
	if err != nil {
		return nil, err
	}
	delimiter, err := stringOf(args[1])
	if err != nil {
		return nil, err
	}
	parts := []any{}
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(delimiter, r) }) {
		parts = append(parts, part)
	}
	return parts, nil
}

func base64Encode(args []any) (any, error) {
	s, err := boundedString(args[0])
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.EncodeToString([]byte(s)), nil
}

func base64Decode(args []any) (any, error) {
	s, err := boundedString(args[0])
	if err != nil {
		return nil, err
	}
	decoded, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		decoded, err = base64.RawStdEncoding.DecodeString(s) // Java's decoder does not insist on padding
	}
	if err != nil {
		return nil, refuse("The argument is not valid Base64")
	}
	return decodedText(decoded), nil
}

// decodedText reads bytes as UTF-8. As in Java, each longest piece that could
// begin a character, and else each byte that cannot, becomes a U+FFFD.
func decodedText(data []byte) string {
	var b strings.Builder
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n == 1 && !utf8.FullRune(data[:1]) {
			for n < len(data) && !utf8.FullRune(data[:n+1]) {
				n++
			}
		}
		b.WriteRune(r)
		data = data[n:]
	}
	return b.String()
}

func hash(args []any) (any, error) {
	data, isString := args[0].(string)
	if !isString {
		data = string(value.Encode(args[0]))
	}
	if _, err := boundedString(data); err != nil {
		return nil, err
	}
	algorithm, err := stringOf(args[1])
	if err != nil {
		return nil, err
	}
	return Digest(data, algorithm)
}

// Digest returns the hash of a text in hexadecimal digits. It fails for an
// algorithm that is not one of MD5, SHA-1, SHA-256, SHA-384 and SHA-512.
func Digest(text, algorithm string) (string, error) {
	sum, err := digest(algorithm, []byte(text))
	return hex.EncodeToString(sum), err
}

func digest(algorithm string, data []byte) ([]byte, error) {
	switch algorithm {
	case "MD5":
		sum := md5.Sum(data)
		return sum[:], nil
	case "SHA-1":
		sum := sha1.Sum(data)
		return sum[:], nil
	case "SHA-256":
		sum := sha256.Sum256(data)
		return sum[:], nil
	case "SHA-384":
		sum := sha512.Sum384(data)
		return sum[:], nil
	case "SHA-512":
		sum := sha512.Sum512(data)
		return sum[:], nil
	}
	return nil, refuse("The hash algorithm %q is not one of MD5, SHA-1, SHA-256, SHA-384, SHA-512", algorithm)
}
