package dashboard

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

func pageOf(t testing.TB, report *report.Report, options Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := Page(&out, report, options); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// part unpacks one of the page's two data blocks.
func part[T any](t *testing.T, page, id string) T {
	t.Helper()
	text := regexp.MustCompile(`<script type="text/plain" id="` + id + `">([^<]*)</script>`).FindStringSubmatch(page)
	if text == nil {
		t.Fatalf("the page has no part %s", id)
	}
	packed, err := base64.RawURLEncoding.DecodeString(text[1])
	if err != nil {
		t.Fatal(err)
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	var value T
	if err := json.Unmarshal(plain, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestSameReportGivesTheSamePage(t *testing.T) {
	first, second := pageOf(t, reportOf(1500), Options{}), pageOf(t, reportOf(1500), Options{})
	if first != second {
		t.Error("two pages of one report differ")
	}
}

func TestPageNamesNoPlaceToLoadFrom(t *testing.T) {
	page := pageOf(t, reportOf(400), Options{ConsoleLinks: true})
	for _, form := range []string{`\ssrc=`, `<link[^>]+href="(?:https?:)?//`, `@import`, `url\(`, `<style[^>]+>`, `\son[a-z]+="`, `\sstyle="`} {
		if found := regexp.MustCompile(form).FindString(page); found != "" {
			t.Errorf("the page contains %q", found)
		}
	}
}

func TestPolicyAdmitsTheScriptAndTheStyleByTheirHashesOnly(t *testing.T) {
	page := pageOf(t, reportOf(400), Options{})
	policy := strings.ReplaceAll(regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)[1], "&#43;", "+")
	policy = strings.ReplaceAll(policy, "&#39;", "'")
	for element, directive := range map[string]string{`<script type="module">`: "script-src", "<style>": "style-src"} {
		_, rest, _ := strings.Cut(page, element)
		text, _, _ := strings.Cut(rest, "</"+strings.Trim(strings.Fields(element)[0], "<>"))
		if want := directive + " '" + hash(text) + "'"; !strings.Contains(policy, want) {
			t.Errorf("policy %q does not have %q", policy, want)
		}
	}
	for _, forbidden := range []string{"unsafe", "*", "http", "connect-src"} {
		if strings.Contains(policy, forbidden) {
			t.Errorf("policy %q contains %q", policy, forbidden)
		}
	}
}

func TestAHundredThousandCellsFitInAMegabyte(t *testing.T) {
	report := reportOf(100_000)
	if len(report.Cells) < 95_000 {
		t.Fatalf("the fixture has %d cells", len(report.Cells))
	}
	page := pageOf(t, report, Options{Decisions: decisionsOf(report), ConsoleLinks: true})
	t.Logf("%d cells: %d bytes", len(report.Cells), len(page))
	if len(page) > 1_000_000 {
		t.Errorf("%d cells make a page of %d bytes, want at most 1,000,000", len(report.Cells), len(page))
	}
}

func TestStoriesOfHealedCellsGoFirstWhereThePageGrowsTooLarge(t *testing.T) {
	report := reportOf(4000)
	full := pageOf(t, report, Options{})
	lean := pageOf(t, report, Options{MaxBytes: len(full) - 1})
	if len(lean) >= len(full) {
		t.Fatalf("%d bytes where %d are too many", len(lean), len(full))
	}
	core := part[struct {
		Omitted omitted
		Cells   struct{ Flags map[string][]int }
	}](t, lean, "core")
	if core.Omitted.Details == 0 {
		t.Error("the page does not say what it left out")
	}
	stories := len(part[struct{ Stories []detail }](t, lean, "details").Stories)
	want := 0
	for _, cell := range report.Cells {
		if len(cell.Steps)+len(cell.Drift) > 0 && cell.Verdict != plan.Healthy {
			want++
		}
	}
	if stories != want {
		t.Errorf("%d stories are left, want those of the %d cells that are not healthy", stories, want)
	}
}

func TestColumnsUnpackToWhatWasPacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.IntRange(0, 3)).Draw(t, "values")
		text, err := json.Marshal(column(values))
		if err != nil {
			t.Fatal(err)
		}
		var packed struct{ R, V []int }
		if err := json.Unmarshal(text, &packed); err != nil {
			t.Fatal(err)
		}
		got := packed.V
		for i := 0; i+1 < len(packed.R); i += 2 {
			got = append(got, slices.Repeat([]int{packed.R[i]}, packed.R[i+1])...)
		}
		if !slices.Equal(got, values) {
			t.Fatalf("%v was packed as %s", values, text)
		}
	})
}

func TestReasonsThatDifferInParticularsAreOneGroupWorstFirst(t *testing.T) {
	made := &report.Report{}
	add := func(account fleet.AccountID, verdict plan.Verdict, class plan.ReasonClass, reason, hint string) {
		made.Attention = append(made.Attention, report.Finding{Cell: fleet.Cell{StackSet: "s", Target: fleet.Target{Account: account, Region: "eu-west-1"}}, Verdict: verdict, Class: class, Reason: reason, Hint: hint})
	}
	add("111111111111", plan.Failed, plan.ReasonQuota, "quota in 111111111111", "")
	add("222222222222", plan.Failed, plan.ReasonQuota, "quota in 222222222222", "ask for more")
	add("333333333333", plan.Failed, plan.ReasonDenied, "quota in 333333333333", "")
	add("444444444444", plan.Quarantined, "", "given up", "look")
	add("", plan.Failed, "", "about no cell", "")

	core, _ := build(made, Options{}, false)
	type seen struct {
		reason, class, hint string
		cells               int
	}
	var got []seen
	text := core.Texts.values
	for _, g := range core.Groups {
		got = append(got, seen{text[g.Reason], text[g.Class], text[g.Hint], len(g.Cells)})
	}
	want := []seen{{"given up", "", "look", 1}, {"quota in <account>", "quota", "ask for more", 2}, {"quota in <account>", "denied", "", 1}}
	if !slices.Equal(got, want) {
		t.Errorf("groups %+v\nwant   %+v", got, want)
	}
	if core.Cells.Count != 4 {
		t.Errorf("%d cells, want the four that need a person though the report lists none", core.Cells.Count)
	}
}

func TestAVerdictThatWasNotGivenIsNotChecked(t *testing.T) {
	report := &report.Report{Cells: []report.Cell{{Assessed: plan.Assessed{Cell: fleet.Cell{StackSet: "s", Target: fleet.Target{Account: "111111111111", Region: "eu-west-1"}}}}}}
	core, _ := build(report, Options{}, false)
	if got := core.Verdicts.values[core.Cells.Verdict[0]]; got != plan.NotChecked {
		t.Errorf("verdict %q, want %q", got, plan.NotChecked)
	}
}

func TestEntriesOfOneCallAreOneRowAndFurtherCallsOfAnActionAreTheirOwn(t *testing.T) {
	at := func(seconds int) time.Time { return madeAt.Add(time.Duration(seconds) * time.Second) }
	entry := func(id, action, operation, outcome string, account fleet.AccountID, start, end int) report.Action {
		return report.Action{ID: id, StackSet: "s", Action: report.Deed(action), OperationID: operation, Outcome: report.Outcome(outcome), Reason: outcome, Cells: 1,
			Accounts: []fleet.AccountID{account}, Regions: []fleet.Region{"eu-west-1"}, Started: at(start), Ended: at(end)}
	}
	after := entry("later", "UPDATE", "op3", "succeeded", "1", 30, 40)
	after.After = []string{"redeploy", "unknown"}
	core, _ := build(&report.Report{Actions: []report.Action{
		entry("revert", "REVERT_DRIFT", "", "succeeded", "1", 5, 9), entry("revert", "REVERT_DRIFT", "", "failed", "2", 3, 8),
		entry("redeploy", "DELETE", "op1", "succeeded", "1", 10, 15), entry("redeploy", "CREATE", "op2", "succeeded", "1", 16, 20), after}}, Options{}, false)
	type row struct {
		ID, Outcome, Reason string
		Cells, Accounts     int
		Started, Ended      time.Time
		After               string
	}
	var got []row
	for _, a := range core.Actions {
		got = append(got, row{a.ID, string(a.Outcome), a.Reason, a.Cells, len(a.Accounts), a.Started, a.Ended, strings.Join(a.After, " ")})
	}
	want := []row{
		{"revert", "partial", "failed", 2, 2, at(3), at(9), ""},
		{"redeploy", "succeeded", "succeeded", 1, 1, at(10), at(15), ""},
		{"redeploy~2", "succeeded", "succeeded", 1, 1, at(16), at(20), ""},
		{"later", "succeeded", "succeeded", 1, 1, at(30), at(40), "redeploy~2 unknown"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestARemovedCellIsNotShownAmongTheHealthy(t *testing.T) {
	report := reportOf(8000)
	core, _ := build(report, Options{}, false)
	count := map[plan.Verdict]int{}
	for _, verdict := range core.Cells.Verdict {
		count[core.Verdicts.values[verdict]]++
	}
	if count[plan.Healthy] != report.After.Healthy || count[removed] == 0 {
		t.Errorf("%d shown healthy where the report counts %d; %d removed", count[plan.Healthy], report.After.Healthy, count[removed])
	}
}

func TestOnlyTheNewestDecisionsAreCarriedAndTheOthersCounted(t *testing.T) {
	decisions := decisionsOf(reportOf(1500))
	core, _ := build(&report.Report{}, Options{Decisions: decisions, MaxDecisions: 10}, false)
	if core.Decisions.Count != 10 || core.Omitted.Decisions != len(decisions)-10 {
		t.Errorf("%d carried, %d omitted of %d", core.Decisions.Count, core.Omitted.Decisions, len(decisions))
	}
	if newest := decisions[len(decisions)-10].Time.UnixMilli(); core.Decisions.Start != newest {
		t.Errorf("the first carried is of %d, want %d", core.Decisions.Start, newest)
	}
}

func TestBuildingAPageLeavesTheReportAsItWas(t *testing.T) {
	report, same := reportOf(400), reportOf(400)
	slices.Reverse(report.Cells)
	slices.Reverse(same.Cells)
	pageOf(t, report, Options{})
	var got, want bytes.Buffer
	if err := JSON(&got, report); err != nil {
		t.Fatal(err)
	}
	if err := JSON(&want, same); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Error("the report was changed")
	}
}

func BenchmarkPage100000(b *testing.B) {
	report := reportOf(100_000)
	for b.Loop() {
		pageOf(b, report, Options{})
	}
}
