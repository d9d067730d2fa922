// Mutants proves that the tests see what they are for. It plants one fault at a time
// (see [Mutations]: a guard that never stops, a fence that is not asked, a copy that is
// not read back), runs the tests that must notice it, and lists the faults that
// survive.
//
//	go run ./mutants                 all of them
//	go run ./mutants -only 'lease'   those whose name matches
//
// The source tree stays as it is: the faults are handed to the compiler as an overlay.
// The exit code is 1 if a fault survives, 2 if one cannot be planted any more.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

func main() {
	only := flag.String("only", "", "plant only the faults whose name matches this regular expression")
	verbose := flag.Bool("v", false, "print what the tests say of each fault")
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants: -only:", err)
		os.Exit(2)
	}
	os.Exit(run(".", pattern, *verbose))
}

// run plants the faults whose names match, in the module at root, and returns the
// exit code.
func run(root string, only *regexp.Regexp, verbose bool) int {
	survived, broken, tried := 0, 0, 0
	for _, m := range Mutations {
		if !only.MatchString(m.Name) {
			continue
		}
		tried++
		began := time.Now()
		verdict, output, err := m.try(root)
		if err != nil {
			verdict, output, broken = "BROKEN", err.Error(), broken+1
		} else if verdict == Survived {
			survived++
		}
		fmt.Printf("%-8s %5.1f s  %s\n", verdict, time.Since(began).Seconds(), m.Name)
		if verbose || err != nil {
			fmt.Println(indent(output))
		}
	}
	fmt.Printf("%d faults, %d survived, %d could not be planted\n", tried, survived, broken)
	switch {
	case broken > 0:
		return 2
	case survived > 0:
		return 1
	}
	return 0
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ")
}

// Verdict says what the tests made of a fault.
type Verdict string

// The verdicts.
const (
	Killed   Verdict = "killed"
	Survived Verdict = "SURVIVED"
)

// try plants the fault and runs its tests, with their output. It fails if the fault
// cannot be planted: its text is not there exactly once, or does not compile.
func (m Mutation) try(root string) (Verdict, string, error) {
	file, text, err := m.plant(root)
	if err != nil {
		return "", "", err
	}
	scratch, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return "", "", err
	}
	defer os.RemoveAll(scratch)
	overlay, err := writeOverlay(scratch, file, text)
	if err != nil {
		return "", "", err
	}
	if out, err := goCommand(root, "build", "-overlay", overlay, "./"+filepath.Dir(m.relative(root, file))).CombinedOutput(); err != nil {
		return "", "", fmt.Errorf("planting %q: it does not compile: %s", m.Name, out)
	}
	var all strings.Builder
	for _, t := range m.Tests {
		arguments := []string{"test", "-overlay", overlay, "-count=1", "-failfast", "-timeout=15m"}
		if t.Run != "" {
			arguments = append(arguments, "-run", t.Run)
		}
		if t.Skip != "" {
			arguments = append(arguments, "-skip", t.Skip)
		}
		out, err := goCommand(root, append(arguments, t.Package)...).CombinedOutput()
		all.Write(out)
		if err != nil {
			return Killed, all.String(), nil
		}
	}
	return Survived, all.String(), nil
}

func goCommand(root string, arguments ...string) *exec.Cmd {
	c := exec.Command("go", arguments...)
	c.Dir = root
	return c
}

func (m Mutation) relative(root, file string) string {
	if rel, err := filepath.Rel(root, file); err == nil {
		return filepath.ToSlash(rel)
	}
	return file
}

// plant returns the file that the fault belongs into and its text with the fault.
func (m Mutation) plant(root string) (file, text string, err error) {
	found := 0
	err = filepath.WalkDir(filepath.Join(root, m.In), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if n := strings.Count(string(source), m.Old); n > 0 {
			found += n
			file, text = path, strings.Replace(string(source), m.Old, m.New, 1)
		}
		return nil
	})
	if err == nil && found != 1 {
		err = fmt.Errorf("planting %q: its text is %d times in %s; it must be there once:\n%s", m.Name, found, m.In, m.Old)
	}
	return file, text, err
}

// writeOverlay writes what `go build -overlay` takes to see the text in the file's place.
func writeOverlay(scratch, file, text string) (string, error) {
	absolute, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	changed := filepath.Join(scratch, "changed.go")
	if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
		return "", err
	}
	list, err := json.Marshal(map[string]any{"Replace": map[string]string{absolute: changed}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(scratch, "overlay.json")
	return path, os.WriteFile(path, list, 0o600)
}
