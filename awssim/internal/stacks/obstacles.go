package stacks

import (
	"fmt"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/resource"
)

// claim is an explicit name that can be taken once in its scope.
type claim struct{ account, region, typ, name string }

// owner holds a claim; stack is nil for a resource without a stack.
type owner struct {
	place     place
	stack     *stack
	logicalID string
}

func ownerOf(s *stack, logicalID string) owner { return owner{s.place, s, logicalID} }

// claimOf is the claim that a resource with these properties makes, if any.
func claimOf(p place, t *resource.Type, properties map[string]any) (claim, bool) {
	name, named := t.Named(properties)
	c := claim{typ: t.Name, name: name}
	if t.Single != "" {
		c.name, named = "", true
	}
	if !named || t.Scope == resource.Unclaimed || strings.Contains(name, notMadeYet) {
		return c, false
	}
	if t.Scope != resource.PerPartition {
		c.account = p.account
	}
	if t.Scope == resource.Regional {
		c.region = p.region
	}
	return c, true
}

// taken says why a resource cannot have its name, "" if it can.
func (e *Engine) taken(s *stack, logicalID string, t *resource.Type, properties map[string]any) string {
	c, claims := claimOf(s.place, t, properties)
	if !claims {
		return ""
	}
	holder, held := e.claims[c]
	switch {
	case !held || holder == ownerOf(s, logicalID):
		return ""
	case t.Single != "":
		return t.Single
	case holder.stack != nil && holder.stack.place == s.place:
		return fmt.Sprintf("%s already exists in stack %s", c.name, holder.stack.id)
	}
	return c.name + " already exists"
}

func (e *Engine) take(s *stack, logicalID string, t *resource.Type, properties map[string]any) {
	if c, claims := claimOf(s.place, t, properties); claims {
		e.claims[c] = ownerOf(s, logicalID)
	}
}

// release gives a name back, unless somebody else holds it.
func (e *Engine) release(s *stack, logicalID string, t *resource.Type, properties map[string]any) {
	c, claims := claimOf(s.place, t, properties)
	if claims && e.claims[c] == ownerOf(s, logicalID) {
		delete(e.claims, c)
	}
}

// actor is who CloudFormation acts as in a stack operation.
type actor struct {
	arn string
}

// roleActor is a session of a role in the stack's account, as StackSets assumes it.
func (e *Engine) roleActor(s *stack, role string) actor {
	if role == "" {
		role = "AWSCloudFormationStackSetExecutionRole"
	}
	return actor{e.world.RolePrincipal(s.account, role, "AWSCloudFormation").ARN}
}

// denied says how an SCP keeps the actor from an action on a resource, "" if
// none does. SCPs do not bind the management account.
func (e *Engine) denied(p place, a actor, action, physicalID string) string {
	var ous []string
	if o := e.options.Organization; o != nil && o.Exists() {
		if o.Management() == p.account {
			return ""
		}
		account, _ := o.Account(p.account)
		ous = account.OUs
	}
	clause := e.world.Access.Refusal(core.AccessRequest{Account: p.account, OUs: ous, Region: p.region, Action: action, Principal: a.arn, Resource: physicalID})
	if clause == "" {
		return ""
	}
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s %s", a.arn, action, physicalID, clause)
}

// missingExport is the error of an import that nobody exports.
type missingExport struct{ name string }

func (m *missingExport) Error() string { return "No export named " + m.name + " found." }

// failure is why an operation fails: because of a resource, or of the stack.
type failure struct {
	logicalID, typ string
	reason         string
}

// text is the form that StackSets repeats.
func (f *failure) text() string {
	if f.logicalID == "" {
		return f.reason
	}
	return fmt.Sprintf("ResourceLogicalId:%s, ResourceType:%s, ResourceStatusReason:%s.", f.logicalID, f.typ, f.reason)
}

// notFound is a resource handler's answer about a resource that is gone.
func notFound(t *resource.Type, id string) string {
	return fmt.Sprintf(`Resource handler returned message: "Resource of type '%s' with identifier '%s' was not found." (HandlerErrorCode: NotFound)`, t.Name, id)
}

// customNamed is CloudFormation's refusal to replace a resource without renaming
// it.
func customNamed(name string) string {
	return "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename " + name + " and update the stack again."
}

// obstacle says why a change cannot be carried out, "" if it can.
func (e *Engine) obstacle(s *stack, a actor, c *change) string {
	verb, id := c.typ.Update, c.oldID
	switch {
	case c.action == sync || c.action == adopt:
		return ""
	case c.action == remove:
		return e.deleteObstacle(s, a, c)
	case c.action == add || c.replace:
		verb, id = c.typ.Create, c.newID
	}
	if why := c.invalid(); why != "" {
		return why
	}
	if why := e.denied(s.place, a, verb, id); why != "" {
		return why
	}
	if name, kept := c.keptName(); c.replace && kept {
		return customNamed(name)
	}
	if c.action == modify && !c.replace {
		if why := s.touchedOf(c.resource.LogicalID).obstacle; why != "" {
			return why
		}
		if c.live == nil {
			return notFound(c.typ, id)
		}
		return ""
	}
	return e.taken(s, c.resource.LogicalID, c.typ, c.after)
}

// invalid says why CloudFormation or the service refuses the properties, "" if they
// take them.
func (c *change) invalid() string {
	if name, named := c.typ.Named(c.after); named && (c.action == add || c.replace) {
		if why := c.typ.BadName(name); why != "" {
			return why
		}
	}
	return c.typ.Invalid(c.resource.LogicalID, c.after)
}

// keptName is the explicit name that a resource had and is to keep.
func (c *change) keptName() (string, bool) {
	before, had := c.typ.Named(c.before)
	after, has := c.typ.Named(c.after)
	return after, had && has && before == after && c.typ.Scope != resource.Unclaimed
}

// deleteObstacle says why a resource cannot be deleted.
func (e *Engine) deleteObstacle(s *stack, a actor, c *change) string {
	if c.live == nil || keeps(c.resource.DeletionPolicy) {
		return ""
	}
	if why := s.touchedOf(c.resource.LogicalID).obstacle; why != "" {
		return why
	}
	if why := e.denied(s.place, a, c.typ.Delete, c.oldID); why != "" || e.options.Undeletable == nil {
		return why
	}
	return e.options.Undeletable(Live{Account: s.account, Region: s.region, Type: c.typ.Name, ID: c.oldID,
		Properties: c.live, StackID: s.id, LogicalID: c.resource.LogicalID})
}

// keeps reports whether a policy leaves the resource when the stack lets go of it.
func keeps(policy string) bool { return policy == "Retain" || policy == "RetainExceptOnCreate" }
