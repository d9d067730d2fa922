package dashboard

import (
	"math"
	"testing"

	"github.com/setmend/setmend/report"
)

// storyCell is a cell with drift to show and steps to tell.
func storyCell(r *report.Report) report.Cell {
	for _, cell := range r.Cells {
		if len(cell.Drift) > 0 && len(cell.Steps) > 0 {
			return cell
		}
	}
	return report.Cell{}
}

// benchmarkOpen measures how long after navigation began the page was usable,
// by the page's own marks, and how long the fleet's matrix takes to draw: the
// best of all openings, because what else the machine does only ever adds. The
// first opening warms the browser up and is not counted.
func benchmarkOpen(b *testing.B, cells int) {
	report := reportOf(cells)
	options := Options{Decisions: decisionsOf(report), ConsoleLinks: true}
	usable, matrix := math.Inf(1), math.Inf(1)
	openPage(b, report, options, look{})
	for b.Loop() {
		p := openPage(b, report, options, look{})
		usable = min(usable, evaluate[float64](p, `performance.getEntriesByName("setmend:usable")[0].startTime`))
		matrix = min(matrix, evaluate[float64](p, `(() => { const from = performance.now(); document.querySelector('nav a[data-view="fleet"]').click(); return performance.now() - from })()`))
	}
	b.ReportMetric(usable, "ms-to-usable")
	b.ReportMetric(matrix, "ms-to-matrix")
	b.ReportMetric(0, "ns/op")
}
