package dashboard

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestScreenshots writes the README's pictures to the folder that
// SETMEND_SCREENSHOTS names; `make screenshots` sets it.
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("SETMEND_SCREENSHOTS")
	if folder == "" {
		t.Skip("skipped: SETMEND_SCREENSHOTS names no folder to write pictures to (make screenshots)")
	}
	report := reportOf(16_000)
	options := Options{ConsoleLinks: true, Decisions: decisionsOf(report)}
	for name, how := range map[string]look{
		"dashboard-light": {scheme: "light"},
		"dashboard-dark":  {scheme: "dark", hash: "#view=fleet"},
		"dashboard-story": {scheme: "light", hash: "#view=fleet&when=before&cell=" + url.QueryEscape(storyCell(report).Cell.String())},
	} {
		how.width, how.height, how.now = 1440, 960, madeAt.Add(4*time.Minute) // pictures do not change with the day
		shoot(t, openPage(t, report, options, how), filepath.Join(folder, name+".png"))
	}
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
	if err := os.WriteFile(file, picture, 0o644); err != nil {
		t.Fatal(err)
	}
}
