package bench

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/asl/aslbench"
	"github.com/setmend/setmend/journal/sqlite"
)

// A row is run at least so often and for so long, since short ones are at the
// mercy of whatever else the machine does; the best round counts. It is the same
// in clients/asl-bench.mjs.
const (
	aslRounds  = 3
	aslSeconds = 1
)

// aslRows measures the interpreter in memory, and in a journal that syncs, beside
// the npm package aws-local-stepfunctions, which keeps no journal. Value and
// reference are transitions (states entered) a second, so a ratio above 1 is
// better.
func aslRows(t *testing.T) []row {
	reference := npmSeconds(t)
	var rows []row
	for _, store := range []struct {
		name string
		open func(t *testing.T) (asl.Store, func())
	}{{"in memory", inMemory}, {"journaled", journaled}} {
		for _, r := range aslbench.Rows() {
			perSecond := float64(r.Transitions) / bestOf(t, r, store.open).Seconds()
			beside := 0.0
			if seconds := reference[r.Name]; seconds > 0 {
				beside = float64(r.Transitions) / seconds
			}
			rows = append(rows, newRow("asl, "+store.name+": "+r.Name, perSecond, "transitions/s", beside))
		}
	}
	return rows
}

func inMemory(*testing.T) (asl.Store, func()) { return asl.NewMemoryStore(), func() {} }

// journaled is a new journal on the disk that the repository is on: temporary
// folders are often in memory, where a sync costs nothing.
func journaled(t *testing.T) (asl.Store, func()) {
	folder, err := os.MkdirTemp(".", "journal-*.tmp")
	must(t, err)
	j, err := sqlite.Open(filepath.Join(folder, "j.db"))
	must(t, err)
	return j, func() {
		must(t, j.Close())
		must(t, os.RemoveAll(folder))
	}
}

func bestOf(t *testing.T, r aslbench.Row, open func(*testing.T) (asl.Store, func())) time.Duration {
	machine, err := asl.Parse([]byte(r.Definition))
	must(t, err)
	best := time.Duration(1 << 62)
	total := time.Duration(0)
	for round := 0; round < aslRounds || total < aslSeconds*time.Second; round++ {
		store, done := open(t)
		began := time.Now()
		must(t, r.Run(t.Context(), machine, store))
		elapsed := time.Since(began)
		done()
		best, total = min(best, elapsed), total+elapsed
	}
	return best
}

// npmSeconds is how long the npm package takes for each row. Where it is not
// installed the rows have no reference.
func npmSeconds(t *testing.T) map[string]float64 {
	type program struct {
		Name       string `json:"name"`
		Definition string `json:"definition"`
		Input      string `json:"input"`
		Executions int    `json:"executions"`
	}
	var programs []program
	for _, r := range aslbench.Rows() {
		programs = append(programs, program{r.Name, r.Definition, r.Input, r.Executions})
	}
	if _, err := os.Stat("../clients/node_modules/aws-local-stepfunctions"); err != nil {
		t.Log("no reference: aws-local-stepfunctions is not installed (cd clients && npm ci)")
		return nil
	}
	input, err := json.Marshal(programs)
	must(t, err)
	cmd := exec.Command("node", "../clients/asl-bench.mjs")
	cmd.Stdin = bytes.NewReader(input)
	output, err := cmd.Output()
	if err != nil {
		t.Logf("no reference: running node: %v", err)
		return nil
	}
	var seconds map[string]float64
	must(t, json.Unmarshal(output, &seconds))
	return seconds
}
