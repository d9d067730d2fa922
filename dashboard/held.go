package dashboard

import (
	"strings"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// held is what keeps cells that are wrong, and that no person is asked about, from being
// put right at once.
type held struct {
	Why   string `json:"why"`
	Until int64  `json:"until,omitempty"` // milliseconds since 1970; 0 if time alone does not end it
	Cells int    `json:"cells"`
	Next  []next `json:"next"`
}

type heldKey struct{ why, command string }

// heldBack numbers what holds a cell back, -1 for nothing: it is well, rightly absent,
// or a finding of its own.
func (b *builder) heldBack(cell *report.Cell) int {
	v := shown(cell)
	if cell.Attention || v == plan.Healthy || v == plan.NotChecked || v == removed || v == absent {
		return -1
	}
	why, command, does := b.holds(cell)
	key := heldKey{why, command}
	i, known := b.heldNumbers[key]
	if !known {
		i = len(b.out.Held)
		b.heldNumbers[key] = i
		b.out.Held = append(b.out.Held, held{Why: why, Next: []next{{Does: does, Command: command}}})
	}
	b.out.Held[i].Cells++
	if until := cell.NotBefore; !until.IsZero() && until.After(b.report.DataAt) {
		if ms := until.UnixMilli(); b.out.Held[i].Until == 0 || ms < b.out.Held[i].Until {
			b.out.Held[i].Until = ms
		}
	}
	return i
}

// holds returns what holds the cell back, the command that resolves it, and what that
// does.
func (b *builder) holds(cell *report.Cell) (why, command, does string) {
	set := string(cell.StackSet)
	heal := "setmend heal --stackset " + shellWord(set)
	switch hit := b.guardOn(cell); {
	case hit != nil && hit.Guard.Acceptable() && !hit.Waits:
		return "A guard stops " + subject(hit.StackSet) + " until a person has looked: " + hit.Reason,
			"setmend approvals approve " + shellWord(hit.Guard.Of(hit.StackSet)), "Approve it, for 24 hours"
	case hit != nil:
		return "A guard makes " + subject(hit.StackSet) + " wait: " + hit.Reason, heal, "Heal again when it has opened"
	case b.reportOnly[cell.StackSet]:
		return set + " is reported only: self-healing is not switched on for it.", "setmend explain " + shellWord(set), "See its settings"
	case cell.Rollout:
		return "The rollout of " + set + " is not finished: its cells wait for it.", "setmend explain " + shellWord(set), "See how far it is"
	case cell.NotBefore.After(b.report.DataAt):
		return "An earlier heal did not last: it is tried again with growing distance.", heal, "Heal again after that"
	case cell.Remedy != "":
		return "Nothing holds it back: the next heal begins with " + remedyWord(cell.Remedy) + ".", "setmend heal", "Heal now"
	}
	return strings.TrimSuffix(plan.Assessed{Reason: cell.Reason, Said: cell.Said}.Ours(), ".") + ".",
		"setmend explain " + shellWord(set) + " " + shellWord(string(cell.Account)) + " " + shellWord(string(cell.Region)), "See all that is known of it"
}

func subject(set fleet.StackSetName) string {
	if set == "" {
		return "all stack sets"
	}
	return string(set)
}

// remedyWord is a remedy as a noun.
func remedyWord(r plan.Remedy) string {
	words := map[plan.Remedy]string{plan.RemedyDeploy: "a deployment", plan.RemedyRetry: "another try", plan.RemedyRevert: "reverting its drift in place",
		plan.RemedyRedeploy: "a redeployment", plan.RemedyRemove: "its removal", plan.RemedyDetach: "detaching it", plan.RemedyQuarantine: "giving it up, for a person"}
	if word, known := words[r]; known {
		return word
	}
	return string(r)
}

// guardOn is the guard in effect that stops the cell's stack set, nil if none does.
func (b *builder) guardOn(cell *report.Cell) *plan.GuardHit {
	if hit := b.stopping[cell.StackSet]; hit != nil {
		return hit
	}
	return b.stopping[""]
}

func (b *builder) readGuards() {
	for i := range b.report.Guards {
		hit := &b.report.Guards[i]
		if old := b.stopping[hit.StackSet]; hit.InEffect() && (old == nil || old.Waits) {
			b.stopping[hit.StackSet] = hit
		}
	}
	for _, set := range b.report.StackSets {
		b.reportOnly[set.Name] = !set.SelfHealing
	}
}

// quoted puts a word into single quotes for a POSIX shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
