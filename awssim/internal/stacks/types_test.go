package stacks_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

func TestPublicTypesAreListedAndDescribed(t *testing.T) {
	c := newClient(t)
	found := map[string]int{}
	for pages := cloudformation.NewListTypesPaginator(c, &cloudformation.ListTypesInput{Visibility: cfn.VisibilityPublic}); pages.HasMorePages(); {
		out, err := pages.NextPage(t.Context())
		c.must(err)
		for _, one := range out.TypeSummaries {
			found[*one.TypeName]++
		}
	}
	if len(found) < 1800 || found["AWS::SNS::Topic"] != 1 || found["AWS::Route53::RecordSet"] != 1 {
		t.Errorf("%d types, the topic %d times", len(found), found["AWS::SNS::Topic"])
	}
	out, err := c.DescribeType(t.Context(), &cloudformation.DescribeTypeInput{Type: cfn.RegistryTypeResource, TypeName: aws.String("AWS::SNS::Topic")})
	c.must(err)
	var schema struct {
		TypeName          string
		PrimaryIdentifier []string
		Properties        map[string]any
	}
	c.must(json.Unmarshal([]byte(*out.Schema), &schema))
	if *out.Arn != "arn:aws:cloudformation:"+region+"::type/resource/AWS-SNS-Topic" || out.ProvisioningType != cfn.ProvisioningTypeFullyMutable ||
		schema.TypeName != "AWS::SNS::Topic" || len(schema.PrimaryIdentifier) != 1 || schema.Properties["TopicName"] == nil {
		t.Errorf("%s %s %+v", *out.Arn, out.ProvisioningType, schema)
	}
	again, err := c.DescribeType(t.Context(), &cloudformation.DescribeTypeInput{Arn: out.Arn})
	c.must(err)
	if *again.TypeName != "AWS::SNS::Topic" {
		t.Errorf("by its ARN it is %s", *again.TypeName)
	}
}

func TestTypesAreNarrowedAndUnknownOnesNotFound(t *testing.T) {
	c := newClient(t)
	for _, test := range []struct {
		in   cloudformation.ListTypesInput
		want int
	}{
		{cloudformation.ListTypesInput{}, 0}, // the account's own
		{cloudformation.ListTypesInput{Visibility: cfn.VisibilityPublic, Type: cfn.RegistryTypeHook}, 0},
		{cloudformation.ListTypesInput{Visibility: cfn.VisibilityPublic, Filters: &cfn.TypeFilters{Category: cfn.CategoryThirdParty}}, 0},
		{cloudformation.ListTypesInput{Visibility: cfn.VisibilityPublic, Filters: &cfn.TypeFilters{TypeNamePrefix: aws.String("AWS::SNS::")}}, 4},
		{cloudformation.ListTypesInput{Visibility: cfn.VisibilityPublic, ProvisioningType: cfn.ProvisioningTypeNonProvisionable,
			Filters: &cfn.TypeFilters{TypeNamePrefix: aws.String("AWS::Route53::RecordSet")}}, 1},
	} {
		out, err := c.ListTypes(t.Context(), &test.in)
		c.must(err)
		if len(out.TypeSummaries) != test.want {
			t.Errorf("%+v lists %d types, want %d", test.in, len(out.TypeSummaries), test.want)
		}
	}
	_, err := c.DescribeType(t.Context(), &cloudformation.DescribeTypeInput{Type: cfn.RegistryTypeResource, TypeName: aws.String("AWS::Not::There")})
	if missing := new(cfn.TypeNotFoundException); !errors.As(err, &missing) {
		t.Errorf("a type that is not there: %v", err)
	}
}
