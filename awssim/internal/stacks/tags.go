package stacks

import (
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/resource"
	"github.com/setmend/setmend/awssim/internal/template"
)

// A stack's tags are put on every resource that can have tags (CloudFormation user
// guide, "Resource tag"). Where both name a key, the resource's own tag wins. They
// are live, but not part of what the template expects: no drift.

// tagged are the types that take a stack's tags, with the property that holds tags;
// {} behind it: it is an object, by key.
var tagged = map[string]string{
	"AWS::SSM::Parameter": "Tags{}", "AWS::Glue::Job": "Tags{}", "AWS::ApiGatewayV2::Api": "Tags{}",
	"AWS::SNS::Topic": "Tags", "AWS::SQS::Queue": "Tags", "AWS::S3::Bucket": "Tags", "AWS::IAM::Role": "Tags", "AWS::IAM::User": "Tags",
	"AWS::Lambda::Function": "Tags", "AWS::Events::Rule": "Tags", "AWS::Events::EventBus": "Tags", "AWS::CloudWatch::Alarm": "Tags", "AWS::Logs::LogGroup": "Tags",
	"AWS::KMS::Key": "Tags", "AWS::DynamoDB::Table": "Tags", "AWS::EC2::VPC": "Tags", "AWS::EC2::Subnet": "Tags",
	"AWS::EC2::SecurityGroup": "Tags", "AWS::SecretsManager::Secret": "Tags", "AWS::StepFunctions::StateMachine": "Tags",
	"AWS::Organizations::Account": "Tags", "AWS::Organizations::OrganizationalUnit": "Tags", "AWS::Organizations::Policy": "Tags",
	"AWS::CloudFormation::Stack": "Tags", "AWS::CloudFormation::StackSet": "Tags",
}

// tagProperty is the property that holds a type's tags, "" if a stack's tags do
// not reach it; asMap tells that it is an object rather than a list.
func tagProperty(t *resource.Type) (name string, asMap bool) {
	return strings.CutSuffix(tagged[t.Name], "{}")
}

// withTags are properties with a stack's tags added.
func withTags(t *resource.Type, properties map[string]any, tags []Tag) map[string]any {
	name, asMap := tagProperty(t)
	if name == "" || len(tags) == 0 {
		return properties
	}
	out := make(map[string]any, len(properties)+1)
	for k, v := range properties {
		out[k] = v
	}
	if asMap {
		out[name] = withMapTags(properties[name], tags)
	} else {
		out[name] = withListTags(properties[name], tags)
	}
	return out
}

func withMapTags(own any, tags []Tag) any {
	merged := map[string]any{}
	for _, one := range tags {
		merged[one.Key] = one.Value
	}
	m, _ := own.(map[string]any)
	for k, v := range m {
		merged[k] = v
	}
	return merged
}

func withListTags(own any, tags []Tag) any {
	list, _ := own.([]any)
	merged := slices.Clone(list)
	keys := tagKeys(own)
	for _, one := range tags {
		if !keys[one.Key] {
			merged = append(merged, map[string]any{"Key": one.Key, "Value": one.Value})
		}
	}
	return merged
}

// deployed is what a deployment makes of a resource: the template's properties
// with the stack's tags.
func (v *view) deployed(r *template.Resource, expected map[string]any) map[string]any {
	return withTags(typeOf(r), expected, v.deployment.tags)
}

// comparedWith is what drift detection compares with: the stack's tags are expected
// where the template has tags at all.
func (v *view) comparedWith(r *template.Resource, expected map[string]any) map[string]any {
	name, _ := tagProperty(typeOf(r))
	if _, has := expected[name]; !has {
		return expected
	}
	return v.deployed(r, expected)
}
