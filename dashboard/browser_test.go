package dashboard

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/setmend/setmend/report"
)

// chromium is the one browser that all tests of the process share; each test has
// its own tab.
var chromium = sync.OnceValues(func() (context.Context, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromiumPath()), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	browser, stop := chromedp.NewContext(allocator)
	stopChromium = func() { stop(); stopAllocator() }
	return browser, chromedp.Do(browser)
})

var stopChromium = func() {}

func TestMain(m *testing.M) {
	code := m.Run()
	stopChromium()
	os.Exit(code)
}

func chromiumPath() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "headless-shell"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// page is a dashboard in a tab of its own.
type page struct {
	t   testing.TB
	tab context.Context
	// expectComplaints is set by a test that breaks what the page needs.
	expectComplaints bool

	mutex   sync.Mutex
	console []string // what the page wrote that is no mere note; guarded by mutex
}

// look says how a page is looked at.
type look struct {
	width, height int64
	scheme, hash  string
	now           time.Time // what the page takes for now; zero for the real time
}

// openPage writes the page to a file and opens it from there, and fails the test
// at its end if anything was written to the console.
func openPage(t testing.TB, report *report.Report, options Options, how look) *page {
	t.Helper()
	var out bytes.Buffer
	if err := Page(&out, report, options); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dashboard.html")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return openAddress(t, "file://"+file, how)
}

func openAddress(t testing.TB, address string, how look) *page {
	t.Helper()
	p := openTab(t, how)
	p.do(chromedp.Navigate(address + how.hash))
	p.until(`document.documentElement.dataset.ready === "yes"`)
	return p
}

// openTab opens an empty tab, whose console is listened to.
func openTab(t testing.TB, how look) *page {
	t.Helper()
	if chromiumPath() == "" {
		t.Skip("skipped: no Chromium is installed (apt-get install chromium)")
	}
	browser, err := chromium()
	if err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	tab, closeTab := chromedp.NewContext(browser)
	t.Cleanup(closeTab)
	tab, stop := context.WithTimeout(tab, 90*time.Second)
	t.Cleanup(stop)
	p := &page{t: t, tab: tab}
	p.do(chromedp.EmulateViewport(max(how.width, 1), max(how.height, 1)))
	if how.width == 0 {
		p.do(chromedp.EmulateViewport(1440, 900))
	}
	if how.scheme != "" {
		p.scheme(how.scheme)
	}
	if !how.now.IsZero() {
		p.setNow(how.now)
	}
	p.listen()
	t.Cleanup(p.quiet)
	return p
}

func (p *page) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	for _, action := range actions {
		if err := chromedp.Do(p.tab, action); err != nil {
			p.t.Fatal(err)
		}
	}
}

// scheme sets what the operating system prefers, light or dark.
func (p *page) scheme(scheme string) {
	p.t.Helper()
	_, err := chromedp.Call(p.tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	if err != nil {
		p.t.Fatal(err)
	}
}

// setNow stops the clock of the pages that the tab opens.
func (p *page) setNow(now time.Time) {
	p.t.Helper()
	_, err := chromedp.Call(p.tab, cdp.AddScriptToEvaluateOnNewDocument, cdp.AddScriptToEvaluateOnNewDocumentParams{
		Source: fmt.Sprintf("Date.now = () => %d", now.UnixMilli())})
	if err != nil {
		p.t.Fatal(err)
	}
}

// listen collects errors and warnings of the console, the policy's among them.
func (p *page) listen() {
	messages := chromedp.Console(p.tab)
	go func() {
		for message, err := range messages {
			if err != nil {
				return
			}
			if message.Type == chromedp.ConsoleError || message.Type == chromedp.ConsoleWarning || message.IsException() {
				p.mutex.Lock()
				p.console = append(p.console, message.String())
				p.mutex.Unlock()
			}
		}
	}()
}

// quiet fails the test if the page complained.
func (p *page) quiet() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, message := range p.console {
		if p.expectComplaints {
			continue
		}
		p.t.Errorf("the page wrote to the console: %s", message)
	}
}

// evaluate runs an expression in the page; a promise is awaited.
func evaluate[T any](p *page, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.tab, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("evaluating %s: %v", expression, err)
	}
	return value
}

// until waits for a condition of the page.
func (p *page) until(condition string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.tab, 20*time.Second)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool]("!!("+condition+")")); err != nil {
		p.t.Fatalf("waiting for %s: %v; console: %q", condition, err, p.console)
	}
}

// click presses the first element that fits.
func (p *page) click(selector string) {
	p.t.Helper()
	evaluate[bool](p, fmt.Sprintf(`(document.querySelector(%s).click(), true)`, strconv.Quote(selector)))
}

func (p *page) text(selector string) string {
	p.t.Helper()
	return evaluate[string](p, fmt.Sprintf(`document.querySelector(%s)?.innerText ?? ""`, strconv.Quote(selector)))
}

func (p *page) hash() string {
	p.t.Helper()
	return evaluate[string](p, `location.hash`)
}
