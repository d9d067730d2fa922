package stacks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/resource"
	"github.com/setmend/setmend/awssim/internal/template"
)

// driftRecord is what the last detection on a stack found: only what drifted,
// since the rest is as the template says.
type driftRecord struct {
	status  string
	at      time.Time
	drifted []core.ResourceDrift
	only    []string // the resources that were looked at; nil: all
}

// checkedOne is the outcome of DetectStackResourceDrift.
type checkedOne struct {
	drift core.ResourceDrift
	at    time.Time
}

// driftRun is one detection, for DescribeStackDriftDetectionStatus.
type driftRun struct {
	id, stackID string
	began       time.Time
	done        bool
	outcome     core.StackDrift
	drifted     int32
}

// detectable reports whether AWS detects drift on a stack in its state.
func (s *stack) detectable() bool {
	switch s.status {
	case createComplete, updateComplete, updateRollbackComplete, updateRollbackFailed:
		return true
	}
	return false
}

// undetectable is the refusal in any other state.
func undetectable(s *stack) *core.Error {
	return core.Invalid("Drift detection cannot be performed on stack [%s] while it is in %s state.", s.id, s.status)
}

// detect looks at a stack's live resources now. only limits it to some logical
// ids. A resource that an SCP keeps CloudFormation from reading fails it all.
func (e *Engine) detect(s *stack, a actor, only []string) core.StackDrift {
	out := core.StackDrift{OK: true, Status: "IN_SYNC", Checked: e.world.Now()}
	v := e.view(s)
	resources, _ := v.resources()
	for _, r := range resources {
		if typeOf(r).NoDrift || only != nil && !slices.Contains(only, r.LogicalID) {
			continue
		}
		d, why := v.drift(r, a)
		if why != "" {
			return core.StackDrift{Reason: fmt.Sprintf("Failed to detect drift on resource [%s]", r.LogicalID), Checked: out.Checked}
		}
		if d.Status != "IN_SYNC" {
			out.Status = "DRIFTED"
		}
		out.Resources = append(out.Resources, d)
	}
	return out
}

// drift compares one resource with its template. Expected and Actual are filled
// in for drifted resources only.
func (v *view) drift(r *template.Resource, a actor) (d core.ResourceDrift, failed string) {
	t := typeOf(r)
	expected, err := v.expected(r)
	if err != nil {
		return d, err.Error()
	}
	id, err := v.PhysicalID(r)
	if err != nil {
		return d, err.Error()
	}
	d = core.ResourceDrift{LogicalID: r.LogicalID, PhysicalID: id, Type: r.Type, Status: "IN_SYNC"}
	if why := v.engine.denied(v.stack.place, a, t.Read, id); why != "" {
		return d, why
	}
	live := v.live(r, expected)
	secret := hidden(v.deployment, r)
	shown := func(from map[string]any) string {
		return resource.JSON(withoutSecrets(compared(t, expected, from), secret))
	}
	if live == nil {
		d.Status, d.Expected = "DELETED", shown(expected)
		return d, ""
	}
	if v.stack.touchedOf(r.LogicalID).properties == nil && v.engine.maker(r.Type) == nil {
		return d, ""
	}
	for _, one := range t.Diff(v.comparedWith(r, expected), live) {
		d.Differences = append(d.Differences, core.PropertyDifference{
			Path: one.Path, Expected: one.Expected, Actual: one.Actual, Type: one.Type,
		})
	}
	if len(d.Differences) > 0 {
		d.Status, d.Expected, d.Actual = "MODIFIED", shown(expected), shown(live)
		hideDifferences(d.Differences, secret)
	}
	return d, ""
}

// compared cuts properties down to those that drift detection looks at.
func compared(t *resource.Type, expected, from map[string]any) map[string]any {
	out := map[string]any{}
	for _, p := range t.Compared(expected) {
		if v, ok := from[p]; ok {
			out[p] = v
		}
	}
	return out
}

// keepDrift records a detection on the stack.
func (s *stack) keepDrift(d *core.StackDrift, only []string) {
	record := &driftRecord{status: d.Status, at: d.Checked, only: only}
	for _, one := range d.Resources {
		if one.Status != "IN_SYNC" {
			record.drifted = append(record.drifted, one)
		}
	}
	s.extra().drift, s.extra().checked = record, nil
}

// detectLater detects after the time that AWS takes.
func (e *Engine) detectLater(s *stack, a actor, only []string, done func(core.StackDrift)) {
	e.world.After(e.world.Between(e.options.DriftShortest, e.options.DriftLongest), func() {
		switch {
		case e.stacks[s.id] != s || s.status == deleteComplete:
			done(core.StackDrift{Reason: "Stack [" + s.name + "] does not exist", Checked: e.world.Now()})
			return
		case !s.detectable():
			done(core.StackDrift{Reason: undetectable(s).Message, Checked: e.world.Now()})
			return
		}
		d := e.detect(s, a, only)
		if d.OK {
			s.keepDrift(&d, only)
		}
		done(d)
	})
}

// runDrift starts a detection with an id of its own.
func (e *Engine) runDrift(s *stack, a actor, only []string) *driftRun {
	run := &driftRun{id: e.world.UUID(), stackID: s.id, began: e.world.Now()}
	e.drifts[run.id] = run
	s.extra().detection = run
	e.publishDrift(run, s)
	e.detectLater(s, a, only, func(d core.StackDrift) {
		run.done, run.outcome = true, d
		for _, one := range d.Resources {
			if one.Status != "IN_SYNC" {
				run.drifted++
			}
		}
		run.outcome.Resources = nil
		e.publishDrift(run, s)
	})
	return run
}

// lastDrift is what DescribeStackResourceDrifts shows: the last detection's
// findings and what single checks found since.
func (e *Engine) lastDrift(s *stack) []checkedOne {
	if s.more == nil || s.more.drift == nil && s.more.checked == nil || s.current == nil {
		return nil
	}
	v := e.view(s)
	resources, _ := v.resources()
	var out []checkedOne
	for _, r := range resources {
		if c, ok := v.lastDriftOf(r); ok {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b checkedOne) int { return strings.Compare(a.drift.LogicalID, b.drift.LogicalID) })
	return out
}

func (v *view) lastDriftOf(r *template.Resource) (checkedOne, bool) {
	m := v.stack.more
	if c := m.checked[r.LogicalID]; c != nil {
		return *c, true
	}
	if m.drift == nil || typeOf(r).NoDrift || m.drift.only != nil && !slices.Contains(m.drift.only, r.LogicalID) {
		return checkedOne{}, false
	}
	for _, d := range m.drift.drifted {
		if d.LogicalID == r.LogicalID {
			return checkedOne{d, m.drift.at}, true
		}
	}
	id, err := v.PhysicalID(r)
	return checkedOne{core.ResourceDrift{LogicalID: r.LogicalID, PhysicalID: id, Type: r.Type, Status: "IN_SYNC"}, m.drift.at}, err == nil
}

// driftStatus is the stack's DriftInformation.
func (s *stack) driftStatus() (string, time.Time) {
	if s.more == nil || s.more.drift == nil {
		return "NOT_CHECKED", time.Time{}
	}
	return s.more.drift.status, s.more.drift.at
}

// expectedJSON is what drift detection expects of a resource.
func (e *Engine) expectedJSON(s *stack, logicalID string) string {
	v := e.view(s)
	r, ok := v.active(logicalID)
	if !ok {
		return ""
	}
	p, err := v.expected(r)
	if err != nil {
		return ""
	}
	return resource.JSON(withoutSecrets(compared(typeOf(r), p, p), hidden(v.deployment, r)))
}
