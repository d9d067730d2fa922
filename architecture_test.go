// Package architecture_test keeps the rooms of the house apart. The directions
// are not taste: each has a reason, which stands beside it below.
package architecture_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/setmend/setmend/"

// rooms lists, for every top-level package, which of ours it may import, and why
// no more. Packages below a room belong to it.
var rooms = map[string]struct {
	may []string
	why string
}{
	"fleet":         {nil, "the vocabulary must not depend on anybody who speaks it"},
	"clock":         {nil, "time is handed to its users, who each say what they need of it"},
	"plan":          {[]string{"fleet", "drift"}, "decisions are pure: what they need is handed in"},
	"heal":          {[]string{"fleet", "plan", "drift"}, "the healer declares the Cloud and Journal it needs and is given them"},
	"asl":           {nil, "the interpreter knows the language, not what is done in it"},
	"drift":         {[]string{"fleet"}, "what AWS's drift gets wrong is knowledge, not action"},
	"template":      {[]string{"fleet"}, "what a template means is read from its text alone"},
	"cloud":         {[]string{"fleet", "template"}, "it satisfies interfaces that its users declare"},
	"journal":       {[]string{"fleet"}, "it satisfies interfaces that its users declare"},
	"notify":        {[]string{"fleet"}, "messages are made from values, not from the healer's insides"},
	"awssim":        {nil, "types shared with cloud would let matching bugs cancel out"},
	"dashboard":     {[]string{"fleet", "plan", "heal"}, "it shows reports and starts nothing"},
	"configuration": {[]string{"fleet", "plan"}, "documents follow from an assessment; where they go is handed in"},
	"lambdahandler": {nil, "others import it for handlers that have nothing to do with stack sets"},
	"install":       {[]string{"deploy"}, "a template is text; what is asked of AWS with it is cmd's and cloud's affair"},
	"deploy":        {nil, "it is data"},
	"cmd":           {[]string{"*"}, "the only place where rooms are wired together"},
	"clients":       {nil, "other people's clients know the binary and the wire, nothing else"},
	"bench":         {[]string{"*"}, "it measures the whole"},
}

// sdk is AWS's client library; only cloud may speak it, and tests of awssim,
// whose point is that the real clients understand it.
const sdk = "github.com/aws/aws-sdk-go-v2/service/"

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	eachImport(t, func(file, room, path string) {
		rule, known := rooms[room]
		if !known {
			t.Errorf("%s: room %q is not in the list; say what it may import, and why", file, room)
			return
		}
		if !strings.HasPrefix(path, module) || strings.HasSuffix(file, "_test.go") {
			return
		}
		target, _, _ := strings.Cut(strings.TrimPrefix(path, module), "/")
		if target != room && !slices.Contains(rule.may, target) && !slices.Contains(rule.may, "*") {
			t.Errorf("%s imports %s: %s may import %v, for %s", file, target, room, rule.may, rule.why)
		}
	})
}

func TestOnlyCloudSpeaksToAWS(t *testing.T) {
	eachImport(t, func(file, room, path string) {
		if strings.HasPrefix(path, sdk) && room != "cloud" && !strings.HasSuffix(file, "_test.go") && room != "bench" {
			t.Errorf("%s imports %s: rate limits, error classes and call counts live in cloud, and hold only if all calls go through it", file, path)
		}
	})
}

func TestTheVocabularyUsesTheStandardLibraryOnly(t *testing.T) {
	eachImport(t, func(file, room, path string) {
		if room == "fleet" && strings.Contains(path, ".") && !strings.HasSuffix(file, "_test.go") {
			t.Errorf("%s imports %s: fleet is imported by everybody and imposes nothing on them", file, path)
		}
	})
}

// eachImport calls f for every import of every Go file of the project.
func eachImport(t *testing.T, f func(file, room, path string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if entry != nil && entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && path != "." || entry.Name() == "node_modules" || entry.Name() == "testdata") {
				return filepath.SkipDir
			}
			return err
		}
		room, _, inRoom := strings.Cut(filepath.ToSlash(path), "/")
		if !inRoom || !strings.HasSuffix(path, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			f(path, room, imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
