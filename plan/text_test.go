package plan

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata/text")

// TestText plans the fleet that each file of testdata/text describes, and
// compares the printed plan. A file holds the policy, the fleet in the form that
// [readFleet] explains, and the text wanted.
func TestText(t *testing.T) {
	files, err := filepath.Glob("testdata/text/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts := map[string]string{}
			for _, part := range archive.Files {
				parts[part.Name] = string(part.Data)
			}
			_, p := decide(readFleet(t, parts["fleet"]), policyText(t, parts["setmend.yaml"]), Memory{})
			var got strings.Builder
			if err := p.Text(&got, TextOptions{}); err != nil {
				t.Fatal(err)
			}
			if *update {
				rewrite(t, file, archive, got.String())
				return
			}
			if diff := cmp.Diff(parts["want"], got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatAWSSaysCannotSteerTheTerminal(t *testing.T) {
	f := newFleet(1)
	deployed(addSet(f, "logs"), at(1, frankfurt), failedFor("\x1b[2J\u202eFailed\a"))
	_, p := decide(f, policy.Default(), Memory{})
	var got strings.Builder
	if err := p.Text(&got, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(got.String(), "\x1b\u202e\a") || !strings.Contains(got.String(), "Failed") {
		t.Errorf("printed %q", got.String())
	}
}

func TestTextSaysFromWhenOnAHealIsTriedAgain(t *testing.T) {
	f := newFleet(1)
	deployed(addSet(f, "logs", "selfhealing=true"), at(1, frankfurt), drifted)
	_, p := decide(f, policy.Default(), remembered("logs", at(1, frankfurt), CellMemory{Heals: []Heal{heal(0, RemedyRedeploy, Drifted, "")}}))
	var got strings.Builder
	if err := p.Text(&got, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if want := "Next comes redeploy, from 2026-11-20 12:05 UTC on."; !strings.Contains(got.String(), want) {
		t.Errorf("printed %q, want %q in it", got.String(), want)
	}
}

func TestTextReportsThatItCannotBeWritten(t *testing.T) {
	if err := (&Plan{}).Text(broken{}, TextOptions{}); err == nil {
		t.Error("no error")
	}
}

// broken takes no text.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, os.ErrClosed }

func rewrite(t *testing.T, file string, archive *txtar.Archive, want string) {
	archive.Files[len(archive.Files)-1] = txtar.File{Name: "want", Data: []byte(want)}
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

// readFleet reads a fleet in lines:
//
//	accounts N                        N active members
//	NUMBER suspended|closed|left      an account's state
//	set NAME [TAG=VALUE…] [service] [exports] [imports] [busy]
//	  NUMBER-NUMBER REGION STATE      instances of the set above
//
// STATE is healthy, drifted, cancelled, or failed or inoperable and AWS's reason.
func readFleet(t *testing.T, text string) *fleet.Fleet {
	var f *fleet.Fleet
	var set *fleet.Inventory
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case words[0] == "accounts":
			f = newFleet(number(t, words[1]))
		case words[0] == "set":
			set = readSet(f, words[1:])
		case strings.HasPrefix(line, " "):
			readInstances(t, set, words)
		default:
			readState(t, f, words)
		}
	}
	return f
}

func number(t *testing.T, s string) int {
	n := 0
	for _, digit := range s {
		if digit < '0' || digit > '9' {
			t.Fatalf("%q is no number", s)
		}
		n = n*10 + int(digit-'0')
	}
	return n
}

func readSet(f *fleet.Fleet, words []string) *fleet.Inventory {
	set := addSet(f, fleet.StackSetName(words[0]))
	for _, word := range words[1:] {
		switch key, value, _ := strings.Cut(word, "="); key {
		case "service":
			serve(set)
		case "exports":
			set.StackSet.Exports = true
		case "imports":
			set.StackSet.Imports = true
		case "busy":
			set.Running = []fleet.Operation{{ID: "op-1", Kind: fleet.OperationUpdate, Status: fleet.OperationRunning}}
		default:
			set.StackSet.Tags[key] = value
		}
	}
	return set
}

func readInstances(t *testing.T, set *fleet.Inventory, words []string) {
	from, to, _ := strings.Cut(words[0], "-")
	if to == "" {
		to = from
	}
	reason := strings.Join(words[3:], " ")
	states := map[string]func(*fleet.Instance){
		"healthy": func(*fleet.Instance) {}, "drifted": drifted, "cancelled": outdated(fleet.DetailedCancelled),
		"failed": failedFor(reason), "inoperable": inoperable(reason),
	}
	for n := number(t, from); n <= number(t, to); n++ {
		deployed(set, at(n, fleet.Region(words[1])), states[words[2]])
	}
}

func readState(t *testing.T, f *fleet.Fleet, words []string) {
	id := member(number(t, words[0]))
	switch words[1] {
	case "left":
		leave(f, id)
	case "suspended":
		setState(f, id, fleet.AccountSuspended)
	case "closed":
		setState(f, id, fleet.AccountClosed)
	default:
		t.Fatalf("%q is no state", words[1])
	}
}
