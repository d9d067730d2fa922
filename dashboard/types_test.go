package dashboard

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestScriptHasNoTypeErrors runs the TypeScript compiler over the page's plain
// JavaScript, whose types stand in its comments. It emits nothing: go build
// needs no Node.
func TestScriptHasNoTypeErrors(t *testing.T) {
	compiler := ""
	for _, path := range []string{os.Getenv("TSC"), "../node_modules/.bin/tsc", "node_modules/.bin/tsc"} {
		if _, err := os.Stat(path); path != "" && err == nil {
			compiler = path
			break
		}
	}
	if compiler == "" {
		t.Skip("skipped: the TypeScript compiler is not there (npm install typescript, or TSC=PATH)")
	}
	path, err := filepath.Abs(compiler)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(path, "--project", ".", "--pretty", "false")
	command.Dir = "assets"
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestEveryScriptIsPartOfThePageAndTypeChecked(t *testing.T) {
	files, err := filepath.Glob("assets/*.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !slices.Contains(scripts, filepath.Base(file)) {
			t.Errorf("%s is in no page", file)
		}
		if text := readAsset(filepath.Base(file)); !strings.HasPrefix(text, "// @ts-check\n") {
			t.Errorf("%s is not type-checked", file)
		}
	}
}

// The policy and Trusted Types would refuse these in a browser; here it shows at
// once.
func TestScriptNeverMakesMarkupFromText(t *testing.T) {
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|createContextualFragment|setHTMLUnsafe`)
	for _, name := range scripts {
		if found := forbidden.FindString(readAsset(name)); found != "" {
			t.Errorf("%s uses %s", name, found)
		}
	}
}
