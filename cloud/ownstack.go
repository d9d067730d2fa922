package cloud

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/fleet"
)

// Stack is a stack of this account and region.
type Stack struct {
	Name, ID, Status, Reason string
	Outputs, Parameters      map[string]string
}

// Resting reports whether no operation is under way on the stack.
func (s Stack) Resting() bool { return !strings.HasSuffix(s.Status, "_IN_PROGRESS") }

// StackChange is what a stack is to become.
type StackChange struct {
	Name string
	// Body is the template, or URL where it lies in S3.
	Body, URL string
	// Parameters are the values to set; those of Previous keep what they have.
	Parameters map[string]string
	Previous   []string
	// Create makes the stack.
	Create bool
	// ChangeSet names the change set. Preparing one of a name again finds it.
	ChangeSet string
}

// ResourceChange is what a change set would do to one resource.
type ResourceChange struct {
	Action      string `json:"action"` // Add, Modify, Remove, …
	LogicalID   string `json:"logicalId"`
	Type        string `json:"type"`
	Replacement string `json:"replacement,omitempty"` // True, False, Conditional
}

func ownStack(x action, name string) request { return x.on("stack %s", name) }

// Stack reads a stack. It is NotFound if there is none, or if it was only begun to be
// prepared.
func (a *AWS) Stack(ctx context.Context, name string) (Stack, error) {
	out, err := call(ctx, a, ownStack(describeStacks, name), a.cfn.DescribeStacks, &cloudformation.DescribeStacksInput{StackName: aws.String(name)})
	if err != nil && (fleet.KindOf(err) == fleet.NotFound || codeOf(err) == "ValidationError" && strings.Contains(err.Error(), "does not exist")) {
		return Stack{}, &fleet.Error{Kind: fleet.NotFound, Call: describeStacks.name, Object: "stack " + name, Message: "there is none of that name"}
	}
	if err != nil {
		return Stack{}, err
	}
	if len(out.Stacks) == 0 {
		return Stack{}, unreadable(describeStacks, "stack "+name)
	}
	found := out.Stacks[0]
	s := Stack{Name: name, ID: aws.ToString(found.StackId), Status: string(found.StackStatus), Reason: aws.ToString(found.StackStatusReason),
		Outputs: map[string]string{}, Parameters: map[string]string{}}
	for _, o := range found.Outputs {
		s.Outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	for _, p := range found.Parameters {
		s.Parameters[aws.ToString(p.ParameterKey)] = aws.ToString(p.ParameterValue)
	}
	return s, nil
}

// PrepareStack makes a change set and returns what it would do, sorted by logical id.
// It is empty if the stack is as it should be.
func (a *AWS) PrepareStack(ctx context.Context, change StackChange) ([]ResourceChange, error) {
	in := &cloudformation.CreateChangeSetInput{StackName: aws.String(change.Name), ChangeSetName: aws.String(change.ChangeSet), ChangeSetType: cfn.ChangeSetTypeUpdate,
		TemplateBody: optional(change.Body), TemplateURL: optional(change.URL), Capabilities: []cfn.Capability{cfn.CapabilityCapabilityIam},
		Description: aws.String("setmend install")}
	if change.Create {
		in.ChangeSetType = cfn.ChangeSetTypeCreate
	}
	for _, key := range fleet.SortedKeys(change.Parameters) {
		in.Parameters = append(in.Parameters, cfn.Parameter{ParameterKey: aws.String(key), ParameterValue: aws.String(change.Parameters[key])})
	}
	for _, key := range change.Previous {
		if _, given := change.Parameters[key]; !given {
			in.Parameters = append(in.Parameters, cfn.Parameter{ParameterKey: aws.String(key), UsePreviousValue: aws.Bool(true)})
		}
	}
	r := ownStack(createChangeSet, change.Name)
	for _, value := range change.Parameters {
		r.secrets = append(r.secrets, value)
	}
	if _, err := call(ctx, a, r, a.cfn.CreateChangeSet, in); err != nil && codeOf(err) != "AlreadyExistsException" {
		return nil, err
	}
	var changes []ResourceChange
	var token *string
	err := a.poll(ctx, r, 0, preparationLimit, func() (bool, error) {
		changes, token = nil, nil
		for {
			out, err := call(ctx, a, ownStack(describeChangeSet, change.Name), a.cfn.DescribeChangeSet, &cloudformation.DescribeChangeSetInput{
				StackName: aws.String(change.Name), ChangeSetName: aws.String(change.ChangeSet), NextToken: token})
			if err != nil {
				return false, err
			}
			switch {
			case out.Status == cfn.ChangeSetStatusFailed && nothingToDo(aws.ToString(out.StatusReason)):
				return true, nil
			case out.Status == cfn.ChangeSetStatusFailed:
				return false, &fleet.Error{Kind: fleet.Invalid, Call: createChangeSet.name, Object: "stack " + change.Name, Message: aws.ToString(out.StatusReason)}
			case out.Status != cfn.ChangeSetStatusCreateComplete:
				return false, nil
			}
			for _, c := range out.Changes {
				if c.ResourceChange != nil {
					changes = append(changes, ResourceChange{string(c.ResourceChange.Action), aws.ToString(c.ResourceChange.LogicalResourceId),
						aws.ToString(c.ResourceChange.ResourceType), string(c.ResourceChange.Replacement)})
				}
			}
			if token = out.NextToken; token == nil {
				return true, nil
			}
		}
	})
	slices.SortFunc(changes, func(x, y ResourceChange) int { return strings.Compare(x.LogicalID, y.LogicalID) })
	return changes, err
}

// nothingToDo recognises the two sentences by which CloudFormation says that a change
// set would change nothing.
func nothingToDo(reason string) bool {
	return strings.Contains(reason, "didn't contain changes") || strings.Contains(reason, "No updates are to be performed")
}

// AbandonStack deletes a change set that is not to be executed.
func (a *AWS) AbandonStack(ctx context.Context, name, changeSet string) error {
	_, err := call(ctx, a, ownStack(deleteChangeSet, name), a.cfn.DeleteChangeSet, &cloudformation.DeleteChangeSetInput{StackName: aws.String(name), ChangeSetName: aws.String(changeSet)})
	return err
}

// ExecuteStack executes a change set and waits until the stack rests. If the stack
// did not come to what was asked for, the error is Invalid and has the reason of the
// first resource that failed.
func (a *AWS) ExecuteStack(ctx context.Context, name, changeSet string) (Stack, error) {
	began := a.clock.Now()
	if _, err := call(ctx, a, ownStack(executeChangeSet, name), a.cfn.ExecuteChangeSet, &cloudformation.ExecuteChangeSetInput{
		StackName: aws.String(name), ChangeSetName: aws.String(changeSet), ClientRequestToken: aws.String(changeSet)}); err != nil {
		return Stack{}, err
	}
	return a.awaitStack(ctx, executeChangeSet, name, began)
}

// awaitStack waits until the stack rests.
func (a *AWS) awaitStack(ctx context.Context, x action, name string, began time.Time) (Stack, error) {
	var last Stack
	err := a.poll(ctx, ownStack(x, name), preparationTime, stackLimit, func() (bool, error) {
		s, err := a.Stack(ctx, name)
		if err == nil {
			last = s
		}
		return err == nil && s.Resting() && s.Status != "REVIEW_IN_PROGRESS", err
	})
	if err != nil {
		return last, err
	}
	switch last.Status {
	case "CREATE_COMPLETE", "UPDATE_COMPLETE":
		return last, nil
	}
	return last, &fleet.Error{Kind: fleet.Invalid, Call: x.name, Object: "stack " + name, Code: last.Status, Message: a.firstFailure(ctx, last, began)}
}

// firstFailure is why the stack did not come to what was asked for.
func (a *AWS) firstFailure(ctx context.Context, s Stack, since time.Time) string {
	why := s.Reason
	out, err := call(ctx, a, ownStack(describeStackEvents, s.Name), a.cfn.DescribeStackEvents, &cloudformation.DescribeStackEventsInput{StackName: aws.String(s.ID)})
	if err != nil {
		return why
	}
	for _, e := range out.StackEvents { // newest first
		if timeOf(e.Timestamp).Before(since) {
			break
		}
		if reason := aws.ToString(e.ResourceStatusReason); strings.HasSuffix(string(e.ResourceStatus), "_FAILED") && reason != "" && !strings.Contains(reason, "cancelled") {
			why = aws.ToString(e.LogicalResourceId) + ": " + reason
		}
	}
	return why
}

// DeleteStack deletes a stack and waits until it is gone; that it is not there is fine.
func (a *AWS) DeleteStack(ctx context.Context, name string) error {
	s, err := a.Stack(ctx, name)
	if fleet.KindOf(err) == fleet.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	r := ownStack(deleteStack, name)
	if _, err := call(ctx, a, r, a.cfn.DeleteStack, &cloudformation.DeleteStackInput{StackName: aws.String(s.ID)}); err != nil {
		return err
	}
	return a.poll(ctx, r, preparationTime, stackLimit, func() (bool, error) {
		now, err := a.Stack(ctx, s.ID)
		switch {
		case fleet.KindOf(err) == fleet.NotFound, err == nil && now.Status == "DELETE_COMPLETE":
			return true, nil
		case err == nil && now.Status == "DELETE_FAILED":
			return false, &fleet.Error{Kind: fleet.Invalid, Call: deleteStack.name, Object: "stack " + name, Code: now.Status, Message: now.Reason}
		}
		return false, err
	})
}

// OwnStackDrift has AWS detect the drift of a stack of this account and region and
// returns the resources that differ from its template.
func (a *AWS) OwnStackDrift(ctx context.Context, name string) (fleet.DriftStatus, []fleet.ResourceDrift, error) {
	s, err := a.Stack(ctx, name)
	if err != nil {
		return "", nil, err
	}
	return reach{a, a.cfn, fleet.MemberStack{StackID: s.ID}}.detectDrift(ctx)
}

// StackBody returns the template that a stack was last given.
func (a *AWS) StackBody(ctx context.Context, name string) (string, error) {
	out, err := call(ctx, a, ownStack(getTemplate, name), a.cfn.GetTemplate, &cloudformation.GetTemplateInput{StackName: aws.String(name), TemplateStage: cfn.TemplateStageOriginal})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.TemplateBody), nil
}
