package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = ".."

// leastMutations is how many faults the suite is held to at the least.
const leastMutations = 60

// TestEveryFaultCanStillBePlanted keeps the list in step with the source: a fault whose
// text has gone from it would prove nothing, without anything to see.
func TestEveryFaultCanStillBePlanted(t *testing.T) {
	if len(Mutations) < leastMutations {
		t.Errorf("%d faults, want at least %d", len(Mutations), leastMutations)
	}
	seen := map[string]bool{}
	for _, m := range Mutations {
		t.Run(m.Name, func(t *testing.T) {
			if seen[m.Name] {
				t.Error("there are two of that name")
			}
			seen[m.Name] = true
			file, text, err := m.plant(root)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parser.ParseFile(token.NewFileSet(), file, text, 0); err != nil {
				t.Errorf("with the fault, %s is no Go: %v", file, err)
			}
			if len(m.Tests) == 0 {
				t.Error("no tests must notice it")
			}
		})
	}
}

// TestTheTestsThatNoticeFaultsExist holds that every name of a test in the list is one.
func TestTheTestsThatNoticeFaultsExist(t *testing.T) {
	for _, m := range Mutations {
		for _, tests := range m.Tests {
			if tests.Run == "" {
				continue
			}
			if !matchesATest(t, tests) {
				t.Errorf("%s: no test of %s matches %q", m.Name, tests.Package, tests.Run)
			}
		}
	}
}

func matchesATest(t *testing.T, tests Tests) bool {
	run := regexp.MustCompile(tests.Run)
	files, err := filepath.Glob(filepath.Join(root, strings.TrimSuffix(tests.Package, "/..."), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(source), -1) {
			if run.MatchString(name[1]) {
				return true
			}
		}
	}
	return false
}
