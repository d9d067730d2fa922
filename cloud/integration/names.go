package integration

import (
	"strings"
	"unicode"
)

// lowerFirst is a name of AWS's models as the Java SDK v2 begins it: a leading
// acronym becomes small up to the letter that begins the next word. DBSnapshots
// is dbSnapshots, ETag is eTag, and describeDBSnapshots has only its first letter
// changed.
func lowerFirst(name string) string {
	runes := []rune(name)
	for i := range runes {
		next := i + 1
		begins := next < len(runes) && unicode.IsLower(runes[next])
		if i > 0 && (!unicode.IsUpper(runes[i]) || begins) {
			break
		}
		runes[i] = unicode.ToLower(runes[i])
	}
	return string(runes)
}

// memberName is the name of a parameter or of a member of an answer.
func memberName(field string) string {
	lower := lowerFirst(field)
	return strings.ToUpper(lower[:1]) + lower[1:]
}

// exceptionName is the Java class of a modelled error. Here every acronym
// collapses: DBSnapshotAlreadyExistsFault is DbSnapshotAlreadyExistsException.
func exceptionName(shape string) string {
	shape = strings.TrimSuffix(strings.TrimSuffix(shape, "Fault"), "Exception")
	var b strings.Builder
	for _, word := range words(shape) {
		b.WriteString(strings.ToUpper(word[:1]) + strings.ToLower(word[1:]))
	}
	return b.String() + "Exception"
}

// words divides a name where a small letter or a digit is followed by a capital,
// and before the last capital of an acronym.
func words(name string) []string {
	var list []string
	start := 0
	for i := 1; i < len(name); i++ {
		capital := isUpper(name[i])
		ends := capital && !isUpper(name[i-1])
		begins := capital && isUpper(name[i-1]) && i+1 < len(name) && isLower(name[i+1])
		if ends || begins {
			list = append(list, name[start:i])
			start = i
		}
	}
	return append(list, name[start:])
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
