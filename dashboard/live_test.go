package dashboard

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// serveTo starts a server that a browser can reach.
func serveTo(t *testing.T, source *memory, change func(*Config)) string {
	t.Helper()
	server := newTestServer(t, source, func(c *Config) {
		c.Poll = 20 * time.Millisecond
		if change != nil {
			change(c)
		}
	})
	listener := httptest.NewServer(server)
	t.Cleanup(func() { server.Close(); listener.Close() })
	return listener.URL
}

// stillRunning is the report as it was while the run was under way.
func stillRunning(report *report.Report) *report.Report {
	earlier := *report
	earlier.Run.Ended, earlier.Run.Result, earlier.Run.Stage = time.Time{}, "", "Heal"
	earlier.After = earlier.Before
	return &earlier
}

func TestLivePageFollowsTheRunWithoutAReload(t *testing.T) {
	report := reportOf(1500)
	source := &memory{report: stillRunning(report)}
	p := openAddress(t, serveTo(t, source, nil)+"/", look{hash: "#view=sets&v=blocked"})
	if headline := p.text("#headline"); !strings.HasPrefix(headline, "A run is under way") {
		t.Errorf("headline %q", headline)
	}
	p.until(`document.getElementById("live").textContent === "Live"`)
	evaluate[bool](p, `(window.neverReloaded = true)`)
	source.become(report)
	p.until(`document.getElementById("headline").textContent.includes("need a person")`)
	if !evaluate[bool](p, `window.neverReloaded === true`) {
		t.Error("the page was loaded anew")
	}
	if hash := p.hash(); hash != "#view=sets&v=blocked" {
		t.Errorf("the view went to %s", hash)
	}
}

func TestLivePageKeepsFocusScrollingAndStoryWhenTheDataChanges(t *testing.T) {
	report := reportOf(8000)
	source := &memory{report: stillRunning(report)}
	cell := storyCell(report).Cell.String()
	p := openAddress(t, serveTo(t, source, nil)+"/", look{hash: "#view=fleet&as=table&cell=" + url.QueryEscape(cell)})
	p.until(`document.getElementById("live").textContent === "Live"`)
	evaluate[bool](p, `(document.querySelector("main .scroller").scrollTo(0, 3400), document.querySelector('main button[data-sort="region"]').focus(), true)`)
	source.become(report)
	p.until(`document.getElementById("headline").textContent.includes("need a person")`)
	if top := evaluate[float64](p, `document.querySelector("main .scroller").scrollTop`); top != 3400 {
		t.Errorf("scrolled to %v, want it kept at 3400", top)
	}
	if focus := evaluate[string](p, `document.activeElement.getAttribute("data-sort") ?? document.activeElement.outerHTML`); focus != "region" {
		t.Errorf("the focus went to %s", focus)
	}
	if evaluate[bool](p, `document.getElementById("story").hidden`) {
		t.Error("the story was closed")
	}
}

func TestApprovalButtonsPassTheDecisionOn(t *testing.T) {
	report := reportOf(400)
	report.Guards = []plan.GuardHit{{Guard: plan.GuardMassDrift, StackSet: "log-bucket", Reason: "21 % of the set drifted", Hint: "look first"}}
	source := &memory{report: report, waiting: []Approval{{ID: "mass-drift:log-bucket", StackSet: "log-bucket", Reason: "21 % of the set drifted"}, {ID: "lease", Reason: "another"}}}
	p := openAddress(t, serveTo(t, source, nil)+"/", look{})
	p.click(`button[aria-label="Approve mass-drift:log-bucket"]`)
	p.until(`!document.querySelector('button[aria-label="Approve mass-drift:log-bucket"]')`)
	p.click(`button[aria-label="Deny lease"]`)
	p.until(`!document.querySelector('button[aria-label="Deny lease"]')`)
	want := []ApprovalVerdict{{ID: "mass-drift:log-bucket", Approve: true, By: "127.0.0.1"}, {ID: "lease", By: "127.0.0.1"}}
	source.mutex.Lock()
	defer source.mutex.Unlock()
	if len(source.decided) != 2 || source.decided[0] != want[0] || source.decided[1] != want[1] {
		t.Errorf("passed on %+v, want %+v", source.decided, want)
	}
}

func TestPageFromDiskOffersNoButtonThatCannotWork(t *testing.T) {
	p := openPage(t, reportOf(400), Options{Approvals: []Approval{{ID: "lease", Reason: "r"}}}, look{})
	if evaluate[bool](p, `!!document.querySelector(".decide")`) {
		t.Error("a page without a server offers to approve")
	}
	if text := p.text("main"); !strings.Contains(text, "setmend heal --accept lease") {
		t.Error("it does not say how to decide on the command line")
	}
}

func TestBrowserSignsInWithTheTokenOnce(t *testing.T) {
	address := serveTo(t, &memory{report: reportOf(400)}, func(c *Config) { c.Address, c.Token = ":8080", token })
	p := openTab(t, look{})
	p.do(chromedp.Navigate(address+"/"), chromedp.SendKeys("#token", token+"\r"))
	p.do(chromedp.WaitReady(`html[data-ready="yes"]`))
	p.until(`document.getElementById("live").textContent === "Live"`)
	if cookie := evaluate[string](p, `document.cookie`); cookie != "" {
		t.Errorf("scripts can read the cookie %q", cookie)
	}
}

func TestLivePageSaysThatTheServerIsGone(t *testing.T) {
	server := newTestServer(t, &memory{report: reportOf(400)}, func(c *Config) { c.Poll = 20 * time.Millisecond })
	listener := httptest.NewServer(http.Handler(server))
	p := openAddress(t, listener.URL+"/", look{})
	p.until(`document.getElementById("live").textContent === "Live"`)
	p.expectComplaints = true
	server.Close()
	listener.CloseClientConnections()
	listener.Close()
	p.until(`document.getElementById("live").textContent === "Connection lost"`)
}
