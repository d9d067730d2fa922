package dashboard

import (
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/report"
)

// payloadFormat is raised when the page's script must change with the data.
const payloadFormat = 1

// payload is the page's core: what it needs to draw everything but a cell's
// story. Numbers that stand for things are places in the lists of this struct.
type payload struct {
	Format    int                       `json:"format"`
	Headline  Headline                  `json:"headline"`
	Run       report.Run                `json:"run"`
	Fleet     report.Fleet              `json:"fleet"`
	Before    plan.Counts               `json:"before"`
	After     plan.Counts               `json:"after"`
	Overrides report.Overrides          `json:"overrides"`
	API       report.API                `json:"api"`
	Guards    []plan.GuardHit           `json:"guards"`
	Problems  []policy.Problem          `json:"problems"`
	DataAt    time.Time                 `json:"dataAt"`
	Levels    [][]int                   `json:"levels"`
	StackSets []report.StackSet         `json:"stackSets"`
	Accounts  []accountRow              `json:"accounts"`
	OUs       []ouRow                   `json:"ous"`
	Regions   *dictionary[fleet.Region] `json:"regions"`
	Verdicts  *dictionary[plan.Verdict] `json:"verdicts"`
	Texts     *dictionary[string]       `json:"texts"`
	Cells     cellColumns               `json:"cells"`
	Groups    []group                   `json:"groups"`
	Actions   []actionRow               `json:"actions"`
	Decisions decisionColumns           `json:"decisions"`
	History   []report.HistoryPoint     `json:"history"`
	Approvals []Approval                `json:"approvals"`
	Links     Links                     `json:"links"`
	Omitted   omitted                   `json:"omitted"`
	Live      bool                      `json:"live"`
}

// accountRow is an account, with its parent as a place in OUs, -1 if unknown.
type accountRow struct {
	ID    fleet.AccountID    `json:"id"`
	Name  string             `json:"name,omitempty"`
	State fleet.AccountState `json:"state"`
	OU    int                `json:"ou"`
}

// ouRow is an OU, with its parent as a place in OUs, -1 for the root.
type ouRow struct {
	ID     fleet.OUID `json:"id"`
	Name   string     `json:"name,omitempty"`
	Parent int        `json:"parent"`
}

// omitted counts what was left out to keep the file small.
type omitted struct {
	Details   int `json:"details"`
	Decisions int `json:"decisions"`
}

// details are the stories of the cells that have one: Cells holds places in the
// core's cells.
type details struct {
	Cells   column   `json:"cells"`
	Stories []detail `json:"stories"`
}

type detail struct {
	Drift       []fleet.ResourceDrift `json:"drift,omitempty"`
	Steps       []report.Step         `json:"steps,omitempty"`
	Heals       int                   `json:"heals,omitempty"`
	Quarantined time.Time             `json:"quarantined,omitzero"`
	Checked     time.Time             `json:"checked,omitzero"`
	Remedy      plan.Remedy           `json:"remedy,omitempty"` // what comes next
	NotBefore   time.Time             `json:"notBefore,omitzero"`
	Pinned      string                `json:"pinned,omitempty"`
}

// builder turns a report into a payload. It never changes the report.
type builder struct {
	report   *report.Report
	options  Options
	out      payload
	details  details
	sets     *dictionary[fleet.StackSetName]
	accounts *dictionary[fleet.AccountID]
	ous      *dictionary[fleet.OUID]
	place    map[fleet.Cell]int
}

// build makes both parts. With lean set, cells that are healthy again carry no
// details.
func build(r *report.Report, options Options, lean bool) (payload, details) {
	b := &builder{report: r, options: options,
		sets:     newDictionary[fleet.StackSetName](),
		accounts: newDictionary[fleet.AccountID](),
		ous:      newDictionary[fleet.OUID](),
		place:    make(map[fleet.Cell]int, len(r.Cells)),
	}
	b.out = payload{
		Format: payloadFormat, Headline: Headlines(r), Run: r.Run, Fleet: r.Fleet, Before: r.Before, After: r.After,
		Overrides: r.Overrides, API: r.API, Guards: orEmpty(r.Guards), Problems: orEmpty(r.Problems),
		DataAt: r.DataAt, History: orEmpty(r.History), Approvals: orEmpty(options.Approvals),
		Links: options.links(r), Live: options.LiveURL != "",
		Regions:  newDictionary[fleet.Region](),
		Verdicts: newDictionary(plan.Verdicts[:]...),
		Texts:    newDictionary(""),
	}
	b.stackSets()
	b.cells(lean)
	b.groups()
	b.actions()
	b.decisions()
	b.levels()
	b.places()
	return b.out, b.details
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
	b.out.StackSets = []report.StackSet{}
	for _, name := range b.sets.values {
		set := known[name]
		set.Name = name
		b.out.StackSets = append(b.out.StackSets, set)
	}
	b.accountRows()
	b.ouRows()
}

func (b *builder) accountRows() {
	known := map[fleet.AccountID]fleet.Account{}
	for _, account := range b.report.Accounts {
		known[account.ID] = account
		b.accounts.of(account.ID)
	}
	b.out.Accounts = []accountRow{}
	for _, id := range b.accounts.values {
		account := known[id]
		b.out.Accounts = append(b.out.Accounts, accountRow{ID: id, Name: account.Name, State: account.State, OU: b.ou(account.Parent())})
	}
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
