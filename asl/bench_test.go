package asl_test

import (
	"encoding/json"
	"testing"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/asl/aslbench"
)

// BenchmarkMemory runs every row in memory and reports transitions (states
// entered) a second. The rows with a journal that syncs stand beside it.
func BenchmarkMemory(b *testing.B) {
	for _, row := range aslbench.Rows() {
		b.Run(row.Name, func(b *testing.B) {
			m, err := asl.Parse([]byte(row.Definition))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := row.Run(b.Context(), m, asl.NewMemoryStore()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(row.Transitions)*float64(b.N)/b.Elapsed().Seconds(), "transitions/s")
		})
	}
}

// BenchmarkJSONata reports plain paths that are evaluated a second.
func BenchmarkJSONata(b *testing.B) {
	row, evaluations := aslbench.JSONata()
	m, err := asl.Parse([]byte(row.Definition))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := row.Run(b.Context(), m, asl.NewMemoryStore()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(evaluations)*float64(b.N)/b.Elapsed().Seconds(), "evaluations/s")
}

func TestAPassThatHandsItsInputOnAllocatesNextToNothing(t *testing.T) {
	row := aslbench.Rows()[0]
	m := parse(t, row.Definition)
	allocations := testing.AllocsPerRun(10, func() {
		if err := row.Run(t.Context(), m, asl.NewMemoryStore()); err != nil {
			t.Fatal(err)
		}
	})
	if perTransition := allocations / float64(row.Transitions); perTransition > 0.5 {
		t.Errorf("%.2f allocations a transition", perTransition)
	}
}

// numbers is the array of the first n numbers.
func numbers(n int) string {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	text, _ := json.Marshal(list)
	return string(text)
}
