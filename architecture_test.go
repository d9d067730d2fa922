// Package architecture_test keeps the rooms of the house apart. The directions
// are not taste: each has a reason, which stands beside it below.
package architecture_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
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
	"order":         {[]string{"fleet", "plan"}, "the order is worked out from what was read; sending it is for others"},
	"rollout":       {[]string{"fleet", "plan"}, "how an update is divided is decided from values; carrying it out is the healer's"},
	"review":        {[]string{"fleet", "plan", "drift", "template"}, "it reads and shows; what changes something is healed or rolled out"},
	"report":        {[]string{"fleet", "plan"}, "it is values that everybody shows, whoever made them"},
	"heal":          {[]string{"fleet", "plan", "drift", "report", "rollout"}, "the healer declares the Cloud and Journal it needs and is given them"},
	"asl":           {nil, "the interpreter knows the language, not what is done in it"},
	"drift":         {[]string{"fleet"}, "what AWS's drift gets wrong is knowledge, not action"},
	"template":      {[]string{"fleet"}, "what a template means is read from its text alone"},
	"cloud":         {[]string{"fleet", "template"}, "it satisfies interfaces that its users declare"},
	"journal":       {[]string{"fleet"}, "it satisfies interfaces that its users declare"},
	"notify":        {[]string{"fleet"}, "messages are made from values, not from the healer's insides"},
	"awssim":        {nil, "types shared with cloud would let matching bugs cancel out"},
	"dashboard":     {[]string{"fleet", "plan", "report"}, "it shows reports and starts nothing"},
	"configuration": {[]string{"fleet", "plan"}, "documents follow from an assessment; where they go is handed in"},
	"lambdahandler": {nil, "others import it for handlers that have nothing to do with stack sets"},
	"install":       {[]string{"deploy"}, "a template is text; what is asked of AWS with it is cmd's and cloud's affair"},
	"deploy":        {nil, "it is data"},
	"cmd":           {[]string{"*"}, "the only place where rooms are wired together"},
	"clients":       {nil, "other people's clients know the binary and the wire, nothing else"},
	"bench":         {[]string{"*"}, "it measures the whole"},
	"mutants":       {nil, "it knows the others' source as text"},
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

// insideHeal lists, for the healer and each package inside it, which of those inside
// it may import. The order is that of reading: what decides nothing knows of nothing
// that does.
var insideHeal = map[string]struct {
	may []string
	why string
}{
	"heal":           {[]string{"command", "execute", "fault", "lease", "observe", "record"}, "it is on top: stages, passes and the report"},
	"heal/rollouts":  {[]string{"command", "execute", "fault", "lease", "observe", "record"}, "it is stages beside those of a heal, made of the same commands"},
	"heal/explain":   {[]string{"observe", "record"}, "it answers questions and carries nothing out"},
	"heal/execute":   {[]string{"command", "fault", "lease", "observe", "record"}, "it carries out and plans nothing"},
	"heal/observe":   {[]string{"command", "record"}, "it reads and needs no permission to"},
	"heal/lease":     {[]string{"fault", "record"}, "who may act does not depend on what is done"},
	"heal/record":    {[]string{"command", "fault"}, "documents and events know nothing of who writes them"},
	"heal/command":   {nil, "the state machine does no I/O"},
	"heal/overrides": {nil, "files of overrides are read, compared and planned; they are sent by the healer"},
	"heal/fault":     {nil, "names of errors are everybody's"},
}

func TestInsideTheHealerDependenciesRunOneWay(t *testing.T) {
	seen := map[string]bool{}
	eachImport(t, func(file, room, path string) {
		inside, isHeal := strings.CutPrefix(path, module+"heal")
		if room != "heal" || strings.HasSuffix(file, "_test.go") {
			return
		}
		from := filepath.ToSlash(filepath.Dir(file))
		rule, known := insideHeal[from]
		if !known && !seen[from] {
			t.Errorf("%s: package %s is not in the list; say what it may import, and why", file, from)
		}
		seen[from] = true
		if isHeal && known && !slices.Contains(rule.may, strings.TrimPrefix(inside, "/")) {
			t.Errorf("%s imports %s: %s may import %v of the healer's packages, for %s", file, path, from, rule.may, rule.why)
		}
	})
	for from := range insideHeal {
		if !seen[from] {
			t.Errorf("there is no package %s any more", from)
		}
	}
}

// mostMethods is how many methods a type of the healer may have: one with more is
// several things.
const mostMethods = 25

func TestNoTypeOfTheHealerHasTooManyMethods(t *testing.T) {
	methods := map[string]int{}
	eachFile(t, func(file, room string, parsed *ast.File) {
		if room != "heal" || strings.HasSuffix(file, "_test.go") {
			return
		}
		for _, declaration := range parsed.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv != nil {
				methods[filepath.ToSlash(filepath.Dir(file))+"."+receiver(f.Recv.List[0].Type)]++
			}
		}
	})
	if len(methods) == 0 {
		t.Fatal("no method was counted")
	}
	for of, n := range methods {
		if n > mostMethods {
			t.Errorf("%s has %d methods, more than %d: give what it owns types of their own", of, n, mostMethods)
		}
	}
}

// receiver is the name of a method's type.
func receiver(of ast.Expr) string {
	switch e := of.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// TestACommandIsChangedInOneFile: fields of a command, its cells and its attempts are
// assigned in apply.go only, so that what was replayed is what was.
func TestACommandIsChangedInOneFile(t *testing.T) {
	assigned := 0
	eachFile(t, func(file, _ string, parsed *ast.File) {
		if filepath.ToSlash(filepath.Dir(file)) != "heal/command" || strings.HasSuffix(file, "_test.go") {
			return
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			assignment, ok := n.(*ast.AssignStmt)
			if !ok {
				return true
			}
			for _, left := range assignment.Lhs {
				field, ok := left.(*ast.SelectorExpr)
				if !ok || !stateField[field.Sel.Name] {
					continue
				}
				if assigned++; filepath.Base(file) != "apply.go" {
					t.Errorf("%s assigns %s: only apply.go changes a command", file, field.Sel.Name)
				}
			}
			return true
		})
	})
	if assigned == 0 {
		t.Fatal("no assignment was found")
	}
}

// stateField are the fields in which a command, its cells and attempts keep how far
// they are.
var stateField = map[string]bool{"Phase": true, "State": true, "Cells": true, "Attempts": true, "Stopped": true, "Restore": true,
	"Saved": true, "IsSaved": true, "Gone": true, "Class": true, "Reason": true, "Status": true, "NotBefore": true, "Newest": true}

// eachFile calls f for every Go file of the project, parsed as a whole.
func eachFile(t *testing.T, f func(file, room string, parsed *ast.File)) {
	t.Helper()
	walk(t, func(path, room string) error {
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err == nil {
			f(path, room, parsed)
		}
		return err
	})
}

// eachImport calls f for every import of every Go file of the project.
func eachImport(t *testing.T, f func(file, room, path string)) {
	t.Helper()
	walk(t, func(path, room string) error {
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
}

// walk calls f for every Go file of the project's packages, with its top-level one.
func walk(t *testing.T, f func(path, room string) error) {
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
		return f(path, room)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestTheArchitectureNamesFilesThatAreThere holds docs/architecture.md to the files it
// sends its reader to. A name without a folder is in the folder of the one before it.
func TestTheArchitectureNamesFilesThatAreThere(t *testing.T) {
	text, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	folder, named := ".", 0
	for line := range strings.Lines(string(text)) {
		for i, word := range strings.Split(line, "`") {
			if i%2 == 0 || !strings.HasSuffix(word, ".go") {
				continue
			}
			if strings.Contains(word, "/") {
				folder = filepath.Dir(word)
			}
			path := filepath.Join(folder, filepath.Base(word))
			if _, err := os.Stat(path); err != nil {
				if _, err := os.Stat(word); err != nil {
					t.Errorf("it names %s, which is not there", path)
				}
			}
			named++
		}
	}
	if named < 20 {
		t.Errorf("it names %d files", named)
	}
}
