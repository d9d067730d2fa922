package dashboard

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/setmend/setmend/dashboard/internal/bundle"
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
	command.Dir = "web"
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// sources are the page's modules.
func sources(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("web/*.js")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d modules in web, error %v", len(files), err)
	}
	texts := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(file)] = string(text)
	}
	return texts
}

func TestCommittedPageIsMadeOfItsSources(t *testing.T) {
	for name, entry := range bundle.Files {
		made, err := bundle.Make("web", entry)
		if err != nil {
			t.Fatal(err)
		}
		if committed := readAsset(name); string(made) != committed {
			t.Errorf("assets/%s (%d bytes) is not what web/%s makes (%d bytes): run make generate-page", name, len(committed), entry, len(made))
		}
	}
}

func TestBrokenModuleIsNotBundled(t *testing.T) {
	for name, text := range map[string]string{"syntax": "export const = 1;", "a module that is not there": `import "./nowhere.js";`, "a name that is not there": "import { nothing } from \"./other.js\"; nothing();"} {
		folder := t.TempDir()
		for file, text := range map[string]string{"main.js": text, "other.js": "export const something = 1;"} {
			if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := bundle.Make(folder, "main.js"); err == nil || !strings.Contains(err.Error(), "main.js") {
			t.Errorf("%s: error %v, want one that names the place", name, err)
		}
	}
}

// The bundler is a tool of the build: what ships has neither it nor a need of it.
func TestNothingThatShipsContainsTheBundler(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "../cmd/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "setmend/dashboard\n") {
		t.Fatal("the commands do not seem to contain the dashboard")
	}
	if strings.Contains(string(out), "esbuild") || strings.Contains(string(out), "dashboard/internal/bundle") {
		t.Error("esbuild is linked into a command")
	}
}

var importing = regexp.MustCompile(`(?m)^import (?:[^;]* from )?"\./([\w-]+\.js)";`)

// Every module is reached from main.js, says what it uses of others, and none needs one
// that needs it: there is no order to be kept by hand.
func TestModulesImportWithoutCycles(t *testing.T) {
	texts, imports := sources(t), map[string][]string{}
	for name, text := range texts {
		if !strings.HasPrefix(text, "// @ts-check\n") {
			t.Errorf("%s is not type-checked", name)
		}
		for _, match := range importing.FindAllStringSubmatch(text, -1) {
			imports[name] = append(imports[name], match[1])
		}
	}
	seen, path := map[string]bool{}, []string{}
	var visit func(name string)
	visit = func(name string) {
		if i := slices.Index(path, name); i >= 0 {
			t.Errorf("modules import in a circle: %s", strings.Join(append(path[i:], name), " → "))
			return
		}
		if seen[name] {
			return
		}
		seen[name] = true
		path = append(path, name)
		for _, other := range imports[name] {
			visit(other)
		}
		path = path[:len(path)-1]
	}
	visit("main.js")
	for name := range texts {
		if !seen[name] {
			t.Errorf("%s is part of no page", name)
		}
	}
}

// Sizes that mean the same everywhere have a name: a radius, a distance or a place
// above others is said once, in tokens.css.
func TestSpacingRadiiAndOrderAreTokens(t *testing.T) {
	files, err := filepath.Glob("web/*.css")
	if err != nil {
		t.Fatal(err)
	}
	bare := regexp.MustCompile(`(?m)^\s*(z-index|border-radius|gap|(?:row|column)-gap|padding(?:-\w+)?|margin(?:-\w+)?): ([^;]*\d[^;]*);`)
	length := regexp.MustCompile(`(?:^|[\s(-])(\d*\.?\d+)(px|rem|em)\b`)
	for _, file := range files {
		if filepath.Base(file) == "tokens.css" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range bare.FindAllStringSubmatch(string(text), -1) {
			if match[1] == "z-index" && !strings.Contains(match[2], "var(") || length.MatchString(match[2]) {
				t.Errorf("%s: %s: %s is no token", file, match[1], match[2])
			}
		}
	}
}

// The policy and Trusted Types would refuse these in a browser; here it shows at
// once.
func TestScriptNeverMakesMarkupFromText(t *testing.T) {
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|createContextualFragment|setHTMLUnsafe`)
	for name, text := range sources(t) {
		if found := forbidden.FindString(text); found != "" {
			t.Errorf("%s uses %s", name, found)
		}
	}
}
