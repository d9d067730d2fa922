package stacks

import (
	"fmt"
	"strings"
)

// Change sets of nested stacks (CloudFormation user guide, "Change sets for nested
// stacks"): a change set that includes nested stacks makes one for each nested stack
// that is made or changes. They are executed and deleted with the root's alone.

// nest makes the change sets of the nested stacks that a change set would make or
// change. It returns why one of them failed, "" if none did.
func (e *Engine) nest(set *changeSet) string {
	for i := range set.changes {
		one := &set.changes[i]
		if one.resource.Type != stackType || one.action != add && one.action != modify {
			continue
		}
		child, err := e.nestOne(set, one)
		switch {
		case err != nil:
			return message(err)
		case child == nil:
			continue
		case child.status == "FAILED":
			return fmt.Sprintf("Nested change set %s was not successfully created: Currently in FAILED.", child.id)
		}
		if set.children == nil {
			set.children = map[string]*changeSet{}
		}
		set.children[one.resource.LogicalID] = child
	}
	return ""
}

// nestOne makes the change set of one nested stack: of a new stack that is in review
// until then, or of the one that is there. It is nil if that would not change.
func (e *Engine) nestOne(set *changeSet, one *change) (*changeSet, error) {
	parent, id := set.stack, one.resource.LogicalID
	s, kind := e.stacks[parent.madeOf(id).id], "UPDATE"
	if one.action == add || s == nil {
		s, kind = e.newStack(parent.place, e.nestedName(parent, id)), "CREATE"
	}
	request := e.request(parent, actor{}, one.resource, one.after)
	request.Tags = set.deployment.tags
	spec, err := nested{e}.spec(request, s.name)
	if err != nil {
		return nil, err
	}
	d, err := e.prepare(spec)
	if err != nil {
		return nil, err
	}
	child := &changeSet{name: fmt.Sprintf("%s-%s-%s", set.name, id, e.nestedSuffix()), kind: kind, deployment: d, nested: true, parent: set}
	if len(child.name) > 128 { // the longest name of a change set
		child.name = child.name[len(child.name)-128:]
	}
	child.stack, child.previous = s, s.current
	c, f, err := e.assessSet(child)
	if f == nil && err == nil && kind == "UPDATE" && c.empty() {
		return nil, nil
	}
	if kind == "CREATE" {
		s.extra().parent, s.more.reviewed = parent, e.world.Now()
		e.add(s)
		e.setStatus(s, reviewInProgress, "User Initiated")
	}
	e.record(s, child)
	e.fill(child)
	return child, nil
}

// nestedName is the name of a new nested stack.
func (e *Engine) nestedName(parent *stack, logicalID string) string {
	return fmt.Sprintf("%s-%s-%s", parent.name, logicalID, e.nestedSuffix())
}

func (e *Engine) nestedSuffix() string {
	return strings.ToUpper(strings.ReplaceAll(e.world.UUID(), "-", "")[:13])
}

// childSet is the change set of a nested stack that its parent's executed one has,
// nil if the parent does something else.
func (e *Engine) childSet(parent *stack, logicalID string) *changeSet {
	if parent.more == nil {
		return nil
	}
	set := e.sets[parent.more.executed]
	if set == nil || set.execution != executeInProgress {
		return nil
	}
	return set.children[logicalID]
}

// running marks a nested stack's change set as executed, and returns what records its
// outcome; both do nothing where there is none.
func (e *Engine) running(set *changeSet) func(ok bool) {
	if set == nil {
		return func(bool) {}
	}
	set.execution = executeInProgress
	set.stack.extra().executed = set.id
	return func(ok bool) {
		set.execution = executeComplete
		if !ok {
			set.execution = executeFailed
		}
	}
}

// dropNested forgets the change sets of nested stacks with their parent's. Stacks that
// they were to make stay in review (DeleteChangeSet's documentation).
func (e *Engine) dropNested(set *changeSet) {
	for _, child := range set.children {
		e.keepChangeSets(child.stack, func(other *changeSet) bool { return other != child })
	}
}
