package dashboard

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// widths are those of a telephone, a laptop and a large screen.
var widths = []int64{390, 1280, 1920}

func TestNoColumnIsCutOff(t *testing.T) {
	r := reportOf(1500)
	options := Options{Decisions: decisionsOf(r), ConsoleLinks: true, Approvals: []Approval{{ID: "mass-drift:log-bucket", StackSet: "log-bucket", Reason: "21 % drifted", Of: 21, All: 100}}}
	for _, width := range widths {
		p := openPage(t, r, options, look{width: width, height: 900, scheme: "dark"})
		for _, view := range []string{"overview", "fleet", "fleet&as=table", "sets", "set&set=log-bucket", "run", "history", "graph"} {
			evaluate[bool](p, `(location.hash = "#view=`+view+`", new Promise((done) => setTimeout(() => requestAnimationFrame(() => done(true)), 60)))`)
			wide := evaluate[[]string](p, `[document.documentElement, ...document.querySelectorAll("main .scroller, main .timeline-box, main .graph-box, main .panel, nav")]
				.filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.className + " " + box.tagName + " " + box.scrollWidth + " in " + box.clientWidth)`)
			if len(wide) > 0 {
				t.Errorf("%d px, %s: wider than what is shown of it: %q", width, view, wide)
			}
		}
	}
}

var placeholder = regexp.MustCompile(`<(arn|time|account|id|ou|region)>`)

func TestEveryFindingCarriesACommandAndNoPlaceholder(t *testing.T) {
	r := reportOf(8000)
	p := openPage(t, r, Options{}, look{})
	groups := evaluate[int](p, `document.querySelectorAll("[aria-labelledby=attention-title] .group").length`)
	bare := evaluate[int](p, `[...document.querySelectorAll("[aria-labelledby=attention-title] .group")].filter((g) => !/^setmend [a-z]+/.test(g.querySelector(".command code")?.textContent || "")).length`)
	if groups == 0 || bare > 0 {
		t.Errorf("%d of %d findings carry no command", bare, groups)
	}
	text := evaluate[string](p, `document.body.innerText`)
	if found := placeholder.FindString(text); found != "" || !strings.Contains(text, "the others differ in names and times") {
		t.Errorf("a finding shows %q to people", found)
	}
	if !strings.Contains(text, "is not authorized to perform: iam:CreateRole") {
		t.Error("no finding is worded from an example")
	}
	if commands := evaluate[[]string](p, `[...document.querySelectorAll(".command code")].map((c) => c.textContent)`); !slices.ContainsFunc(commands, func(c string) bool {
		return regexpMatch(`^setmend quarantine release [a-z-]+ \d{12} [a-z]+-[a-z]+-\d$`, c)
	}) {
		t.Errorf("no command releases a cell: %q", commands)
	}
}

func TestCommandIsSafeToPaste(t *testing.T) {
	for word, want := range map[string]string{"log-bucket": "log-bucket", "": "''", "--yes": "'--yes'", "a b": "'a b'", "$(rm)": "'$(rm)'", "it's": `'it'\''s'`, "a;b": "'a;b'"} {
		if got := shellWord(word); got != want {
			t.Errorf("%q is pasted as %s, want %s", word, got, want)
		}
	}
}

func TestReleaseButtonReleasesTheCellsOfItsFinding(t *testing.T) {
	source := &memory{report: reportOf(8000)}
	p := openAddress(t, serveTo(t, source, nil)+"/", look{})
	p.until(`document.getElementById("live").textContent === "Live"`)
	p.click(`.next .decide button`)
	p.until(`document.querySelector(".next .decide [role=status]").textContent.startsWith("Released")`)
	source.mutex.Lock()
	defer source.mutex.Unlock()
	if len(source.released) == 0 || !strings.HasPrefix(source.released[0], "local user ") {
		t.Errorf("released %q", source.released)
	}
}

// heldReport has cells that are wrong for every cause that holds cells back.
func heldReport() *report.Report {
	r := reportOf(1500)
	r.Guards = []plan.GuardHit{{Guard: plan.GuardMassDrift, StackSet: "log-bucket", Reason: "21 of 100 instances have drifted."}}
	wrong := func(set fleet.StackSetName, change func(*report.Cell)) {
		for i := range r.Cells {
			if cell := &r.Cells[i]; cell.StackSet == set && cell.Verdict == plan.Healthy && cell.Present() {
				cell.Verdict = plan.Drifted
				change(cell)
				r.After.Healthy--
				r.After.Drifted++
				return
			}
		}
	}
	wrong("log-bucket", func(c *report.Cell) { c.Remedy = plan.RemedyRevert })
	wrong("org-cloudtrail", func(c *report.Cell) { c.Remedy = plan.RemedyRevert })
	wrong("kms-baseline", func(c *report.Cell) { c.Remedy, c.NotBefore = plan.RemedyRevert, r.DataAt.Add(3*time.Hour) })
	wrong("flow-logs", func(c *report.Cell) { c.Rollout = true })
	wrong("config-recorder", func(c *report.Cell) { c.Reason = "Something else." })
	for i := range r.StackSets {
		r.StackSets[i].SelfHealing = true
	}
	return r
}

func TestWhatIsHeldBackIsExplained(t *testing.T) {
	r := heldReport()
	p := openPage(t, r, Options{}, look{})
	said := p.text("[aria-labelledby=held-title]")
	for _, want := range []string{"A guard stops log-bucket until a person has looked: 21 of 100", "setmend approvals approve mass-drift:log-bucket", "the next heal begins with reverting its drift in place",
		"tried again with growing distance", "not before 2026-11-20 09:42:10 UTC", "The rollout of flow-logs is not finished", "Something else."} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said in %q", want, said)
		}
	}
	core, _ := build(r, Options{})
	explained := 0
	for _, h := range core.Held {
		explained += h.Cells
	}
	if rest := unhealthy(core.After) - len(r.Attention); explained != rest {
		t.Errorf("%d cells are explained, %d are wrong and for no person", explained, rest)
	}
}

func TestCountsOfPageCellsAndStackSetsAgree(t *testing.T) {
	r := reportOf(8000)
	for i := range r.Cells { // some that must not be there and are not, whatever forbids acting on them
		if cell := &r.Cells[i]; cell.Verdict == plan.Blocked && i%2 == 0 {
			cell.Desire, cell.Status, cell.Before = plan.MustNot, "", plan.Blocked
		}
	}
	core, _ := build(r, Options{})
	shown := map[plan.Verdict]int{}
	for _, v := range verdictsOf(core) {
		shown[v]++
	}
	sets := 0
	for _, set := range core.StackSets {
		sets += unhealthy(set.After)
	}
	if core.Absent == 0 || shown[absent] != core.Absent {
		t.Fatalf("%d rightly absent, %d shown so", core.Absent, shown[absent])
	}
	if shown[plan.Blocked] != core.After.Blocked || sets != unhealthy(core.After) {
		t.Errorf("%d cells are shown blocked, %d counted; stack sets have %d wrong, the fleet %d", shown[plan.Blocked], core.After.Blocked, sets, unhealthy(core.After))
	}
	if len(core.Deeds) == 0 {
		t.Error("nothing was done")
	}
	p := openPage(t, r, Options{}, look{})
	if got, want := p.text("#card-blocked .card-number"), group3(core.After.Blocked); got != want {
		t.Errorf("the card says %s, want %s", got, want)
	}
	p.click("#card-blocked")
	if got, want := evaluate[string](p, matching), group3(core.After.Blocked); got != want {
		t.Errorf("%s cells match, want %s", got, want)
	}
}

// painted is the share of the matrix' width up to its rightmost painted pixel.
const painted = `(() => {
	const canvas = document.querySelector(".matrix canvas"), { width, height } = canvas;
	const copy = Object.assign(document.createElement("canvas"), { width, height }), pen = copy.getContext("2d", { willReadFrequently: true });
	pen.drawImage(canvas, 0, 0);
	const pixels = pen.getImageData(0, 0, width, height).data;
	let right = 0;
	for (let y = 0; y < height; y++) for (let x = width - 1; x > right; x--) if (pixels[(y * width + x) * 4 + 3]) { right = x; break; }
	return right / width;
})()`

func TestMatrixFillsTheScreenAtEveryZoom(t *testing.T) {
	for _, width := range widths[1:] {
		p := openPage(t, reportOf(16_000), Options{}, look{width: width, height: 900, hash: "#view=fleet"})
		for _, zoom := range []int{2, 4, 8, 14} {
			evaluate[bool](p, fmt.Sprintf(`(location.hash = "#view=fleet&zoom=%d", new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => done(true))), 60)))`, zoom))
			if share := evaluate[float64](p, painted); share < 0.6 {
				t.Errorf("%d px, zoom %d: only %.0f %% of the width is used", width, zoom, share*100)
			}
		}
	}
}

func TestCellsOfEveryPanelAnswerToThePointerAndTheTipStaysOnTheScreen(t *testing.T) {
	for _, width := range widths {
		p := openPage(t, reportOf(16_000), Options{}, look{width: width, height: 800, hash: "#view=fleet&zoom=4"})
		outside := evaluate[[]string](p, `(() => {
			const matrix = document.querySelector(".matrix"), tip = document.querySelector(".tip");
			matrix.scrollIntoView();
			const box = matrix.getBoundingClientRect(), found = [], outside = [];
			for (let y = box.top; y < Math.min(box.bottom, innerHeight); y += 7) for (let x = box.left; x < Math.min(box.right, innerWidth); x += 11) {
				matrix.dispatchEvent(new MouseEvent("mousemove", { clientX: x, clientY: y, bubbles: true }));
				if (tip.hidden) continue;
				found.push(x);
				const t = tip.getBoundingClientRect();
				if (t.left < 0 || t.top < 0 || t.right > innerWidth || t.bottom > innerHeight) outside.push([x, y, t.left, t.top, t.right, t.bottom].join(" "));
			}
			if (Math.max(...found) < innerWidth * 0.6) outside.push("no cell right of " + Math.max(...found));
			return outside.slice(0, 5);
		})()`)
		if len(outside) > 0 {
			t.Errorf("%d px: %q", width, outside)
		}
	}
}

// rowsRead returns the matrix' first rows as a screen reader gets them.
func (p *page) rowsRead(n int) []string {
	p.t.Helper()
	p.do(chromedp.Focus(".matrix"))
	var rows []string
	for range n {
		p.do(chromedp.KeyEvent(kb.ArrowDown))
		rows = append(rows, p.text(".matrix-box [role=status]"))
	}
	return rows
}

func TestRowsAreInNaturalOrderOrWorstFirstOrOnlyTheWrongOnes(t *testing.T) {
	r := &report.Report{Run: report.Run{ID: "r", Started: madeAt, Ended: madeAt}, DataAt: madeAt}
	for i, name := range []string{"team-10", "team-9", "Team-2"} {
		id := fleet.AccountID(fmt.Sprintf("%012d", i+1))
		r.Accounts = append(r.Accounts, fleet.Account{ID: id, Name: name})
		verdict := []plan.Verdict{plan.Drifted, plan.Healthy, plan.Failed}[i]
		r.Cells = append(r.Cells, report.Cell{Before: verdict, Assessed: plan.Assessed{Status: fleet.InstanceCurrent, Cell: fleet.Cell{StackSet: "s", Target: fleet.Target{Account: id, Region: "eu-west-1"}}, Verdict: verdict}})
	}
	for hash, want := range map[string][]string{"": {"Team-2", "team-9", "team-10"}, "&order=worst": {"Team-2", "team-10", "team-9"}, "&only=wrong": {"Team-2", "team-10", "team-10"}} {
		p := openPage(t, r, Options{}, look{hash: "#view=fleet" + hash})
		for i, said := range p.rowsRead(3) {
			if !strings.Contains(said, want[i]) || !strings.Contains(said, "eu-west-1") {
				t.Errorf("%q: row %d is %q, want %s", hash, i, said, want[i])
			}
		}
	}
	p := openPage(t, r, Options{}, look{hash: "#view=fleet&as=table&sort=cells.accountName"})
	if names := evaluate[[]string](p, `[...document.querySelectorAll("main tbody tr td:nth-child(3)")].map((td) => td.textContent)`); !slices.Equal(names, []string{"Team-2", "team-9", "team-10"}) {
		t.Errorf("the table has %q", names)
	}
}

func TestStackSetHasAPageOfItsOwn(t *testing.T) {
	r := reportOf(1500)
	p := openPage(t, r, Options{}, look{hash: "#view=sets"})
	p.click(`main tbody th button`)
	p.until(`location.hash.includes("view=set&") || location.hash.includes("view=set&set=") || /view=set(&|$)/.test(location.hash)`)
	evaluate[bool](p, `(location.hash = "#view=set&set=flow-logs", true)`)
	p.until(`document.getElementById("set-title")?.textContent.startsWith("flow-logs")`)
	said := p.text("main")
	for _, want := range []string{"setmend explain flow-logs", "log-bucket", "vpc-baseline", "Recent operations", "What is wrong in it", "Baseline flow-logs"} {
		if !strings.Contains(said, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if rows := evaluate[int](p, `document.querySelectorAll("main [aria-label='Recent operations'] tbody tr").length`); rows != 10 {
		t.Errorf("%d operations, want the ten that AWS told of", rows)
	}
	if !evaluate[bool](p, `!!document.querySelector("main .matrix canvas")`) {
		t.Error("its instances are not drawn")
	}
}

func TestTimelineTellsFromWhenToWhenAndDrawsNoBarForTheTimeNobodySaw(t *testing.T) {
	at := func(minute int) time.Time { return madeAt.Add(time.Duration(minute) * time.Minute) }
	r := &report.Report{Run: report.Run{ID: "r", Started: at(0), CutOff: at(20), Stage: "Heal"}, DataAt: at(600),
		StackSets: []report.StackSet{{Name: "s", Operations: []fleet.Operation{{ID: "late", Created: at(1), Ended: at(5)}}}},
		Actions: []report.Action{{ID: "a", StackSet: "s", Action: "UPDATE", OperationID: "late", Outcome: report.OutcomeSucceeded, Started: at(1), Ended: at(400), Cells: 1},
			{ID: "b", StackSet: "s", Action: "UPDATE", OperationID: "open", Outcome: report.OutcomeRunning, Started: at(10), Cells: 1}}}
	core, _ := build(r, Options{})
	if got := core.Actions[0].Ended; !got.Equal(at(5)) {
		t.Errorf("what was noticed late ends at %v, want AWS's own time", got)
	}
	if !core.Actions[1].Open {
		t.Error("an operation whose end nobody saw is not open")
	}
	p := openPage(t, r, Options{}, look{hash: "#view=run"})
	if got := p.text(".range"); got != "2026-11-20 06:43 to 06:52 UTC, 9 min" && !strings.HasPrefix(got, "2026-11-20 06:43 to 06:52 UTC") {
		t.Errorf("the range is %q", got)
	}
	if wide := evaluate[float64](p, `document.querySelector('[data-action="b"] rect').getBBox().width`); wide > 6 {
		t.Errorf("the operation that nobody saw end is %v px wide", wide)
	}
	if !evaluate[bool](p, `!!document.querySelector('[data-action="b"] .open-end')`) {
		t.Error("its end is not marked as open")
	}
}

func TestDifferencesAreMarkedByWord(t *testing.T) {
	r := reportOf(400)
	cell := &r.Cells[0]
	cell.Verdict, cell.Drift = plan.Drifted, []fleet.ResourceDrift{{LogicalID: "R", Status: fleet.ResourceModified, Differences: []fleet.PropertyDifference{
		{Path: "/Description", Expected: "keep logs for 365 days in eu-west-1", Actual: "keep logs for 30 days in eu-west-1", Type: "NOT_EQUAL"}}}}
	p := openPage(t, r, Options{}, look{hash: "#cell=" + url.QueryEscape(cell.String())})
	p.until(`document.querySelector("#story .diff mark")`)
	if marks := evaluate[[]string](p, `[...document.querySelectorAll("#story .diff mark")].map((m) => m.textContent)`); !slices.Equal(marks, []string{"365", "30"}) {
		t.Errorf("marked %q, want the words that differ", marks)
	}
	if labels := evaluate[[]string](p, `[...document.querySelectorAll("#story .diff .sign")].map((m) => m.textContent)`); !slices.Equal(labels, []string{"should be", "is"}) {
		t.Errorf("labelled %q", labels)
	}
}

func TestEveryOutcomeHasAToneOfItsOwnMeaning(t *testing.T) {
	words, err := os.ReadFile("../report/words.go")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`Outcome\w+\s+Outcome = "(\w+)"`).FindAllStringSubmatch(string(words), -1)
	if len(named) < 10 {
		t.Fatalf("only %d outcomes were found", len(named))
	}
	for _, match := range named {
		if _, known := tones[report.Outcome(match[1])]; !known {
			t.Errorf("the outcome %s has no tone", match[1])
		}
	}
	if got := toneOf(report.Tripped(plan.GuardLease)); got != toneWarn {
		t.Errorf("a guard that was hit is %q", got)
	}
}

func TestLivePageGreetsAndThenShowsTheFirstRun(t *testing.T) {
	source := &memory{}
	p := openAddress(t, serveTo(t, source, nil)+"/", look{})
	if got := p.text("#headline"); !strings.HasPrefix(got, "Welcome.") {
		t.Errorf("headline %q", got)
	}
	if commands := p.text("#headline-next"); !strings.Contains(commands, "setmend plan") || !strings.Contains(commands, "setmend heal") {
		t.Errorf("it offers %q", commands)
	}
	p.until(`document.getElementById("live").textContent === "Live"`)
	source.become(reportOf(400))
	p.until(`document.getElementById("headline").textContent.includes("a person")`)
}

func TestRunThatWasCutOffIsMarked(t *testing.T) {
	r := stillRunning(reportOf(400))
	r.Run.CutOff = madeAt
	p := openPage(t, r, Options{}, look{})
	if got := p.text(".banner"); !strings.Contains(got, "A run was cut off in the healing, at 2026-11-20 06:42 UTC, with 98 of 233 done.") || !strings.Contains(got, "setmend runs resume 20261120-063158-7f3a") || !strings.Contains(got, "was cut off") {
		t.Errorf("the banner says %q", got)
	}
}
