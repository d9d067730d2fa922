package stacks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

type rollbackInput struct {
	StackName            string `valid:"required,min=1"`
	RoleARN              string `valid:"min=20,max=2048"`
	ClientRequestToken   string `valid:"min=1,max=128,pattern=[a-zA-Z0-9][-a-zA-Z0-9]*"`
	RetainExceptOnCreate *bool
	DeploymentConfig     *DeploymentConfig
}

// rollbackStack rolls back what a failed creation or update has left, because its
// rollback was disabled.
func (e *Engine) rollbackStack(c *core.Call, in *rollbackInput) (*stackOutput, error) {
	s, err := e.existing(c, in.StackName)
	if err != nil {
		return nil, err
	}
	switch s.status {
	case createFailed:
		op := &operation{verb: "ROLLBACK", deployment: s.current, token: in.ClientRequestToken}
		for _, one := range e.everything(s) {
			op.steps = append(op.steps, step{logicalID: one.resource.LogicalID, typ: one.resource.Type, physicalID: one.oldID, verb: "DELETE"})
		}
		if op.steps == nil {
			op.steps = []step{}
		}
		s.deleted = e.world.Now()
		e.start(s, op, e.duration(), 0, nil, func() {
			e.dropAll(s)
			e.finish(s, rollbackComplete, "")
		})
	case updateFailed:
		op := &operation{verb: "UPDATE_ROLLBACK", deployment: s.current, token: in.ClientRequestToken, steps: []step{}}
		e.start(s, op, e.duration(), 0, nil, func() { e.finish(s, updateRollbackComplete, "") })
	default:
		return nil, core.Invalid("Stack:%s is in %s state and can not be rolled back.", s.id, s.status)
	}
	return &stackOutput{s.id}, nil
}

type limitsInput struct {
	NextToken string `valid:"min=1,max=1024"`
}

type accountLimit struct {
	Name  string
	Value int32
}

type limitsOutput struct{ AccountLimits []accountLimit }

func (e *Engine) describeAccountLimits(*core.Call, *limitsInput) (*limitsOutput, error) {
	return &limitsOutput{[]accountLimit{{"StackLimit", int32(e.options.StacksPerRegion)}, {"StackOutputsLimit", 200}, {"ConcurrentResourcesLimit", 2500}}}, nil
}

type estimateInput struct {
	TemplateBody *string
	TemplateURL  *string `valid:"min=1,max=5120"`
	Parameters   []Parameter
}

type estimateOutput struct{ Url string }

// estimateTemplateCost checks the template and its parameters; the address that it
// answers is one of AWS's calculator.
func (e *Engine) estimateTemplateCost(c *core.Call, in *estimateInput) (*estimateOutput, error) {
	source := source{TemplateBody: in.TemplateBody, TemplateURL: in.TemplateURL}
	body, err := source.text(e, placeOf(c), nil)
	if err != nil {
		return nil, err
	}
	given, err := values(in.Parameters, nil)
	if err != nil {
		return nil, err
	}
	if err := e.CheckParameters(body, given); err != nil {
		return nil, err
	}
	return &estimateOutput{"https://calculator.aws/#/estimate?key=cloudformation/" + e.world.UUID()}, nil
}

type operationEvent struct {
	EventId, StackId, OperationId, OperationType, OperationStatus string
	EventType, LogicalResourceId, PhysicalResourceId              string
	ResourceType, ResourceStatus, ResourceStatusReason            string
	ResourceProperties, ClientRequestToken                        string
	Timestamp, StartTime, EndTime                                 time.Time
}

type eventFilter struct{ FailedEvents *bool }

type operationEventsInput struct {
	StackName     string `valid:"min=1,pattern=[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"`
	ChangeSetName string `valid:"min=1,max=1600"`
	OperationId   string `valid:"min=1,max=36"`
	Filters       *eventFilter
	NextToken     string `valid:"min=1,max=1024"`
}

type operationEventsOutput struct {
	OperationEvents []*operationEvent
	NextToken       string
}

// describeEvents lists the events of a stack, or of one of its operations, newest
// first; only failures if asked for.
func (e *Engine) describeEvents(c *core.Call, in *operationEventsInput) (*operationEventsOutput, error) {
	s, err := e.eventsStack(c, in)
	if err != nil {
		return nil, err
	}
	all := []*operationEvent{}
	for _, op := range s.history {
		if in.OperationId != "" && op.id(s) != in.OperationId {
			continue
		}
		for _, ev := range e.eventsOf(s, op, e.world.Now()) {
			failed := strings.HasSuffix(ev.status, "_FAILED")
			if in.Filters != nil && yes(in.Filters.FailedEvents) && !failed {
				continue
			}
			one := &operationEvent{EventId: ev.id, StackId: s.id, OperationId: op.id(s), OperationType: op.kind(), EventType: "STACK_EVENT",
				LogicalResourceId: ev.logicalID, PhysicalResourceId: ev.physicalID, ResourceType: ev.typ, ResourceStatus: ev.status,
				ResourceStatusReason: ev.reason, ResourceProperties: e.propertiesAt(s, ev), ClientRequestToken: ev.token, Timestamp: ev.at}
			if failed && !ev.ofStack(s) {
				one.EventType = "PROVISIONING_ERROR"
			}
			all = append(all, one)
		}
	}
	slices.Reverse(all)
	some, next, err := page(all, in.NextToken, pageSize)
	return &operationEventsOutput{some, next}, err
}

func (e *Engine) eventsStack(c *core.Call, in *operationEventsInput) (*stack, error) {
	switch {
	case in.ChangeSetName != "":
		set, err := e.changeSetFor(c, in.StackName, in.ChangeSetName)
		if refused, ok := err.(*core.Error); ok && refused.Code == "ChangeSetNotFound" { // the model knows no such error here
			return nil, core.Invalid("%s", refused.Message)
		}
		if err != nil {
			return nil, err
		}
		return set.stack, nil
	case in.StackName != "":
		return e.existing(c, in.StackName)
	case in.OperationId == "":
		return nil, core.Invalid("At least one of StackName, ChangeSetName and OperationId must be specified")
	}
	for _, s := range e.places[placeOf(c)] {
		if slices.ContainsFunc(s.history, func(op *operation) bool { return op.id(s) == in.OperationId }) {
			return s, nil
		}
	}
	return nil, core.Invalid("Operation %s does not exist", in.OperationId)
}

// id is the operation's id, which follows from its stack and its beginning.
func (op *operation) id(s *stack) string {
	return stackEventID(s, event{logicalID: "operation", status: op.verb, at: op.began}, 0)
}

// kind is the operation's type, in the words of DescribeEvents.
func (op *operation) kind() string {
	switch op.verb {
	case "ROLLBACK", "UPDATE_ROLLBACK":
		return "ROLLBACK"
	case "IMPORT":
		return "UPDATE_STACK"
	}
	return fmt.Sprintf("%s_STACK", op.verb)
}
