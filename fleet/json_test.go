package fleet

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

// Each pass may run in another process, which reads the inventory that the one
// before it stored.
func TestAStoredInventoryLosesNoField(t *testing.T) {
	at := time.Date(2031, 4, 5, 6, 7, 8, 0, time.UTC)
	target := Target{Account: "111122223333", Region: "eu-west-1"}
	want := Inventory{
		StackSet:   StackSet{Name: "net"},
		Instances:  map[Target]Instance{target: {Target: target, Status: InstanceOutdated, LastOperation: "detection"}},
		Running:    []Operation{{ID: "running"}},
		Recent:     []Operation{{ID: "recent"}},
		Detections: map[string]bool{"detection": true},
		ReadAt:     at,
	}
	fields := reflect.ValueOf(want)
	for i := range fields.NumField() {
		if fields.Field(i).IsZero() {
			t.Errorf("%s is not filled in here", fields.Type().Field(i).Name)
		}
	}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Inventory
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
