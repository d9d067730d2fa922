package stacks

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/resource"
)

// Stack statuses.
const (
	reviewInProgress         = "REVIEW_IN_PROGRESS"
	createInProgress         = "CREATE_IN_PROGRESS"
	createComplete           = "CREATE_COMPLETE"
	createFailed             = "CREATE_FAILED"
	rollbackInProgress       = "ROLLBACK_IN_PROGRESS"
	rollbackFailed           = "ROLLBACK_FAILED"
	rollbackComplete         = "ROLLBACK_COMPLETE"
	updateInProgress         = "UPDATE_IN_PROGRESS"
	updateCleanup            = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
	updateComplete           = "UPDATE_COMPLETE"
	updateFailed             = "UPDATE_FAILED"
	updateRollbackInProgress = "UPDATE_ROLLBACK_IN_PROGRESS"
	updateRollbackCleanup    = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
	updateRollbackComplete   = "UPDATE_ROLLBACK_COMPLETE"
	updateRollbackFailed     = "UPDATE_ROLLBACK_FAILED"
	deleteInProgress         = "DELETE_IN_PROGRESS"
	deleteComplete           = "DELETE_COMPLETE"
	deleteFailed             = "DELETE_FAILED"
)

// stack is one stack. Most of the hundreds of thousands have no more than this;
// the strings of its place and name are parts of its id.
type stack struct {
	place
	id, name  string
	status    string
	reason    string
	created   time.Time
	updated   time.Time   // when the last update began; zero: never
	deleted   time.Time   // when it was deleted, or its creation was rolled back
	current   *deployment // what is deployed; nil under review
	running   *operation  // the last of history, while it runs
	history   []*operation
	imports   []*export
	protected bool
	standing  bool // its resources exist
	more      *more
}

// more is what only a few stacks have.
type more struct {
	generations map[string]int         // replaced and re-created resources
	touched     map[string]*touched    // resources changed by hand
	resolved    map[string]string      // dynamic references and SSM parameters as deployed
	drift       *driftRecord           // the last detection
	detection   *driftRun              // the last that a caller started
	checked     map[string]*checkedOne // resources checked one by one since
	sets        []*changeSet
	role        string    // RoleARN
	executed    string    // the id of the change set executed last
	reviewed    time.Time // when a change set made the stack; zero: none did
	keepFailed  bool      // DisableRollback
	timeout     int32
	notify      []string

	rollback     *RollbackConfiguration
	config       *DeploymentConfig
	retainNew    bool // RetainExceptOnCreate
	deletionMode string
	policy       *stackPolicy                  // nil: everything may be updated
	parent       *stack                        // of a nested stack
	made         map[string]*made              // resources that others make, by logical id
	adopted      map[string]*resource.Identity // of imported resources, until they are replaced
}

// root is the outermost stack that a stack is nested in, itself if in none.
func (s *stack) root() *stack {
	for s.more != nil && s.more.parent != nil {
		s = s.more.parent
	}
	return s
}

// extra is the stack's more, made on first use.
func (s *stack) extra() *more {
	if s.more == nil {
		s.more = &more{}
	}
	return s.more
}

// touched is how a resource differs from what its template made of it.
type touched struct {
	deleted    bool
	properties map[string]any // all live properties, if modified
	changed    time.Time      // when it was changed by hand
	// obstacle is why the service refuses to change or delete the resource.
	obstacle string
}

// idle reports that there is nothing to remember.
func (t *touched) idle() bool { return !t.deleted && t.properties == nil && t.obstacle == "" }

func (s *stack) touch(logicalID string) *touched {
	m := s.extra()
	if m.touched == nil {
		m.touched = map[string]*touched{}
	}
	if m.touched[logicalID] == nil {
		m.touched[logicalID] = &touched{}
	}
	return m.touched[logicalID]
}

// touchedOf answers what was done to a resource by hand; a zero value if nothing.
func (s *stack) touchedOf(logicalID string) touched {
	if s.more == nil || s.more.touched[logicalID] == nil {
		return touched{}
	}
	return *s.more.touched[logicalID]
}

// generations counts how often each resource was replaced or made again. The map
// is never changed in place, so that operations can keep what it was.
func (s *stack) generations() map[string]int {
	if s.more == nil {
		return nil
	}
	return s.more.generations
}

func (s *stack) bump(logicalID string) {
	m := s.extra()
	next := maps.Clone(m.generations)
	if next == nil {
		next = map[string]int{}
	}
	next[logicalID]++
	m.generations = next
	delete(m.adopted, logicalID)
}

// newStack makes a stack with a new id, from which place and name are cut, so
// that all share one string.
func (e *Engine) newStack(p place, name string) *stack {
	id := fmt.Sprintf("arn:%s:cloudformation:%s:%s:stack/%s/%s", e.world.Options.Partition, p.region, p.account, name, e.world.UUID())
	s := &stack{id: id, created: e.world.Now()}
	parts := strings.SplitN(id, ":", 6)
	s.place = place{account: parts[4], region: parts[3]}
	s.name = strings.Split(parts[5], "/")[1]
	return s
}

// busy reports whether an operation runs.
func (s *stack) busy() bool {
	return strings.HasSuffix(s.status, "_IN_PROGRESS") && s.status != reviewInProgress
}

// updatable reports whether the stack is in a state that can be updated.
func (s *stack) updatable() bool {
	switch s.status {
	case createComplete, updateComplete, updateRollbackComplete, updateFailed, "IMPORT_COMPLETE":
		return true
	}
	return false
}
