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
