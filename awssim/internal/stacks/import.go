package stacks

import (
	"slices"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/resource"
)

// Statuses of imports.
const (
	importComplete         = "IMPORT_COMPLETE"
	importRollbackProgress = "IMPORT_ROLLBACK_IN_PROGRESS"
	importRollbackComplete = "IMPORT_ROLLBACK_COMPLETE"
)

// importsOf finds the resources that an IMPORT change set takes over, by logical
// id. AWS looks at the template and the identifiers when the change set is made.
func (e *Engine) importsOf(s *stack, d *deployment, in *createChangeSetInput) (map[string]*loose, error) {
	if in.kind() != "IMPORT" {
		return nil, nil
	}
	out := map[string]*loose{}
	for i := range in.ResourcesToImport {
		one := &in.ResourcesToImport[i]
		r, ok := d.template.Resource(one.LogicalResourceId)
		switch {
		case !ok:
			return nil, core.Invalid("Resources [%s] are missing from the template", one.LogicalResourceId)
		case r.Type != one.ResourceType:
			return nil, core.Invalid("Resource [%s] is of type %s in the template, not %s", one.LogicalResourceId, r.Type, one.ResourceType)
		case r.DeletionPolicy == "":
			return nil, core.Invalid("Resources to import must have DeletionPolicy attribute specified in the template. Missing for: [%s]", one.LogicalResourceId)
		}
		found := e.looseBy(s.place, one)
		if found == nil {
			return nil, core.Invalid("Resource of type '%s' with identifier '%s' was not found.", one.ResourceType, identifierText(one))
		}
		out[one.LogicalResourceId] = found
	}
	return out, e.onlyImports(s, d, out)
}

// onlyImports refuses an import that changes anything else.
func (e *Engine) onlyImports(s *stack, d *deployment, imports map[string]*loose) error {
	c, f, err := e.assess(s, d, false)
	if err != nil || f != nil {
		return err
	}
	var others []string
	for i := range c.changes {
		if id := c.changes[i].resource.LogicalID; imports[id] == nil {
			others = append(others, id)
		}
	}
	if len(others) > 0 {
		return core.Invalid("As part of the import operation, you cannot modify or add [%s]", join(others))
	}
	return nil
}

// identifierText is a resource's identifier as Cloud Control writes it.
func identifierText(in *importInput) string {
	var parts []string
	for _, k := range sortedKeys(in.ResourceIdentifier) {
		parts = append(parts, in.ResourceIdentifier[k])
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return join(parts)
}

// looseBy finds the loose resource that an identifier names: all its values are
// among the resource's ids and properties.
func (e *Engine) looseBy(p place, in *importInput) *loose {
	var keys []looseKey
	for key := range e.loose {
		if key.place == p && key.typ == in.ResourceType {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b looseKey) int { return compareText(a.identifier, b.identifier) })
	for _, key := range keys {
		l := e.loose[key]
		model := l.typ.Model(&l.identity)
		fits := true
		for name, want := range in.ResourceIdentifier {
			fits = fits && (textOf(model[name]) == want || l.typ.PhysicalID(&l.identity) == want || key.identifier == want)
		}
		if fits {
			return l
		}
	}
	return nil
}

// takeOver turns additions of resources that are there into imports of them.
func (c *comparison) takeOver(imports map[string]*loose) {
	for i := range c.changes {
		one := &c.changes[i]
		if l := imports[one.resource.LogicalID]; l != nil && one.action == add {
			one.action, one.imported = adopt, l
			one.newID = l.typ.PhysicalID(&l.identity)
		}
	}
}

// importAll begins to take the resources over that an IMPORT change set names.
func (e *Engine) importAll(set *changeSet, a actor, c *comparison, f *failure, token string, done func(result)) {
	s := set.stack
	op := &operation{verb: "IMPORT", deployment: set.deployment, previous: s.current, token: token, steps: []step{}, done: done}
	if f == nil {
		op.steps, f = e.firstObstacle(s, a, c)
	}
	if f != nil {
		op.reason = failedToText("import", f)
		op.turn = importRollbackProgress
		e.start(s, op, e.duration()/2, e.duration()/2, func() {}, func() {
			e.finish(s, importRollbackComplete, "")
			op.report(result{reason: f.text()})
		})
		return
	}
	s.useImports(union(s.imports, c.imported))
	before := e.outputsOf(s)
	e.start(s, op, e.duration(), 0, nil, func() {
		s.standing = true
		e.apply(s, c)
		e.publishExports(s, before, c.outputs)
		s.useImports(c.imported)
		e.finish(s, importComplete, "")
		op.report(result{ok: true})
	})
}

// applyImport makes a loose resource one of the stack's. It keeps what it is and
// what it is called; what differs from the template is drift.
func (e *Engine) applyImport(s *stack, c *change) {
	l := c.imported
	e.dropLoose(l.key(), l)
	s.adopt(c.resource.LogicalID, l.identity)
	e.take(s, c.resource.LogicalID, c.typ, l.identity.Properties)
	live := l.identity.Properties
	s.setLive(c.resource.LogicalID, c.will, cloneMap(live))
}

// adopt records the identity of a resource that was there before its stack had it.
func (s *stack) adopt(logicalID string, i resource.Identity) {
	m := s.extra()
	if m.adopted == nil {
		m.adopted = map[string]*resource.Identity{}
	}
	m.adopted[logicalID] = &i
}
