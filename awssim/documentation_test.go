package awssim

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// documentation is the text of docs/embedded-aws.md.
func documentation(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/embedded-aws.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// declaredTests are the tests of the embedded AWS, here, in clients and in cmd.
func declaredTests(t *testing.T) map[string]bool {
	t.Helper()
	declared := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	for _, root := range []string{".", "../clients", "../cmd/setmend"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Name() == "testdata" {
				return fs.SkipDir
			}
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			for _, found := range function.FindAllSubmatch(source, -1) {
				declared[string(found[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return declared
}

func TestTheDocumentationNamesTestsThatExist(t *testing.T) {
	declared := declaredTests(t)
	for _, name := range regexp.MustCompile("`((?:Test|Fuzz|Benchmark)\\w+)`").FindAllStringSubmatch(documentation(t), -1) {
		if !declared[name[1]] {
			t.Errorf("the documentation names %s, which does not exist", name[1])
		}
	}
}

func TestTheDocumentationNamesEveryActionAndOption(t *testing.T) {
	a, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	text := documentation(t)
	for _, name := range a.names() {
		for action := range a.services[name].Actions {
			if !strings.Contains(text, action) {
				t.Errorf("the documentation lacks the action %s of %s", action, name)
			}
		}
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[StackSetOptions]()) {
		if !strings.Contains(text, field.Name) {
			t.Errorf("the documentation lacks the option %s", field.Name)
		}
	}
}
