package stacks

import (
	"net/http"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

type createChangeSetInput struct {
	StackName     string `valid:"required,min=1,pattern=[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"`
	ChangeSetName string `valid:"required,min=1,max=128,pattern=[a-zA-Z][-a-zA-Z0-9]*"`
	request
	ChangeSetType           string `valid:"enum=CREATE|UPDATE|IMPORT"`
	ClientToken             string `valid:"min=1,max=128"`
	DeploymentMode          string `valid:"enum=REVERT_DRIFT"`
	Description             string `valid:"min=1,max=8192"`
	OnStackFailure          string `valid:"enum=DO_NOTHING|ROLLBACK|DELETE"`
	IncludeNestedStacks     *bool
	ImportExistingResources *bool
	ResourcesToImport       []importInput `valid:"max=200"`
}

type importInput struct {
	ResourceType       string            `valid:"required,min=1,max=256"`
	LogicalResourceId  string            `valid:"required"`
	ResourceIdentifier map[string]string `valid:"required"`
}

type createChangeSetOutput struct{ Id, StackId string }

// createChangeSet refuses at once what cannot be evaluated, as AWS does; what a
// change set would do is worked out later.
func (e *Engine) createChangeSet(c *core.Call, in *createChangeSetInput) (*createChangeSetOutput, error) {
	p := placeOf(c)
	if id, again := e.tokens[tokenKey{p, in.ClientToken}]; again && in.ClientToken != "" && e.sets[id].name == in.ChangeSetName {
		return &createChangeSetOutput{id, e.sets[id].stack.id}, nil
	}
	s, err := e.changeSetTarget(c, in)
	if err != nil {
		return nil, err
	}
	var previous *deployment
	if s != nil {
		previous = s.current
	}
	spec, err := in.spec(e, p, in.StackName, previous)
	if err != nil {
		return nil, err
	}
	d, err := e.prepareChangeSet(spec)
	if err != nil {
		return nil, err
	}
	if err := in.checkTypes(d.template); err != nil {
		return nil, err
	}
	isNew := s == nil
	if isNew {
		s = e.newStack(p, in.StackName)
		if in.NotificationARNs != nil { // its template may refer to them
			s.extra().notify = in.NotificationARNs
		}
	}
	set := &changeSet{name: in.ChangeSetName, description: in.Description, kind: in.kind(), revert: in.DeploymentMode != "",
		deployment: d, onFailure: in.OnStackFailure, token: in.ClientToken, role: in.RoleARN, settings: in.settings,
		nested: yes(in.IncludeNestedStacks), importExisting: in.ImportExistingResources}
	if set.imports, err = e.importsOf(s, d, in); err != nil {
		return nil, err
	}
	set.stack = s
	if _, _, err := e.assessSet(set); err != nil {
		return nil, err
	}
	if isNew {
		e.add(s)
		s.extra().reviewed = e.world.Now()
		e.setStatus(s, reviewInProgress, "User Initiated")
	}
	e.newChangeSet(s, set)
	return &createChangeSetOutput{set.id, s.id}, nil
}

func (in *createChangeSetInput) kind() string {
	if in.ChangeSetType == "" {
		return "UPDATE"
	}
	return in.ChangeSetType
}

// changeSetTarget finds the stack that a change set is for: nil for one that the
// change set is to make. A deleted stack is found by its id, and not made again.
func (e *Engine) changeSetTarget(c *core.Call, in *createChangeSetInput) (*stack, error) {
	s, exists := e.find(placeOf(c), in.StackName)
	review := exists && s.status == reviewInProgress
	makes := in.kind() == "CREATE" || in.kind() == "IMPORT" && (!exists || review)
	switch {
	case in.kind() != "IMPORT" && len(in.ResourcesToImport) > 0:
		return nil, core.Invalid("Resources to import can only be specified for change sets of type IMPORT")
	case in.kind() == "IMPORT" && len(in.ResourcesToImport) == 0:
		return nil, core.Invalid("You must specify ResourcesToImport for change sets of type IMPORT")
	case in.kind() != "UPDATE" && in.DeploymentMode != "":
		return nil, core.Invalid("DeploymentMode REVERT_DRIFT is only supported for change sets of type UPDATE")
	case makes && exists && !review:
		return nil, core.Invalid("Stack [%s] already exists and cannot be created again with the changeSet [%s].", in.StackName, in.ChangeSetName)
	case makes && !exists:
		if strings.HasPrefix(in.StackName, "arn:") {
			return nil, core.Invalid("Stack [%s] does not exist", in.StackName)
		}
		return nil, nil
	case !exists || s.status == deleteComplete || in.kind() == "UPDATE" && review:
		return nil, core.Invalid("Stack [%s] does not exist", in.StackName)
	case !review && !s.updatable():
		return nil, inState(s, "updated")
	}
	if s.more != nil {
		for _, other := range s.more.sets {
			if other.name == in.ChangeSetName && !other.executed() {
				return nil, core.Errorf(http.StatusBadRequest, "AlreadyExistsException", "ChangeSet %s already exists", other.id)
			}
		}
	}
	return s, nil
}

type executeChangeSetInput struct {
	ChangeSetName        string `valid:"required,min=1,max=1600"`
	StackName            string
	ClientRequestToken   string `valid:"min=1,max=128,pattern=[a-zA-Z0-9][-a-zA-Z0-9]*"`
	DisableRollback      *bool
	RetainExceptOnCreate *bool
}

func (e *Engine) executeChangeSet(c *core.Call, in *executeChangeSetInput) (*struct{}, error) {
	set, err := e.changeSetFor(c, in.StackName, in.ChangeSetName)
	if err != nil {
		return nil, err
	}
	s := set.stack
	switch {
	case set.execution == executeInProgress && in.ClientRequestToken != "" && s.token() == in.ClientRequestToken:
		return &struct{}{}, nil // the same request again
	case set.parent != nil:
		return nil, nestedSet(set, "executed")
	case set.status != "CREATE_COMPLETE":
		return nil, invalidStatus("ChangeSet [%s] cannot be executed in its current status of [%s]", set.id, set.status)
	case set.execution != available:
		return nil, invalidStatus("ChangeSet [%s] cannot be executed in its current execution status of [%s]", set.id, set.execution)
	case s.status != reviewInProgress && !s.updatable():
		return nil, invalidStatus("Stack:%s is in %s state and can not be updated.", s.id, s.status)
	}
	a, err := callerActor(c, s.roleOr(set.role))
	if err != nil {
		return nil, err
	}
	if in.DisableRollback != nil && set.onFailure != "" {
		return nil, core.Invalid("You may only specify one of [DisableRollback, OnStackFailure]")
	}
	return &struct{}{}, e.execute(set, a, in)
}

func invalidStatus(format string, args ...any) *core.Error {
	return core.Errorf(http.StatusBadRequest, "InvalidChangeSetStatus", format, args...)
}

// nestedSet is the refusal of what only a root's change set can be.
func nestedSet(set *changeSet, what string) *core.Error {
	return invalidStatus("ChangeSet [%s] belongs to a nested stack and cannot be %s by itself: use its root [%s]", set.id, what, set.root().id)
}

type changeSetInput struct {
	ChangeSetName string `valid:"required,min=1,max=1600"`
	StackName     string
}

// deleteChangeSet deletes a change set; one that is gone already counts as
// deleted.
func (e *Engine) deleteChangeSet(c *core.Call, in *changeSetInput) (*struct{}, error) {
	set, err := e.changeSetFor(c, in.StackName, in.ChangeSetName)
	if refused, ok := err.(*core.Error); ok && refused.Code == "ChangeSetNotFound" {
		return &struct{}{}, nil
	}
	if err != nil {
		return nil, err
	}
	if set.parent != nil {
		return nil, nestedSet(set, "deleted")
	}
	if set.execution == executeInProgress {
		return nil, invalidStatus("ChangeSet [%s] cannot be deleted in its current execution status of [%s]", set.id, set.execution)
	}
	e.keepChangeSets(set.stack, func(other *changeSet) bool { return other != set })
	return &struct{}{}, nil
}
