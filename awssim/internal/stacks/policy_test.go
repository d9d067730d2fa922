package stacks_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/awssim/internal/sdktest"
)

func TestAStackPolicyKeepsResourcesFromBeingReplaced(t *testing.T) {
	c := newClient(t)
	c.create("app", pairOf("a", "x"))
	policy := `{"Statement": [{"Effect": "Deny", "Action": "Update:Replace", "Principal": "*", "Resource": "LogicalResourceId/One"}, {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}`
	_, err := c.SetStackPolicy(t.Context(), &cloudformation.SetStackPolicyInput{StackName: aws.String("app"), StackPolicyBody: &policy})
	c.must(err)
	got, err := c.GetStackPolicy(t.Context(), &cloudformation.GetStackPolicyInput{StackName: aws.String("app")})
	c.must(err)
	if *got.StackPolicyBody != policy {
		t.Error(*got.StackPolicyBody)
	}
	update := func(name, shown string, during *string) cfn.StackStatus {
		_, err := c.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String("app"), TemplateBody: aws.String(pairOf(name, shown)), StackPolicyDuringUpdateBody: during})
		c.must(err)
		c.aws.Advance(5 * time.Minute)
		return c.stack("app").StackStatus
	}
	if status := update("a", "y", nil); status != cfn.StackStatusUpdateComplete {
		t.Errorf("an allowed update is %s", status)
	}
	if status := update("b", "y", nil); status != cfn.StackStatusUpdateRollbackComplete {
		t.Errorf("a forbidden update is %s", status)
	}
	events, err := c.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: aws.String("app")})
	c.must(err)
	const want = "Action denied by stack policy: Statement [#1] does not allow [Update:Replace] for resource [LogicalResourceId/One];"
	found := false
	for _, event := range events.StackEvents {
		found = found || aws.ToString(event.ResourceStatusReason) == want && event.ResourceStatus == cfn.ResourceStatusUpdateFailed
	}
	if !found {
		t.Error("no event says why")
	}
	if status := update("b", "y", aws.String(`{"Statement": {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}}`)); status != cfn.StackStatusUpdateComplete {
		t.Errorf("an update with another policy is %s", status)
	}
}

func TestMalformedStackPoliciesAreRefused(t *testing.T) {
	c := newClient(t)
	c.create("app", pairOf("a", "x"))
	for _, body := range []string{
		"text", `{"Statement": 1}`, `{"Statement": [{"Effect": "Allow", "Action": "Delete:*", "Principal": "*", "Resource": "*"}]}`,
		`{"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": {"AWS": "x"}, "Resource": "*"}]}`,
	} {
		_, err := c.SetStackPolicy(t.Context(), &cloudformation.SetStackPolicyInput{StackName: aws.String("app"), StackPolicyBody: &body})
		sdktest.WantCode(t, err, "ValidationError")
		if !strings.Contains(err.Error(), "Error validating stack policy: Invalid stack policy") {
			t.Error(err)
		}
	}
}
