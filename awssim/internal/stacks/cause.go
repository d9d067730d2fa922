package stacks

import (
	"slices"
	"strings"
)

// cause is why a property changes, in the words of change sets.
type cause struct {
	source, entity string
	dynamic        bool // the new value is known only once it is done
}

func (b cause) detail(target *changeTarget) *changeDetail {
	d := &changeDetail{Target: target, Evaluation: "Static", ChangeSource: b.source, CausingEntity: b.entity}
	if b.dynamic {
		d.Evaluation = "Dynamic"
	}
	return d
}

// cause finds what makes a property change: a parameter that changed, a resource
// that is replaced, or else the template itself.
func (w *changeShower) cause(c *change, p *propertyChange) cause {
	direct := cause{source: "DirectModification"}
	if w.set.previous == nil {
		return direct
	}
	uses := w.set.deployment.template.Uses(c.resource, p.name)
	for _, name := range uses.Parameters {
		before, had := w.set.previous.values[name]
		if had && before != w.set.deployment.values[name] {
			return cause{source: "ParameterReference", entity: name}
		}
	}
	for _, name := range uses.Resources {
		if w.replaced(name) {
			return cause{"ResourceReference", name, true}
		}
	}
	for _, name := range uses.Attributes {
		if resource, _, _ := strings.Cut(name, "."); w.replaced(resource) {
			return cause{"ResourceAttribute", name, true}
		}
	}
	return direct
}

func (w *changeShower) replaced(logicalID string) bool {
	return slices.ContainsFunc(w.set.changes, func(c change) bool {
		return c.resource.LogicalID == logicalID && (c.replace || c.action == add)
	})
}
