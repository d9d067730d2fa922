package dashboard

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/report"
)

// matching is what the filter bar says of how many cells are left.
const matching = `document.querySelector("#filters strong")?.textContent ?? ""`

func TestCardsFilterEveryView(t *testing.T) {
	report := reportOf(8000)
	if report.After.Quarantined == 0 || report.After.Blocked == 0 {
		t.Fatal("the fixture has nothing to filter for")
	}
	p := openPage(t, report, Options{}, look{})
	p.click("#card-quarantined")
	p.until(`location.hash === "#v=quarantined"`)
	if got, want := evaluate[string](p, matching), group3(report.After.Quarantined); got != want {
		t.Errorf("%s cells match, want %s", got, want)
	}
	p.click("#card-blocked")
	if got, want := evaluate[string](p, matching), group3(report.After.Quarantined+report.After.Blocked); got != want {
		t.Errorf("with a second card %s cells match, want %s", got, want)
	}
	p.click(`nav a[data-view="fleet"]`)
	if got, want := p.text(".panel-head .muted"), fmt.Sprintf("%s cells", group3(report.After.Quarantined+report.After.Blocked)); got != want {
		t.Errorf("the fleet shows %q, want %q", got, want)
	}
	p.click("#card-quarantined")
	p.click("#card-blocked")
	if !evaluate[bool](p, `document.getElementById("filters").hidden`) {
		t.Error("the filter is still there after the cards were released")
	}
}

func TestSearchFiltersAndOffersWhereToGo(t *testing.T) {
	r := reportOf(1500)
	account := r.Accounts[7]
	p := openPage(t, r, Options{}, look{hash: "#view=sets"})
	p.do(chromedp.SendKeys("#search", account.Name))
	p.until(`location.hash.includes("q=")`)
	if got, want := evaluate[string](p, matching), group3(cellsWhere(r, func(c report.Cell) bool { return c.Account == account.ID })); got != want {
		t.Errorf("%s cells match, want the account's %s", got, want)
	}
	if offer := p.text("#offers li"); !strings.Contains(offer, account.Name) || !strings.Contains(offer, string(account.ID)) {
		t.Errorf("offered %q, want the account", offer)
	}
	p.do(chromedp.SendKeys("#search", kb.ArrowDown+kb.Enter))
	p.until(`location.hash.includes("account=")`)
	if hash := p.hash(); !strings.Contains(hash, "view=fleet") || !strings.Contains(hash, string(account.ID)) || strings.Contains(hash, "q=") {
		t.Errorf("went to %s", hash)
	}
}

func TestSlashGoesToTheSearchAndEscapeEmptiesIt(t *testing.T) {
	p := openPage(t, reportOf(400), Options{}, look{})
	evaluate[bool](p, `document.dispatchEvent(new KeyboardEvent("keydown", { key: "/" }))`)
	p.until(`document.activeElement.id === "search"`)
	p.do(chromedp.KeyEvent("log"))
	p.until(`location.hash.includes("q=log")`)
	p.do(chromedp.KeyEvent(kb.Escape), chromedp.KeyEvent(kb.Escape))
	p.until(`!location.hash.includes("q=")`)
}

func cellsWhere(report *report.Report, want func(report.Cell) bool) int {
	n := 0
	for _, cell := range report.Cells {
		if want(cell) {
			n++
		}
	}
	return n
}

func TestClickOnTheMatrixTellsTheCellsStory(t *testing.T) {
	p := openPage(t, reportOf(8000), Options{ConsoleLinks: true}, look{hash: "#view=fleet&v=quarantined"})
	x, y := p.hoverOver("Quarantined")
	p.do(chromedp.MouseClickXY(x, y))
	p.until(`!document.getElementById("story").hidden && document.querySelector("#story .steps")`)
	if story := p.text("#story"); !strings.Contains(story, "Quarantined") || !strings.Contains(story, "What was tried") || !strings.Contains(story, "What to do") {
		t.Errorf("the story is %q", story)
	}
	link := evaluate[string](p, `document.querySelector("#story .outside").href`)
	if !regexpMatch(`^https://[a-z0-9-]+\.console\.aws\.amazon\.com/cloudformation/home\?region=[a-z0-9-]+#/stacks\?filteringText=StackSet-`, link) {
		t.Errorf("the stack's link is %s", link)
	}
	p.do(chromedp.KeyEvent(kb.Escape))
	p.until(`document.getElementById("story").hidden`)
}

// hoverOver moves the pointer over the matrix until it is over a cell of that
// verdict, and says where that is.
func (p *page) hoverOver(verdict string) (x, y float64) {
	p.t.Helper()
	place := evaluate[[]float64](p, `(() => {
		const matrix = document.querySelector(".matrix"), box = matrix.getBoundingClientRect(), tip = document.querySelector(".tip");
		for (let y = box.top + 132; y < box.top + 400; y += 6) for (let x = box.left + 230; x < box.right; x += 6) {
			matrix.dispatchEvent(new MouseEvent("mousemove", { clientX: x, clientY: y, bubbles: true }));
			if (!tip.hidden && tip.querySelector(".pill").textContent === "`+verdict+`") return [x, y];
		}
		return [];
	})()`)
	if len(place) == 0 {
		p.t.Fatalf("no cell of the matrix is %s under the pointer", verdict)
	}
	return place[0], place[1]
}

func TestKeyboardMovesOverTheMatrixAndOpensAStory(t *testing.T) {
	p := openPage(t, reportOf(1500), Options{}, look{hash: "#view=fleet"})
	p.do(chromedp.Focus(".matrix"), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowDown))
	p.until(`document.querySelector(".matrix-box [role=status]").textContent.length > 0`)
	said := p.text(".matrix-box [role=status]")
	if !regexpMatch(`^(Healthy|Not checked|Blocked|Quarantined|Failed|Inoperable): .+, .+; .+, [a-z]+-[a-z]+-\d`, said) {
		t.Errorf("the screen reader is told %q", said)
	}
	p.do(chromedp.KeyEvent(kb.Enter))
	p.until(`!document.getElementById("story").hidden`)
	p.do(chromedp.KeyEvent(kb.Escape))
	p.until(`document.getElementById("story").hidden && document.activeElement.classList.contains("matrix")`)
	p.do(chromedp.KeyEvent("+"))
	p.until(`location.hash.includes("zoom=")`)
}

func TestMatrixHasATableForWhoReads(t *testing.T) {
	report := reportOf(1500)
	p := openPage(t, report, Options{}, look{hash: "#view=fleet&as=table"})
	if got, want := evaluate[string](p, `document.querySelector("main table").getAttribute("aria-rowcount")`), fmt.Sprint(len(report.Cells)+1); got != want {
		t.Errorf("the table says it has %s rows, want %s", got, want)
	}
	if rows := evaluate[int](p, `document.querySelectorAll("main tbody tr").length`); rows > 60 {
		t.Errorf("%d rows are built, want those in sight", rows)
	}
	p.click(`main th button[data-sort="verdict"]`)
	p.until(`document.querySelector("main th[aria-sort=ascending]")?.textContent.startsWith("Verdict")`)
	if got := evaluate[string](p, `document.querySelector("main tbody tr:not(.gap) td:nth-child(6)").textContent`); got != "Blocked" {
		t.Errorf("sorted by verdict, the first is %q", got)
	}
	p.click("main tbody th button")
	p.until(`!document.getElementById("story").hidden`)
}

func TestLinkOpensTheViewThatWasShared(t *testing.T) {
	r := reportOf(1500)
	cell := storyCell(r)
	p := openPage(t, r, Options{}, look{hash: "#" + url.Values{"view": {"fleet"}, "as": {"table"}, "set": {"log-bucket"}, "cell": {cell.String()}, "sort": {"cells.-account"}}.Encode()})
	p.until(`document.querySelector("#story .diff")`)
	if title := p.text("#story-title"); title != string(cell.StackSet) {
		t.Errorf("the story is of %q", title)
	}
	want := group3(cellsWhere(r, func(c report.Cell) bool { return c.StackSet == "log-bucket" }))
	if got := evaluate[string](p, matching); got != want {
		t.Errorf("%s cells match, want %s", got, want)
	}
	if sorted := evaluate[string](p, `document.querySelector("main th[aria-sort=descending]").textContent`); !strings.HasPrefix(sorted, "Account") {
		t.Errorf("sorted by %q", sorted)
	}
	p.click(`nav a[data-view="run"]`)
	p.until(`document.querySelector(".timeline")`)
	evaluate[bool](p, `(history.back(), true)`)
	p.until(`!document.getElementById("story").hidden && document.querySelector("main table")`)
}

func TestLinkToWhatIsNotThereSaysSo(t *testing.T) {
	p := openPage(t, reportOf(400), Options{}, look{hash: "#view=nowhere&cell=none@1/2&group=99&sort=x"})
	if title := p.text("#story-title"); title != "Not in this report" {
		t.Errorf("the story is %q", title)
	}
}

func TestDriftIsToldPropertyByProperty(t *testing.T) {
	report := reportOf(1500)
	cell := storyCell(report)
	p := openPage(t, report, Options{}, look{hash: "#cell=" + url.QueryEscape(cell.String())})
	p.until(`document.querySelector("#story .diff")`)
	difference := cell.Drift[0].Differences[0]
	if got := p.text("#story .diff figcaption"); got != difference.Path {
		t.Errorf("path %q, want %q", got, difference.Path)
	}
	lines := evaluate[string](p, `[...document.querySelectorAll("#story .diff:first-of-type .line")].map((line) => line.textContent).join("\n")`)
	if !strings.Contains(lines, "-"+difference.Expected) && !strings.HasPrefix(difference.Expected, "{") {
		t.Errorf("the lines %q do not have the template's value %q", lines, difference.Expected)
	}
}

func TestTablesAreExportedWhole(t *testing.T) {
	report := reportOf(1500)
	report.Cells[3].Reason = `=HYPERLINK("http://evil.example.com","x")`
	p := openPage(t, report, Options{}, look{hash: "#view=fleet&as=table"})
	folder := p.downloads()
	p.click(`main button[aria-label="Export cells as CSV"]`)
	csv := p.downloaded(filepath.Join(folder, "cells.csv"))
	if lines := strings.Count(csv, "\r\n"); lines != len(report.Cells)+1 {
		t.Errorf("%d lines, want a header and %d cells", lines, len(report.Cells))
	}
	if !strings.HasPrefix(csv, "stackSet,account,accountName,ou,region,verdict,before,reason,hint\r\n") {
		t.Errorf("the header is %q", csv[:80])
	}
	if !strings.Contains(csv, `"'=HYPERLINK(""http`) {
		t.Error("a text that a spreadsheet would run went out as it is")
	}
	p.click(`main button[aria-label="Export cells as JSON"]`)
	if json := p.downloaded(filepath.Join(folder, "cells.json")); strings.Count(json, `"stackSet"`) != len(report.Cells) || !strings.Contains(json, `=HYPERLINK(\"http`) {
		t.Error("the JSON does not have every cell, with its text as it is")
	}
}

// downloads lets the page's downloads go to a folder, and names it.
func (p *page) downloads() string {
	p.t.Helper()
	folder := p.t.TempDir()
	_, err := chromedp.CallBrowser(p.tab, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: folder})
	if err != nil {
		p.t.Fatal(err)
	}
	return folder
}

// downloaded waits for a file to be there and whole: the browser renames it when
// it is.
func (p *page) downloaded(file string) string {
	p.t.Helper()
	for range 200 {
		if text, err := os.ReadFile(file); err == nil && len(text) > 0 {
			return string(text)
		}
		evaluate[bool](p, `new Promise((done) => setTimeout(() => done(true), 25))`)
	}
	p.t.Fatalf("%s was not downloaded", filepath.Base(file))
	return ""
}

func TestDarkFollowsTheSystemUntilChosenOtherwise(t *testing.T) {
	p := openPage(t, reportOf(400), Options{}, look{scheme: "dark"})
	background := func() string {
		return evaluate[string](p, `getComputedStyle(document.body).backgroundColor`)
	}
	dark := background()
	p.scheme("light")
	light := background()
	if dark == light {
		t.Fatalf("%s in the dark as in the light", dark)
	}
	p.click("#theme")
	if got := background(); got != dark {
		t.Errorf("switched to dark: %s, want %s", got, dark)
	}
	p.do(chromedp.Reload())
	p.until(`document.documentElement.dataset.ready === "yes"`)
	if got := background(); got != dark {
		t.Errorf("after a reload: %s, want the choice kept", got)
	}
}

func TestNotCheckedNeverLooksLikeHealth(t *testing.T) {
	for _, scheme := range []string{"light", "dark"} {
		p := openPage(t, reportOf(400), Options{}, look{scheme: scheme})
		for name, property := range map[string]string{
			"the card's glyph": `((v) => getComputedStyle(document.querySelector("#card-" + v + " .glyph rect")).fill)`,
			"the glyph's path": `((v) => document.querySelector("#card-" + v + " .glyph path").getAttribute("d"))`,
			"the bar":          `((v) => getComputedStyle(document.querySelector("#fleet-bar .v-" + v)).backgroundImage)`,
		} {
			if got := evaluate[[]string](p, `["healthy", "notChecked"].map(`+property+`)`); got[0] == got[1] {
				t.Errorf("%s, %s: both are %q", scheme, name, got[0])
			}
		}
	}
}

func TestSearchFindsWhatDrifted(t *testing.T) {
	r := reportOf(1500)
	want := cellsWhere(r, func(c report.Cell) bool { return len(c.Drift) > 0 && c.Drift[0].LogicalID == "Retention" })
	if want == 0 {
		t.Fatal("the fixture has nothing to find")
	}
	p := openPage(t, r, Options{}, look{hash: "#view=fleet&q=retentionindays"})
	p.until(matching + ` === "` + group3(want) + `"`)
}

func TestNotCheckedCellOfTheMatrixIsOpen(t *testing.T) {
	for _, scheme := range []string{"light", "dark"} {
		for _, zoom := range []string{"", "&zoom=6"} {
			p := openPage(t, reportOf(1500), Options{}, look{scheme: scheme, hash: "#view=fleet" + zoom})
			if share := p.filled("Healthy"); share < 0.9 {
				t.Errorf("%s%s: %.0f %% of a healthy cell is filled, want nearly all", scheme, zoom, share*100)
			}
			if share := p.filled("Not checked"); share == 0 || share > 0.7 {
				t.Errorf("%s%s: %.0f %% of a cell that was not checked is filled, want an outline and a glyph", scheme, zoom, share*100)
			}
		}
	}
}

// filled is the share of a cell of that verdict that the canvas covers. How far
// the cell reaches is found with the pointer.
func (p *page) filled(verdict string) float64 {
	p.t.Helper()
	x, y := p.hoverOver(verdict)
	return evaluate[float64](p, fmt.Sprintf(`(async () => {
		const matrix = document.querySelector(".matrix"), canvas = matrix.querySelector("canvas"), box = canvas.getBoundingClientRect();
		const tip = document.querySelector(".tip"), text = tip.textContent;
		const over = (x, y) => {
			matrix.dispatchEvent(new MouseEvent("mousemove", { clientX: x, clientY: y, bubbles: true }));
			return !tip.hidden && tip.textContent === text;
		};
		let [left, top] = [%v, %v].map(Math.round), size = 1;
		while (over(left - 1, top)) left--;
		while (over(left, top - 1)) top--;
		while (over(left + size, top)) size++;
		matrix.dispatchEvent(new MouseEvent("mouseleave"));
		await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
		const inner = size - (size > 8 ? 2 : 1); // the rest is the gap to the next
		const copy = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
		copy.drawImage(canvas, -Math.floor(left - box.left), -Math.floor(top - box.top));
		const pixels = copy.getImageData(0, 0, inner, inner).data;
		let covered = 0;
		for (let i = 3; i < pixels.length; i += 4) covered += pixels[i] > 128 ? 1 : 0;
		return covered / (inner * inner);
	})()`, x, y))
}

// A wiki shows the page in a frame that may run scripts and nothing else: no
// storage, no history, no origin. The frame's document is out of reach, as it
// should be, so what it shows is compared with what it shows without scripts.
func TestSandboxedFrameShowsThePage(t *testing.T) {
	inner := pageOf(t, reportOf(1500), Options{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path == "/dashboard.html" {
			_, _ = io.WriteString(w, inner)
			return
		}
		fmt.Fprintf(w, `<!doctype html><title>wiki</title><iframe sandbox="%s" src="/dashboard.html" width="1400" height="860"></iframe>`, r.URL.Query().Get("sandbox"))
	}))
	t.Cleanup(server.Close)
	p := openTab(t, look{})
	p.expectComplaints = true // about the script, where none may run
	picture := func() int {
		shot, err := chromedp.Run(p.tab, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		return len(shot)
	}
	p.do(chromedp.Navigate(server.URL + "/?sandbox="))
	still := picture()
	p.do(chromedp.Navigate(server.URL + "/?sandbox=allow-scripts"))
	for range 100 {
		if picture() > 2*still {
			return
		}
		evaluate[bool](p, `new Promise((done) => setTimeout(() => done(true), 50))`)
	}
	t.Error("the frame shows no more than without scripts")
}

func TestPageFetchesNothing(t *testing.T) {
	p := openPage(t, reportOf(1500), Options{}, look{})
	for _, view := range []string{"fleet", "sets", "run", "history", "graph", "overview"} {
		p.click(`nav a[data-view="` + view + `"]`)
	}
	if fetched := evaluate[[]string](p, `performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => !name.startsWith("data:"))`); len(fetched) > 0 {
		t.Errorf("the page fetched %q", fetched)
	}
}

// hostile texts, in every place that AWS or an account's owner can write to.
const hostile = `"><script>window.owned=1</script><img src=x onerror=window.owned=1>'` + "`${window.owned=1}`" + "\u202egnp.exe\u2066 </script>"

func TestHostileTextsAreShownAndNeverRun(t *testing.T) {
	cell := fleet.Cell{StackSet: fleet.StackSetName("set" + hostile), Target: fleet.Target{Account: "111111111111", Region: fleet.Region("eu" + hostile)}}
	r := &report.Report{DataAt: madeAt, Run: report.Run{ID: hostile, Started: madeAt, Ended: madeAt, Result: report.Failed, Error: hostile, HomeRegion: hostile, Stage: hostile},
		Fleet:    report.Fleet{Organization: hostile},
		Accounts: []fleet.Account{{ID: "111111111111", Name: hostile, State: fleet.AccountActive, OUs: []fleet.OUID{hostile}}},
		OUs:      map[fleet.OUID]fleet.OU{hostile: {ID: hostile, Name: hostile}},
		StackSets: []report.StackSet{{Name: cell.StackSet, ID: hostile, Description: hostile, DependsOn: []fleet.StackSetName{"other"}, Operations: []fleet.Operation{{ID: hostile, Kind: hostile, Status: hostile, Reason: hostile}}},
			{Name: "other", AntiDependsOn: []fleet.StackSetName{cell.StackSet}}},
		Levels:    [][]fleet.StackSetName{{"other"}, {cell.StackSet}},
		Actions:   []report.Action{{ID: hostile, StackSet: cell.StackSet, Action: hostile, Remedy: hostile, Outcome: hostile, Reason: hostile, OperationID: hostile, Started: madeAt, Ended: madeAt.Add(1e9)}},
		Attention: []report.Finding{{Cell: cell, Verdict: plan.Verdict(hostile), Reason: hostile, Hint: hostile, Class: hostile}},
		Guards:    []plan.GuardHit{{Guard: hostile, StackSet: cell.StackSet, Reason: hostile, Hint: hostile}},
		Problems:  []policy.Problem{{Text: hostile, Hint: hostile}},
		Cells: []report.Cell{{Assessed: plan.Assessed{Cell: cell, Desire: hostile, Because: hostile, Verdict: plan.Verdict(hostile), Reason: hostile, Hint: hostile, Class: hostile, Attention: true, Heals: 2},
			Drift: []fleet.ResourceDrift{{LogicalID: hostile, PhysicalID: hostile, ResourceType: hostile, Status: hostile, Differences: []fleet.PropertyDifference{{Path: hostile, Expected: hostile, Actual: hostile + "x", Type: hostile}}}},
			Steps: []report.Step{{At: madeAt, Remedy: hostile, Outcome: hostile, Reason: hostile, Class: hostile, Action: hostile}}}},
	}
	options := Options{ConsoleLinks: true, Title: hostile, AccessPortal: "javascript:window.owned=1//", AccessRole: hostile, Normalise: func(s string) string { return s },
		Decisions: []report.Decision{{Time: madeAt, Run: hostile, StackSet: cell.StackSet, Account: "111111111111", Region: cell.Region, Reason: hostile, Action: hostile, Outcome: hostile, OperationID: hostile}},
		Approvals: []Approval{{ID: hostile, StackSet: hostile, Reason: hostile, Hint: hostile}}}
	for _, view := range []string{"overview", "fleet", "fleet&as=table", "sets", "run&action=" + url.QueryEscape(hostile), "history", "graph"} {
		p := openPage(t, r, options, look{hash: "#view=" + view + "&cell=" + url.QueryEscape(cell.String())})
		p.until(`document.querySelector("#story .steps") && document.querySelector("main").textContent.includes("<script>window.owned=1</script>") || document.querySelector("main canvas")`)
		if evaluate[bool](p, `"owned" in window || !!document.querySelector("img, main script")`) {
			t.Errorf("%s: hostile text became markup", view)
		}
		if text := evaluate[string](p, `document.body.innerText + document.title`); strings.ContainsAny(text, "\u202e\u2066") || !strings.Contains(text, "⟨U+202E⟩") {
			t.Errorf("%s: text that changes its direction is shown as it is", view)
		}
		if links := evaluate[[]string](p, `[...document.querySelectorAll("a[href]")].map((a) => a.href).filter((href) => !/^(https:|file:)/.test(href))`); len(links) > 0 {
			t.Errorf("%s: links to %q", view, links)
		}
	}
}

func TestPageWithoutAnythingInItIsCalm(t *testing.T) {
	for _, view := range []string{"overview", "fleet", "fleet&as=table", "sets", "run", "history", "graph"} {
		p := openPage(t, &report.Report{}, Options{}, look{hash: "#view=" + view})
		if got := p.text("#headline"); got != "There is no instance to look after." {
			t.Errorf("%s: headline %q", view, got)
		}
	}
}

func TestConsoleLinksKnowThePartitionsAndThePortal(t *testing.T) {
	cell := func(region fleet.Region) report.Cell {
		return report.Cell{Assessed: plan.Assessed{Cell: fleet.Cell{StackSet: "log bucket", Target: fleet.Target{Account: "111111111111", Region: region}}, Verdict: plan.Failed}}
	}
	const stacks = "#/stacks?filteringText=StackSet-log%20bucket-"
	cases := []struct {
		region  fleet.Region
		options Options
		want    string
	}{
		{"eu-west-1", Options{ConsoleLinks: true}, "https://eu-west-1.console.aws.amazon.com/cloudformation/home?region=eu-west-1" + stacks},
		{"cn-north-1", Options{ConsoleLinks: true}, "https://cn-north-1.console.amazonaws.cn/cloudformation/home?region=cn-north-1" + stacks},
		{"us-gov-west-1", Options{ConsoleLinks: true}, "https://us-gov-west-1.console.amazonaws-us-gov.com/cloudformation/home?region=us-gov-west-1" + stacks},
		{"eu-west-1", Options{ConsoleLinks: true, AccessPortal: "https://d-1.awsapps.com/start/", AccessRole: "ReadOnly"},
			"https://d-1.awsapps.com/start/#/console?account_id=111111111111&role_name=ReadOnly&destination=" +
				"https%3A%2F%2Feu-west-1.console.aws.amazon.com%2Fcloudformation%2Fhome%3Fregion%3Deu-west-1%23%2Fstacks%3FfilteringText%3DStackSet-log%2520bucket-"},
		{"eu-west-1", Options{}, ""},
		{"evil.example.com/", Options{ConsoleLinks: true}, ""},
	}
	for _, c := range cases {
		r := &report.Report{Cells: []report.Cell{cell(c.region)}}
		p := openPage(t, r, c.options, look{hash: "#cell=" + url.QueryEscape(r.Cells[0].Cell.String())})
		if got := evaluate[string](p, `document.querySelector("#story .outside")?.href ?? ""`); got != c.want {
			t.Errorf("%s: link %q, want %q", c.region, got, c.want)
		}
	}
}

func TestPaperGetsRowsInsteadOfAWindowOnThem(t *testing.T) {
	p := openPage(t, reportOf(1500), Options{}, look{hash: "#view=fleet&as=table"})
	evaluate[bool](p, `window.dispatchEvent(new Event("beforeprint"))`)
	if rows := evaluate[int](p, `document.querySelectorAll("main tbody tr").length`); rows != 501 {
		t.Errorf("%d rows are printed, want 500 and how many more there are", rows)
	}
	if last := p.text("main tbody tr:last-child"); !regexpMatch(`^and [\d,]+ more`, last) {
		t.Errorf("the last row is %q", last)
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, cells := range []int{16_000, 100_000} {
		b.Run(fmt.Sprint(cells), func(b *testing.B) { benchmarkOpen(b, cells) })
	}
}

func TestGuardThatHasOpenedStandsLastAndAsksForNothing(t *testing.T) {
	report := reportOf(400)
	report.Guards = []plan.GuardHit{
		{Guard: plan.GuardExternalOperation, StackSet: "log-bucket", Reason: "an operation was running", Hint: "its turn comes", Waits: true, Opened: true},
		{Guard: plan.GuardMassDrift, StackSet: "log-bucket", Reason: "21 % of the set drifted", Hint: "look first"},
	}
	p := openPage(t, report, Options{}, look{})
	if got := p.text(".notice"); !strings.Contains(got, "21 % of the set drifted") || !strings.Contains(got, "look first") {
		t.Errorf("the first notice is %q, want the guard that stands", got)
	}
	last := evaluate[string](p, `[...document.querySelectorAll("main .group")].pop().textContent`)
	if !strings.Contains(last, "has opened since") || strings.Contains(last, "its turn comes") {
		t.Errorf("the last entry is %q, want the guard that has opened, without a hint", last)
	}
	if n := evaluate[float64](p, `document.querySelectorAll("main .notice").length`); n != 1 {
		t.Errorf("%v entries are notices, want the one that stands", n)
	}
}
