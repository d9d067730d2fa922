package integration

import (
	"strings"
	"sync"
	"unicode"

	"github.com/setmend/setmend/cloud/integration/internal/model"
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
	return model.Pascal(strings.TrimSuffix(strings.TrimSuffix(shape, "Fault"), "Exception")) + "Exception"
}

var memberNames sync.Map // *model.Shape → map[string]*model.Member

// members maps the names that Step Functions has for the members of a structure.
func members(s *model.Shape) map[string]*model.Member {
	if known, ok := memberNames.Load(s); ok {
		return known.(map[string]*model.Member)
	}
	names := make(map[string]*model.Member, len(s.Members))
	for _, m := range s.Members {
		names[memberName(m.Name)] = m
	}
	known, _ := memberNames.LoadOrStore(s, names)
	return known.(map[string]*model.Member)
}
