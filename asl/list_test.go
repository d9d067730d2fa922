package asl_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/asl"
)

func TestExecutionsAreListedAndDescribed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := asl.NewEngine(asl.Config{})
		m := parse(t, wait1h)
		start := time.Now().UTC()
		if _, err := engine.Run(t.Context(), "b", m, json.RawMessage(`{"n": 1}`)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := engine.Run(ctx, "a", m, nil); err == nil {
			t.Fatal("it was not interrupted")
		}
		names, err := engine.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"a", "b"}, names); diff != "" {
			t.Error(diff)
		}
		over := succeeded(`{"n": 1}`)
		var compact bytes.Buffer
		if err := json.Compact(&compact, m.Definition()); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]asl.Description{
			"b": {Name: "b", Status: asl.StatusSucceeded, Started: start, Stopped: start.Add(time.Hour), Input: json.RawMessage(`{"n": 1}`), Outcome: &over, Hash: m.Hash()},
			"a": {Name: "a", Status: asl.StatusRunning, State: "S", Started: start.Add(time.Hour), Input: json.RawMessage(`{}`), Hash: m.Hash()},
		} {
			got, err := engine.Describe(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			definition, err := engine.Definition(t.Context(), got.Hash)
			if err != nil || !bytes.Equal(definition, compact.Bytes()) {
				t.Errorf("%s was started with %s, %v", name, definition, err)
			}
		}
		if _, err := engine.Describe(t.Context(), "c"); !errors.Is(err, asl.ErrNotFound) {
			t.Errorf("describing what is not there: %v", err)
		}
	})
}
