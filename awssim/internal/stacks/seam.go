package stacks

import (
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/template"
)

var _ core.Stacks = (*Engine)(nil)

// Summary parses a template.
func (e *Engine) Summary(text string) (*core.TemplateSummary, error) {
	t, err := e.parse(text)
	if err != nil {
		return nil, err
	}
	out := &core.TemplateSummary{
		Description: t.Description,
		Resources:   len(t.Resources),
		Transforms:  len(t.Transforms) > 0,
		Nested: slices.ContainsFunc(t.Resources, func(r *template.Resource) bool {
			return r.Type == "AWS::CloudFormation::Stack"
		}),
	}
	out.Capabilities, _ = requiredCapabilities(t)
	for _, p := range t.Parameters {
		out.Parameters = append(out.Parameters, core.TemplateParameter{Key: p.Key, Type: p.Type, Default: p.Default, NoEcho: p.NoEcho})
	}
	return out, nil
}

// CheckParameters validates values against the template's constraints.
func (e *Engine) CheckParameters(text string, values map[string]string) error {
	t, err := e.parse(text)
	if err != nil {
		return err
	}
	_, err = t.Values(values)
	return refusal(err)
}

// reject reports a request that CloudFormation refuses, after the moment that
// StackSets takes to find out.
func (e *Engine) reject(stackID string, err error, done func(core.StackResult)) {
	reason := err.Error()
	if refused, ok := err.(*core.Error); ok {
		reason = refused.Message
	}
	e.world.After(e.world.Between(seconds(2), seconds(6)), func() {
		done(core.StackResult{StackID: stackID, Reason: reason})
	})
}

// Create makes a stack. If that fails the stack is gone afterwards, as StackSets
// leaves it.
func (e *Engine) Create(spec core.StackSpec, done func(core.StackResult)) {
	p := place{spec.Account, spec.Region}
	s, c, f, err := e.begin(p, &spec)
	if err != nil {
		e.reject("", err, done)
		return
	}
	e.create(s, c.deployment, e.roleActor(s, spec.Role), c.comparison, f, onFailureDelete, "", func(r result) {
		out := core.StackResult{OK: r.ok, Reason: r.reason}
		if r.ok {
			out.StackID = s.id
		}
		done(out)
	})
}

// begun is what a new stack is to become.
type begun struct {
	deployment *deployment
	comparison *comparison
}

// begin checks a new stack's spec, and takes the stack in.
func (e *Engine) begin(p place, spec *core.StackSpec) (*stack, begun, *failure, error) {
	reviewed, exists := e.names[stackName{p, spec.Name}]
	if exists && reviewed.status != reviewInProgress {
		return nil, begun{}, nil, core.Errorf(400, "AlreadyExistsException", "Stack [%s] already exists", spec.Name)
	}
	if e.live(p) >= e.options.StacksPerRegion {
		return nil, begun{}, nil, core.Errorf(400, "LimitExceededException", "Limit for stack has been exceeded")
	}
	d, err := e.prepare(spec)
	if err != nil {
		return nil, begun{}, nil, err
	}
	s := reviewed
	if !exists {
		s = e.newStack(p, spec.Name)
		if spec.NotificationARNs != nil { // its template may refer to them
			s.extra().notify = spec.NotificationARNs
		}
	}
	c, f, err := e.assess(s, d, false)
	if err != nil {
		return nil, begun{}, nil, err
	}
	if !exists {
		e.add(s)
	}
	e.outdate(s)
	return s, begun{d, c}, f, nil
}

// Update brings a stack to the spec's template, parameters and tags.
func (e *Engine) Update(stackID string, spec core.StackSpec, done func(core.StackResult)) {
	s, ok := e.stacks[stackID]
	switch {
	case !ok || s.status == deleteComplete:
		e.reject("", core.Invalid("Stack [%s] does not exist", stackID), done)
		return
	case !s.updatable():
		e.reject(stackID, inState(s, "updated"), done)
		return
	}
	d, err := e.prepare(&spec)
	if err != nil {
		e.reject(stackID, err, done)
		return
	}
	c, f, err := e.assess(s, d, false)
	if err != nil {
		e.reject(stackID, err, done)
		return
	}
	if f == nil && c.empty() {
		e.world.After(e.world.Between(seconds(5), seconds(10)), func() {
			done(core.StackResult{StackID: stackID, OK: true, NoChange: true})
		})
		return
	}
	e.update(s, d, e.roleActor(s, spec.Role), c, f, "", func(r result) {
		done(core.StackResult{StackID: stackID, OK: r.ok, Reason: r.reason})
	})
}

// Delete deletes a stack; one that is gone already counts as deleted.
func (e *Engine) Delete(stackID string, spec core.StackSpec, done func(core.StackResult)) {
	s, ok := e.stacks[stackID]
	switch {
	case !ok || s.status == deleteComplete:
		e.world.After(seconds(1), func() { done(core.StackResult{OK: true}) })
		return
	case s.protected:
		e.reject(stackID, errProtected(s), done)
		return
	case s.busy():
		e.reject(stackID, inState(s, "deleted"), done)
		return
	}
	e.remove(s, e.roleActor(s, spec.Role), spec.Retain, false, "", func(r result) {
		out := core.StackResult{StackID: stackID, OK: r.ok, Reason: r.reason}
		if r.ok {
			out.StackID = ""
		}
		done(out)
	})
}

func errProtected(s *stack) *core.Error {
	return core.Invalid("Stack [%s] cannot be deleted while TerminationProtection is enabled", s.name)
}

// DetectDrift detects drift on a stack, as StackSets has it done. Resources in
// sync are listed without their properties.
func (e *Engine) DetectDrift(stackID string, done func(core.StackDrift)) {
	s, ok := e.stacks[stackID]
	if !ok {
		e.world.After(seconds(1), func() {
			done(core.StackDrift{Reason: "Stack [" + stackID + "] does not exist", Checked: e.world.Now()})
		})
		return
	}
	e.detectLater(s, e.roleActor(s, ""), nil, done)
}

// Seed makes a stack at once.
func (e *Engine) Seed(spec core.StackSpec) (string, error) {
	s, b, f, err := e.begin(place{spec.Account, spec.Region}, &spec)
	if err != nil {
		return "", err
	}
	s.current = b.deployment
	if f == nil {
		_, f = e.firstObstacle(s, e.roleActor(s, spec.Role), b.comparison)
	}
	if f == nil {
		f = b.comparison.late
	}
	if f == nil {
		if why := e.exportConflict(s, b.comparison.outputs); why != "" {
			f = &failure{reason: why}
		}
	}
	if f != nil {
		e.discard(s)
		return "", core.Invalid("%s", f.text())
	}
	e.settle(s, b.comparison)
	return s.id, nil
}

// settle makes a new stack complete without an operation's time.
func (e *Engine) settle(s *stack, c *comparison) {
	e.claimAll(s, c)
	s.useImports(c.imported)
	s.standing = true
	s.keepResolved(c)
	e.publishExports(s, nil, c.outputs)
	e.version++
	s.status = createComplete
	now := e.world.Now()
	s.history = []*operation{{verb: "CREATE", deployment: s.current, began: now, turned: now, ended: now, final: createComplete}}
}

// discard takes a stack out of the world without a trace.
func (e *Engine) discard(s *stack) {
	e.version++
	delete(e.stacks, s.id)
	if e.names[stackName{s.place, s.name}] == s {
		delete(e.names, stackName{s.place, s.name})
	}
	e.places[s.place] = slices.DeleteFunc(e.places[s.place], func(other *stack) bool { return other == s })
	if len(e.places[s.place]) == 0 {
		delete(e.places, s.place)
	}
}

// Stack tells a stack's state. Its parameters are shared and must not be changed.
func (e *Engine) Stack(stackID string) (core.StackInfo, bool) {
	s, ok := e.stacks[stackID]
	if !ok {
		return core.StackInfo{}, false
	}
	out := core.StackInfo{ID: s.id, Name: s.name, Account: s.account, Region: s.region, Status: s.status, TerminationProtected: s.protected}
	if s.status == deleteComplete {
		out.Status = ""
	}
	if s.current != nil {
		out.Template, out.Parameters = s.current.template.Text, s.current.values
		out.NoEcho = slices.ContainsFunc(s.current.template.Parameters, func(p *template.Parameter) bool { return p.NoEcho })
	}
	return out, true
}

// Forget drops an account's stacks and resources: the account is closed for good.
func (e *Engine) Forget(account string) {
	for _, p := range e.placesOf(account) {
		for _, s := range slices.Clone(e.places[p]) {
			e.forget(s)
		}
	}
	for key, l := range e.loose {
		if key.account == account {
			e.dropLoose(key, l)
		}
	}
}

// placesOf lists where an account has stacks, by region.
func (e *Engine) placesOf(account string) []place {
	var out []place
	for p := range e.places {
		if p.account == account {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b place) int { return strings.Compare(a.region, b.region) })
	return out
}

func (e *Engine) forget(s *stack) {
	e.dropAll(s)
	e.dropChangeSets(s)
	e.discard(s)
	if op := s.running; op != nil {
		e.world.After(0, func() { op.report(result{reason: "Stack [" + s.name + "] does not exist"}) })
	}
}
