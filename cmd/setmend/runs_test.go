package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/setmend/setmend/heal/lease"
	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/report"
)

// runIn puts a run into a journal that was cut off, or ended with a result.
func runIn(t *testing.T, j store, id string, result report.Result) {
	t.Helper()
	if _, err := j.Put(t.Context(), "runs/"+id+"/run", []byte(`{"id":"`+id+`","stage":"Heal","result":"`+string(result)+`"}`), 0); err != nil {
		t.Fatal(err)
	}
}

// wantRefusal checks an error's text, what to do, and the exit code.
func wantRefusal(t *testing.T, err error, code int, text, hint string) {
	t.Helper()
	var refused *hintedError
	if !errors.As(err, &refused) || refused.code != code || !strings.Contains(refused.Error(), text) || !strings.Contains(refused.hint, hint) {
		t.Errorf("%+v, want %q with a hint %q and code %d", err, text, hint, code)
	}
}

// A run that was stopped for good is not resumed, and the refusal says what to do;
// lifting says what it lifts.
func TestAStopIsLiftedByNothingButALift(t *testing.T) {
	j := journal.NewMemory()
	runIn(t, j, "cut-off", "")
	runIn(t, j, "over", report.Stopped)
	var said bytes.Buffer
	a := &app{stderr: &said}
	if err := mayResume(t.Context(), j, "cut-off", time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := a.stopRun(t.Context(), j, "cut-off", "a drill\x1b[2J", false); err != nil {
		t.Fatal(err)
	}
	err := mayResume(t.Context(), j, "cut-off", time.Now())
	wantRefusal(t, err, exitBusy, "stopped for good: a drill", "`setmend runs stop cut-off --lift`")
	if strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%q", err)
	}
	if stop, err := lease.Stopped(t.Context(), j, "cut-off"); err != nil || stop == nil || stop.Run != "cut-off" {
		t.Errorf("asking to resume has lifted the stop: %+v, %v", stop, err)
	}
	if err := a.stopRun(t.Context(), j, "cut-off", "", true); err != nil || !strings.Contains(said.String(), "lifted; `setmend runs resume cut-off`") {
		t.Errorf("%v, %q", err, said.String())
	}
	if err := mayResume(t.Context(), j, "cut-off", time.Now()); err != nil {
		t.Error(err)
	}

	if err := a.stopRun(t.Context(), j, "all", "an audit", false); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, mayResume(t.Context(), j, "cut-off", time.Now()), exitBusy, "all heals are stopped: an audit", "`setmend runs stop all --lift`")
	if err := a.stopRun(t.Context(), j, "cut-off", "", true); err != nil || !strings.Contains(said.String(), "no stop of cut-off to lift") {
		t.Errorf("%v, %q", err, said.String())
	}
	wantRefusal(t, mayResume(t.Context(), j, "cut-off", time.Now()), exitBusy, "all heals are stopped", "--lift")

	wantRefusal(t, mayResume(t.Context(), j, "over", time.Now()), exitBusy, "it is over, and ended as stopped", "`setmend heal` begins anew")
	wantRefusal(t, a.stopRun(t.Context(), j, "over", "late", false), exitNotFound, "over already", "runs stop all")
	lease := `{"run":"over","expires":"` + time.Now().Add(time.Hour).Format(time.RFC3339) + `"}`
	if _, err := j.Put(t.Context(), "lease", []byte(lease), 0); err != nil {
		t.Fatal(err)
	}
	if err := a.stopRun(t.Context(), j, "all", "", true); err != nil {
		t.Fatal(err)
	}
	if err := mayResume(t.Context(), j, "over", time.Now()); err != nil {
		t.Errorf("a run that was killed before it gave its lease back: %v", err)
	}
	wantRefusal(t, mayResume(t.Context(), j, "none", time.Now()), exitNotFound, "none", "setmend runs")
	wantRefusal(t, a.stopRun(t.Context(), j, "none", "", true), exitNotFound, "none", "setmend runs")
}
