package asl

import (
	"bytes"
	"errors"
	"testing"
)

func TestListTellsHowEveryExecutionStands(t *testing.T) {
	e := NewEngine(Config{})
	for name, definition := range map[string]string{
		"a": `{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}`,
		"b": `{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"No","Cause":"because"}}}`,
	} {
		m, err := Parse([]byte(definition))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Run(t.Context(), name, m, nil); err != nil {
			t.Fatal(err)
		}
		kept, err := e.Machine(t.Context(), name)
		if err != nil || !bytes.Equal(kept.Definition(), []byte(definition)) {
			t.Errorf("the definition of %s is %v, %v", name, kept, err)
		}
	}
	list, err := e.List(t.Context())
	if err != nil || len(list) != 2 {
		t.Fatalf("list %v, %v", list, err)
	}
	if a := list[0]; a.Name != "a" || a.Status != StatusSucceeded || a.State != "P" || a.Ended.Before(a.Started) {
		t.Errorf("a is %+v", a)
	}
	if b := list[1]; b.Name != "b" || b.Status != StatusFailed || b.Error != "No" {
		t.Errorf("b is %+v", b)
	}
	if _, err := e.Machine(t.Context(), "c"); !errors.Is(err, ErrNotFound) {
		t.Errorf("error %v", err)
	}
}
