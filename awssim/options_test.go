package awssim

import (
	"strings"
	"testing"
	"time"
)

func TestOptionsAreSetByName(t *testing.T) {
	var o Options
	for _, assignment := range []string{
		"StackSets.MaxBusyPerSet=100", "StackSets.StrictQueue=true", "StackSets.Dispatch=1s-3s", "StackSets.Check=2s", "StackSets.ExtraRegions=us-east-9,us-east-10",
		"StackSets.KeepOperations=24h", "StackSets.CycleCode=X", "Partition=aws-us-gov", "Seed=7", "Organizations.EmptyPages=3",
	} {
		if err := o.Set(assignment); err != nil {
			t.Error(err)
		}
	}
	s := o.StackSets
	if s.MaxBusyPerSet != 100 || !s.StrictQueue || s.Dispatch != (Span{Low: time.Second, High: 3 * time.Second}) || s.Check.High != 2*time.Second ||
		len(s.ExtraRegions) != 2 || s.KeepOperations != 24*time.Hour || s.CycleCode != "X" || o.Partition != "aws-us-gov" || o.Seed != 7 || o.Organizations.EmptyPages != 3 {
		t.Errorf("set to %+v", o)
	}
	for assignment, want := range map[string]string{
		"StackSets.Nothing=1":         "StackSets.MaxBusyPerSet",
		"StackSets.MaxBusyPerSet=all": "invalid syntax",
		"StackSets.Dispatch=soon":     "invalid duration",
		"Seed":                        "NAME=VALUE",
	} {
		if err := o.Set(assignment); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %s", assignment, err, want)
		}
	}
}
