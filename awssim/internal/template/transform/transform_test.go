package transform

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim/internal/template"
)

var here = template.Place{Account: "111122223333", Region: "eu-west-1", Partition: "aws", StackName: "app"}

func process(t *testing.T, text string, given map[string]string, s Services) (*template.Template, error) {
	t.Helper()
	parsed, err := template.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	values, err := parsed.Values(given)
	if err != nil {
		t.Fatal(err)
	}
	return Process(parsed, values, here, s)
}

// processed is a section of the processed template as a plain value.
func processed(t *testing.T, text string, given map[string]string, s Services) map[string]any {
	t.Helper()
	out, err := process(t, text, given, s)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(out.Processed), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestLoopsExpandInEverySection(t *testing.T) {
	got := processed(t, `
Transform: AWS::LanguageExtensions
Parameters: {Names: {Type: CommaDelimitedList, Default: "Alpha,Be-ta"}}
Mappings: {Ports: {Alpha: {List: ["80", "443"]}, Be-ta: {List: ["22"]}}}
Conditions:
  Fn::ForEach::C: [Name, !Ref Names, {"Has&{Name}": !Equals [!Ref Name, Alpha]}]
Resources:
  Fn::ForEach::Outer:
    - Name
    - !Ref Names
    - Fn::ForEach::Inner:
        - Port
        - !FindInMap [Ports, !Ref Name, List]
        - "Topic&{Name}${Port}":
            Type: AWS::SNS::Topic
            Condition: "Has&{Name}"
            Properties:
              TopicName: !Sub "${Name}-${Port}-${AWS::Region}"
              Fn::ForEach::P: [K, [DisplayName], {"${K}": !Ref K}]
Outputs:
  Fn::ForEach::O:
    - Name
    - [Alpha]
    - "Out${Name}": {Value: !GetAtt "Topic${Name}80.TopicName", Condition: HasAlpha}
`, nil, Services{})
	want := map[string]any{
		"TopicAlpha80":  topic("HasAlpha", "Alpha-80-${AWS::Region}"),
		"TopicAlpha443": topic("HasAlpha", "Alpha-443-${AWS::Region}"),
		"TopicBeta22":   topic("HasBeta", "Be-ta-22-${AWS::Region}"),
	}
	if diff := cmp.Diff(want, got["Resources"]); diff != "" {
		t.Error(diff)
	}
	out := got["Outputs"].(map[string]any)["OutAlpha"].(map[string]any)
	if diff := cmp.Diff(map[string]any{"Fn::GetAtt": []any{"TopicAlpha80", "TopicName"}}, out["Value"]); diff != "" {
		t.Error(diff)
	}
}

func topic(condition, name string) map[string]any {
	return map[string]any{"Type": "AWS::SNS::Topic", "Condition": condition,
		"Properties": map[string]any{"TopicName": map[string]any{"Fn::Sub": name}, "DisplayName": "DisplayName"}}
}

func TestDeletionPoliciesAreEvaluated(t *testing.T) {
	for _, test := range []struct{ head, policy, want string }{
		{"Transform: AWS::LanguageExtensions", "!Ref Keep", "Retain"},
		{"Transform: AWS::LanguageExtensions", "!FindInMap [M, x, y, {DefaultValue: Delete}]", "Delete"},
		{"", "!If [C, Retain, Delete]", "Retain"},
		{"", "!If [C, !Ref AWS::NoValue, Delete]", ""},
	} {
		out, err := process(t, test.head+`
Parameters: {Keep: {Type: String, Default: Retain}}
Mappings: {M: {a: {b: c}}}
Conditions: {C: !Equals [!Ref Keep, Retain]}
Resources: {T: {Type: AWS::SNS::Topic, DeletionPolicy: `+test.policy+`}}
`, nil, Services{})
		if err != nil {
			t.Errorf("%s: %v", test.policy, err)
			continue
		}
		if got := out.Resources[0].DeletionPolicy; got != test.want {
			t.Errorf("%s: %q, not %q", test.policy, got, test.want)
		}
	}
}

func TestIncludesTakeTheirPlace(t *testing.T) {
	s := Services{Object: func(location string) (string, error) {
		switch location {
		case "s3://parts/resources.yaml":
			return "Topic: {Type: AWS::SNS::Topic}\nQueue: {Type: AWS::SQS::Queue}\n", nil
		case "s3://parts/tags.json":
			return `{"Tags": [{"Key": "a", "Value": "b"}]}`, nil
		case "s3://parts/doc.json":
			return `[{"a": {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://parts/tags.json"}}}}]`, nil
		}
		return "", errors.New("Access Denied")
	}}
	got := processed(t, `
Parameters: {Bucket: {Type: String, Default: parts}}
Resources:
  Fn::Transform: {Name: AWS::Include, Parameters: {Location: !Sub "s3://${Bucket}/resources.yaml"}}
  Own:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: x
      Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://parts/tags.json}}
      Doc: !Transform {Name: AWS::Include, Parameters: {Location: s3://parts/doc.json}}
`, nil, s)
	tags := map[string]any{"Tags": []any{map[string]any{"Key": "a", "Value": "b"}}}
	want := map[string]any{
		"Own": map[string]any{"Type": "AWS::SNS::Topic", "Properties": map[string]any{"DisplayName": "x", "Tags": tags["Tags"],
			"Doc": []any{map[string]any{"a": tags}}}},
		"Topic": map[string]any{"Type": "AWS::SNS::Topic"}, "Queue": map[string]any{"Type": "AWS::SQS::Queue"},
	}
	if diff := cmp.Diff(want, got["Resources"]); diff != "" {
		t.Error(diff)
	}
	_, err := process(t, "Resources: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://none/x}}}", nil, s)
	if err == nil || !strings.HasPrefix(err.Error(), "Transform AWS::Include failed with: S3 bucket [none]") {
		t.Error(err)
	}
}

func TestMacrosSeeTheFragmentAndTheValues(t *testing.T) {
	s := Services{Macro: func(call Macro) ([]byte, bool, error) {
		switch call.Name {
		case "Whole":
			return []byte(strings.Replace(string(call.Fragment), "AWS::SQS::Queue", "AWS::SNS::Topic", 1)), true, nil
		case "Upper":
			return []byte(`"` + strings.ToUpper(call.Parameters["Text"].(string)) + `"`), true, nil
		case "Broken":
			return nil, true, errors.New("it broke")
		}
		return nil, false, nil
	}}
	got := processed(t, `
Transform: [Whole]
Parameters: {P: {Type: String, Default: v}}
Resources: {T: {Type: AWS::SQS::Queue, Properties: {DisplayName: {Fn::Transform: {Name: Upper, Parameters: {Text: !Ref P}}}}}}
`, nil, s)
	want := map[string]any{"T": map[string]any{"Type": "AWS::SNS::Topic", "Properties": map[string]any{"DisplayName": "V"}}}
	if diff := cmp.Diff(want, got["Resources"]); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{
		"Broken": "Transform 111122223333::Broken failed with: it broke", "None": "No transform named None found.",
		"AWS::Magic": "Transform AWS::Magic failed with: the embedded AWS does not run this transform",
	} {
		_, err := process(t, "Transform: "+name+"\nResources: {T: {Type: AWS::SNS::Topic}}", nil, s)
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLoopsThatCannotBeExpandedAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		`Fn::ForEach::L: [X, [a], no]`:                                 "Transform AWS::LanguageExtensions failed with: Fn::ForEach::L requires an object as template",
		`Fn::ForEach::L: [X, !GetAtt A.B, {"${X}": {}}]`:               "Transform AWS::LanguageExtensions failed with: Fn::ForEach::L: the collection could not be resolved: Template error: only parameters, mappings and conditions can be used here",
		`Fn::ForEach::L: [X, [a, b], {Same: {Type: AWS::SNS::Topic}}]`: "Transform AWS::LanguageExtensions failed with: Fn::ForEach::L makes the key Same more than once",
	} {
		_, err := process(t, "Transform: AWS::LanguageExtensions\nResources: {"+text+"}", nil, Services{})
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	many := "[" + strings.Repeat("a, ", 600) + "b]"
	var loops strings.Builder
	for _, id := range []string{"A", "B", "C", "D"} {
		loops.WriteString(`Fn::ForEach::` + id + `: [` + id + `, ` + many + `, {`)
	}
	_, err := process(t, "Transform: AWS::LanguageExtensions\nResources: {"+loops.String()+`"${A}${B}${C}${D}": {Type: AWS::SNS::Topic}`+strings.Repeat("}]", 4)+"}", nil, Services{})
	if err == nil {
		t.Error("a loop of 600^4 was expanded")
	}
}
