package dashboard

import (
	"testing"

	"github.com/setmend/setmend/heal"
)

// storyCell is a cell with drift to show and steps to tell.
func storyCell(report *heal.Report) heal.CellReport {
	for _, cell := range report.Cells {
		if len(cell.Drift) > 0 && len(cell.Steps) > 0 {
			return cell
		}
	}
	return heal.CellReport{}
}

// benchmarkOpen measures how long after navigation began the page was usable,
// by the page's own marks, and how long the fleet's matrix takes to draw. The
// first opening warms the browser up and is not counted.
func benchmarkOpen(b *testing.B, cells int) {
	report := reportOf(cells)
	options := Options{Decisions: decisionsOf(report), ConsoleLinks: true}
	usable, matrix := 0.0, 0.0
	openPage(b, report, options, look{})
	for b.Loop() {
		p := openPage(b, report, options, look{})
		usable += evaluate[float64](p, `performance.getEntriesByName("setmend:usable")[0].startTime`)
		matrix += evaluate[float64](p, `(() => { const from = performance.now(); document.querySelector('nav a[data-view="fleet"]').click(); return performance.now() - from })()`)
	}
	b.ReportMetric(usable/float64(b.N), "ms-to-usable")
	b.ReportMetric(matrix/float64(b.N), "ms-to-matrix")
	b.ReportMetric(0, "ns/op")
}
