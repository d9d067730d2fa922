package heal_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// checkEnd holds the end of a calm heal against the truth, cell by cell.
func (s *soak) checkEnd(r *report.Report) {
	truth := s.truth()
	told := map[fleet.Cell]report.Cell{}
	for _, c := range r.Cells {
		told[fleet.Cell{StackSet: c.StackSet, Target: c.Target}] = c
	}
	owed := s.owed()
	for _, c := range s.cells() {
		i, there := truth[c.Cell]
		s.checkOverrides(c, i, there, owed)
		s.checkOwed(c, there, owed)
	}
	for cell, i := range truth {
		s.checkTold(cell, i, told[cell], r)
	}
	for cell, c := range told {
		if _, there := truth[cell]; !there && c.Present() {
			s.t.Errorf("%s is reported as %s, and there is no instance", cell, c.Verdict)
		}
	}
	s.checkTargets()
	s.checkCanaries()
}

// owed are the overrides that the journal still holds for cells to be created.
func (s *soak) owed() map[fleet.Cell][]fleet.Parameter {
	memory, err := record.LoadMemory(s.t.Context(), s.journal, nil, nil)
	s.must(err)
	return memory.PendingRestores
}

// checkOverrides: what should exist has the overrides that it had, its stack's
// parameters are the same, and what is gone for the moment has them in the journal.
func (s *soak) checkOverrides(c *soakCell, i awssim.InstanceSnapshot, there bool, owed map[fleet.Cell][]fleet.Parameter) {
	if c.unsure || c.missing {
		return
	}
	if !there {
		s.checkGone(c, owed)
		return
	}
	if !maps.Equal(plainMap(i.Overrides), plainMap(c.overrides)) {
		s.t.Errorf("%s (%s): its overrides are %v and should be %v", c.Cell, c.wrong, i.Overrides, c.overrides)
	}
	id, ok := s.aws.StackOf(string(c.StackSet), string(c.Account), string(c.Region))
	if !ok || i.Status != "CURRENT" || i.Template != "" {
		return
	}
	s.aws.Lock()
	defer s.aws.Unlock()
	stack, _ := s.aws.Stacks().Stack(id)
	for key, value := range c.overrides {
		if stack.Status != "" && stack.Parameters[key] != value {
			s.t.Errorf("%s (%s): its stack's %s is %q and should be %q", c.Cell, c.wrong, key, stack.Parameters[key], value)
		}
	}
}

// checkGone: an instance that is not there any more was to be removed, or is owed
// with its overrides.
func (s *soak) checkGone(c *soakCell, owed map[fleet.Cell][]fleet.Parameter) {
	if s.removable(c) {
		return
	}
	overrides, owes := owed[c.Cell]
	if !owes {
		s.t.Errorf("%s (%s) is gone, and nothing owes it", c.Cell, c.wrong)
	} else if !maps.Equal(plainly(overrides), plainMap(c.overrides)) {
		s.t.Errorf("%s (%s) is owed with overrides %v and should have %v", c.Cell, c.wrong, overrides, c.overrides)
	}
}

func (s *soak) removable(c *soakCell) bool {
	s.aws.Lock()
	defer s.aws.Unlock()
	return s.witness.mayRemove(c)
}

// checkOwed: nothing that is there and well is owed any more.
func (s *soak) checkOwed(c *soakCell, there bool, owed map[fleet.Cell][]fleet.Parameter) {
	if _, owes := owed[c.Cell]; owes && there && !c.unsure && c.obstacle == "" {
		s.t.Errorf("%s (%s) is there, and still owed", c.Cell, c.wrong)
	}
}

// ill says what is wrong with an instance, "" for nothing.
func (s *soak) ill(cell fleet.Cell, i awssim.InstanceSnapshot) string {
	id, ok := s.aws.StackOf(string(cell.StackSet), string(cell.Account), string(cell.Region))
	switch {
	case i.Status != "CURRENT":
		return i.Status + "/" + i.Detailed
	case !ok || !s.aws.StackExists(id):
		return "without a stack"
	case len(i.Live) > 0:
		return "drifted"
	}
	return ""
}

// checkTold: the report says of every instance what is true, what it leaves has a
// reason, and what could be healed is.
func (s *soak) checkTold(cell fleet.Cell, i awssim.InstanceSnapshot, told report.Cell, r *report.Report) {
	ill, c := s.ill(cell, i), s.cell(cell)
	if told.StackSet == "" {
		s.t.Errorf("%s is not in the report", cell)
		return
	}
	set := s.set(cell.StackSet)
	looks := set.rules.Healing != "off"
	switch told.Verdict {
	case plan.Healthy:
		if ill != "" && looks && !s.ignored(set, i) && !trusted(c, told, r) {
			s.t.Errorf("%s is %s, and reported healthy: %s", cell, ill, told.Reason)
		}
		return
	case plan.NotChecked:
		if told.Reason == "" || ill != "" && looks && !told.Attention {
			s.t.Errorf("%s is %s, and reported as not checked: %s", cell, ill, told.Reason)
		}
		return
	}
	if told.Reason == "" {
		s.t.Errorf("%s is left %s without a reason", cell, told.Verdict)
	}
	if !told.Attention && told.NotBefore.IsZero() && !s.heldBack(cell, r) {
		s.t.Errorf("%s is left %s, and nobody is told: %s", cell, told.Verdict, told.Reason)
	}
	if told.Attention && told.Hint == "" && told.Verdict != plan.Blocked {
		s.t.Errorf("%s is left %s to a person without a hint: %s", cell, told.Verdict, told.Reason)
	}
	givenUp := told.Verdict == plan.Quarantined && c != nil && c.times > 1 // it went wrong again and again, and that is what quarantine is for
	if ill != "" && c != nil && s.healable(c, i) && !s.heldBack(cell, r) && !givenUp {
		s.t.Errorf("%s (%s) is still %s, and could be healed: %s: %s", cell, c.wrong, ill, told.Verdict, told.Reason)
	}
}

// trusted reports whether the cell went wrong after a drift check that the run
// still trusted.
func trusted(c *soakCell, told report.Cell, r *report.Report) bool {
	return c != nil && told.Checked.Before(c.since) && r.Run.Started.Sub(told.Checked) <= 24*hour
}

// ignored reports whether all that drifted is what the policy ignores.
func (s *soak) ignored(set *soakSet, i awssim.InstanceSnapshot) bool {
	return len(set.rules.IgnoreDrift) > 0 && i.Status == "CURRENT" && len(i.Live) > 0 &&
		!slices.ContainsFunc(i.Live, func(l awssim.LiveChange) bool { return l.Resource != set.rules.IgnoreDrift[0].LogicalID })
}

// heldBack reports whether a guard stands that says it holds the cell back.
func (s *soak) heldBack(cell fleet.Cell, r *report.Report) bool {
	return slices.ContainsFunc(r.Guards, func(g plan.GuardHit) bool {
		return g.InEffect() && (g.StackSet == "" || g.StackSet == cell.StackSet || s.set(cell.StackSet).imports || s.set(cell.StackSet).exports)
	})
}

// healable reports whether nothing stands in the way of healing the cell by
// redeploying it.
func (s *soak) healable(c *soakCell, i awssim.InstanceSnapshot) bool {
	set := s.set(c.StackSet)
	s.aws.Lock()
	defer s.aws.Unlock()
	member, ok := s.aws.Organization().Account(string(c.Account))
	return ok && member.State == "ACTIVE" && !slices.Contains(s.rules.Exclude.Accounts, string(c.Account)) &&
		(!set.service || s.witness.inside(set, c)) && !set.imports && !set.exports &&
		set.rules.mayRedeploy() && c.obstacle == "" && !c.unsure && i.Overrides["Key"] == "" && !strings.Contains(c.wrong, "failed import")
}

// checkReport: the report's counts are those of its cells, and nothing is lost.
func (s *soak) checkReport(r *report.Report) {
	s.t.Helper()
	var cells []plan.Assessed
	for _, c := range r.Cells {
		if c.Present() || c.Verdict != plan.Healthy {
			cells = append(cells, c.Assessed)
		}
	}
	if got := plan.Count(cells); got != r.After {
		s.t.Errorf("run %s: after %+v, and its cells are %+v", r.Run.ID, r.After, got)
	}
	if r.Overrides.Lost != 0 || r.Overrides.Restored > r.Overrides.Saved+len(s.sets)*100 {
		s.t.Errorf("run %s: overrides %+v", r.Run.ID, r.Overrides)
	}
	for _, a := range r.Attention {
		if a.Reason == "" {
			s.t.Errorf("run %s: %s %s %s needs a person, without a reason", r.Run.ID, a.StackSet, a.Account, a.Region)
		}
	}
	s.witness.mu.Lock()
	defer s.witness.mu.Unlock()
	s.checkRemovals(r)
	if strings.HasPrefix(r.Run.ID, "calm") && r.Overrides.Restored != s.witness.restored {
		s.t.Errorf("run %s: %d overrides restored, and %d came back", r.Run.ID, r.Overrides.Restored, s.witness.restored)
	}
}

// checkRemovals: a run lets go of no more of a set than the policy lets it without
// asking. Fewer than five are no mass.
func (s *soak) checkRemovals(r *report.Report) {
	gone := map[fleet.StackSetName]map[fleet.Cell]bool{}
	for _, a := range s.witness.order {
		if !a.RetainStacks || !strings.HasPrefix(a.OperationID, "setmend-"+r.Run.ID+"-") {
			continue
		}
		for _, c := range a.cells {
			if gone[a.StackSet] == nil {
				gone[a.StackSet] = map[fleet.Cell]bool{}
			}
			gone[a.StackSet][c] = true
		}
	}
	for name, cells := range gone {
		all := s.witness.size[name]
		most := s.set(name).rules.removal * float64(all) / 100
		if !s.accepted && len(cells) >= 5 && float64(len(cells)) > most {
			s.t.Errorf("run %s lets go of %d of %d instances of %s, and at most %.1f may go without asking", r.Run.ID, len(cells), all, name, most)
		}
	}
}

// checkTargets: no call has made an OU a target of automatic deployment that the
// set's owners did not.
func (s *soak) checkTargets() {
	for _, snapshot := range s.aws.Snapshot().StackSets {
		set := s.set(fleet.StackSetName(snapshot.Name))
		for _, ou := range slices.Sorted(maps.Keys(snapshot.Targets)) {
			if !slices.Contains(set.targets, ou) {
				s.t.Errorf("%s is deployed to the OU %s by now, and its owners deployed it to %v", set.name, ou, set.targets)
			}
		}
	}
}

// checkCanaries: where a plan redeploys many cells of a set, one goes first, and
// no other follows before it is back.
func (s *soak) checkCanaries() {
	keys, err := s.journal.Keys(s.t.Context(), "runs/")
	s.must(err)
	var rounds []record.Pass
	for _, key := range keys {
		if !strings.Contains(key, "/passes/heal-") {
			continue
		}
		text, _, err := s.journal.Get(s.t.Context(), key)
		s.must(err)
		var round record.Pass
		s.must(json.Unmarshal(text, &round))
		rounds = append(rounds, round)
	}
	slices.SortFunc(rounds, func(a, b record.Pass) int { return a.Plan.At.Compare(b.Plan.At) })
	for i, round := range rounds {
		until := time.Now()
		if i+1 < len(rounds) {
			until = rounds[i+1].Plan.At
		}
		s.checkRound(round, until)
	}
}

func (s *soak) checkRound(round record.Pass, until time.Time) {
	cells, first := map[fleet.StackSetName]int{}, map[fleet.StackSetName]plan.Action{}
	for _, a := range round.Plan.Actions {
		if a.Remedy != plan.RemedyRedeploy {
			continue
		}
		if _, seen := first[a.StackSet]; !seen {
			first[a.StackSet] = a
		}
		cells[a.StackSet] += len(a.Targets)
	}
	for name, n := range cells {
		if set := s.set(name); n >= set.rules.CanaryFrom {
			if len(first[name].Targets) != 1 {
				s.t.Errorf("%d cells of %s are redeployed, %d of them first, and from %d on it should be one", n, name, len(first[name].Targets), set.rules.CanaryFrom)
			}
			s.checkCanary(fleet.Cell{StackSet: name, Target: first[name].Targets[0]}, round.Plan.At, until)
		}
	}
}

// checkCanary: after the deletion of the first cell comes its creation, before
// any other cell of the set is deleted.
func (s *soak) checkCanary(first fleet.Cell, from, until time.Time) {
	s.witness.mu.Lock()
	defer s.witness.mu.Unlock()
	gone := false
	for _, a := range s.witness.order {
		if a.StackSet != first.StackSet || a.at.Before(from) || !a.at.Before(until) {
			continue
		}
		covers := slices.Contains(a.cells, first)
		switch {
		case a.Kind == fleet.OperationDelete && covers:
			gone = true
		case a.Kind == fleet.OperationCreate && covers:
			return
		case a.Kind == fleet.OperationDelete && gone && !a.RetainStacks:
			s.t.Errorf("%s is deleted, and the canary %s is not back", fmt.Sprint(a.cells), first)
			return
		}
	}
}
