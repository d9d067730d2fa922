package awssim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"
)

// conformance is a suite that the embedded AWS passes and that real AWS can be
// asked the same questions with. It makes one stack set without instances, and
// deletes it: nothing is deployed and nothing is paid for.
type conformance struct {
	cfn  *cloudformation.Client
	name string
	pass func(time.Duration) // waits
}

// TestConformance runs the suite against the embedded AWS, and against real AWS,
// with the environment's credentials and region, if SETMEND_REAL_AWS is "yes".
func TestConformance(t *testing.T) {
	t.Run("embedded", func(t *testing.T) {
		bubble(t, Options{Unthrottled: true, Account: managementAccount}, func(t *testing.T, a *AWS, _ string) {
			c := conformance{client(a, managementAccount), "setmend-conformance", time.Sleep}
			c.run(t)
		})
	})
	t.Run("real", func(t *testing.T) {
		if os.Getenv("SETMEND_REAL_AWS") != "yes" {
			t.Skip("SETMEND_REAL_AWS is not yes")
		}
		settings, err := config.LoadDefaultConfig(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		c := conformance{cloudformation.NewFromConfig(settings), fmt.Sprintf("setmend-conformance-%d", time.Now().Unix()), time.Sleep}
		c.run(t)
	})
}

func (c conformance) run(t *testing.T) {
	defer c.cfn.DeleteStackSet(context.Background(), &cloudformation.DeleteStackSetInput{StackSetName: &c.name})
	for _, check := range []struct {
		what string
		do   func(context.Context) (string, error)
		want string // what it answers, or the error's code and the start of its text
	}{
		{"a set that is not there", c.describe, "StackSetNotFoundException: "},
		{"no template", c.createEmpty, "ValidationError: Exactly one of TemplateBody or TemplateUrl must be specified"},
		{"a bad name", c.createBadly, "ValidationError: 1 validation error detected: Value '1-bad' at 'stackSetName' failed to satisfy constraint: Member must satisfy regular expression pattern: "},
		{"creating", c.create("t1"), "created"},
		{"creating again with the token", c.create("t1"), "created"},
		{"creating again with another", c.create("t2"), "NameAlreadyExistsException: "},
		{"describing", c.describe, "ACTIVE, 0 regions, drift NOT_CHECKED, managed execution false"},
		{"an unknown operation", c.operation("none"), "OperationNotFoundException: "},
		{"an instance that is not there", c.instance, "StackInstanceNotFoundException: "},
		{"updating without instances", c.update("update-1"), "SUCCEEDED"},
		{"reusing an operation's id", c.update("update-1"), "OperationIdAlreadyExistsException: "},
		{"deleting", c.delete, "deleted"},
		{"describing by name afterwards", c.describe, "StackSetNotFoundException: "},
	} {
		got, err := check.do(context.Background())
		var api smithy.APIError
		if errors.As(err, &api) {
			got = api.ErrorCode() + ": " + api.ErrorMessage()
		} else if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, check.want) {
			t.Errorf("%s: got %s, want %s", check.what, got, check.want)
		}
	}
}

func (c conformance) describe(ctx context.Context) (string, error) {
	out, err := c.cfn.DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: &c.name})
	if err != nil {
		return "", err
	}
	s := out.StackSet
	managed := s.ManagedExecution != nil && aws.ToBool(s.ManagedExecution.Active)
	return fmt.Sprintf("%s, %d regions, drift %s, managed execution %v", s.Status, len(s.Regions), s.StackSetDriftDetectionDetails.DriftStatus, managed), nil
}

func (c conformance) createEmpty(ctx context.Context) (string, error) {
	_, err := c.cfn.CreateStackSet(ctx, &cloudformation.CreateStackSetInput{StackSetName: &c.name})
	return "created", err
}

func (c conformance) createBadly(ctx context.Context) (string, error) {
	_, err := c.cfn.CreateStackSet(ctx, &cloudformation.CreateStackSetInput{StackSetName: aws.String("1-bad"), TemplateBody: aws.String(topicTemplate)})
	return "created", err
}

func (c conformance) create(token string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		_, err := c.cfn.CreateStackSet(ctx, &cloudformation.CreateStackSetInput{
			StackSetName: &c.name, TemplateBody: aws.String(topicTemplate), ClientRequestToken: &token,
		})
		return "created", err
	}
}

func (c conformance) operation(id string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		for range 60 {
			out, err := c.cfn.DescribeStackSetOperation(ctx, &cloudformation.DescribeStackSetOperationInput{StackSetName: &c.name, OperationId: &id})
			if err != nil {
				return "", err
			}
			if o := out.StackSetOperation; o.Status != types.StackSetOperationStatusRunning {
				return string(o.Status), nil
			}
			c.pass(5 * time.Second)
		}
		return "still running", nil
	}
}

func (c conformance) instance(ctx context.Context) (string, error) {
	_, err := c.cfn.DescribeStackInstance(ctx, &cloudformation.DescribeStackInstanceInput{
		StackSetName: &c.name, StackInstanceAccount: aws.String(first), StackInstanceRegion: aws.String("us-east-1"),
	})
	return "there", err
}

func (c conformance) update(id string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		_, err := c.cfn.UpdateStackSet(ctx, &cloudformation.UpdateStackSetInput{StackSetName: &c.name, UsePreviousTemplate: aws.Bool(true), OperationId: &id})
		if err != nil {
			return "", err
		}
		return c.operation(id)(ctx)
	}
}

func (c conformance) delete(ctx context.Context) (string, error) {
	_, err := c.cfn.DeleteStackSet(ctx, &cloudformation.DeleteStackSetInput{StackSetName: &c.name})
	return "deleted", err
}
