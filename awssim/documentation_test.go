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

// documentation is the text of docs/embedded-aws*.md.
func documentation(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("../docs/embedded-aws*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("finding the documentation: %d files, %v", len(files), err)
	}
	var text strings.Builder
	for _, name := range files {
		part, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(part)
	}
	return text.String()
}

func TestTheDocumentationNamesTestsThatExist(t *testing.T) {
	declared := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
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
	for _, name := range regexp.MustCompile("`((?:Test|Fuzz|Benchmark)\\w+)`").FindAllStringSubmatch(documentation(t), -1) {
		if !declared[name[1]] {
			t.Errorf("the documentation names %s, which does not exist", name[1])
		}
	}
}

func TestTheDocumentationNamesEveryStackSetActionAndOption(t *testing.T) {
	a, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	text := documentation(t)
	for action := range a.stackSets.Actions() {
		if !strings.Contains(text, action) {
			t.Errorf("the documentation lacks the action %s", action)
		}
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[StackSetOptions]()) {
		if !strings.Contains(text, field.Name) {
			t.Errorf("the documentation lacks the option %s", field.Name)
		}
	}
}
