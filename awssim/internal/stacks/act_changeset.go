package stacks

import (
	"net/http"

	"github.com/setmend/setmend/awssim/internal/core"
)

type createChangeSetInput struct {
	StackName     string `valid:"required,min=1"`
	ChangeSetName string `valid:"required,min=1,max=128,pattern=[a-zA-Z][-a-zA-Z0-9]*"`
	request
	ChangeSetType    string `valid:"enum=CREATE|UPDATE|IMPORT"`
	ClientToken      string `valid:"min=1,max=128"`
	DeploymentMode   string `valid:"enum=REVERT_DRIFT"`
	Description      string `valid:"min=1,max=8192"`
	OnStackFailure   string `valid:"enum=DO_NOTHING|ROLLBACK|DELETE"`
	NotificationARNs []string
}

type createChangeSetOutput struct{ Id, StackId string }

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
	d, err := e.prepare(spec)
	if err != nil {
		return nil, err
	}
	if s == nil {
		s = e.newStack(p, in.StackName)
		e.add(s)
		e.setStatus(s, reviewInProgress, "User Initiated")
	}
	set := &changeSet{name: in.ChangeSetName, description: in.Description, kind: in.kind(), revert: in.DeploymentMode != "",
		deployment: d, onFailure: in.OnStackFailure, token: in.ClientToken, role: in.RoleARN, notify: in.NotificationARNs}
	if set.onFailure == "" {
		set.onFailure = onFailureRollback
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
// change set is to make.
func (e *Engine) changeSetTarget(c *core.Call, in *createChangeSetInput) (*stack, error) {
	s, exists := e.find(placeOf(c), in.StackName)
	exists = exists && s.status != deleteComplete
	review := exists && s.status == reviewInProgress
	switch {
	case in.ChangeSetType == "IMPORT":
		return nil, core.Invalid("Resource import is not supported by the embedded AWS")
	case in.kind() == "CREATE" && in.DeploymentMode != "":
		return nil, core.Invalid("DeploymentMode REVERT_DRIFT is only supported for change sets of type UPDATE")
	case in.kind() == "CREATE" && exists && !review:
		return nil, core.Invalid("Stack [%s] already exists and cannot be created again with the changeSet [%s].", in.StackName, in.ChangeSetName)
	case in.kind() == "CREATE" && !exists:
		return nil, nil
	case !exists || in.kind() == "UPDATE" && review:
		return nil, core.Invalid("Stack [%s] does not exist", in.StackName)
	case !review && !s.updatable():
		return nil, inState(s, "updated")
	}
	if s.more != nil {
		for _, other := range s.more.sets {
			if other.name == in.ChangeSetName {
				return nil, core.Errorf(http.StatusBadRequest, "AlreadyExistsException", "ChangeSet %s already exists", other.id)
			}
		}
	}
	return s, nil
}

type executeChangeSetInput struct {
	ChangeSetName      string `valid:"required,min=1,max=1600"`
	StackName          string
	ClientRequestToken string `valid:"min=1,max=128,pattern=[a-zA-Z0-9][-a-zA-Z0-9]*"`
	DisableRollback    *bool
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
	return &struct{}{}, e.execute(set, a, in.ClientRequestToken, yes(in.DisableRollback))
}

func invalidStatus(format string, args ...any) *core.Error {
	return core.Errorf(http.StatusBadRequest, "InvalidChangeSetStatus", format, args...)
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
	if set.execution == executeInProgress {
		return nil, invalidStatus("ChangeSet [%s] cannot be deleted in its current execution status of [%s]", set.id, set.execution)
	}
	e.keepChangeSets(set.stack, func(other *changeSet) bool { return other != set })
	return &struct{}{}, nil
}
