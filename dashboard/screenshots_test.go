package dashboard

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/chromedp/chromedp"
)

// normaliseForTests makes reasons that differ in ids and names alike.
func normaliseForTests(reason string) string {
	for pattern, name := range map[string]string{`[0-9]{12}`: "ACCOUNT", `(eu|us)-[a-z]+-[0-9]`: "REGION", `stack/StackSet-[a-z-]+`: "stack/STACK"} {
		reason = regexp.MustCompile(pattern).ReplaceAllString(reason, name)
	}
	return reason
}

// TestScreenshots writes the README's pictures to the folder that
// SETMEND_SCREENSHOTS names; `make screenshots` sets it.
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("SETMEND_SCREENSHOTS")
	if folder == "" {
		t.Skip("skipped: SETMEND_SCREENSHOTS names no folder to write pictures to (make screenshots)")
	}
	report := reportOf(16_000)
	options := Options{ConsoleLinks: true, Normalise: normaliseForTests, Decisions: decisionsOf(report)}
	for name, how := range map[string]look{
		"dashboard-light": {scheme: "light"},
		"dashboard-dark":  {scheme: "dark", hash: "#view=fleet"},
		"dashboard-story": {scheme: "light", hash: "#view=fleet&v=quarantined&cell=" + storyCell(t)},
	} {
		how.width, how.height = 1440, 960
		shoot(t, openPage(t, report, options, how), filepath.Join(folder, name+".png"))
	}
}

// storyCell is a cell with drift to show.
func storyCell(t *testing.T) string {
	t.Helper()
	for _, cell := range reportOf(16_000).Cells {
		if len(cell.Drift) > 0 && len(cell.Steps) > 0 {
			return cell.Cell.String()
		}
	}
	t.Fatal("the fixture has no drifted cell")
	return ""
}

// shoot takes the picture of a page whose stories are unpacked, with the age of
// its data taken away: pictures must not change with the day they are taken.
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
	if err := os.WriteFile(file, picture, 0o644); err != nil {
		t.Fatal(err)
	}
}
