package stacks

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// tokenKey is a change set's client token in its place.
type tokenKey struct {
	place
	token string
}

// Execution statuses of change sets.
const (
	unavailable       = "UNAVAILABLE"
	available         = "AVAILABLE"
	executeInProgress = "EXECUTE_IN_PROGRESS"
	executeComplete   = "EXECUTE_COMPLETE"
	executeFailed     = "EXECUTE_FAILED"
	obsolete          = "OBSOLETE"
)

// changeSet is a change set. What it would do is worked out when it is made, and
// once more when it is executed.
type changeSet struct {
	id, name, description string
	stack                 *stack
	created               time.Time
	status, reason        string
	execution             string
	kind                  string // CREATE, UPDATE, IMPORT
	revert                bool   // DeploymentMode=REVERT_DRIFT
	deployment            *deployment
	previous              *deployment // what the stack had when the change set was made
	changes               []change
	told                  []told            // how changes are shown; nil of a REVERT_DRIFT
	imports               map[string]*loose // resources to take over, by logical id
	onFailure             string            // "" unless the request names it
	token, role           string
	settings              settings
	nested                bool
	importExisting        *bool
	parent                *changeSet            // of a nested stack's
	children              map[string]*changeSet // of nested stacks, by logical id
}

// executed reports whether the change set was executed, so that its name is free.
func (c *changeSet) executed() bool {
	switch c.execution {
	case executeInProgress, executeComplete, executeFailed:
		return true
	}
	return false
}

// root is the change set of the outermost stack.
func (c *changeSet) root() *changeSet {
	for c.parent != nil {
		c = c.parent
	}
	return c
}

// dropChangeSets forgets a stack's change sets, but for those that were executed:
// they can be described by their ids when the stack is gone.
func (e *Engine) dropChangeSets(s *stack) {
	e.keepChangeSets(s, (*changeSet).executed)
}

func (e *Engine) keepChangeSets(s *stack, keep func(*changeSet) bool) {
	if s.more == nil {
		return
	}
	s.more.sets = slices.DeleteFunc(s.more.sets, func(c *changeSet) bool {
		if keep(c) {
			return false
		}
		delete(e.sets, c.id)
		delete(e.tokens, tokenKey{s.place, c.token})
		e.dropNested(c)
		return true
	})
}

// outdate makes a stack's change sets obsolete: the stack was updated otherwise.
func (e *Engine) outdate(s *stack) {
	if s.more == nil {
		return
	}
	for _, c := range s.more.sets {
		if c.execution == available {
			c.execution = obsolete
		}
	}
}

// changeSetFor finds a change set by its id, or by name and stack.
func (e *Engine) changeSetFor(c *core.Call, stackName, name string) (*changeSet, error) {
	if strings.HasPrefix(name, "arn:") {
		if set, ok := e.sets[name]; ok && set.stack.place == placeOf(c) {
			return set, nil
		}
		return nil, changeSetNotFound(name)
	}
	if stackName == "" {
		return nil, core.Invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
	}
	s, err := e.existing(c, stackName)
	if err != nil {
		return nil, err
	}
	if s.more != nil {
		for _, set := range slices.Backward(s.more.sets) { // of one name, the latest
			if set.name == name {
				return set, nil
			}
		}
	}
	return nil, changeSetNotFound(name)
}

func changeSetNotFound(name string) *core.Error {
	return core.Errorf(http.StatusNotFound, "ChangeSetNotFound", "ChangeSet [%s] does not exist", name)
}

// newChangeSet begins to make a change set; it takes some seconds.
func (e *Engine) newChangeSet(s *stack, set *changeSet) {
	e.record(s, set)
	if set.token != "" {
		e.tokens[tokenKey{s.place, set.token}] = set.id
	}
	first := e.world.Between(seconds(1), seconds(3))
	e.later(set, first, func() { set.status = "CREATE_IN_PROGRESS" })
	e.later(set, first+e.world.Between(seconds(4), seconds(12)), func() { e.fill(set) })
}

// record gives a change set its id and its place among those of its stack.
func (e *Engine) record(s *stack, set *changeSet) {
	set.stack, set.previous = s, s.current
	set.id = fmt.Sprintf("arn:%s:cloudformation:%s:%s:changeSet/%s/%s", e.world.Options.Partition, s.region, s.account, set.name, e.world.UUID())
	set.created = e.world.Now()
	set.status, set.execution = "CREATE_PENDING", unavailable
	e.sets[set.id] = set
	s.extra().sets = append(s.extra().sets, set)
}

// later runs f unless the change set is deleted by then.
func (e *Engine) later(set *changeSet, d time.Duration, f func()) {
	e.world.After(d, func() {
		if e.sets[set.id] == set {
			f()
		}
	})
}

// assessSet compares a change set's deployment with what its stack has.
func (e *Engine) assessSet(set *changeSet) (*comparison, *failure, error) {
	c, f, err := e.assess(set.stack, set.deployment, set.revert)
	if c != nil {
		c.takeOver(set.imports)
	}
	return c, f, err
}

// fill works out what the change set would do. Only one that makes a stack may do
// nothing.
func (e *Engine) fill(set *changeSet) {
	set.status = "FAILED"
	c, f, err := e.assessSet(set)
	switch {
	case err != nil:
		set.reason = message(err)
	case f != nil:
		set.reason = f.reason
	case set.stack.busy():
		set.reason = inState(set.stack, "updated").Message
	case c.empty() && set.kind == "UPDATE" && !set.stack.notifies(set.settings.NotificationARNs):
		set.reason = "The submitted information didn't contain changes. Submit different information to create a change set."
	default:
		set.changes = c.changes
		if !set.revert {
			set.told = e.explain(set, c)
		}
		if set.nested {
			if set.reason = e.nest(set); set.reason != "" {
				return
			}
		}
		set.status, set.execution = "CREATE_COMPLETE", available
	}
}

func message(err error) string {
	if refused, ok := err.(*core.Error); ok {
		return refused.Message
	}
	return err.Error()
}

// execute begins to do what a change set says, against the state as it is now.
func (e *Engine) execute(set *changeSet, a actor, in *executeChangeSetInput) error {
	s := set.stack
	c, f, err := e.assessSet(set)
	if err != nil {
		return err
	}
	onFailure := set.onFailure
	if onFailure == "" {
		onFailure = onFailureRollback
	}
	if set.settings.keepsFailed(in.DisableRollback) {
		onFailure = onFailureDoNothing
	}
	set.execution = executeInProgress
	s.extra().executed = set.id
	s.updated = e.world.Now()
	s.remember(s.roleOr(set.role), &set.settings, nil, onFailure == onFailureDoNothing, in.RetainExceptOnCreate)
	e.keepChangeSets(s, func(other *changeSet) bool { return other == set || other.executed() })
	done := func(r result) {
		set.execution = executeComplete
		if !r.ok {
			set.execution = executeFailed
		}
	}
	switch {
	case set.kind == "IMPORT":
		e.importAll(set, a, c, f, in.ClientRequestToken, done)
	case set.kind == "CREATE":
		e.create(s, set.deployment, a, c, f, onFailure, in.ClientRequestToken, done)
	default:
		if f == nil {
			f = s.forbidden(c, nil)
		}
		e.update(s, set.deployment, a, c, f, in.ClientRequestToken, done)
	}
	return nil
}
