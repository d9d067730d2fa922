package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"text/tabwriter"
)

// row is one line of the table. Ratio is value / reference, so for rows that
// measure cost, smaller is better; Reference is what the row is held against.
type row struct {
	Name      string  `json:"name"`
	Value     float64 `json:"value"`
	Unit      string  `json:"unit"`
	Reference float64 `json:"reference"`
	Ratio     float64 `json:"ratio"`
}

func newRow(name string, value float64, unit string, reference float64) row {
	r := row{Name: name, Value: value, Unit: unit, Reference: reference}
	if reference != 0 {
		r.Ratio = value / reference
	}
	return r
}

// sections are the parts of the table, in order.
var sections = []struct {
	name string
	rows func(t *testing.T) []row
}{
	{"heal", healRows},
	{"asl", aslRows},
	{"sim", simRows},
}

// TestTable measures everything, prints the table and writes latest.json. It
// takes minutes, so it runs for `make bench` only.
func TestTable(t *testing.T) {
	if os.Getenv("SETMEND_BENCH") == "" {
		t.Skip("the benchmark table is made by `make bench`")
	}
	var all []row
	for _, section := range sections {
		t.Run(section.name, func(t *testing.T) { all = append(all, section.rows(t)...) })
	}
	if t.Failed() {
		return
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "NAME\tVALUE\tUNIT\tREFERENCE\tRATIO\t")
	for _, r := range all {
		fmt.Fprintf(w, "%s\t%.6g\t%s\t%.6g\t%.4g\t\n", r.Name, r.Value, r.Unit, r.Reference, r.Ratio)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("latest.json", append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
