package stacks_test

import (
	"fmt"
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

func TestAResourceIsFoundByItsPhysicalID(t *testing.T) {
	c := newClient(t)
	id := c.create("app", "Resources: {Topic: {Type: AWS::SNS::Topic, Metadata: {a: [1, !Ref AWS::Region]}}}")
	one, err := c.DescribeStackResource(t.Context(), &cloudformation.DescribeStackResourceInput{StackName: &id, LogicalResourceId: aws.String("Topic")})
	c.must(err)
	if got := *one.StackResourceDetail.Metadata; got != `{"a":[1,"eu-central-1"]}` {
		t.Errorf("metadata %s", got)
	}
	out, err := c.DescribeStackResources(t.Context(), &cloudformation.DescribeStackResourcesInput{PhysicalResourceId: one.StackResourceDetail.PhysicalResourceId})
	c.must(err)
	if len(out.StackResources) != 1 || *out.StackResources[0].StackId != id {
		t.Errorf("%+v", out.StackResources)
	}
	_, err = c.DescribeStackResource(t.Context(), &cloudformation.DescribeStackResourceInput{StackName: &id, LogicalResourceId: aws.String("Nobody")})
	if err == nil || !strings.Contains(err.Error(), "Resource Nobody does not exist for stack app") {
		t.Error(err)
	}
}

func TestImportersOfAnExportAreListed(t *testing.T) {
	c := newClient(t)
	c.create("exporter", queue)
	_, err := c.ListImports(t.Context(), &cloudformation.ListImportsInput{ExportName: aws.String("url")})
	if err == nil || !strings.Contains(err.Error(), "Export 'url' is not imported by any stack.") {
		t.Error(err)
	}
	for _, name := range []string{"b", "a"} {
		c.create(name, "Resources: {P: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !ImportValue url}}}")
	}
	out, err := c.ListImports(t.Context(), &cloudformation.ListImportsInput{ExportName: aws.String("url")})
	c.must(err)
	if diff := cmp.Diff([]string{"a", "b"}, out.Imports); diff != "" {
		t.Error(diff)
	}
}

func TestStacksAreListedByStatusNewestFirst(t *testing.T) {
	c := newClient(t)
	c.create("old", queue)
	c.create("new", "Resources: {T: {Type: AWS::SNS::Topic}}")
	out, err := c.ListStacks(t.Context(), &cloudformation.ListStacksInput{StackStatusFilter: []cfn.StackStatus{cfn.StackStatusCreateComplete}})
	c.must(err)
	if len(out.StackSummaries) != 2 || *out.StackSummaries[0].StackName != "new" {
		t.Errorf("%+v", out.StackSummaries)
	}
	_, err = c.ListStacks(t.Context(), &cloudformation.ListStacksInput{StackStatusFilter: []cfn.StackStatus{"SLEEPY"}})
	sdktest.WantCode(t, err, "ValidationError")
}

func TestLongListsComeInPages(t *testing.T) {
	c := newClient(t)
	text := "Resources:\n"
	for i := range 150 {
		text += fmt.Sprintf("  T%03d: {Type: AWS::SNS::Topic}\n", i)
	}
	id := c.create("big", text)
	events, pages := 0, 0
	paginator := cloudformation.NewDescribeStackEventsPaginator(c.Client, &cloudformation.DescribeStackEventsInput{StackName: &id})
	for ; paginator.HasMorePages(); pages++ {
		out, err := paginator.NextPage(t.Context())
		c.must(err)
		events += len(out.StackEvents)
	}
	if events != 150*3+2 || pages != 5 {
		t.Errorf("%d events on %d pages", events, pages)
	}
	resources := 0
	lister := cloudformation.NewListStackResourcesPaginator(c.Client, &cloudformation.ListStackResourcesInput{StackName: &id})
	for lister.HasMorePages() {
		out, err := lister.NextPage(t.Context())
		c.must(err)
		resources += len(out.StackResourceSummaries)
	}
	if resources != 150 {
		t.Errorf("%d resources", resources)
	}
	_, err := c.ListStackResources(t.Context(), &cloudformation.ListStackResourcesInput{StackName: &id, NextToken: aws.String("nonsense")})
	sdktest.WantCode(t, err, "ValidationError")
}

func TestTheTemplateIsGivenOnceAndWithinItsLimit(t *testing.T) {
	c := newClient(t)
	tests := []struct {
		in   cloudformation.CreateStackInput
		want string
	}{
		{cloudformation.CreateStackInput{}, "Either Template URL or Template Body must be specified."},
		{cloudformation.CreateStackInput{TemplateBody: aws.String(queue), TemplateURL: aws.String("https://x")}, "Either Template URL or Template Body must be specified, but not both."},
		{cloudformation.CreateStackInput{TemplateBody: aws.String(queue + strings.Repeat("#", 52_000))}, "Member must have length less than or equal to 51200"},
		{cloudformation.CreateStackInput{TemplateBody: aws.String(queue), DisableRollback: aws.Bool(true), OnFailure: cfn.OnFailureDelete}, "You may only specify one of [DisableRollback, OnFailure]"},
		{cloudformation.CreateStackInput{TemplateBody: aws.String(queue), Tags: []cfn.Tag{{Key: aws.String("aws:x"), Value: aws.String("y")}}}, "aws: prefixed tag key names are not allowed for external use."},
		{cloudformation.CreateStackInput{TemplateBody: aws.String(queue), Parameters: []cfn.Parameter{{ParameterKey: aws.String("Delay"), UsePreviousValue: aws.Bool(true)}}}, "Invalid input for parameter key Delay."},
	}
	for _, test := range tests {
		test.in.StackName = aws.String("app")
		_, err := c.CreateStack(t.Context(), &test.in)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	_, err := c.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("app")})
	sdktest.WantCode(t, err, "ValidationError") // nothing was made of a refused request
}

func TestATemplateCanBeReadFromS3(t *testing.T) {
	c := newClient(t)
	c.aws.Lock()
	c.must(c.aws.Objects().CreateBucket(sdktest.Management, region, "templates"))
	c.must(c.aws.Objects().Put("templates", "app.yaml", []byte(queue)))
	c.aws.Unlock()
	out, err := c.ValidateTemplate(t.Context(), &cloudformation.ValidateTemplateInput{TemplateURL: aws.String("https://templates.s3.eu-central-1.amazonaws.com/app.yaml")})
	c.must(err)
	if len(out.Parameters) != 2 {
		t.Errorf("%+v", out)
	}
	_, err = c.ValidateTemplate(t.Context(), &cloudformation.ValidateTemplateInput{TemplateURL: aws.String("https://templates.s3.eu-central-1.amazonaws.com/none.yaml")})
	sdktest.WantCode(t, err, "ValidationError")
}

// stuck makes a stack whose deletion failed over its queue.
func (c *client) stuck() string {
	c.Helper()
	id := c.create("app", "Resources: {Queue: {Type: AWS::SQS::Queue}, Topic: {Type: AWS::SNS::Topic}}")
	c.byHand(func(e *stacks.Engine) error { return e.Obstruct(id, "Queue", "in use") })
	_, err := c.DeleteStack(c.Context(), &cloudformation.DeleteStackInput{StackName: &id})
	c.must(err)
	c.aws.Advance(5 * time.Minute)
	if s := c.stack(id); s.StackStatus != cfn.StackStatusDeleteFailed || !strings.Contains(*s.StackStatusReason, "The following resource(s) failed to delete: [Queue].") {
		c.Fatalf("%s: %s", s.StackStatus, *s.StackStatusReason)
	}
	return id
}

func TestAStuckDeletionGoesThroughWithoutTheResource(t *testing.T) {
	for name, in := range map[string]cloudformation.DeleteStackInput{
		"retaining it":  {RetainResources: []string{"Queue"}},
		"forcing it":    {DeletionMode: cfn.DeletionModeForceDeleteStack},
		"no other help": {},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t)
			id := c.stuck()
			in.StackName = &id
			_, err := c.DeleteStack(t.Context(), &in)
			c.must(err)
			c.aws.Advance(5 * time.Minute)
			want := cfn.StackStatusDeleteComplete
			if name == "no other help" {
				want = cfn.StackStatusDeleteFailed
			}
			if s := c.stack(id); s.StackStatus != want {
				t.Errorf("%s", s.StackStatus)
			}
			c.byHand(func(e *stacks.Engine) error {
				if left := e.Resources(sdktest.Management, region, ""); len(left) != 1 || left[0].Type != "AWS::SQS::Queue" {
					return fmt.Errorf("left: %+v", left)
				}
				return nil
			})
		})
	}
}

func TestRetainingNeedsAFailedDeletion(t *testing.T) {
	c := newClient(t)
	id := c.create("app", queue)
	_, err := c.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: &id, RetainResources: []string{"Queue"}})
	sdktest.WantCode(t, err, "ValidationError")
}

func TestADeletedChangeSetIsGone(t *testing.T) {
	c := newClient(t)
	id := c.create("app", queue)
	set := c.changeSet(revert(id, "one"))
	for range 2 { // deleting what is gone succeeds too
		_, err := c.DeleteChangeSet(t.Context(), &cloudformation.DeleteChangeSetInput{ChangeSetName: aws.String("one"), StackName: &id})
		c.must(err)
	}
	_, err := c.DescribeChangeSet(t.Context(), &cloudformation.DescribeChangeSetInput{ChangeSetName: set.ChangeSetId})
	sdktest.WantCode(t, err, "ChangeSetNotFound")
}

func TestAFailedStackCanBeKept(t *testing.T) {
	c := newClient(t)
	text := "Resources: {A: {Type: AWS::SNS::Topic}, B: {Type: AWS::S3::Bucket, DependsOn: A, Properties: {BucketName: NAME}}, C: {Type: AWS::SNS::Topic, DependsOn: B}}"
	out, err := c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: &text, OnFailure: cfn.OnFailureDoNothing})
	c.must(err)
	c.aws.Advance(5 * time.Minute)
	if s := c.stack(*out.StackId); s.StackStatus != cfn.StackStatusCreateFailed {
		t.Errorf("%s", s.StackStatus)
	}
	resources, err := c.DescribeStackResources(t.Context(), &cloudformation.DescribeStackResourcesInput{StackName: out.StackId})
	c.must(err)
	got := map[string]cfn.ResourceStatus{}
	for _, r := range resources.StackResources {
		got[*r.LogicalResourceId] = r.ResourceStatus
	}
	want := map[string]cfn.ResourceStatus{"A": cfn.ResourceStatusCreateComplete, "B": cfn.ResourceStatusCreateFailed}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestARepeatedRequestIsRecognisedByItsToken(t *testing.T) {
	c := newClient(t)
	in := &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: aws.String(queue), ClientRequestToken: aws.String("once")}
	first, err := c.CreateStack(t.Context(), in)
	c.must(err)
	again, err := c.CreateStack(t.Context(), in)
	c.must(err)
	if *first.StackId != *again.StackId {
		t.Error("a second stack")
	}
	in.ClientRequestToken = aws.String("twice")
	_, err = c.CreateStack(t.Context(), in)
	sdktest.WantCode(t, err, "AlreadyExistsException")
}
