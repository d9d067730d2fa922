package catalogue

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryTypeOfTheRegistryCanBeRead(t *testing.T) {
	n, last := 0, ""
	for name := range Names() {
		n++
		if name <= last {
			t.Errorf("%s comes after %s", name, last)
		}
		last = name
		if n%7 != 0 { // a sample: the format is the same
			continue
		}
		typ, ok := Find(name)
		if !ok || typ.Name != name || typ.Schema == nil {
			t.Errorf("%s cannot be read", name)
		}
	}
	if n < 1800 {
		t.Errorf("%d types", n)
	}
}

func TestTheCatalogueIsSmall(t *testing.T) {
	if len(file) > 3<<20 {
		t.Errorf("%d bytes", len(file))
	}
}

func TestUnknownTypesAreNotKnown(t *testing.T) {
	for name, want := range map[string]bool{"AWS::SNS::Topic": true, "AWS::SNS::Topik": false, "AWS::SNS": false, "": false, "Custom::X": false,
		"AWS::CloudFormation::CustomResource": true, "AWS::Serverless::Function": false, "Alexa::ASK::Skill": true, "zzz": false} {
		if Known(name) != want {
			t.Errorf("Known(%q) = %v", name, !want)
		}
		if typ, ok := Find(name); ok != want || want == (typ == nil) {
			t.Errorf("Find(%q) = %v, %v", name, typ, ok)
		}
	}
}

func TestTypesKnowWhatTheirSchemasSay(t *testing.T) {
	queue, _ := Find("AWS::SQS::Queue")
	if !slices.Contains(queue.CreateOnly, "FifoQueue") || !slices.Equal(queue.Identifier, []string{"QueueUrl"}) ||
		queue.TagProperty != "Tags" || !queue.Schema.Properties["Tags"].Unordered || queue.ARN != "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}" {
		t.Errorf("%+v", queue)
	}
	if !slices.Equal(queue.Gettable, []string{"*"}) || queue.Attributes["QueueName"] != "string" {
		t.Errorf("%v %v", queue.Gettable, queue.Attributes)
	}
	bucket, _ := Find("AWS::S3::Bucket")
	if s := bucket.Schema.At("LifecycleConfiguration", "Rules", "*", "Status"); s == nil || len(s.Enum) != 2 {
		t.Errorf("%+v", s)
	}
	table, _ := Find("AWS::DynamoDB::Table")
	if !slices.Contains(table.MaybeCreateOnly, "KeySchema") {
		t.Errorf("%v", table.MaybeCreateOnly)
	}
	role, _ := Find("AWS::IAM::Role")
	if role.Schema.Properties["Path"].Default != "/" {
		t.Errorf("%v", role.Schema.Properties["Path"].Default)
	}
	cluster, _ := Find("AWS::RDS::DBCluster")
	if cluster.Transforms["Engine"] != "$lowercase(Engine)" {
		t.Errorf("%v", cluster.Transforms)
	}
	function, _ := Find("AWS::Lambda::Function")
	if !slices.Contains(function.WriteOnly, "Code/ZipFile") {
		t.Errorf("%v", function.WriteOnly)
	}
}

func TestPropertiesAreValidatedInCloudFormationsWords(t *testing.T) {
	tests := []struct{ typ, properties, want string }{
		{"AWS::SSM::Parameter", `{"Type":"String","Value":"v"}`, ""},
		{"AWS::SSM::Parameter", `{"Value":"abc"}`, "Property validation failure: [The property {/Type} is required]"},
		{"AWS::SSM::Parameter", `{"Type":"String","Value":"v","Colour":"x","Size":1}`, "Property validation failure: [Encountered unsupported properties in {/}: [Colour, Size]]"},
		{"AWS::SSM::Parameter", `{"Type":"String","Value":"v","Tags":[{"Key":"a","Value":"b"}]}`, "Property validation failure: [Value of property {/Tags} does not match type {Map}]"},
		{"AWS::SSM::Parameter", `{"Type":"String","Value":["v"]}`, "Property validation failure: [Value of property {/Value} does not match type {String}]"},
		{"AWS::SSM::Parameter", `{"Type":"Text","Value":"v"}`, "Properties validation failed for resource P with message:\n#/Type: failed validation constraint for keyword [enum]"},
		{"AWS::SQS::Queue", `{"DelaySeconds":"5","FifoQueue":"true","MaximumMessageSize":1024}`, ""},
		{"AWS::SQS::Queue", `{"DelaySeconds":"five"}`, "Property validation failure: [Value of property {/DelaySeconds} does not match type {Integer}]"},
		{"AWS::SQS::Queue", `{"DelaySeconds":901}`, "Properties validation failed for resource P with message:\n#/DelaySeconds: failed validation constraint for keyword [maximum]"},
		{"AWS::SQS::Queue", `{"FifoQueue":"maybe"}`, "Property validation failure: [Value of property {/FifoQueue} does not match type {Boolean}]"},
		{"AWS::SQS::Queue", `{"RedrivePolicy":{"maxReceiveCount":3},"Tags":"x"}`, "Property validation failure: [Value of property {/Tags} does not match type {List}]"},
		{"AWS::SQS::Queue", `{"Arn":"arn:aws:sqs:eu-west-1:1:q"}`, "Property validation failure: [Encountered unsupported properties in {/}: [Arn]]"},
		{"AWS::IAM::Role", `{"AssumeRolePolicyDocument":{"Anything":["goes"]},"Policies":[{"PolicyName":"p"}]}`,
			"Property validation failure: [The property {/Policies/0/PolicyDocument} is required]"},
		{"AWS::IAM::Role", `{"AssumeRolePolicyDocument":"{}","RoleName":"a b"}`, "Properties validation failed for resource P with message:\n#/RoleName: failed validation constraint for keyword [pattern]"},
		{"AWS::IAM::Role", `{"AssumeRolePolicyDocument":"{}","Description":"` + strings.Repeat("x", 1001) + `"}`,
			"Properties validation failed for resource P with message:\n#/Description: expected maxLength: 1000, actual: 1001"},
		{"AWS::EC2::Instance", `{"SubnetId":"subnet-12345678","SecurityGroupIds":"sg-1"}`, "Property validation failure: [Value of property {/SecurityGroupIds} does not match type {List}]"},
		{"AWS::Lambda::Function", `{"Code":{"ZipFile":"x"},"Role":"arn:aws:iam::1:role/r","VpcConfig":{"SubnetIds":[],"Zone":"a"}}`,
			"Property validation failure: [Encountered unsupported properties in {/VpcConfig}: [Zone]]"},
	}
	for _, test := range tests {
		typ, _ := Find(test.typ)
		d := json.NewDecoder(strings.NewReader(test.properties))
		d.UseNumber()
		var properties map[string]any
		if err := d.Decode(&properties); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, typ.Check(properties).Text("P")); diff != "" {
			t.Errorf("%s %s: %s", test.typ, test.properties, diff)
		}
	}
}
