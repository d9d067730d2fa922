package dashboard

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/setmend/setmend/report"
)

// TestScreenshots writes the README's pictures to the folder that
// SETMEND_SCREENSHOTS names. What they show is the demonstration: its results, and
// the page that `setmend dashboard` made of its journal, are in the folder that
// SETMEND_DEMO names. `make screenshots` does all of it.
func TestScreenshots(t *testing.T) {
	folder, demo := os.Getenv("SETMEND_SCREENSHOTS"), os.Getenv("SETMEND_DEMO")
	if folder == "" || demo == "" {
		t.Skip("skipped: SETMEND_SCREENSHOTS and SETMEND_DEMO name no folders for pictures and for what is in them (make screenshots)")
	}
	report := demonstrated(t, filepath.Join(demo, "report.json"))
	address := "file://" + filepath.Join(demo, "page.html")
	for name, how := range map[string]look{
		"dashboard-light": {scheme: "light"},
		"dashboard-dark":  {scheme: "dark", hash: "#view=fleet&when=before"},
		"dashboard-story": {scheme: "light", hash: "#view=fleet&when=before&cell=" + url.QueryEscape(longestStory(report))},
	} {
		how.width, how.height, how.now = 1440, 960, report.Run.Ended.Add(4*time.Minute)
		shoot(t, openAddress(t, address, how), filepath.Join(folder, name+".png"))
	}
}

func demonstrated(t *testing.T, file string) *report.Report {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var report report.Report
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	return &report
}

// longestStory is the cell with drift for which most was tried, the first of them.
func longestStory(r *report.Report) string {
	best := r.Cells[0]
	for _, cell := range r.Cells {
		if len(cell.Drift) > 0 && len(cell.Steps) > len(best.Steps) {
			best = cell
		}
	}
	return best.Cell.String()
}

// shoot takes the picture of a page that has come to rest.
func shoot(t *testing.T, p *page, file string) {
	t.Helper()
	p.until(`document.fonts.status === "loaded"`)
	evaluate[bool](p, `new Promise((done) => setTimeout(() => requestAnimationFrame(() => done(true)), 250))`)
	picture, err := chromedp.Run(p.tab, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, small(t, picture), 0o644); err != nil {
		t.Fatal(err)
	}
}
