package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/fleet"
)

// SavedInstance is what the journal holds of an instance from before its deletion.
type SavedInstance struct {
	Overrides []fleet.Parameter `json:"overrides,omitempty"`
	StackID   string            `json:"stackId,omitempty"`
	// StackSetID and TemplateHash are the stack set's when it was saved; "" if not known.
	StackSetID   string    `json:"stackSetId,omitempty"`
	TemplateHash string    `json:"templateHash,omitempty"`
	At           time.Time `json:"at"`
	Run          string    `json:"run"`
	// Removed is set if the instance was to be gone for good: detached, or deleted.
	Removed bool `json:"removed,omitempty"`
	// Damaged is set if the copy is not what was written.
	Damaged bool `json:"damaged,omitempty"`
	// Settled is set if what was left behind, and what differs, is known and accepted.
	Settled bool `json:"settled,omitempty"`
	// Detached is set if the stack was left behind, Gone if it is known to have been
	// deleted since.
	Detached bool `json:"detached,omitempty"`
	Gone     bool `json:"gone,omitempty"`
	// Differs is set if the cell has an instance again that was made without them.
	Differs bool `json:"differs,omitempty"`
}

// overridesOf returns the overrides that a cell without a stack is created with.
func (m Memory) overridesOf(cell fleet.Cell) []fleet.Parameter {
	if overrides, pending := m.PendingRestores[cell]; pending {
		return overrides
	}
	return m.Saved[cell].Overrides
}

// givesBack reports whether what is saved concerns the set as it is. A set that was
// deleted and made again under the same name is another.
func (s SavedInstance) givesBack(set fleet.StackSet) bool {
	return s.StackSetID == "" || set.ID == "" || s.StackSetID == set.ID
}

// mayStand reports whether the stack was left behind and may be there still.
func (s SavedInstance) mayStand() bool {
	return s.Detached && s.StackID != "" && !s.Gone && !s.Settled
}

// giveBack judges a missing cell that had an instance before:
//
//	its stack was detached and may be there      blocked: it is to be imported, never doubled
//	the copy is damaged                          blocked: a person creates it
//	an override cannot be given back             blocked: a person gives it
//	otherwise                                    created with the saved overrides
func (a *assessor) giveBack(v *setView, c *Assessed) {
	saved, had := a.memory.Saved[c.Cell]
	if !had || c.PendingRestore || !saved.givesBack(v.set) {
		return
	}
	if saved.mayStand() {
		blockHere(c, fmt.Sprintf("Its instance was let go of at %s, and its stack %s was left behind; a second stack would be made beside it.%s",
			stamp(saved.At), saved.StackID, sayOverrides(saved.Overrides)), importHint(c.Cell, saved))
		return
	}
	if saved.Damaged {
		blockHere(c, fmt.Sprintf("It had an instance until %s, and the saved copy of its overrides is damaged.", stamp(saved.At)),
			"Create the instance by hand (`aws cloudformation create-stack-instances --parameter-overrides`) with the values that it should have.")
		return
	}
	if len(saved.Overrides) == 0 {
		return
	}
	if why := v.cannotGive(saved.Overrides); why != "" {
		blockHere(c, fmt.Sprintf("It had overrides when it was deleted at %s, and %s.%s", stamp(saved.At), why, sayOverrides(saved.Overrides)),
			"Create the instance by hand (`aws cloudformation create-stack-instances --parameter-overrides`) with the values that it should have; `setmend overrides saved` shows those of before.")
		return
	}
	c.GivenBack = len(saved.Overrides)
	c.Reason += fmt.Sprintf(" It is created with the overrides that were saved at %s, before it was deleted.", stamp(saved.At))
}

// missGivenBack says of an instance that came back by itself, such as by automatic
// deployment, that it does not have the overrides of the one that we removed, or
// that the detached stack may be there beside its own.
func (a *assessor) missGivenBack(v *setView, i fleet.Instance, c *Assessed) {
	saved, had := a.memory.Saved[c.Cell]
	if !had || c.PendingRestore || c.Desire == MustNot || i.StackID == "" || i.StackID == saved.StackID || !saved.givesBack(v.set) {
		return
	}
	if saved.Differs {
		c.Attention = true
		c.Reason += fmt.Sprintf(" It was made anew, and not with the overrides that were saved when the last one went at %s.%s", stamp(saved.At), sayOverrides(saved.Overrides))
		c.Hint = join(c.Hint, "Give it the overrides that it should have (`aws cloudformation update-stack-instances --parameter-overrides`, or `setmend overrides import`).")
	}
	if saved.mayStand() {
		c.Attention = true
		c.Reason += " The stack " + saved.StackID + " was left behind then and may be there beside its own."
		c.Hint = join(c.Hint, "Look into the account, and delete the stack that is not needed.")
	}
	if saved.Differs || saved.mayStand() {
		c.Hint = join(c.Hint, acceptHint(c.Cell))
	}
}

// leftBehind are the cells of the set that need no instance and whose stack was let
// go of, in accounts that are active again.
func (a *assessor) leftBehind(v *setView, m mandate) []Assessed {
	var cells []Assessed
	for _, cell := range a.saved[v.name] {
		p, saved := a.places[cell.Account], a.memory.Saved[cell]
		_, present := v.instances[cell.Target]
		meant := v.set.PermissionModel != fleet.ServiceManaged || len(v.policy.OUs) == 0 || p.in(v.policy.OUs)
		if present || m.holds(cell.Target) || a.isPending(cell) || !p.working() || !meant || p.excluded(v.policy.Exclude) != "" || !saved.mayStand() {
			continue
		}
		c := Assessed{Cell: cell, Desire: May, Because: becauseMay}
		if a.giveBack(v, &c); c.Verdict == Blocked {
			cells = append(cells, c)
		}
	}
	return cells
}

// savedBySet lists the cells of which something is saved, by set, sorted.
func savedBySet(m Memory) map[fleet.StackSetName][]fleet.Cell {
	sets := map[fleet.StackSetName][]fleet.Cell{}
	for _, cell := range sortedCells(m.Saved) {
		sets[cell.StackSet] = append(sets[cell.StackSet], cell)
	}
	return sets
}

func join(hint, more string) string { return strings.TrimSpace(hint + " " + more) }

func acceptHint(c fleet.Cell) string {
	return fmt.Sprintf("If it is right as it is: `setmend quarantine release %s %s %s`.", c.StackSet, c.Account, c.Region)
}

// cannotGive says why overrides cannot be given to an instance of the set as it is
// now, "" if they can.
func (v *setView) cannotGive(overrides []fleet.Parameter) string {
	var masked, unknown []string
	for _, p := range overrides {
		switch {
		case p.Masked() || slices.Contains(v.set.NoEcho, p.Key):
			masked = append(masked, p.Key)
		case !v.set.Template.Opaque && !slices.Contains(v.set.Template.Parameters, p.Key):
			unknown = append(unknown, p.Key)
		}
	}
	switch {
	case len(masked) > 0:
		return "AWS does not tell the value of " + enumerate(masked) + " (NoEcho)"
	case len(unknown) > 0:
		return "the stack set's template has no parameter " + enumerate(unknown) + " any more"
	}
	return ""
}

// sayOverrides names saved overrides, "" for none.
func sayOverrides(overrides []fleet.Parameter) string {
	if len(overrides) == 0 {
		return ""
	}
	var texts []string
	for _, p := range overrides {
		texts = append(texts, p.Key+"="+p.Value)
	}
	slices.Sort(texts)
	return " Saved overrides: " + enumerate(texts) + "."
}

func importHint(c fleet.Cell, saved SavedInstance) string {
	hint := fmt.Sprintf("Import the stack: `aws cloudformation import-stacks-to-stack-set --stack-set-name %s --stack-ids %s`", c.StackSet, saved.StackID)
	if len(saved.Overrides) > 0 {
		hint += ", then give the instance its overrides (`setmend overrides saved` shows them)"
	}
	return hint + fmt.Sprintf(". If the stack is gone: `setmend quarantine release %s %s %s`; with memberRole in the policy, setmend sees that by itself.", c.StackSet, c.Account, c.Region)
}
