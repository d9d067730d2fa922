package stacks

import (
	"net/http"
	"slices"

	"github.com/setmend/setmend/awssim/internal/core"
)

type createStackInput struct {
	StackName string `valid:"required,min=1,max=128,pattern=[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"`
	request
	ClientRequestToken          string `valid:"min=1,max=128,pattern=[a-zA-Z0-9][-a-zA-Z0-9]*"`
	DisableRollback             *bool
	OnFailure                   string `valid:"enum=DO_NOTHING|ROLLBACK|DELETE"`
	EnableTerminationProtection *bool
	RetainExceptOnCreate        *bool
	TimeoutInMinutes            *int32  `valid:"min=1"`
	StackPolicyBody             *string `valid:"min=1,max=16384"`
	StackPolicyURL              *string `valid:"min=1,max=5120"`
}

type stackOutput struct{ StackId string }

func (e *Engine) createStack(c *core.Call, in *createStackInput) (*stackOutput, error) {
	p := placeOf(c)
	if s, exists := e.names[stackName{p, in.StackName}]; exists && in.ClientRequestToken != "" && s.token() == in.ClientRequestToken {
		return &stackOutput{s.id}, nil // the same request again
	}
	onFailure := in.OnFailure
	switch {
	case in.DisableRollback != nil && onFailure != "":
		return nil, core.Invalid("You may only specify one of [DisableRollback, OnFailure]")
	case in.keepsFailed(in.DisableRollback):
		onFailure = onFailureDoNothing
	case onFailure == "":
		onFailure = onFailureRollback
	}
	a, err := callerActor(c, in.RoleARN)
	if err != nil {
		return nil, err
	}
	spec, err := in.spec(e, p, in.StackName, nil)
	if err != nil {
		return nil, err
	}
	policy, err := e.readPolicy(p, in.StackPolicyBody, in.StackPolicyURL)
	if err != nil {
		return nil, err
	}
	if t, err := e.parse(spec.Template); err == nil { // or else begin says what is wrong
		if err := in.checkTypes(t); err != nil {
			return nil, err
		}
	}
	s, b, f, err := e.begin(p, spec)
	if err != nil {
		return nil, err
	}
	s.protected = yes(in.EnableTerminationProtection)
	s.remember(in.RoleARN, &in.settings, in.TimeoutInMinutes, onFailure == onFailureDoNothing, in.RetainExceptOnCreate)
	s.setPolicy(policy)
	e.create(s, b.deployment, a, b.comparison, f, onFailure, in.ClientRequestToken, ignore)
	return &stackOutput{s.id}, nil
}

// ignore is for operations that nobody waits for.
func ignore(result) {}

// roleOr is the role given, or else the one that the stack was last given.
func (s *stack) roleOr(role string) string {
	if role == "" && s.more != nil {
		return s.more.role
	}
	return role
}

// remember keeps the settings that few stacks have. Notification topics, rollback
// triggers and the deployment's configuration that a request does not name stay.
func (s *stack) remember(role string, set *settings, timeout *int32, keepFailed bool, retainNew *bool) {
	if role == "" && set.NotificationARNs == nil && set.RollbackConfiguration == nil && set.DeploymentConfig == nil &&
		timeout == nil && !keepFailed && retainNew == nil && s.more == nil {
		return
	}
	m := s.extra()
	m.role, m.keepFailed, m.retainNew = role, keepFailed, yes(retainNew)
	if set.NotificationARNs != nil {
		m.notify = set.NotificationARNs
	}
	if set.RollbackConfiguration != nil {
		m.rollback = set.RollbackConfiguration
	}
	m.config = set.DeploymentConfig
	if timeout != nil {
		m.timeout = *timeout
	}
}

type updateStackInput struct {
	StackName string `valid:"required,min=1,pattern=[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"`
	request
	ClientRequestToken          string `valid:"min=1,max=128,pattern=[a-zA-Z0-9][-a-zA-Z0-9]*"`
	DisableRollback             *bool
	RetainExceptOnCreate        *bool
	StackPolicyBody             *string `valid:"min=1,max=16384"`
	StackPolicyURL              *string `valid:"min=1,max=5120"`
	StackPolicyDuringUpdateBody *string `valid:"min=1,max=16384"`
	StackPolicyDuringUpdateURL  *string `valid:"min=1,max=5120"`
}

func (e *Engine) updateStack(c *core.Call, in *updateStackInput) (*stackOutput, error) {
	s, err := e.existing(c, in.StackName)
	if err != nil {
		return nil, err
	}
	if in.ClientRequestToken != "" && s.token() == in.ClientRequestToken {
		return &stackOutput{s.id}, nil // the same request again
	}
	if !s.updatable() {
		return nil, inState(s, "updated")
	}
	spec, err := in.spec(e, s.place, s.name, s.current)
	if err != nil {
		return nil, err
	}
	d, err := e.prepare(spec)
	if err != nil {
		return nil, err
	}
	role := s.roleOr(in.RoleARN)
	a, err := callerActor(c, role)
	if err != nil {
		return nil, err
	}
	if err := in.checkTypes(d.template); err != nil {
		return nil, err
	}
	policy, err := e.readPolicy(s.place, in.StackPolicyBody, in.StackPolicyURL)
	if err != nil {
		return nil, err
	}
	during, err := e.readPolicy(s.place, in.StackPolicyDuringUpdateBody, in.StackPolicyDuringUpdateURL)
	if err != nil {
		return nil, err
	}
	comparison, f, err := e.assess(s, d, false)
	if err != nil {
		return nil, err
	}
	if f == nil && comparison.empty() && !s.notifies(in.NotificationARNs) {
		return nil, errNoUpdates()
	}
	s.remember(role, &in.settings, nil, in.keepsFailed(in.DisableRollback), in.RetainExceptOnCreate)
	if f == nil {
		f = s.forbidden(comparison, during)
	}
	s.setPolicy(policy)
	e.update(s, d, a, comparison, f, in.ClientRequestToken, ignore)
	return &stackOutput{s.id}, nil
}

// notifies reports whether the topics differ from those that the stack notifies.
func (s *stack) notifies(topics []string) bool {
	if topics == nil {
		return false
	}
	var now []string
	if s.more != nil {
		now = s.more.notify
	}
	return !slices.Equal(now, topics)
}

type deleteStackInput struct {
	StackName          string `valid:"required,min=1,pattern=[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"`
	DeploymentConfig   *DeploymentConfig
	ClientRequestToken string `valid:"min=1,max=128,pattern=[a-zA-Z0-9][-a-zA-Z0-9]*"`
	DeletionMode       string `valid:"enum=STANDARD|FORCE_DELETE_STACK"`
	RetainResources    []string
	RoleARN            string `valid:"min=20,max=2048"`
}

func (e *Engine) deleteStack(c *core.Call, in *deleteStackInput) (*struct{}, error) {
	s, ok := e.find(placeOf(c), in.StackName)
	if !ok || s.status == deleteComplete || s.status == deleteInProgress {
		return &struct{}{}, nil
	}
	a, err := callerActor(c, s.roleOr(in.RoleARN))
	if err != nil {
		return nil, err
	}
	force := in.DeletionMode == "FORCE_DELETE_STACK"
	switch {
	case s.protected:
		return nil, errProtected(s)
	case s.status == createInProgress:
		e.abandon(s)
	case s.busy():
		return nil, core.Invalid("Stack [%s] cannot be deleted while in status %s", s.id, s.status)
	}
	if s.status != deleteFailed && (force || len(in.RetainResources) > 0) {
		return nil, core.Invalid("Invalid operation on stack [%s]. RetainResources and FORCE_DELETE_STACK are only for stacks in the DELETE_FAILED state.", s.id)
	}
	e.remove(s, a, in.RetainResources, force, in.ClientRequestToken, ignore)
	return &struct{}{}, nil
}

// abandon breaks a creation off: what it has made so far is gone.
func (e *Engine) abandon(s *stack) {
	op := s.running
	if op == nil {
		return
	}
	s.running = nil
	op.turned, op.ended = e.world.Now(), e.world.Now()
	e.dropAll(s)
	e.world.After(0, func() { op.report(result{reason: "Stack deletion was requested during creation"}) })
}

type stackNameInput struct {
	StackName          string `valid:"required"`
	ClientRequestToken string
}

// cancelUpdateStack turns a running update into its rollback.
func (e *Engine) cancelUpdateStack(c *core.Call, in *stackNameInput) (*struct{}, error) {
	s, err := e.existing(c, in.StackName)
	if err != nil {
		return nil, err
	}
	if s.status != updateInProgress || s.running == nil {
		return nil, core.Invalid("CancelUpdateStack cannot be called from current stack status")
	}
	e.cancel(s)
	return &struct{}{}, nil
}

type continueRollbackInput struct {
	StackName          string `valid:"required"`
	ClientRequestToken string
	ResourcesToSkip    []string
	RoleARN            string
	ForceRollback      *bool
}

// continueUpdateRollback tries the rollback again, leaving out what it is told to.
func (e *Engine) continueUpdateRollback(c *core.Call, in *continueRollbackInput) (*struct{}, error) {
	s, err := e.existing(c, in.StackName)
	if err != nil {
		return nil, err
	}
	last := s.history[len(s.history)-1]
	if in.ClientRequestToken != "" && last.token == in.ClientRequestToken && last.continues {
		return &struct{}{}, nil // AWS: a repeated request is recognised by its token
	}
	if s.status != updateRollbackFailed {
		return nil, core.Invalid("Rollback Continuation can only be called on stacks in UPDATE_ROLLBACK_FAILED state.")
	}
	for _, name := range in.ResourcesToSkip {
		if !slices.ContainsFunc(last.after, func(st step) bool { return st.failed != "" && st.logicalID == name }) {
			// AWS: only resources that are in UPDATE_FAILED because a rollback failed.
			return nil, core.Invalid("The resource %s cannot be skipped: it is not in UPDATE_FAILED state because a rollback failed", name)
		}
	}
	return &struct{}{}, e.continueRollback(s, c, in.ResourcesToSkip, yes(in.ForceRollback), in.ClientRequestToken)
}

type protectionInput struct {
	EnableTerminationProtection *bool  `valid:"required"`
	StackName                   string `valid:"required"`
}

func (e *Engine) updateTerminationProtection(c *core.Call, in *protectionInput) (*stackOutput, error) {
	s, err := e.existing(c, in.StackName)
	if err != nil {
		return nil, err
	}
	if s.status == deleteComplete || s.status == deleteInProgress {
		return nil, core.Errorf(http.StatusBadRequest, "ValidationError", "Stack [%s] does not exist", in.StackName)
	}
	s.protected = *in.EnableTerminationProtection
	return &stackOutput{s.id}, nil
}
