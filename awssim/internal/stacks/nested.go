package stacks

import (
	"fmt"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/template"
)

// nested makes the stacks of AWS::CloudFormation::Stack resources.
type nested struct{ engine *Engine }

var _ Maker = nested{}

// spec is what a nested stack is to be: the template at its URL, its parameters, and
// its own tags over those of the stack that holds it.
func (n nested) spec(r Request, name string) (*core.StackSpec, error) {
	e := n.engine
	url := textOf(r.Properties["TemplateURL"])
	text, err := e.fetch(place{r.Account, r.Region}, url)
	if err != nil {
		return nil, err
	}
	spec := &core.StackSpec{Account: r.Account, Region: r.Region, Name: name, Template: text, Parameters: map[string]string{}, Tags: map[string]string{},
		Capabilities: []string{"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"}}
	parameters, _ := r.Properties["Parameters"].(map[string]any)
	for k, v := range parameters {
		spec.Parameters[k] = parameterText(v)
	}
	for _, t := range r.Tags {
		spec.Tags[t.Key] = t.Value
	}
	list, _ := r.Properties["Tags"].([]any)
	for _, one := range list {
		if tag, ok := one.(map[string]any); ok {
			spec.Tags[textOf(tag["Key"])] = textOf(tag["Value"])
		}
	}
	return spec, nil
}

// parameterText is a value as a parameter: lists are joined by commas.
func parameterText(v any) string {
	list, ok := v.([]any)
	if !ok {
		return textOf(v)
	}
	parts := make([]string, len(list))
	for i := range list {
		parts[i] = textOf(list[i])
	}
	return strings.Join(parts, ",")
}

// Make creates the nested stack. If that fails it is rolled back and stays, for its
// parent's rollback to delete.
func (n nested) Make(r Request, done func(string, map[string]any, string)) {
	e := n.engine
	parent := e.stacks[r.StackID]
	child := e.childSet(parent, r.LogicalID)
	name := ""
	if child != nil && child.kind == "CREATE" {
		name = child.stack.name // in review until now
	} else {
		child, name = nil, e.nestedName(parent, r.LogicalID)
	}
	ended := e.running(child)
	spec, err := n.spec(r, name)
	if err != nil {
		ended(false)
		done("", nil, message(err))
		return
	}
	p := place{r.Account, r.Region}
	s, b, f, err := e.begin(p, spec)
	if err != nil {
		ended(false)
		done("", nil, message(err))
		return
	}
	s.extra().parent = parent
	e.create(s, b.deployment, actor{r.ARN}, b.comparison, f, onFailureRollback, parent.token(), func(res result) {
		ended(res.ok)
		if !res.ok {
			done(s.id, nil, fmt.Sprintf("Embedded stack %s was not successfully created: %s", s.id, s.lastFailure()))
			return
		}
		done(s.id, n.attributes(s), "")
	})
}

// lastFailure is why the stack's last operation turned back, or failed.
func (s *stack) lastFailure() string {
	if len(s.history) == 0 {
		return s.reason
	}
	why := s.history[len(s.history)-1].reason
	return strings.TrimSuffix(why, "Rollback requested by user.")
}

// attributes are a nested stack's outputs, as Fn::GetAtt names them.
func (n nested) attributes(s *stack) map[string]any {
	out := map[string]any{}
	for _, o := range n.engine.outputsOf(s) {
		out["Outputs."+o.Key] = o.Value
	}
	return out
}

// Change updates the nested stack; without a change of its own there is nothing to
// do.
func (n nested) Change(r Request, id string, _ map[string]any, done func(string, map[string]any, string)) {
	e := n.engine
	s, ok := e.stacks[id]
	if !ok || s.status == deleteComplete {
		done(id, nil, fmt.Sprintf("Stack [%s] does not exist", id))
		return
	}
	spec, err := n.spec(r, s.name)
	if err != nil {
		done(id, n.attributes(s), message(err))
		return
	}
	ended := e.running(e.childSet(e.stacks[r.StackID], r.LogicalID))
	e.Update(id, *spec, func(res core.StackResult) {
		ended(res.OK)
		if !res.OK {
			done(id, n.attributes(s), fmt.Sprintf("Embedded stack %s was not successfully updated. Currently in %s with reason: %s", id, s.status, s.lastFailure()))
			return
		}
		done(id, n.attributes(s), "")
	})
}

// Unmake deletes the nested stack.
func (n nested) Unmake(_ Request, id string, done func(string)) {
	e := n.engine
	s, ok := e.stacks[id]
	if !ok || s.status == deleteComplete {
		done("")
		return
	}
	if s.busy() {
		done(fmt.Sprintf("Embedded stack %s is in %s state and can not be deleted", id, s.status))
		return
	}
	e.remove(s, e.roleActor(s, ""), nil, false, "", func(res result) {
		if !res.ok {
			done(fmt.Sprintf("Embedded stack %s was not successfully deleted: %s", id, s.reason))
			return
		}
		done("")
	})
}

// Live is as it was deployed, as long as the stack is there.
func (n nested) Live(r Request, id string) (map[string]any, bool) {
	s, ok := n.engine.stacks[id]
	return r.Properties, ok && s.status != deleteComplete
}

// outdated reports whether a nested stack's template has changed at its URL.
func (n nested) outdated(s *stack, r *template.Resource, properties map[string]any) bool {
	child := n.engine.stacks[s.madeOf(r.LogicalID).id]
	if child == nil || child.current == nil {
		return false
	}
	text, err := n.engine.fetch(s.place, textOf(properties["TemplateURL"]))
	return err == nil && text != child.current.template.Text
}
