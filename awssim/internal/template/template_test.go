package template

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// world answers a binding's questions for tests: a resource is called as itself.
type world struct{}

func (world) PhysicalID(r *Resource) (string, error) { return "id-" + r.LogicalID, nil }
func (world) Attribute(r *Resource, name string) (any, error) {
	return r.LogicalID + "/" + name, nil
}
func (world) Import(name string) (any, error) {
	if name == "known" {
		return "imported", nil
	}
	return nil, errors.New("No export named " + name + " found.")
}
func (world) Zones(region string) ([]string, error) { return []string{region + "b", region + "a"}, nil }
func (world) Resolve(d DynamicReference) (string, error) {
	return "<" + d.Service + " " + d.Name() + ">", nil
}

var here = Place{Account: "111122223333", Region: "eu-west-1", Partition: "aws",
	StackID: "arn:aws:cloudformation:eu-west-1:111122223333:stack/app/u", StackName: "app"}

func mustParse(t *testing.T, text string) *Template {
	t.Helper()
	tpl, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

func bind(t *testing.T, tpl *Template, given map[string]string) *Binding {
	t.Helper()
	values, err := tpl.Values(given)
	if err != nil {
		t.Fatal(err)
	}
	return tpl.Bind(values, here, world{})
}

// evaluate puts an expression into a property and evaluates it.
func evaluate(t *testing.T, expression string) (any, error) {
	t.Helper()
	tpl, err := Parse(`
Parameters:
  Env: {Type: String, Default: prod}
  Zones: {Type: CommaDelimitedList, Default: "a, b,c"}
Mappings: {Sizes: {prod: {Type: large, List: [x, y]}}}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsDev: !Not [!Condition IsProd]
  Either: !Or [!Condition IsProd, !Condition IsDev]
  Both: !And [!Condition IsProd, !Condition IsDev]
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Subject:
    Type: AWS::SNS::Topic
    Properties:
      P: ` + expression + "\n")
	if err != nil {
		return nil, err
	}
	r, _ := tpl.Resource("Subject")
	p, err := bind(t, tpl, nil).Properties(r)
	return p["P"], err
}

func TestEveryIntrinsicFunctionEvaluates(t *testing.T) {
	tests := []struct {
		expression string
		want       any
	}{
		{`!Ref Env`, "prod"},
		{`!Ref Zones`, []any{"a", "b", "c"}},
		{`!Ref Topic`, "id-Topic"},
		{`{Ref: "AWS::AccountId"}`, "111122223333"},
		{`!Ref AWS::NoValue`, nil},
		{`[x, !Ref "AWS::NoValue", y]`, []any{"x", "y"}},
		{`!GetAtt Topic.TopicName`, "Topic/TopicName"},
		{`!GetAtt [Topic, Outputs.X]`, "Topic/Outputs.X"},
		{`{"Fn::GetAtt": [Topic, !Ref Env]}`, "Topic/prod"},
		{`!Sub "${Env}-${AWS::Region}-${Topic}-${Topic.TopicArn}-${!Keep}"`, "prod-eu-west-1-id-Topic-Topic/TopicArn-${Keep}"},
		{`!Sub ["${Env}/${X}", {X: !Select [1, !Ref Zones]}]`, "prod/b"},
		{`!Join ["-", [a, 1, true, !Ref Env]]`, "a-1-true-prod"},
		{`!Split [",", "a,b"]`, []any{"a", "b"}},
		{`!Select ["0", !GetAZs ""]`, "eu-west-1a"},
		{`!FindInMap [Sizes, !Ref Env, Type]`, "large"},
		{`!Select [1, !FindInMap [Sizes, prod, List]]`, "y"},
		{`!If [IsProd, yes-it-is, no]`, "yes-it-is"},
		{`!If [IsDev, 1, !Ref "AWS::NoValue"]`, nil},
		{`!If [Either, 1, 2]`, Number("1")},
		{`!If [Both, 1, 2]`, Number("2")},
		{`!Base64 hello`, "aGVsbG8="},
		{`!Cidr [10.0.0.0/24, 2, 5]`, []any{"10.0.0.0/27", "10.0.0.32/27"}},
		{`!Cidr ["2001:db8::/56", 2, 64]`, []any{"2001:db8::/64", "2001:db8:0:1::/64"}},
		{`!ImportValue known`, "imported"},
		{`"{{resolve:ssm:/app/key:3}}!"`, "<ssm /app/key>!"},
		{`!Sub "{{resolve:secretsmanager:${Env}:SecretString:pw}}"`, "<secretsmanager prod>"},
		{`012345678901`, "012345678901"},
		{`2010-09-09`, "2010-09-09"},
		{`{b: 1.50}`, map[string]any{"b": Number("1.50")}},
	}
	for _, test := range tests {
		t.Run(test.expression, func(t *testing.T) {
			got, err := evaluate(t, test.expression)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBadFunctionsAreRefusedInAWSWords(t *testing.T) {
	tests := []struct{ expression, want string }{
		{`!Ref Nobody`, "Template format error: Unresolved resource dependencies [Nobody] in the Resources block of the template"},
		{`!Sub "${Nobody}"`, "Template format error: Unresolved resource dependencies [Nobody] in the Resources block of the template"},
		{`!GetAtt Nobody.Arn`, "Template error: instance of Fn::GetAtt references undefined resource Nobody"},
		{`!GetAtt Topic`, "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute"},
		{`!Join [a]`, "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."},
		{`!Select [7, [a]]`, "Template error: Fn::Select cannot select nonexistent value at index 7"},
		{`!FindInMap [Sizes, prod, Nothing]`, "Template error: Unable to get mapping for Sizes::prod::Nothing"},
		{`!FindInMap [None, prod, Nothing]`, "Template error: Mapping named 'None' is not present in the 'Mappings' section of template."},
		{`!FindInMap [Sizes, prod, Nothing, {DefaultValue: x}]`, "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value"},
		{`!If [Nowhere, 1, 2]`, "Template format error: Unresolved condition dependency Nowhere in the Resources block of the template"},
		{`!ImportValue unknown`, "No export named unknown found."},
		{`!Sub "x${}"`, "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons"},
		{`!Sub "${a b}"`, "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons"},
		{`!Cidr ["2001:db8::/32", 2, 96]`, "Template error: Fn::Cidr: 2 blocks of 96 bits do not fit into 2001:db8::/32"},
		{`!Ref Subject`, "Circular dependency between resources: [Subject]"},
		{`"{{resolve:ssm:bad name}}"`, "Incorrect format is used in the following SSM reference: [{{resolve:ssm:bad name}}]"},
	}
	for _, test := range tests {
		t.Run(test.expression, func(t *testing.T) {
			_, err := evaluate(t, test.expression)
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	for _, f := range []string{`!Length [a]`, `!ToJsonString {a: 1}`, `!Nonsense x`} {
		if _, err := evaluate(t, f); err == nil || !strings.HasPrefix(err.Error(), "Template error: Encountered unsupported function: Fn::") {
			t.Errorf("%s: %v", f, err)
		}
	}
}

func TestMalformedTemplatesAreRefused(t *testing.T) {
	const ok = "Resources: {T: {Type: AWS::SNS::Topic}}\n"
	tests := []struct{ name, text, want string }{
		{"empty", "", "Template format error: unsupported structure."},
		{"a scalar", "hello", "Template format error: unsupported structure."},
		{"broken JSON", `{"Resources": }`, "Template format error: JSON not well-formed. (line 1, column 15)"},
		{"broken YAML", "a: [", "Template format error: YAML not well-formed. (line 1, column 1)"},
		{"no resources", "Resources: {}", "Template format error: At least one Resources member must be defined."},
		{"strange section", ok + "Stuff: 1", "Invalid template property or properties [Stuff]"},
		{"version", ok + "AWSTemplateFormatVersion: 2011-01-01", "Template format error: unsupported value for AWSTemplateFormatVersion."},
		{"no type", "Resources: {T: {}}", "Template format error: [/Resources/T] Every Resources object must contain a Type member."},
		{"strange type", "Resources: {T: {Type: Thing}}", "Template format error: Unrecognized resource types: [Thing]"},
		{"resource key", "Resources: {T: {Type: AWS::SNS::Topic, Color: red}}", "Invalid template resource property 'Color'"},
		{"resource name", "Resources: {a-b: {Type: AWS::SNS::Topic}}", "Template format error: Resource name a-b is non alphanumeric."},
		{"alias", "Resources: {T: &x {Type: AWS::SNS::Topic}, U: *x}", "Template format error: YAML aliases are not allowed in CloudFormation templates"},
		{"cycle", "Resources: {A: {Type: AWS::SNS::Topic, DependsOn: B}, B: {Type: AWS::SNS::Topic, DependsOn: [A]}, C: {Type: AWS::SNS::Topic, DependsOn: A}}", "Circular dependency between resources: [A, B]"},
		{"beside a cycle", "Resources: {A: {Type: AWS::SNS::Topic, DependsOn: [B, D]}, B: {Type: AWS::SNS::Topic, DependsOn: A}, C: {Type: AWS::SNS::Topic, DependsOn: E}, D: {Type: AWS::SNS::Topic}, E: {Type: AWS::SNS::Topic, DependsOn: [A, F]}, F: {Type: AWS::SNS::Topic, DependsOn: D}}", "Circular dependency between resources: [A, B]"},
		{"DependsOn", "Resources: {A: {Type: AWS::SNS::Topic, DependsOn: Z}}", "Template format error: Unresolved resource dependencies [Z] in the Resources block of the template"},
		{"output", ok + "Outputs: {O: {Value: !Ref X}}", "Template format error: Unresolved resource dependencies [X] in the Outputs block of the template"},
		{"output without value", ok + "Outputs: {O: {Description: x}}", "Template format error: Every Outputs member must contain a Value object"},
		{"resource in condition", ok + "Conditions: {C: !Equals [!Ref T, x]}", "Template format error: Unresolved dependencies [T]. Cannot reference resources in the Conditions block of the template"},
		{"parameter type", ok + "Parameters: {P: {Type: Strange}}", "Template format error: Unrecognized parameter type: Strange"},
		{"mapping", ok + "Mappings: {M: {a: {b: {c: d}}}}", "Template format error: Every Mappings attribute must be a String or a List."},
		{"policy", "Resources: {T: {Type: AWS::SNS::Topic, DeletionPolicy: Keep}}", "Template format error: Unrecognized DeletionPolicy Keep. Allowed values are [Delete, Retain, Snapshot, RetainExceptOnCreate]."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(test.text)
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestDeepNestingIsRefused(t *testing.T) {
	for _, text := range []string{
		`{"Resources": ` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "}",
		"Resources: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
	} {
		if _, err := Parse(text); err == nil {
			t.Error("accepted")
		}
	}
}

func TestTemplatesWithTransformsAreReadAndPending(t *testing.T) {
	for _, text := range []string{"Transform: MyMacro", "Transform: [AWS::Serverless-2016-10-31]", "Metadata: {Fn::Transform: {Name: AWS::Include}}"} {
		tpl := mustParse(t, text+"\nParameters: {P: {Type: String}}\nResources: {F: {Type: AWS::Serverless::Function, Properties: !Length [1]}}\n")
		if !tpl.Pending() || len(tpl.Transforms) != 1 {
			t.Errorf("%s is not pending", text)
		}
		if len(tpl.Parameters) != 1 || tpl.Resources[0].Type != "AWS::Serverless::Function" {
			t.Errorf("%s: parameters and types are lost", text)
		}
	}
}

func TestParametersAreCheckedAgainstEveryConstraint(t *testing.T) {
	tests := []struct{ declaration, value, want string }{
		{`{Type: String, AllowedValues: [a, b]}`, "c", "Parameter 'P' must be one of AllowedValues"},
		{`{Type: String, AllowedPattern: "[a-z]+"}`, "A1", "Parameter 'P' must match pattern [a-z]+"},
		{`{Type: String, AllowedPattern: "[a-z]+", ConstraintDescription: lower case only}`, "A1", "Parameter 'P' failed to satisfy constraint: lower case only"},
		{`{Type: String, MinLength: 3}`, "ab", "Parameter 'P' must contain at least 3 characters"},
		{`{Type: String, MaxLength: "3"}`, "abcd", "Parameter 'P' must contain at most 3 characters"},
		{`{Type: Number}`, "x", "Parameter 'P' must be a number."},
		{`{Type: Number, MinValue: 1.5}`, "1", "Parameter 'P' must be a number not less than 1.5"},
		{`{Type: Number, MaxValue: 10}`, "10.5", "Parameter 'P' must be a number not greater than 10"},
		{`{Type: CommaDelimitedList, AllowedValues: [a, b]}`, "a, b", ""},
		{`{Type: CommaDelimitedList, AllowedValues: [a, b]}`, "a,c", "Parameter 'P' must be one of AllowedValues"},
		{`{Type: "List<Number>"}`, "1,x", "Parameter 'P' must be a number."},
		{`{Type: "AWS::SSM::Parameter::Value<List<String>>"}`, "/a/b", ""},
		{`{Type: "List<AWS::EC2::Subnet::Id>"}`, "subnet-1,subnet-2", ""},
		{`{Type: String}`, strings.Repeat("x", 4097), "Parameter 'P' exceeds maximum length of 4096."},
	}
	for _, test := range tests {
		tpl := mustParse(t, "Parameters: {P: "+test.declaration+"}\nResources: {T: {Type: AWS::SNS::Topic}}")
		_, err := tpl.Values(map[string]string{"P": test.value})
		if got := errText(err); got != test.want {
			t.Errorf("%s = %.20q: got %q, want %q", test.declaration, test.value, got, test.want)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestMissingAndUnknownParametersAreNamed(t *testing.T) {
	tpl := mustParse(t, "Parameters: {B: {Type: String}, A: {Type: String}}\nResources: {T: {Type: AWS::SNS::Topic}}")
	_, err := tpl.Values(nil)
	if errText(err) != "Parameters: [B, A] must have values" {
		t.Error(err)
	}
	_, err = tpl.Values(map[string]string{"Z": "", "Y": ""})
	if errText(err) != "Parameters: [Y, Z] do not exist in the template" {
		t.Error(err)
	}
}

func TestOutputsFollowTheirConditions(t *testing.T) {
	tpl := mustParse(t, `
Parameters: {Enabled: {Type: String, Default: "true"}}
Conditions: {C: !Equals [!Ref Enabled, true]}
Resources: {T: {Type: AWS::SNS::Topic}}
Outputs:
  Z: {Value: !Ref T, Export: {Name: !Sub "${AWS::StackName}-topic"}}
  A: {Value: !GetAtt T.Arn, Condition: C, Description: the ARN}
`)
	got, err := bind(t, tpl, nil).Outputs()
	if err != nil {
		t.Fatal(err)
	}
	want := []OutputValue{{Key: "Z", Value: "id-T", Export: "app-topic"}, {Key: "A", Value: "T/Arn", Description: "the ARN"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got, _ = bind(t, tpl, map[string]string{"Enabled": "false"}).Outputs()
	if len(got) != 1 {
		t.Errorf("%d outputs without the condition", len(got))
	}
}

func TestWhatAConditionLeavesOutCannotBeReferredTo(t *testing.T) {
	tpl := mustParse(t, `
Conditions: {Never: !Equals [a, b]}
Resources:
  Gone: {Type: AWS::SNS::Topic, Condition: Never}
  Ok: {Type: AWS::SNS::Topic, Properties: {X: !If [Never, !Ref Gone, none]}}
  Bad: {Type: AWS::SNS::Topic, Properties: {X: !Sub "${Gone.TopicName}"}}
Outputs: {O: {Value: !Ref Gone}}
`)
	b := bind(t, tpl, nil)
	ok, _ := tpl.Resource("Ok")
	if p, err := b.Properties(ok); err != nil || p["X"] != "none" {
		t.Errorf("%v, %v", p, err)
	}
	bad, _ := tpl.Resource("Bad")
	if _, err := b.Properties(bad); errText(err) != "Template format error: Unresolved resource dependencies [Gone] in the Resources block of the template" {
		t.Error(err)
	}
	if _, err := b.Outputs(); errText(err) != "Template format error: Unresolved resource dependencies [Gone] in the Outputs block of the template" {
		t.Error(err)
	}
}

func TestRulesRefuseValuesThatBreakThem(t *testing.T) {
	tpl := mustParse(t, `
Parameters: {Env: {Type: String}, Size: {Type: String}}
Rules:
  Production:
    RuleCondition: !Equals [!Ref Env, prod]
    Assertions: [{Assert: {"Fn::Contains": [[large], !Ref Size]}, AssertDescription: production is large}]
Resources: {T: {Type: AWS::SNS::Topic}}`)
	if err := bind(t, tpl, map[string]string{"Env": "dev", "Size": "small"}).CheckRules(); err != nil {
		t.Error(err)
	}
	err := bind(t, tpl, map[string]string{"Env": "prod", "Size": "small"}).CheckRules()
	if errText(err) != "Template error: Rule Production failed: production is large" {
		t.Error(err)
	}
}

func TestDependenciesComeFirst(t *testing.T) {
	tpl := mustParse(t, `{"Resources": {
	"A": {"Type": "AWS::SNS::Topic", "Properties": {"X": {"Fn::Sub": "${B.Arn}"}}},
	"B": {"Type": "AWS::SNS::Topic", "DependsOn": "C"},
	"C": {"Type": "AWS::SNS::Topic"}}}`)
	var order []string
	for _, r := range tpl.Order() {
		order = append(order, r.LogicalID)
	}
	if diff := cmp.Diff([]string{"C", "B", "A"}, order); diff != "" {
		t.Error(diff)
	}
}

func TestTextsThatGrowWithoutEndAreCutOff(t *testing.T) {
	tpl := mustParse(t, "Parameters: {P: {Type: String}}\nResources: {T: {Type: AWS::SNS::Topic, Properties: {X: !Sub '"+
		strings.Repeat("${P}", 5000)+"'}}}")
	b := bind(t, tpl, map[string]string{"P": strings.Repeat("x", 4096)})
	if _, err := b.Properties(tpl.Resources[0]); err == nil {
		t.Error("20 MB made of 20 KB")
	}
}

func TestPlainScalarsAreReadAsYAML11(t *testing.T) {
	for text, want := range map[string]any{
		"yes": true, "No": false, "ON": true, "off": false, "true": true, "y": "y", "n": "n", "yEs": "yEs",
		"'yes'": "yes", `"no"`: "no", "!!str yes": "yes",
		"0123": Number("83"), "012345678901": "012345678901", "065115117704": Number("7133765572"), "0x1F": Number("31"), "0b101": Number("5"),
		"1_000": Number("1000"), "-0o17": "-0o17", "1:30": Number("90"), "22:22:22": Number("80542"), "03:00": "03:00", "1:75": "1:75",
		"1.50": Number("1.50"), "1e3": Number("1e3"), "2012-10-17": "2012-10-17", ".5": ".5", "+1": Number("1"),
	} {
		v, err := Decode("K: " + text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := v.(*Map).Values["K"]; got != want {
			t.Errorf("%s is %#v, not %#v", text, got, want)
		}
	}
}

func TestOtherStacksOutputsAndAttributesAreAskedFor(t *testing.T) {
	tpl := mustParse(t, `
Parameters: {Vpc: {Type: 'AWS::EC2::VPC::Id'}, Subnets: {Type: 'List<AWS::EC2::Subnet::Id>'}}
Rules:
  Inside: {Assertions: [{Assert: {'Fn::EachMemberIn': [{'Fn::ValueOfAll': ['AWS::EC2::Subnet::Id', VpcId]}, {'Fn::RefAll': 'AWS::EC2::VPC::Id'}]}, AssertDescription: subnets lie in the VPC}]}
Resources: {T: {Type: AWS::SNS::Topic, Properties: {DisplayName: {'Fn::GetStackOutput': {StackName: net, OutputName: Id}}}}}
`)
	values := map[string]string{"Vpc": "vpc-1", "Subnets": "subnet-1,subnet-2"}
	for around, want := range map[Outlook]string{outlook{"vpc-1"}: "", outlook{"vpc-2"}: "Template error: Rule Inside failed: subnets lie in the VPC"} {
		b := tpl.Bind(values, here, around.(outlook))
		if err := b.CheckRules(); errText(err) != want {
			t.Errorf("%v, not %s", err, want)
		}
		if p, err := b.Properties(tpl.Resources[0]); err != nil || p["DisplayName"] != "net.Id in eu-west-1" {
			t.Errorf("%v, %v", p, err)
		}
	}
	if err := tpl.Bind(values, here, world{}).CheckRules(); err != nil {
		t.Errorf("a world that cannot be asked refuses: %v", err)
	}
}

// outlook is a world whose subnets all lie in one VPC.
type outlook struct{ vpc string }

func (outlook) PhysicalID(r *Resource) (string, error)          { return world{}.PhysicalID(r) }
func (outlook) Attribute(r *Resource, name string) (any, error) { return world{}.Attribute(r, name) }
func (outlook) Import(name string) (any, error)                 { return world{}.Import(name) }
func (outlook) Zones(region string) ([]string, error)           { return world{}.Zones(region) }
func (outlook) Resolve(d DynamicReference) (string, error)      { return world{}.Resolve(d) }
func (outlook) StackOutput(stack, output, region, _ string) (string, error) {
	return stack + "." + output + " in " + region, nil
}
func (o outlook) ResourceAttribute(_, _, _ string) (string, bool) { return o.vpc, true }
