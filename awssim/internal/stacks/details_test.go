package stacks_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim/internal/sdktest"
)

// updateSet makes an UPDATE change set of a template.
func (c *client) updateSet(stack, name, text string, parameters ...cfn.Parameter) *cloudformation.DescribeChangeSetOutput {
	c.Helper()
	return c.changeSet(&cloudformation.CreateChangeSetInput{StackName: &stack, ChangeSetName: &name, TemplateBody: &text, Parameters: parameters})
}

// told is a change set in short: what becomes of each resource and why.
func told(set *cloudformation.DescribeChangeSetOutput) []string {
	var out []string
	for _, change := range set.Changes {
		r := change.ResourceChange
		line := []string{string(r.Action), *r.LogicalResourceId, string(r.Replacement)}
		for _, scope := range r.Scope {
			line = append(line, string(scope))
		}
		out = append(out, strings.TrimSpace(strings.Join(line, " ")))
		for _, d := range r.Details {
			out = append(out, strings.Join([]string{"  " + string(d.Target.Attribute), aws.ToString(d.Target.Name), string(d.ChangeSource), aws.ToString(d.CausingEntity), string(d.Evaluation)}, " "))
		}
	}
	return out
}

func (c *client) brief(id string) *cloudformation.DescribeChangeSetOutput {
	c.Helper()
	set, err := c.DescribeChangeSet(c.Context(), &cloudformation.DescribeChangeSetInput{ChangeSetName: &id})
	c.must(err)
	return set
}

// after is the AfterContext's properties of a resource.
func after(t *testing.T, set *cloudformation.DescribeChangeSetOutput, logicalID string) map[string]any {
	t.Helper()
	for _, change := range set.Changes {
		if *change.ResourceChange.LogicalResourceId != logicalID {
			continue
		}
		var context struct{ Properties map[string]any }
		if err := json.Unmarshal([]byte(aws.ToString(change.ResourceChange.AfterContext)), &context); err != nil {
			t.Fatal(err)
		}
		return context.Properties
	}
	t.Fatalf("no change of %s", logicalID)
	return nil
}

const pair = `
Resources:
  One: {Type: AWS::SNS::Topic, Properties: {TopicName: NAME, DisplayName: SHOWN}}
  Two: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Sub "at ${One.TopicArn}", Name: fixed}}`

func pairOf(name, shown string) string {
	return strings.NewReplacer("NAME", name, "SHOWN", shown).Replace(pair)
}

func TestWhatIsKnownAfterwardsOnlyIsShownAsSuch(t *testing.T) {
	c := newClient(t)
	set := c.changeSet(&cloudformation.CreateChangeSetInput{StackName: aws.String("app"), ChangeSetName: aws.String("make"), ChangeSetType: cfn.ChangeSetTypeCreate, TemplateBody: aws.String(pairOf("a", "x"))})
	if diff := cmp.Diff([]string{"Add One True", "Add Two True"}, told(set)); diff != "" {
		t.Error(diff)
	}
	if got := after(t, set, "Two")["Value"]; got != "{{changeSet:KNOWN_AFTER_APPLY}}" {
		t.Errorf("the value is %v", got)
	}
	if diff := cmp.Diff([]string{"Add One", "Add Two"}, told(c.brief(*set.ChangeSetId))); diff != "" {
		t.Error(diff)
	}
	c.execute(*set.ChangeSetId)

	set = c.updateSet("app", "replace", pairOf("b", "x"))
	want := []string{
		"Modify One True Properties", "  Properties TopicName DirectModification  Static",
		"Modify Two False Properties", "  Properties Value ResourceAttribute One.TopicArn Static", "  Properties Value DirectModification  Dynamic",
	}
	if diff := cmp.Diff(want, told(set)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want[:4], told(c.brief(*set.ChangeSetId))); diff != "" {
		t.Error(diff)
	}
}

func TestAttributesOfAChangedResourceAreDynamicAndWithoutValuesOnly(t *testing.T) {
	c := newClient(t)
	c.create("app", pairOf("a", "x"))
	set := c.updateSet("app", "show", pairOf("a", "y"))
	want := []string{
		"Modify One False Properties", "  Properties DisplayName DirectModification  Static",
		"Modify Two False Properties", "  Properties Value ResourceAttribute One.TopicArn Dynamic",
	}
	if diff := cmp.Diff(want, told(c.brief(*set.ChangeSetId))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want[:2], told(set)); diff != "" {
		t.Error(diff)
	}
}

func TestARemovalIsShownWithWhatItWas(t *testing.T) {
	c := newClient(t)
	c.create("app", pairOf("a", "x"))
	set := c.updateSet("app", "less", `Resources: {One: {Type: AWS::SNS::Topic, Properties: {TopicName: a, DisplayName: x}}}`)
	if diff := cmp.Diff([]string{"Remove Two True"}, told(set)); diff != "" {
		t.Error(diff)
	}
	r := set.Changes[0].ResourceChange
	if *r.BeforeContext != `{"Properties":{"Name":"fixed","Type":"String","Value":"{{changeSet:KNOWN_AFTER_APPLY}}"}}` || r.AfterContext != nil || r.PolicyAction != cfn.PolicyActionDelete {
		t.Errorf("%+v, before %s", r, *r.BeforeContext)
	}
}

func TestAnExecutedChangeSetsNameIsFreeAndStillListed(t *testing.T) {
	c := newClient(t)
	c.create("app", pairOf("a", "x"))
	first := c.updateSet("app", "same", pairOf("a", "y"))
	c.execute(*first.ChangeSetId)
	second := c.updateSet("app", "same", pairOf("a", "z"))
	c.execute(*second.ChangeSetId)
	list, err := c.ListChangeSets(t.Context(), &cloudformation.ListChangeSetsInput{StackName: aws.String("app")})
	c.must(err)
	if len(list.Summaries) != 2 {
		t.Errorf("%d change sets are listed", len(list.Summaries))
	}
	byName, err := c.DescribeChangeSet(t.Context(), &cloudformation.DescribeChangeSetInput{StackName: aws.String("app"), ChangeSetName: aws.String("same")})
	c.must(err)
	if *byName.ChangeSetId != *second.ChangeSetId {
		t.Error("the name is that of the older one")
	}
}

func TestWhatCannotBeEvaluatedIsRefusedWhenTheChangeSetIsMade(t *testing.T) {
	c := newClient(t)
	text := `
Parameters: {Key: {Type: String}}
Mappings: {Names: {a: {Suffix: x}}}
Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !FindInMap [Names, !Ref Key, Suffix]}}}`
	_, err := c.CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{StackName: aws.String("app"), ChangeSetName: aws.String("one"), ChangeSetType: cfn.ChangeSetTypeCreate,
		TemplateBody: &text, Parameters: []cfn.Parameter{{ParameterKey: aws.String("Key"), ParameterValue: aws.String("c")}}})
	sdktest.WantCode(t, err, "ValidationError")
	if !strings.Contains(err.Error(), "Template error: Unable to get mapping for Names::c::Suffix") {
		t.Error(err)
	}
	_, err = c.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("app")})
	sdktest.WantCode(t, err, "ValidationError")
}

func TestACreateChangeSetMayMakeNothing(t *testing.T) {
	c := newClient(t)
	set := c.changeSet(&cloudformation.CreateChangeSetInput{StackName: aws.String("app"), ChangeSetName: aws.String("none"), ChangeSetType: cfn.ChangeSetTypeCreate,
		TemplateBody: aws.String(`{"Conditions": {"No": {"Fn::Equals": ["a", "b"]}}, "Resources": {"T": {"Type": "AWS::SNS::Topic", "Condition": "No"}}}`)})
	if set.Status != cfn.ChangeSetStatusCreateComplete || len(set.Changes) != 0 {
		t.Fatalf("%s, %d changes", set.Status, len(set.Changes))
	}
	c.execute(*set.ChangeSetId)
	if s := c.stack("app"); s.StackStatus != cfn.StackStatusCreateComplete || s.LastUpdatedTime == nil {
		t.Errorf("%s", s.StackStatus)
	}
}

func TestAStackUnderReviewCanBeCreatedOtherwise(t *testing.T) {
	c := newClient(t)
	set := c.changeSet(&cloudformation.CreateChangeSetInput{StackName: aws.String("app"), ChangeSetName: aws.String("one"), ChangeSetType: cfn.ChangeSetTypeCreate, TemplateBody: aws.String(pairOf("a", "x"))})
	id := c.create("app", pairOf("a", "x"))
	if id != *set.StackId {
		t.Errorf("stack %s, not %s", id, *set.StackId)
	}
	if got := c.described(*set.ChangeSetId).ExecutionStatus; got != cfn.ExecutionStatusObsolete {
		t.Errorf("%s", got)
	}
}

func TestAnImportTakesOverWhatIsThere(t *testing.T) {
	c := newClient(t)
	const kept = `Resources: {T: {Type: AWS::SNS::Topic, DeletionPolicy: Retain, Properties: {DisplayName: one}}}`
	old := c.create("old", kept)
	resources, err := c.DescribeStackResources(t.Context(), &cloudformation.DescribeStackResourcesInput{StackName: &old})
	c.must(err)
	arn := *resources.StackResources[0].PhysicalResourceId
	_, err = c.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: &old})
	c.must(err)
	c.aws.Advance(5 * time.Minute)

	set := c.changeSet(&cloudformation.CreateChangeSetInput{StackName: aws.String("new"), ChangeSetName: aws.String("take"), ChangeSetType: cfn.ChangeSetTypeImport, TemplateBody: aws.String(kept),
		ResourcesToImport: []cfn.ResourceToImport{{LogicalResourceId: aws.String("T"), ResourceType: aws.String("AWS::SNS::Topic"), ResourceIdentifier: map[string]string{"TopicArn": arn}}}})
	if diff := cmp.Diff([]string{"Import T"}, told(set)); diff != "" {
		t.Fatal(diff, aws.ToString(set.StatusReason))
	}
	c.execute(*set.ChangeSetId)
	if s := c.stack("new"); s.StackStatus != cfn.StackStatusImportComplete {
		t.Errorf("%s", s.StackStatus)
	}
	resources, err = c.DescribeStackResources(t.Context(), &cloudformation.DescribeStackResourcesInput{StackName: aws.String("new")})
	c.must(err)
	if got := *resources.StackResources[0].PhysicalResourceId; got != arn {
		t.Errorf("imported as %s, not %s", got, arn)
	}
	if status := resources.StackResources[0].ResourceStatus; status != cfn.ResourceStatusImportComplete {
		t.Errorf("%s", status)
	}
}

func TestStackTagsReachTheLiveResourcesAndAreNoDrift(t *testing.T) {
	c := newClient(t)
	text := `Resources: {Bare: {Type: AWS::SNS::Topic}, Own: {Type: AWS::SNS::Topic, Properties: {Tags: [{Key: own, Value: "1"}, {Key: team, Value: mine}]}}}`
	tags := func(v string) []cfn.Tag {
		return []cfn.Tag{{Key: aws.String("team"), Value: aws.String(v)}, {Key: aws.String("cost"), Value: aws.String("7")}}
	}
	created, err := c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: &text, Tags: tags("x")})
	c.must(err)
	id := *created.StackId
	c.aws.Advance(5 * time.Minute)
	live := func(logicalID string) map[string]any {
		c.aws.Lock()
		defer c.aws.Unlock()
		for _, l := range c.aws.Stacks().Resources(sdktest.Management, region, "AWS::SNS::Topic") {
			if l.LogicalID == logicalID {
				out := map[string]any{}
				for _, one := range l.Properties["Tags"].([]any) {
					out[one.(map[string]any)["Key"].(string)] = one.(map[string]any)["Value"]
				}
				return out
			}
		}
		return nil
	}
	if diff := cmp.Diff(map[string]any{"team": "x", "cost": "7"}, live("Bare")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"team": "mine", "cost": "7", "own": "1"}, live("Own")); diff != "" {
		t.Error(diff)
	}
	if status, _ := c.drift(id); status != cfn.StackDriftStatusInSync {
		t.Errorf("%s", status)
	}
	set := c.changeSet(&cloudformation.CreateChangeSetInput{StackName: &id, ChangeSetName: aws.String("tags"), UsePreviousTemplate: aws.Bool(true), Tags: tags("y")})
	want := []string{"Modify Bare False Tags", "  Tags  DirectModification  Static", "Modify Own False Tags", "  Tags  DirectModification  Static"}
	if diff := cmp.Diff(want, told(set)); diff != "" {
		t.Error(diff)
	}
	c.execute(*set.ChangeSetId)
	if diff := cmp.Diff(map[string]any{"team": "y", "cost": "7"}, live("Bare")); diff != "" {
		t.Error(diff)
	}
}

func TestAnUnknownAttributeOfAnOutputRollsTheStackBack(t *testing.T) {
	c := newClient(t)
	_, err := c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: aws.String(
		`{"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "v"}}}, "Outputs": {"Bad": {"Value": {"Fn::GetAtt": ["P", "Invalid"]}}}}`)})
	c.must(err)
	c.aws.Advance(5 * time.Minute)
	events, err := c.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: aws.String("app")})
	c.must(err)
	const want = "[Error] /Outputs/Bad/Value/Fn::GetAtt: Resource type AWS::SSM::Parameter does not support attribute {Invalid}. Rollback requested by user."
	var got []string
	for _, event := range events.StackEvents {
		got = append(got, string(event.ResourceStatus)+" "+aws.ToString(event.ResourceStatusReason))
	}
	if !strings.Contains(strings.Join(got, "\n"), "ROLLBACK_IN_PROGRESS "+want) || c.stack("app").StackStatus != cfn.StackStatusRollbackComplete {
		t.Errorf("%q", got)
	}
}

// history is the statuses of a stack and its resources, oldest first, with the
// physical ids and display names of topics.
func (c *client) history(stack string) []string {
	c.Helper()
	events, err := c.DescribeStackEvents(c.Context(), &cloudformation.DescribeStackEventsInput{StackName: &stack})
	c.must(err)
	var out []string
	for i := len(events.StackEvents) - 1; i >= 0; i-- {
		ev := events.StackEvents[i]
		line := *ev.LogicalResourceId + " " + string(ev.ResourceStatus)
		if ev.PhysicalResourceId == nil {
			c.Errorf("%s has no physical id, not even an empty one", line)
		}
		if *ev.ResourceType == "AWS::SNS::Topic" {
			name := *ev.PhysicalResourceId
			line += " (" + name[strings.LastIndexByte(name, ':')+1:] + ") " + aws.ToString(ev.ResourceProperties)
		}
		out = append(out, strings.TrimSpace(line+" "+aws.ToString(ev.ResourceStatusReason)))
	}
	return out
}

func TestEventsAreHistory(t *testing.T) {
	c := newClient(t)
	text := func(name string) string {
		return `{"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "` + name + `"}}}}`
	}
	c.create("app", text("a"))
	_, err := c.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String("app"), TemplateBody: aws.String(text("b"))})
	c.must(err)
	c.aws.Advance(5 * time.Minute)
	want := []string{
		"app CREATE_IN_PROGRESS User Initiated",
		`T CREATE_IN_PROGRESS () {"TopicName":"a"}`,
		`T CREATE_IN_PROGRESS (a) {"TopicName":"a"} Resource creation Initiated`,
		`T CREATE_COMPLETE (a) {"TopicName":"a"}`,
		"app CREATE_COMPLETE",
		"app UPDATE_IN_PROGRESS User Initiated",
		`T UPDATE_IN_PROGRESS (a) {"TopicName":"b"} Requested update requires the creation of a new physical resource; hence creating one.`,
		`T UPDATE_IN_PROGRESS (b) {"TopicName":"b"} Resource creation Initiated`,
		`T UPDATE_COMPLETE (b) {"TopicName":"b"}`,
		"app UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
		"T DELETE_IN_PROGRESS (a)",
		"T DELETE_COMPLETE (a)",
		"app UPDATE_COMPLETE",
	}
	if diff := cmp.Diff(want, c.history("app")); diff != "" {
		t.Error(diff)
	}
}

func TestARolledBackUpdateGoesBackAndCleansUp(t *testing.T) {
	c := newClient(t)
	id := c.create("app", `{"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "one"}}}}`)
	_, err := c.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: &id, TemplateBody: aws.String(
		`{"Resources": {"N": {"Type": "AWS::SQS::Queue"}, "T": {"Type": "AWS::SNS::Topic", "DependsOn": "N", "Properties": {"DisplayName": "two"}}, "X": {"Type": "AWS::S3::Bucket", "DependsOn": "T", "Properties": {"BucketName": "NO"}}}}`)})
	c.must(err)
	c.aws.Advance(5 * time.Minute)
	got := c.history(id)
	topic := got[2][strings.Index(got[2], "(") : strings.Index(got[2], ")")+1]
	want := []string{
		"app UPDATE_IN_PROGRESS User Initiated",
		"N CREATE_IN_PROGRESS", "N CREATE_IN_PROGRESS Resource creation Initiated", "N CREATE_COMPLETE",
		"T UPDATE_IN_PROGRESS " + topic + ` {"DisplayName":"two"}`, "T UPDATE_COMPLETE " + topic + ` {"DisplayName":"two"}`,
		"X CREATE_IN_PROGRESS", "X CREATE_FAILED Bucket name should not contain uppercase characters",
		"app UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to update: [X]. Rollback requested by user.",
		"T UPDATE_IN_PROGRESS " + topic + ` {"DisplayName":"one"}`, "T UPDATE_COMPLETE " + topic + ` {"DisplayName":"one"}`,
		"app UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
		"X DELETE_IN_PROGRESS", "X DELETE_COMPLETE", "N DELETE_IN_PROGRESS", "N DELETE_COMPLETE",
		"app UPDATE_ROLLBACK_COMPLETE",
	}
	if diff := cmp.Diff(want, got[5:]); diff != "" {
		t.Error(diff)
	}
}
