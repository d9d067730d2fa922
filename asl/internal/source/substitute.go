package source

import (
	"bytes"
	"regexp"

	"github.com/setmend/setmend/asl/internal/value"
)

var substitution = regexp.MustCompile(`\$\{([^{}]*)\}`)

// Substitute puts values in the place of the substitutions that are named so. The
// others stay.
func Substitute(text []byte, values map[string]string) []byte {
	if len(values) == 0 {
		return text
	}
	first := bytes.TrimLeft(bytes.TrimPrefix(text, byteOrderMark), " \t\r\n")
	isJSON := len(first) > 0 && first[0] == '{'
	return substitution.ReplaceAllFunc(text, func(found []byte) []byte {
		v, ok := values[string(found[2:len(found)-1])]
		switch {
		case !ok:
			return found
		case isJSON:
			quoted := value.AppendString(nil, v)
			return quoted[1 : len(quoted)-1]
		}
		return []byte(v)
	})
}
