package stacks_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim/internal/sdktest"
	"github.com/setmend/setmend/awssim/internal/stacks"
)

func revert(id, name string) *cloudformation.CreateChangeSetInput {
	return &cloudformation.CreateChangeSetInput{StackName: &id, ChangeSetName: &name, UsePreviousTemplate: aws.Bool(true),
		Parameters:     []cfn.Parameter{{ParameterKey: aws.String("Delay"), UsePreviousValue: aws.Bool(true)}, {ParameterKey: aws.String("Password"), UsePreviousValue: aws.Bool(true)}},
		DeploymentMode: cfn.DeploymentModeRevertDrift}
}

func TestRevertDriftPutsBackWhatWasChangedByHand(t *testing.T) {
	c := newClient(t)
	id := c.create("app", queue)
	c.byHand(func(e *stacks.Engine) error {
		return errors.Join(e.SetProperty(id, "Queue", "/DelaySeconds", 9), e.DeleteResource(id, "Topic"))
	})
	set := c.changeSet(revert(id, "heal"))
	if set.Status != cfn.ChangeSetStatusCreateComplete || set.ExecutionStatus != cfn.ExecutionStatusAvailable ||
		set.StackDriftStatus != cfn.StackDriftStatusDrifted || set.DeploymentMode != cfn.DeploymentModeRevertDrift {
		t.Fatalf("%s (%s), %s, %s", set.Status, aws.ToString(set.StatusReason), set.ExecutionStatus, set.StackDriftStatus)
	}
	if len(set.Changes) != 2 {
		t.Fatalf("%d changes", len(set.Changes))
	}
	q, topic := set.Changes[0].ResourceChange, set.Changes[1].ResourceChange
	if q.Action != cfn.ChangeActionModify || q.Replacement != cfn.ReplacementFalse || q.ResourceDriftStatus != cfn.StackResourceDriftStatusModified {
		t.Errorf("%+v", q)
	}
	if topic.Action != cfn.ChangeActionAdd || topic.ResourceDriftStatus != cfn.StackResourceDriftStatusDeleted {
		t.Errorf("%+v", topic)
	}
	target := q.Details[0].Target
	if *target.Path != "/Properties/DelaySeconds" || *target.BeforeValue != "9" || *target.AfterValue != "5" || target.BeforeValueFrom != cfn.BeforeValueFromActualState ||
		*target.Drift.PreviousValue != "5" || *target.Drift.ActualValue != "9" {
		t.Errorf("%+v", target)
	}
	if !strings.Contains(*q.BeforeContext, `"DelaySeconds":9`) || !strings.Contains(*q.PreviousDeploymentContext, `"DelaySeconds":5`) || !strings.Contains(*q.AfterContext, `"DelaySeconds":5`) {
		t.Errorf("before %s, previous %s, after %s", *q.BeforeContext, *q.PreviousDeploymentContext, *q.AfterContext)
	}

	c.execute(*set.ChangeSetId)
	if s := c.stack(id); s.StackStatus != cfn.StackStatusUpdateComplete || aws.ToString(s.ChangeSetId) != *set.ChangeSetId {
		t.Errorf("%s, %s", s.StackStatus, aws.ToString(s.ChangeSetId))
	}
	if status, _ := c.drift(id); status != cfn.StackDriftStatusInSync {
		t.Errorf("still %s", status)
	}
	if got := c.described(*set.ChangeSetId).ExecutionStatus; got != cfn.ExecutionStatusExecuteComplete {
		t.Errorf("the change set is %s", got)
	}
}

func TestRevertDriftOfAStackInSyncHasNothingToDo(t *testing.T) {
	c := newClient(t)
	set := c.changeSet(revert(c.create("app", queue), "heal"))
	if set.Status != cfn.ChangeSetStatusFailed || set.ExecutionStatus != cfn.ExecutionStatusUnavailable ||
		*set.StatusReason != "The submitted information didn't contain changes. Submit different information to create a change set." {
		t.Errorf("%s: %s", set.Status, *set.StatusReason)
	}
	_, err := c.ExecuteChangeSet(t.Context(), &cloudformation.ExecuteChangeSetInput{ChangeSetName: set.ChangeSetId})
	sdktest.WantCode(t, err, "InvalidChangeSetStatus")
}

func TestRevertDriftTakesOverWhatIsAsDesired(t *testing.T) {
	c := newClient(t)
	id := c.create("app", queue)
	c.byHand(func(e *stacks.Engine) error { return e.SetProperty(id, "Queue", "/DelaySeconds", 9) })
	in := revert(id, "adopt")
	in.Parameters[0] = cfn.Parameter{ParameterKey: aws.String("Delay"), ParameterValue: aws.String("9")}
	set := c.changeSet(in)
	if len(set.Changes) != 1 {
		t.Fatalf("%d changes", len(set.Changes))
	}
	change := set.Changes[0].ResourceChange
	if change.Action != cfn.ChangeActionSyncWithActual || change.Details[0].Target.AttributeChangeType != cfn.AttributeChangeTypeSyncWithActual ||
		change.Details[0].ChangeSource != cfn.ChangeSourceNoModification {
		t.Errorf("%+v", change)
	}
	c.execute(*set.ChangeSetId)
	if status, _ := c.drift(id); status != cfn.StackDriftStatusInSync {
		t.Errorf("still %s", status)
	}
}

func TestRevertDriftLeavesAloneWhatItCannotRevert(t *testing.T) {
	c := newClient(t)
	id := c.create("app", `
Resources:
  Function: {Type: AWS::Lambda::Function, Properties: {Timeout: 3, PackageType: Zip, Role: 'arn:aws:iam::111122223333:role/r', Code: {ZipFile: x}, Tags: [{Key: a, Value: "1"}]}}
  Group: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {DesiredCapacity: "1", MinSize: "1", MaxSize: "3"}}`)
	c.byHand(func(e *stacks.Engine) error {
		return errors.Join(
			e.SetProperty(id, "Function", "/Timeout", 9),
			e.SetProperty(id, "Function", "/PackageType", "Image"), // create-only
			e.SetProperty(id, "Function", "/Tags/-", map[string]any{"Key": "foreign", "Value": "x"}),
			e.SetProperty(id, "Group", "/DesiredCapacity", "2"), // AWS's own to change
			e.SetProperty(id, "Group", "/MaxSize", "5"))
	})
	in := revert(id, "heal")
	in.Parameters = nil
	set := c.changeSet(in)
	ignored := map[string]cfn.DriftIgnoredReason{}
	var names []string
	for _, change := range set.Changes {
		for _, one := range change.ResourceChange.ResourceDriftIgnoredAttributes {
			ignored[*one.Path] = one.Reason
		}
		for _, d := range change.ResourceChange.Details {
			names = append(names, aws.ToString(d.Target.Name))
		}
	}
	if diff := cmp.Diff([]string{"Timeout", "MaxSize"}, names); diff != "" {
		t.Error(diff)
	}
	want := map[string]cfn.DriftIgnoredReason{"/Properties/Code": cfn.DriftIgnoredReasonWriteOnlyProperty, "/Properties/DesiredCapacity": cfn.DriftIgnoredReasonManagedByAws}
	if diff := cmp.Diff(want, ignored); diff != "" {
		t.Error(diff)
	}
	c.execute(*set.ChangeSetId)
	_, drifts := c.drift(id)
	var left []string
	for _, d := range drifts {
		for _, p := range d.PropertyDifferences {
			left = append(left, *d.LogicalResourceId+*p.PropertyPath)
		}
	}
	if diff := cmp.Diff([]string{"Function/PackageType", "Function/Tags/1", "Group/DesiredCapacity"}, left); diff != "" {
		t.Error(diff)
	}
}

func TestADeniedRevertLeavesTheLiveStateAsItWas(t *testing.T) {
	c := newClient(t)
	id := c.create("app", queue)
	c.byHand(func(e *stacks.Engine) error { return e.SetProperty(id, "Queue", "/DelaySeconds", 9) })
	c.byHand(func(e *stacks.Engine) error { return e.Obstruct(id, "Queue", "no") })
	set := c.changeSet(revert(id, "heal"))
	c.execute(*set.ChangeSetId)
	if s := c.stack(id); s.StackStatus != cfn.StackStatusUpdateRollbackComplete {
		t.Errorf("%s", s.StackStatus)
	}
	if got := c.described(*set.ChangeSetId).ExecutionStatus; got != cfn.ExecutionStatusExecuteFailed {
		t.Errorf("the change set is %s", got)
	}
	if status, _ := c.drift(id); status != cfn.StackDriftStatusDrifted {
		t.Errorf("%s", status)
	}
}

func TestAnOrdinaryChangeSetDoesNotLookAtLiveState(t *testing.T) {
	c := newClient(t)
	id := c.create("app", queue)
	c.byHand(func(e *stacks.Engine) error { return e.SetProperty(id, "Queue", "/VisibilityTimeout", 9) })
	set := c.changeSet(&cloudformation.CreateChangeSetInput{StackName: &id, ChangeSetName: aws.String("plain"), UsePreviousTemplate: aws.Bool(true),
		Parameters: []cfn.Parameter{{ParameterKey: aws.String("Delay"), ParameterValue: aws.String("7")}}})
	change := set.Changes[0].ResourceChange
	if len(set.Changes) != 1 || len(change.Details) != 2 || *change.Details[0].Target.Name != "DelaySeconds" || change.ResourceDriftStatus != "" || set.StackDriftStatus != "" {
		t.Errorf("%+v", change)
	}
}

func TestAnUpdateMakesOtherChangeSetsObsolete(t *testing.T) {
	c := newClient(t)
	id := c.create("app", queue)
	set := c.changeSet(&cloudformation.CreateChangeSetInput{StackName: &id, ChangeSetName: aws.String("one"), UsePreviousTemplate: aws.Bool(true),
		Parameters: []cfn.Parameter{{ParameterKey: aws.String("Delay"), ParameterValue: aws.String("7")}}})
	_, err := c.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: &id, UsePreviousTemplate: aws.Bool(true),
		Parameters: []cfn.Parameter{{ParameterKey: aws.String("Delay"), ParameterValue: aws.String("8")}}})
	c.must(err)
	c.aws.Advance(5 * time.Minute)
	if got := c.described(*set.ChangeSetId).ExecutionStatus; got != cfn.ExecutionStatusObsolete {
		t.Errorf("%s", got)
	}
}

func TestExecutingAChangeSetDeletesTheOthers(t *testing.T) {
	c := newClient(t)
	id := c.create("app", queue)
	c.byHand(func(e *stacks.Engine) error { return e.SetProperty(id, "Queue", "/DelaySeconds", 9) })
	first := c.changeSet(revert(id, "one"))
	second := c.changeSet(revert(id, "two"))
	c.execute(*second.ChangeSetId)
	_, err := c.DescribeChangeSet(t.Context(), &cloudformation.DescribeChangeSetInput{ChangeSetName: first.ChangeSetId})
	sdktest.WantCode(t, err, "ChangeSetNotFound")
	list, err := c.ListChangeSets(t.Context(), &cloudformation.ListChangeSetsInput{StackName: &id})
	c.must(err)
	if len(list.Summaries) != 1 {
		t.Errorf("%d change sets", len(list.Summaries))
	}
}

func TestChangeSetsMakeStacksToo(t *testing.T) {
	c := newClient(t)
	set := c.changeSet(&cloudformation.CreateChangeSetInput{StackName: aws.String("new"), ChangeSetName: aws.String("one"), ChangeSetType: cfn.ChangeSetTypeCreate, TemplateBody: aws.String(queue)})
	if s := c.stack("new"); s.StackStatus != cfn.StackStatusReviewInProgress {
		t.Errorf("%s", s.StackStatus)
	}
	c.execute(*set.ChangeSetId)
	if s := c.stack("new"); s.StackStatus != cfn.StackStatusCreateComplete || len(s.Outputs) != 1 {
		t.Errorf("%s", s.StackStatus)
	}
}

func TestChangeSetNamesAreTakenOnceAndTokensRepeat(t *testing.T) {
	c := newClient(t)
	id := c.create("app", queue)
	in := revert(id, "one")
	in.ClientToken = aws.String("t1")
	first, err := c.CreateChangeSet(t.Context(), in)
	c.must(err)
	again, err := c.CreateChangeSet(t.Context(), in)
	c.must(err)
	if *first.Id != *again.Id {
		t.Error("a repeated request made a second change set")
	}
	in.ClientToken = aws.String("t2")
	_, err = c.CreateChangeSet(t.Context(), in)
	var exists *cfn.AlreadyExistsException
	if !errors.As(err, &exists) {
		t.Error(err)
	}
}

func TestChangeSetsSayWhatCausesAChange(t *testing.T) {
	c := newClient(t)
	text := func(name string) string {
		return `
Parameters: {Delay: {Type: Number, Default: 5}, Words: {Type: String, NoEcho: true, Default: hush-hush}}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: ` + name + `, DelaySeconds: !Ref Delay}}
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Queue, TracingConfig: !GetAtt Queue.Arn, KmsMasterKeyId: !Ref Words}}`
	}
	id := c.create("app", text("one"))
	set := c.changeSet(&cloudformation.CreateChangeSetInput{StackName: &id, ChangeSetName: aws.String("all"), TemplateBody: aws.String(text("two")),
		Parameters: []cfn.Parameter{{ParameterKey: aws.String("Delay"), ParameterValue: aws.String("6")}, {ParameterKey: aws.String("Words"), ParameterValue: aws.String("loud-loud")}}})
	got := map[string][]string{}
	for _, change := range set.Changes {
		r := change.ResourceChange
		for _, d := range r.Details {
			name := *r.LogicalResourceId + "." + aws.ToString(d.Target.Name)
			got[name] = append(got[name], string(d.ChangeSource)+" "+aws.ToString(d.CausingEntity)+" "+string(d.Evaluation)+" "+string(d.Target.RequiresRecreation))
		}
		for _, context := range []*string{r.BeforeContext, r.AfterContext} {
			if strings.Contains(*context, "hush") || strings.Contains(*context, "loud") {
				t.Errorf("a secret shows: %s", *context)
			}
		}
	}
	want := map[string][]string{
		"Queue.QueueName":      {"DirectModification  Static Always"},
		"Queue.DelaySeconds":   {"ParameterReference Delay Static Never", "DirectModification  Dynamic Never"},
		"Topic.DisplayName":    {"ResourceReference Queue Static Never", "DirectModification  Dynamic Never"},
		"Topic.TracingConfig":  {"ResourceAttribute Queue.Arn Static Never", "DirectModification  Dynamic Never"},
		"Topic.KmsMasterKeyId": {"ParameterReference Words Static Never", "DirectModification  Dynamic Never"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if q := set.Changes[0].ResourceChange; q.Replacement != cfn.ReplacementTrue || q.PolicyAction != cfn.PolicyActionReplaceAndDelete {
		t.Errorf("%s, %s", q.Replacement, q.PolicyAction)
	}
}

func TestSecretsAreNeitherShownNorReverted(t *testing.T) {
	c := newClient(t)
	id := c.create("app", queue)
	c.byHand(func(e *stacks.Engine) error {
		return errors.Join(e.SetProperty(id, "Topic", "/KmsMasterKeyId", "stolen"), e.SetProperty(id, "Topic", "/DisplayName", "x"))
	})
	_, drifts := c.drift(id)
	for _, d := range drifts {
		for _, shown := range []*string{d.ExpectedProperties, d.ActualProperties} {
			if strings.Contains(*shown, "hush") || strings.Contains(*shown, "stolen") {
				t.Errorf("a secret shows: %s", *shown)
			}
		}
	}
	set := c.changeSet(revert(id, "heal"))
	r := set.Changes[0].ResourceChange
	if len(r.Details) != 1 || len(r.ResourceDriftIgnoredAttributes) != 1 || r.ResourceDriftIgnoredAttributes[0].Reason != "SENSITIVE_PROPERTY" {
		t.Errorf("%+v", r)
	}
}
