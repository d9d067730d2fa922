package dashboard

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// cellTable holds the cells, sorted by stack set (in the report's order), account and
// region. A stack set's cells are a block; blocks at the same targets share a shape. What
// else there is to say of a cell is one of a few kinds, so that a million cells are one
// column of mostly equal numbers. What should be there, and why, follows the organization
// and is mostly the same in all stack sets: blocks share that as they share shapes.
type cellTable struct {
	Count   int      `json:"count"`
	Blocks  []block  `json:"blocks"`
	Shapes  []shape  `json:"shapes"`
	Wants   []column `json:"wants"` // of each cell of a block; a place in Desire and Because
	Kind    column   `json:"kind"`  // of each cell; a place in Kinds
	Kinds   kinds    `json:"kinds"`
	Desire  column   `json:"desire"`
	Because column   `json:"because"`
}

type block struct {
	Set   int `json:"set"`
	Shape int `json:"shape"`
	Want  int `json:"want"`
}

// shape is a list of targets: accounts, each so many times, with their regions.
type shape struct {
	Account column `json:"account"`
	Times   column `json:"times"`
	Region  column `json:"region"`
	OU      column `json:"ou"` // of accounts that the organization does not have, else -1
}

// kinds are columns of what cells have in common. Texts are places in the payload's
// Texts; 0 is "".
type kinds struct {
	Verdict   column `json:"verdict"`
	Before    column `json:"before"`
	Attention column `json:"attention"` // 1: a person is needed
	State     column `json:"state"`     // as AWS reports it
	Reason    column `json:"reason"`    // in our words
	Said      column `json:"said"`      // in AWS's words
	Where     column `json:"where"`     // the resource that AWS names
	Class     column `json:"class"`
	Hint      column `json:"hint"`
	Held      column `json:"held"` // what holds it back; a place in the payload's Held, -1 for nothing
}

type kind struct {
	verdict, before                         plan.Verdict
	attention                               bool
	state, reason, said, where, class, hint string
	status, detailed                        string
	drift                                   fleet.DriftStatus
	held                                    int
}

func (b *builder) cells() {
	cells := b.sortedCells()
	wanted := b.wanted(cells)
	var at shape
	shapes, wants := map[string]int{}, map[string]int{}
	pairs := newDictionary[desired]()
	var want column
	for i, cell := range cells {
		at.add(b.accounts.of(cell.Account))
		at.Region = append(at.Region, b.out.Regions.of(cell.Region))
		at.OU = append(at.OU, b.strayOU(cell))
		b.out.Cells.Kind = append(b.out.Cells.Kind, b.kindOf(cell))
		if len(cell.Drift) > 0 || len(cell.Steps) > 0 || cell.Heals > 0 || cell.Remedy != "" || cell.Pinned != "" || !cell.Quarantined.IsZero() {
			b.stories = append(b.stories, storyAt{i, cell})
		}
		if wanted[i] {
			b.place[cell.Cell] = i
		}
		want = append(want, pairs.of(desired{cell.Desire, cell.Because}))
		if i == len(cells)-1 || cells[i+1].StackSet != cell.StackSet {
			b.endBlock(cell.StackSet, at, shapes)
			b.endWants(want, wants)
			at, want = shape{}, nil
		}
	}
	b.out.Cells.Count = len(cells)
	for _, pair := range pairs.values {
		b.out.Cells.Desire = append(b.out.Cells.Desire, b.out.Texts.of(string(pair.desire)))
		b.out.Cells.Because = append(b.out.Cells.Because, b.out.Texts.of(pair.because))
	}
	b.kinds()
}

// desired is what should be in a cell, and why.
type desired struct {
	desire  plan.Desire
	because string
}

// endWants adds what is wanted in the block that was added last.
func (b *builder) endWants(want column, wants map[string]int) {
	c, key := &b.out.Cells, string(want.bytes())
	n, known := wants[key]
	if !known {
		n = len(c.Wants)
		wants[key] = n
		c.Wants = append(c.Wants, want)
	}
	c.Blocks[len(c.Blocks)-1].Want = n
}

// add adds an account's next target.
func (s *shape) add(account int) {
	if n := len(s.Account); n > 0 && s.Account[n-1] == account {
		s.Times[n-1]++
		return
	}
	s.Account, s.Times = append(s.Account, account), append(s.Times, 1)
}

// endBlock adds a stack set's cells, with a shape of their own if no other has it.
func (b *builder) endBlock(set fleet.StackSetName, at shape, shapes map[string]int) {
	c := &b.out.Cells
	key := string(at.Account.bytes()) + "|" + string(at.Times.bytes()) + "|" + string(at.Region.bytes()) + "|" + string(at.OU.bytes())
	n, known := shapes[key]
	if !known {
		n = len(c.Shapes)
		shapes[key] = n
		c.Shapes = append(c.Shapes, at)
	}
	c.Blocks = append(c.Blocks, block{Set: b.sets.of(set), Shape: n})
}

// strayOU numbers the OU of a cell whose account the organization does not have.
func (b *builder) strayOU(cell *report.Cell) int {
	if cell.OU == "" || b.members[cell.Account] {
		return -1
	}
	return b.ou(cell.OU)
}

// sortedCells is every cell of the report, and those that need a person though
// the report does not list them.
func (b *builder) sortedCells() []*report.Cell {
	cells := make([]*report.Cell, 0, len(b.report.Cells))
	for i := range b.report.Cells {
		cells = append(cells, &b.report.Cells[i])
	}
	cells = append(cells, b.unlisted()...)
	number := make([]int, 0, len(cells)) // of each cell's stack set
	for i, cell := range cells {
		if i > 0 && cells[i-1].StackSet == cell.StackSet {
			number = append(number, number[i-1])
			continue
		}
		number = append(number, b.sets.of(cell.StackSet))
	}
	order := func(i, j int) int {
		return cmp.Or(cmp.Compare(number[i], number[j]), cells[i].Target.Compare(cells[j].Target))
	}
	places := make([]int, len(cells))
	sorted := true
	for i := range places {
		places[i] = i
		sorted = sorted && (i == 0 || order(i-1, i) <= 0)
	}
	if sorted {
		return cells
	}
	slices.SortStableFunc(places, order)
	out := make([]*report.Cell, len(cells))
	for i, place := range places {
		out[i] = cells[place]
	}
	return out
}

// unlisted are the cells that need a person and are not among the report's.
func (b *builder) unlisted() []*report.Cell {
	missing := map[fleet.Cell]*report.Cell{}
	var order []fleet.Cell
	for _, a := range b.report.Attention {
		if a.StackSet == "" || a.Account == "" || missing[a.Cell] != nil {
			continue
		}
		order = append(order, a.Cell)
		missing[a.Cell] = &report.Cell{Before: a.Verdict, Assessed: plan.Assessed{
			Cell: a.Cell, Verdict: a.Verdict, Reason: a.Reason, Said: a.Said, Class: a.Class, Hint: a.Hint, Attention: true}}
	}
	for i := range b.report.Cells {
		if len(missing) == 0 {
			break
		}
		delete(missing, b.report.Cells[i].Cell)
	}
	var cells []*report.Cell
	for _, cell := range order {
		if missing[cell] != nil {
			cells = append(cells, missing[cell])
		}
	}
	return cells
}

// wanted says of each cell whether a finding is about it.
func (b *builder) wanted(cells []*report.Cell) []bool {
	about := map[fleet.Cell]bool{}
	for _, a := range b.report.Attention {
		about[a.Cell] = true
	}
	wanted := make([]bool, len(cells))
	for i, cell := range cells {
		wanted[i] = len(about) > 0 && about[cell.Cell]
	}
	return wanted
}

// kindOf numbers what the cell has in common with others. Neighbours are mostly of
// the kinds met last.
func (b *builder) kindOf(cell *report.Cell) int {
	k := kind{verdict: shown(cell), before: shownBefore(cell), attention: cell.Attention,
		reason: cell.Reason, said: cell.Said, class: string(cell.Class), hint: cell.Hint,
		status: string(cell.Status), detailed: string(cell.Detailed), drift: cell.DriftStatus, held: b.heldBack(cell)}
	for i, recent := range b.recent {
		if recent.kind == k {
			b.recent[0], b.recent[i] = b.recent[i], b.recent[0]
			return recent.number
		}
	}
	n, known := b.kindNumbers[k]
	if !known {
		n = len(b.kindList)
		b.kindNumbers[k] = n
		full := k
		full.state = awsState(cell.Assessed)
		full.reason = cell.Ours()
		full.where, full.said = resourceOf(cell.Said)
		b.kindList = append(b.kindList, full)
	}
	copy(b.recent[1:], b.recent[:len(b.recent)-1])
	b.recent[0] = recentKind{k, n}
	return n
}

type recentKind struct {
	kind   kind
	number int
}

// kinds writes the kinds out as columns.
func (b *builder) kinds() {
	c, text := &b.out.Cells.Kinds, b.out.Texts.of
	for _, k := range b.kindList {
		attention := 0
		if k.attention {
			attention = 1
		}
		c.Verdict = append(c.Verdict, b.verdict(k.verdict))
		c.Before = append(c.Before, b.verdict(k.before))
		c.Attention = append(c.Attention, attention)
		c.State = append(c.State, text(k.state))
		c.Reason = append(c.Reason, text(k.reason))
		c.Said = append(c.Said, text(k.said))
		c.Where = append(c.Where, text(k.where))
		c.Class = append(c.Class, text(k.class))
		c.Hint = append(c.Hint, text(k.hint))
		c.Held = append(c.Held, k.held)
	}
}

// The verdicts that only the page has. A run that has taken away what must not be there
// leaves a removed cell; one that must not be there and is not is rightly absent,
// whatever would forbid acting on it. Neither is wrong, and neither is counted.
const (
	removed plan.Verdict = "removed"
	absent  plan.Verdict = "absent"
)

func shown(cell *report.Cell) plan.Verdict {
	switch {
	case cell.Present() || cell.Desire != plan.MustNot:
		return cell.Verdict
	case cell.Verdict == plan.Healthy:
		return removed
	case cell.Verdict == plan.Blocked:
		return absent
	}
	return cell.Verdict
}

func shownBefore(cell *report.Cell) plan.Verdict {
	if before := cmp.Or(cell.Before, cell.Verdict); before != plan.Blocked || shown(cell) != absent {
		return before
	}
	return absent
}

// awsState is the instance's own state in AWS's words, such as "CURRENT,
// SUCCEEDED, IN_SYNC", "" if there is no instance.
func awsState(cell plan.Assessed) string {
	if !cell.Present() {
		return ""
	}
	words := []string{string(cell.Status), string(cell.Detailed), string(cell.DriftStatus)}
	return strings.Join(slices.DeleteFunc(words, func(word string) bool { return word == "" }), ", ")
}

// verdict numbers a verdict. One that is missing was not given, and must not
// look like health.
func (b *builder) verdict(v plan.Verdict) int {
	return b.out.Verdicts.of(cmp.Or(v, plan.NotChecked))
}

// storyAt is a cell that has details.
type storyAt struct {
	place int
	cell  *report.Cell
}

// detail holds what is known of a cell beyond its kind.
type detail struct {
	Drift       []fleet.ResourceDrift `json:"drift,omitempty"`
	Steps       []step                `json:"steps,omitempty"`
	Heals       int                   `json:"heals,omitempty"`
	Quarantined time.Time             `json:"quarantined,omitzero"`
	Checked     time.Time             `json:"checked,omitzero"`
	Remedy      plan.Remedy           `json:"remedy,omitempty"` // what comes next
	NotBefore   time.Time             `json:"notBefore,omitzero"`
	Pinned      string                `json:"pinned,omitempty"`
}

// step is one thing that was tried, with AWS's words apart from ours.
type step struct {
	report.Step
	Tone  tone   `json:"tone"`
	Where string `json:"where,omitempty"`
}

func detailOf(cell *report.Cell) detail {
	d := detail{Drift: cell.Drift, Heals: cell.Heals, Quarantined: cell.Quarantined, Checked: cell.Checked,
		Remedy: cell.Remedy, NotBefore: cell.NotBefore, Pinned: cell.Pinned}
	for _, s := range cell.Steps {
		told := step{Step: s, Tone: toneOf(s.Outcome)}
		if s.Remedy == plan.RemedyQuarantine {
			told.Tone = toneBad
		}
		if s.Said != "" {
			told.Reason = apart(s.Reason, s.Said)
			told.Where, told.Said = resourceOf(s.Said)
		}
		d.Steps = append(d.Steps, told)
	}
	return d
}
