package reads

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim/internal/catalogue"
)

// place is a resource whose tokens are themselves, but for where it is.
type place struct{}

func (place) Expand(token string) string {
	switch token {
	case "Account":
		return "111122223333"
	case "Region":
		return "eu-west-1"
	case "Partition":
		return "aws"
	}
	return "<" + token + ">"
}

func parsed(t *testing.T, text string) map[string]any {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestShippedRulesCanBeRead(t *testing.T) {
	rules, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		if !strings.ContainsAny(r.Type.glob, "*?") && !catalogue.Known(r.Type.glob) {
			t.Errorf("%s is for %s, which no registry has", r.Place, r.Type.glob)
		}
		if r.Kind == "replace" {
			expression(r.Argument.([]any)[0].(string)) // panics for one that is none
		}
	}
}

func TestRulesWithoutSenseAreRefusedByLine(t *testing.T) {
	for text, want := range map[string]string{
		"AWS::X::Y P default 1":            "it has no evidence",
		"AWS::X::Y P frobnicate # fact 1":  `"frobnicate" is no kind of rule`,
		"AWS::X::Y P default # fact 1":     "default takes an argument: true",
		"AWS::X::Y P lower x # fact 1":     "lower takes an argument: false",
		"AWS::X::Y[A P lower # fact 1":     `lacks a closing bracket`,
		"AWS::X::Y [x P/Q lower # fact 1":  "no pattern",
		"AWS::X::Y P[-]a[ lower # fact 1x": "",
	} {
		_, err := Parse("f", "# a comment\n\n"+text+"\n")
		if want == "" {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "f:3") {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestEachKindOfRule(t *testing.T) {
	tests := []struct{ kind, rule, declared, want string }{
		{"lower", `* A lower # t`, `{"A":"TCP","B":"X"}`, `{"A":"tcp","B":"X"}`},
		{"upper", `* L/*/P upper # t`, `{"L":[{"P":"http"},{"Q":"x"}]}`, `{"L":[{"P":"HTTP"},{"Q":"x"}]}`},
		{"text", `* M/* text # t`, `{"M":{"a":90,"b":true}}`, `{"M":{"a":"90","b":"true"}}`},
		{"number", `* A number # t`, `{"A":"5"}`, `{"A":5}`},
		{"bool", `* A bool # t`, `{"A":"true"}`, `{"A":true}`},
		{"json", `* A json # t`, `{"A":{"b":[1]}}`, `{"A":"{\"b\":[1]}"}`},
		{"object", `* A object # t`, `{"A":"{\"b\":1}","B":"{}"}`, `{"A":{"b":1},"B":"{}"}`},
		{"list", `* S/*/Action list # t`, `{"S":[{"Action":"a"},{"Action":["b"]}]}`, `{"S":[{"Action":["a"]},{"Action":["b"]}]}`},
		{"scalar", `* A scalar # t`, `{"A":["x"]}`, `{"A":"x"}`},
		{"set", `* A set {"x":1} # t`, `{"A":2}`, `{"A":{"x":1}}`},
		{"map", `* A map {"8.0":"8.0.45","8.*":"8"} # t`, `{"A":"8.0"}`, `{"A":"8.0.45"}`},
		{"prefix", `* A prefix custom: # t`, `{"A":"x"}`, `{"A":"custom:x"}`},
		{"suffix", `* A suffix . # t`, `{"A":"x.y."}`, `{"A":"x.y."}`},
		{"arn", `* A arn arn:${Partition}:lambda:${Region}:${Account}:function:{} # t`, `{"A":"f"}`, `{"A":"arn:aws:lambda:eu-west-1:111122223333:function:f"}`},
		{"name", `* A name # t`, `{"A":"arn:aws:kms:eu-west-1:1:key/k"}`, `{"A":"k"}`},
		{"principals", `* P/AWS principals # t`, `{"P":{"AWS":["111111111111","*"]}}`, `{"P":{"AWS":["arn:aws:iam::111111111111:root","*"]}}`},
		{"policy", `* A policy # t`, `{"A":{"Statement":[]}}`, `{"A":{"Statement":[],"Version":"2008-10-17"}}`},
		{"policy-text", `* A policy-text # t`, `{"A":{"Statement":[{"Resource":"*","Effect":"Allow"}]}}`,
			`{"A":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Resource\":\"*\"}]}"}`},
		{"pretty", `* A pretty # t`, `{"A":"[{\"b\":1,\"a\":[2,3]}]"}`, `{"A":"[ {\n  \"b\" : 1,\n  \"a\" : [ 2, 3 ]\n} ]"}`},
		{"printed", `* A printed # t`, `{"A":{"name":"n","action":"a","inputs":{}},"B":1}`, `{"A":"{\n  \"inputs\" : {\n  },\n  \"name\" : \"n\",\n  \"action\" : \"a\"\n}","B":1}`},
		{"printed leaves texts alone", `* A printed # t`, `{"A":"{\"a\":1}"}`, `{"A":"{\"a\":1}"}`},
		{"replace", `* A replace ["^(\\S+ \\S+).*$","$1 ${prop:N}"] # t`, `{"A":"ssh-rsa AAAA me","N":"k"}`, `{"A":"ssh-rsa AAAA k","N":"k"}`},
		{"rate", `* A rate # t`, `{"A":"rate(120 minutes)"}`, `{"A":"rate(2 hours)"}`},
		{"decimal", `* A decimal # t`, `{"A":5}`, `{"A":"5.0"}`},
		{"hour", `* A hour # t`, `{"A":1784632175}`, `{"A":1784631600}`},
		{"drop", `* *Password drop # t`, `{"A":1,"MasterPassword":"x"}`, `{"A":1}`},
		{"default", `AWS::X::Y A default {"r":"${Region}"} # t`, `{}`, `{"A":{"r":"eu-west-1"}}`},
		{"default inside", `AWS::X::Y L/*/A default 1 # t`, `{"L":[{},{"A":2}]}`, `{"L":[{"A":1},{"A":2}]}`},
		{"default of a sibling", `AWS::X::Y L/*[B]/A default ${here:B} # t`, `{"L":[{"B":["x"]},{}]}`, `{"L":[{"A":["x"],"B":["x"]},{}]}`},
		{"default of a part", `AWS::X::Y A default ${prop:V|major} ${prop:V|minor} ${prop:V|dashed} ${prop:R|last} ${prop:W|base64} # t`, `{"V":"16.4.1","R":"arn:x:role/p/n","W":"bot"}`,
			`{"A":"16 16.4 16-4 n Ym90","V":"16.4.1","R":"arn:x:role/p/n","W":"bot"}`},
		{"a copy is not whole", "AWS::X::Y A default ${prop:B} # t\nAWS::X::Y A/y default 2 # t", `{"B":{"x":1}}`, `{"A":{"x":1,"y":2},"B":{"x":1}}`},
		{"default with a condition", `AWS::X::Y[Engine=aurora*][!Port] A default 1 # t`, `{"Engine":"Aurora-MySQL"}`, `{"A":1,"Engine":"Aurora-MySQL"}`},
		{"no default without it", `AWS::X::Y[Engine=aurora*] A default 1 # t`, `{"Engine":"mysql"}`, `{"Engine":"mysql"}`},
		{"none", "AWS::X::Y A none # t\nAWS::X::Y A default 1 # t", `{}`, `{}`},
		{"the first default counts", "AWS::X::Y A default 1 # t\nAWS::X::Y A default 2 # t", `{}`, `{"A":1}`},
		{"a default is whole", "AWS::X::Y A default {\"x\":1} # t\nAWS::X::Y A/y default 2 # t", `{}`, `{"A":{"x":1}}`},
		{"merge", `AWS::X::Y L merge ["N",{"N":"a"},{"N":"b"}] # t`, `{"L":[{"N":"b","v":1}]}`, `{"L":[{"N":"b","v":1},{"N":"a"}]}`},
		{"attributes", `AWS::X::Y L attributes {"a":"1","b":"2"} # t`, `{"L":[{"Key":"b","Value":"9"}]}`, `{"L":[{"Key":"b","Value":"9"},{"Key":"a","Value":"1"}]}`},
	}
	for _, test := range tests {
		rules, err := Parse("test", test.rule)
		if err != nil {
			t.Errorf("%s: %v", test.kind, err)
			continue
		}
		declared := parsed(t, test.declared)
		got := New(rules).Read(&catalogue.Type{Name: "AWS::X::Y", Schema: &catalogue.Schema{}}, place{}, declared)
		if diff := cmp.Diff(parsed(t, test.want), got); diff != "" {
			t.Errorf("%s: %s", test.kind, diff)
		}
		if diff := cmp.Diff(parsed(t, test.declared), declared); diff != "" {
			t.Errorf("%s changed what was declared: %s", test.kind, diff)
		}
	}
}

func TestWhatASchemaTellsIsFilledIn(t *testing.T) {
	rules, err := Parse("test", "* ** typed # t\n* * transform # t\n* * schema-default # t\n* * false # t\n* L/* empty-list # t\n* D default ipv4 # t")
	if err != nil {
		t.Fatal(err)
	}
	kind := func(name string) *catalogue.Schema { return &catalogue.Schema{Types: []string{name}} }
	path, family := kind("string"), kind("string")
	path.Default = "/"
	family.Enum = []any{"IPV4", "DUAL"}
	typ := &catalogue.Type{Name: "AWS::X::Y", Transforms: map[string]string{"E": "$lowercase(E)"}, Schema: &catalogue.Schema{Types: []string{"object"},
		Properties: map[string]*catalogue.Schema{"N": kind("integer"), "B": kind("boolean"), "Path": path, "D": family, "E": kind("string"),
			"L": {Types: []string{"object"}, Properties: map[string]*catalogue.Schema{"Inner": kind("array")}}}}}
	got := New(rules).Read(typ, place{}, parsed(t, `{"N":"5","E":"MySQL","L":{}}`))
	if diff := cmp.Diff(parsed(t, `{"N":5,"E":"mysql","L":{"Inner":[]},"B":false,"Path":"/","D":"IPV4"}`), got); diff != "" {
		t.Error(diff)
	}
}

// TestFacts has an example for each fact about reads that is known of AWS.
func TestFacts(t *testing.T) {
	tests := []struct{ typ, declared, want string }{ // want is part of the read
		{"AWS::EC2::SecurityGroup", `{"SecurityGroupIngress":[{"IpProtocol":"TCP","FromPort":1}]}`, `{"SecurityGroupIngress":[{"IpProtocol":"tcp","FromPort":1}]}`},
		{"AWS::RDS::DBInstance", `{"Engine":"MySQL","EngineVersion":"8.0"}`, `{"Engine":"mysql","EngineVersion":"8.0.45"}`},
		{"AWS::RDS::DBParameterGroup", `{"Family":"MySQL8.4"}`, `{"Family":"mysql8.4"}`},
		{"AWS::Route53::RecordSet", `{"Name":"MiXed.example.com"}`, `{"Name":"mixed.example.com"}`},
		{"AWS::Route53Resolver::ResolverRule", `{"DomainName":"Corp.example"}`, `{"DomainName":"corp.example."}`},
		{"AWS::ElasticLoadBalancing::LoadBalancer", `{"Listeners":[{"Protocol":"http"}]}`, `{"Listeners":[{"PolicyNames":[],"Protocol":"HTTP"}]}`},
		{"AWS::Batch::ComputeEnvironment", `{"Type":"managed"}`, `{"Type":"MANAGED"}`},
		{"AWS::EMRServerless::Application", `{"Type":"SPARK"}`, `{"Type":"Spark"}`},
		{"AWS::DMS::Endpoint", `{"EndpointType":"source"}`, `{"EndpointType":"SOURCE"}`},
		{"AWS::Config::ConfigRule", `{"InputParameters":{"maxAge":90}}`, `{"InputParameters":{"maxAge":"90"},"EvaluationModes":[{"Mode":"DETECTIVE"}]}`},
		{"AWS::Glue::Table", `{"TableInput":{"Parameters":{"n":1}}}`, `{"TableInput":{"Parameters":{"n":"1"},"Retention":0}}`},
		{"AWS::Synthetics::Canary", `{"Schedule":{"Expression":"rate(60 minutes)"}}`, `{"Schedule":{"Expression":"rate(1 hour)","RetryConfig":{"MaxRetries":0}}}`},
		{"AWS::Lambda::Alias", `{"FunctionName":"f"}`, `{"FunctionName":"arn:aws:lambda:eu-west-1:111122223333:function:f"}`},
		{"AWS::Lambda::Url", `{"TargetFunctionArn":"arn:aws:lambda:eu-west-1:111122223333:function:f"}`, `{"TargetFunctionArn":"f","InvokeMode":"BUFFERED"}`},
		{"AWS::KMS::Alias", `{"TargetKeyId":"arn:aws:kms:eu-west-1:1:key/k"}`, `{"TargetKeyId":"k"}`},
		{"AWS::CodeBuild::Project", `{"EncryptionKey":"alias/aws/s3"}`, `{"EncryptionKey":"arn:aws:kms:eu-west-1:111122223333:alias/aws/s3"}`},
		{"AWS::EC2::KeyPair", `{"KeyName":"k","PublicKeyMaterial":"ssh-ed25519 AAAA me@here"}`, `{"PublicKeyMaterial":"ssh-ed25519 AAAA k\n"}`},
		{"AWS::MemoryDB::User", `{"AccessString":"on ~* &* +@read"}`, `{"AccessString":"on ~* &* -@all +@read"}`},
		{"AWS::Oam::Sink", `{"Policy":{"Statement":[{"Principal":{"AWS":"111111111111"}}]}}`, `{"Policy":{"Statement":[{"Principal":{"AWS":"arn:aws:iam::111111111111:root"}}]}}`},
		{"AWS::SQS::Queue", `{}`, `{"SqsManagedSseEnabled":true,"VisibilityTimeout":30,"MaximumMessageSize":1048576,"MessageRetentionPeriod":345600}`},
		{"AWS::KMS::Key", `{}`, `{"Enabled":true,"KeySpec":"SYMMETRIC_DEFAULT","MultiRegion":false}`},
		{"AWS::IAM::Role", `{}`, `{"Path":"/","MaxSessionDuration":3600,"Description":""}`},
		{"AWS::S3::Bucket", `{}`, `{"AbacStatus":"Disabled","OwnershipControls":{"Rules":[{"ObjectOwnership":"BucketOwnerEnforced"}]}}`},
		{"AWS::Lambda::Function", `{}`, `{"MemorySize":128,"Timeout":3,"EphemeralStorage":{"Size":512},"Architectures":["x86_64"]}`},
		{"AWS::Logs::LogGroup", `{}`, `{"LogGroupClass":"STANDARD","DeletionProtectionEnabled":false}`},
		{"AWS::CloudTrail::Trail", `{}`, `{"EventSelectors":[{"DataResources":[],"ExcludeManagementEventSources":[],"IncludeManagementEvents":true,"ReadWriteType":"All"}]}`},
		{"AWS::DynamoDB::Table", `{"BillingMode":"PAY_PER_REQUEST"}`, `{"WarmThroughput":{"ReadUnitsPerSecond":12000,"WriteUnitsPerSecond":4000}}`},
		{"AWS::EC2::VPC", `{}`, `{"EnableDnsSupport":true}`},
		{"AWS::AmazonMQ::Configuration", `{"EngineType":"activemq"}`, `{"EngineType":"ACTIVEMQ"}`},
	}
	for _, test := range tests {
		typ, ok := catalogue.Find(test.typ)
		if !ok {
			t.Fatalf("there is no %s", test.typ)
		}
		got := Default().Read(typ, place{}, parsed(t, test.declared))
		for p, want := range parsed(t, test.want) {
			a, _ := json.Marshal(want)
			b, _ := json.Marshal(got[p])
			if string(a) != string(b) {
				t.Errorf("%s: %s is %s, want %s", test.typ, p, b, a)
			}
		}
	}
}
