package notify

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/setmend/setmend/fleet"
)

// View is a message as templates see it: grouped, cut to size, and every text in
// it cleaned and escaped for the format at hand.
type View struct {
	Run     string
	Time    string // in UTC
	Result  string
	Test    bool
	Counts  []CountView // by verdict, in alphabetical order
	New     int         // cells that need a person since this run
	Old     int         // cells that did before and still do
	Solved  int         // cells that do no longer
	Reasons []ReasonView
	// MoreReasons, MoreDone and MoreResolved say how many are not listed.
	MoreReasons  int
	Done         []DeedView
	MoreDone     int
	Changed      int // cells that something was done to
	Resolved     []string
	MoreResolved int
	// Rows are all findings, new and standing, for services that show the whole
	// state and not only what changed.
	Rows      []RowView
	MoreRows  int
	Dashboard string // URL, "" if there is none
	Log       string // URL, "" if there is none
}

// CountView is how many cells have a verdict.
type CountView struct {
	Verdict    string
	Now        int
	Difference string // from the run before, with its sign; "" if none or unknown
}

// ReasonView is a group of new findings with the same reason.
type ReasonView struct {
	Verdict string
	Text    string
	Hint    string
	Count   int
	Cells   []string // the first ones
	More    int      // how many there are besides
}

// DeedView is something that was done.
type DeedView struct {
	Action, StackSet, Outcome string
	Cells                     int
}

// RowView is a finding.
type RowView struct {
	StackSet, Account, Region, Verdict, Reason, Hint string
	New                                              bool
}

// limits are how much of a message is shown.
type limits struct{ reasons, cells, done, resolved, text, rows int }

// allowances are tried in turn until a message fits its service.
var allowances = []limits{
	{10, 5, 10, 10, 300, 500}, {8, 4, 8, 8, 300, 200}, {5, 3, 5, 5, 200, 100},
	{3, 2, 3, 3, 150, 30}, {1, 1, 1, 1, 100, 10}, {0, 0, 0, 0, 100, 0},
}

// view prepares a message for a format.
func view(m Message, mark markup, limit limits) View {
	show := func(text string) string { return mark.escape(clean(text, limit.text)) }
	v := View{
		Run: show(m.Run), Time: m.Time.UTC().Format("2006-01-02 15:04 UTC"), Result: show(string(m.Result)), Test: m.Test,
		Counts: counts(m, show),
		New:    len(m.Attention), Old: len(m.Standing), Solved: len(m.Resolved),
		Dashboard: mark.address(safeURL(m.DashboardURL)), Log: mark.address(safeURL(m.LogURL)),
	}
	v.addReasons(m, limit, show)
	v.addRows(m, limit, show)
	for i, d := range m.Done {
		v.Changed += d.Cells
		if i < limit.done {
			v.Done = append(v.Done, DeedView{show(d.Action), show(string(d.StackSet)), show(d.Outcome), d.Cells})
		}
	}
	v.MoreDone = len(m.Done) - len(v.Done)
	v.Resolved, v.MoreResolved = cellNames(m.Resolved, limit.resolved, show)
	return v
}

func (v *View) addReasons(m Message, limit limits, show func(string) string) {
	groups := group(m.Attention)
	v.MoreReasons = len(groups) - min(len(groups), limit.reasons)
	for _, g := range groups[:min(len(groups), limit.reasons)] {
		first := g[0]
		r := ReasonView{Verdict: show(first.Verdict), Text: show(first.Reason), Hint: show(first.Hint), Count: len(g)}
		r.Cells, r.More = cellNames(g, limit.cells, show)
		v.Reasons = append(v.Reasons, r)
	}
}

func (v *View) addRows(m Message, limit limits, show func(string) string) {
	for i, f := range slices.Concat(m.Attention, m.Standing) {
		if i == limit.rows {
			v.MoreRows = len(m.Attention) + len(m.Standing) - i
			return
		}
		v.Rows = append(v.Rows, RowView{
			show(string(f.StackSet)), show(string(f.Account)), show(string(f.Region)),
			show(f.Verdict), show(f.Reason), show(f.Hint), i < len(m.Attention),
		})
	}
}

func counts(m Message, show func(string) string) []CountView {
	verdicts := maps.Clone(m.After)
	if verdicts == nil {
		verdicts = map[string]int{}
	}
	for verdict := range m.Before {
		verdicts[verdict] += 0
	}
	var list []CountView
	for _, verdict := range fleet.SortedKeys(verdicts) {
		c := CountView{Verdict: show(verdict), Now: verdicts[verdict]}
		if d := c.Now - m.Before[verdict]; m.Before != nil && d != 0 {
			c.Difference = signed(d)
		}
		if c.Now != 0 || c.Difference != "" {
			list = append(list, c)
		}
	}
	return list
}

func signed(n int) string {
	if n > 0 {
		return "+" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// group puts findings with the same verdict and reason together, the largest
// group first.
func group(findings []Finding) [][]Finding {
	type key struct{ verdict, reason string }
	groups := map[key][]Finding{}
	for _, f := range findings {
		k := key{f.Verdict, cmp.Or(f.Class, normalise(f.Reason))}
		groups[k] = append(groups[k], f)
	}
	return slices.SortedFunc(maps.Values(groups), func(a, b []Finding) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), a[0].Cell.Compare(b[0].Cell), cmp.Compare(a[0].Verdict, b[0].Verdict), cmp.Compare(a[0].Reason, b[0].Reason))
	})
}

func cellNames(findings []Finding, limit int, show func(string) string) (names []string, more int) {
	for i, f := range findings {
		if i == limit {
			return names, len(findings) - i
		}
		names = append(names, show(f.Cell.String()))
	}
	return names, 0
}

// safeURL lets only web addresses through, with everything encoded that could
// end a link in one of the formats.
func safeURL(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return strings.NewReplacer("|", "%7C", ">", "%3E", "<", "%3C", ")", "%29", "(", "%28", `"`, "%22", "'", "%27", " ", "%20").Replace(u.String())
}
