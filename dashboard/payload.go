package dashboard

import (
	"strconv"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/report"
)

// payloadFormat is raised when the page's script must change with the data.
const payloadFormat = 2

// payload is the page's core: what it needs to draw everything but a cell's
// story. Numbers that stand for things are places in the lists of this struct.
type payload struct {
	Format    int                       `json:"format"`
	Headline  Headline                  `json:"headline"`
	Run       report.Run                `json:"run"`
	Fleet     report.Fleet              `json:"fleet"`
	Before    plan.Counts               `json:"before"`
	After     plan.Counts               `json:"after"`
	Absent    int                       `json:"absent"` // cells that must not be there, and are not
	Overrides report.Overrides          `json:"overrides"`
	API       report.API                `json:"api"`
	Guards    []plan.GuardHit           `json:"guards"`
	Problems  []policy.Problem          `json:"problems"`
	DataAt    time.Time                 `json:"dataAt"`
	Levels    [][]int                   `json:"levels"`
	StackSets []report.StackSet         `json:"stackSets"`
	Accounts  accountColumns            `json:"accounts"`
	OUs       []ouRow                   `json:"ous"`
	Regions   *dictionary[fleet.Region] `json:"regions"`
	Verdicts  *dictionary[plan.Verdict] `json:"verdicts"`
	Texts     *dictionary[string]       `json:"texts"`
	Cells     cellTable                 `json:"cells"`
	Groups    []group                   `json:"groups"`
	Loose     []loose                   `json:"loose"` // findings about no cell
	Held      []held                    `json:"held"`
	Deeds     []deed                    `json:"deeds"`
	Actions   []actionRow               `json:"actions"`
	Decisions decisionColumns           `json:"decisions"`
	History   []report.HistoryPoint     `json:"history"`
	Approvals []Approval                `json:"approvals"`
	Links     Links                     `json:"links"`
	Omitted   omitted                   `json:"omitted"`
	Live      bool                      `json:"live"`
	UnderWay  bool                      `json:"underWay"`
}

// accountColumns are the accounts. Their ids are numbers, or texts where one is none.
type accountColumns struct {
	ID    column            `json:"id,omitzero"`
	Text  []fleet.AccountID `json:"text,omitempty"`
	Name  []string          `json:"name"`
	State column            `json:"state"` // a place in Texts
	OU    column            `json:"ou"`    // a place in OUs, -1 if unknown
}

// ouRow is an OU, with its parent as a place in OUs, -1 for the root.
type ouRow struct {
	ID     fleet.OUID `json:"id"`
	Name   string     `json:"name,omitempty"`
	Parent int        `json:"parent"`
}

// omitted counts what was left out to keep the file small.
type omitted struct {
	Decisions int `json:"decisions"`
}

// loose is a finding about no cell: a whole stack set's, as a rule.
type loose struct {
	StackSet fleet.StackSetName `json:"stackSet,omitempty"`
	Reason   string             `json:"reason"`
	Said     string             `json:"said,omitempty"`
	Hint     string             `json:"hint,omitempty"`
	Next     []next             `json:"next"`
}

// details are the stories of the cells that have one: Cells holds places in the
// core's cells, Omitted
// counts those of healthy cells that were left out for size.
type details struct {
	Cells   column   `json:"cells"`
	Stories []detail `json:"stories"`
	Omitted int      `json:"omitted"`
}

// builder turns a report into a payload. It never changes the report.
type builder struct {
	report   *report.Report
	options  Options
	out      payload
	sets     *dictionary[fleet.StackSetName]
	accounts *dictionary[fleet.AccountID]
	ous      *dictionary[fleet.OUID]
	members  map[fleet.AccountID]bool // accounts that the report lists
	place    map[fleet.Cell]int       // of cells that findings are about
	stories  []storyAt                // in the cells' order
	loose    []report.Finding

	recent      [4]recentKind
	kindNumbers map[kind]int
	kindList    []kind

	operations  map[string]fleet.Operation
	stopping    map[fleet.StackSetName]*plan.GuardHit
	reportOnly  map[fleet.StackSetName]bool
	heldNumbers map[heldKey]int
}

// build makes the core, and gathers the cells that have a story.
func build(r *report.Report, options Options) (payload, []storyAt) {
	t := tallyOf(r)
	b := &builder{report: r, options: options,
		sets:        newDictionary[fleet.StackSetName](),
		accounts:    newDictionary[fleet.AccountID](),
		ous:         newDictionary[fleet.OUID](),
		members:     make(map[fleet.AccountID]bool, len(r.Accounts)),
		place:       make(map[fleet.Cell]int, len(r.Attention)),
		kindNumbers: map[kind]int{}, heldNumbers: map[heldKey]int{},
		operations: recentOperations(r), stopping: map[fleet.StackSetName]*plan.GuardHit{}, reportOnly: map[fleet.StackSetName]bool{},
	}
	for i := range b.recent {
		b.recent[i].number = -1
		b.recent[i].kind.held = -2 // no cell's
	}
	b.out = payload{
		Format: payloadFormat, Headline: headlineOf(r, t), Run: r.Run, Fleet: r.Fleet, Before: t.before, After: t.after, Absent: t.absent,
		Overrides: r.Overrides, API: r.API, Guards: orEmpty(r.Guards), Problems: orEmpty(r.Problems),
		DataAt: r.DataAt, History: orEmpty(r.History), Held: []held{}, Loose: []loose{},
		Links: options.links(r), Live: options.LiveURL != "", UnderWay: underWay(r),
		Regions:  newDictionary[fleet.Region](),
		Verdicts: newDictionary(plan.Verdicts[:]...),
		Texts:    newDictionary(""),
	}
	b.readGuards()
	b.stackSets()
	b.accountsFirst()
	b.cells()
	b.approvals()
	b.groups()
	b.looseFindings()
	b.actions()
	b.decisions()
	b.levels()
	b.places()
	return b.out, b.stories
}

// accountsFirst numbers the report's accounts in its order, which is that of its cells.
func (b *builder) accountsFirst() {
	for i := range b.report.Accounts {
		b.accounts.of(b.report.Accounts[i].ID)
		b.members[b.report.Accounts[i].ID] = len(b.report.Accounts[i].OUs) > 0
	}
}

func (b *builder) looseFindings() {
	for _, a := range b.loose {
		explain := next{Does: "See all that is known of it", Command: "setmend explain " + shellWord(string(a.StackSet))}
		b.out.Loose = append(b.out.Loose, loose{a.StackSet, plan.Assessed{Reason: a.Reason, Said: a.Said}.Ours(), a.Said, a.Hint, []next{explain}})
	}
}

// stackSets numbers the stack sets in the report's order.
func (b *builder) stackSets() {
	for _, set := range b.report.StackSets {
		b.sets.of(set.Name)
	}
}

func (b *builder) levels() {
	b.out.Levels = [][]int{}
	for _, names := range b.report.Levels {
		level := make([]int, len(names))
		for i, name := range names {
			level[i] = b.sets.of(name)
		}
		b.out.Levels = append(b.out.Levels, level)
	}
}

// places writes out the stack sets, accounts and OUs that the numbers name,
// those included that only a cell or an action mentions. It comes last.
func (b *builder) places() {
	known := map[fleet.StackSetName]report.StackSet{}
	for _, set := range b.report.StackSets {
		known[set.Name] = set
	}
	absentBefore, absentAfter := b.absences()
	b.out.StackSets = []report.StackSet{}
	for _, name := range b.sets.values {
		set := known[name]
		set.Name = name
		set.Before.Blocked, set.After.Blocked = max(0, set.Before.Blocked-absentBefore[name]), max(0, set.After.Blocked-absentAfter[name])
		b.out.StackSets = append(b.out.StackSets, set)
	}
	b.accountRows()
	b.ouRows()
}

// absences counts by stack set the cells that are rightly absent, now and before.
func (b *builder) absences() (before, after map[fleet.StackSetName]int) {
	before, after = map[fleet.StackSetName]int{}, map[fleet.StackSetName]int{}
	for i := range b.report.Cells {
		if cell := &b.report.Cells[i]; shown(cell) == absent {
			after[cell.StackSet]++
			if shownBefore(cell) == absent {
				before[cell.StackSet]++
			}
		}
	}
	return before, after
}

func (b *builder) accountRows() {
	known := map[fleet.AccountID]fleet.Account{}
	for _, account := range b.report.Accounts {
		known[account.ID] = account
	}
	out := accountColumns{Name: []string{}, ID: column{}}
	for _, id := range b.accounts.values {
		account := known[id]
		n, err := strconv.Atoi(string(id))
		if len(id) != 12 || err != nil || n < 0 {
			out.Text = b.accounts.values
		}
		out.ID = append(out.ID, n)
		out.Name = append(out.Name, account.Name)
		out.State = append(out.State, b.out.Texts.of(string(account.State)))
		out.OU = append(out.OU, b.ou(account.Parent()))
	}
	if out.Text != nil {
		out.ID = nil
	}
	b.out.Accounts = out
}

// ou numbers an OU and everything above it.
func (b *builder) ou(id fleet.OUID) int {
	if id == "" {
		return -1
	}
	return b.ous.of(id)
}

// ouRows may meet parents that nothing else mentions, so the list grows while
// it is walked.
func (b *builder) ouRows() {
	b.out.OUs = []ouRow{}
	for i := 0; i < len(b.ous.values); i++ {
		ou := b.report.OUs[b.ous.values[i]]
		b.out.OUs = append(b.out.OUs, ouRow{ID: b.ous.values[i], Name: ou.Name, Parent: b.ou(ou.Parent)})
	}
}

// orEmpty keeps null out of the JSON, where a list is promised.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
