package notify

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what is rendered into testdata")

// TestMessagesReadAsInTestdata has in each file of testdata two runs, before and
// now, and what each service shows of the change between them.
func TestMessagesReadAsInTestdata(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata (%v)", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			m := Changes(runIn(t, archive, "before.json"), runIn(t, archive, "now.json"))
			rendered := slices.Clone(archive.Files[:2])
			for _, s := range []struct {
				name     string
				notifier Notifier
			}{
				{"teams", &teams{texts: mustTexts(t, "chat", cardText)}},
				{"slack", &slack{texts: mustTexts(t, "chat", mrkdwn)}},
				{"sns", &sns{texts: mustTexts(t, "chat", plain)}},
				{"confluence", &confluence{texts: mustTexts(t, "page", storage)}},
				{"pagerduty", &pagerDuty{}},
				{"webhook", &webhook{}},
			} {
				rendered = append(rendered, txtar.File{Name: s.name, Data: readable(t, s.notifier, m)})
			}
			got := txtar.Format(&txtar.Archive{Comment: archive.Comment, Files: rendered})
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(archive)), string(got)); diff != "" {
				t.Errorf("(-want +got; -update writes it)\n%s", diff)
			}
		})
	}
}

func runIn(t *testing.T, archive *txtar.Archive, name string) (r Run) {
	t.Helper()
	for _, f := range archive.Files {
		if f.Name != name {
			continue
		}
		if err := json.Unmarshal(f.Data, &r); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return r
	}
	t.Fatalf("%s is missing", name)
	return r
}

func readable(t *testing.T, n Notifier, m Message) []byte {
	t.Helper()
	parts, err := Preview(n, m)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, part := range parts {
		if part.Type != "application/json" {
			b.Write(part.Content)
		} else if err := json.Indent(&b, part.Content, "", "\t"); err != nil {
			t.Fatal(err)
		}
		b.WriteString("\n")
	}
	return b.Bytes()
}
