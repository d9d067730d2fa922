package template

import "testing"

// FuzzParse: any text is parsed or refused with an Error, and what was parsed can
// be evaluated or is refused, without a panic.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "{", "a: [", "Resources: {T: {Type: AWS::SNS::Topic}}",
		`{"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"N": {"Fn::Sub": ["${X}${!y}", {"X": {"Ref": "AWS::Region"}}]}}}}}`,
		"Parameters: {P: {Type: 'List<Number>', Default: '1,2', MaxValue: 3}}\nConditions: {C: !Equals [!Ref P, x]}\nResources: {T: {Type: AWS::SNS::Topic, Condition: C, Properties: {A: !If [C, !Cidr [10.0.0.0/8, 256, 8], !Select [0, !Split ['-', a-b]]]}}}\nOutputs: {O: {Value: !GetAtt T.Arn, Export: {Name: x}}}",
		"Rules: {R: {Assertions: [{Assert: {'Fn::EachMemberIn': [{'Fn::RefAll': String}, [a]]}}]}}\nResources: {T: {Type: Custom::X, DependsOn: [T]}}",
		"Mappings: {M: {a: {b: [c]}}}\nResources: {T: {Type: AWS::SNS::Topic, Properties: !FindInMap [M, a, b]}}",
		"Resources: {T: {Type: AWS::SNS::Topic, Properties: {K: '{{resolve:ssm:x:1}}', L: &a b, M: *a}}}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tpl, err := Parse(text)
		if err != nil {
			if _, ok := err.(*Error); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		given := map[string]string{}
		for _, p := range tpl.Parameters {
			if p.Default == nil {
				given[p.Key] = "1"
			}
		}
		values, err := tpl.Values(given)
		if err != nil || tpl.Pending() {
			return
		}
		b := tpl.Bind(values, here, world{})
		_ = b.CheckRules()
		for _, r := range tpl.Order() {
			_, _ = b.Active(r)
			_, _ = b.Properties(r)
		}
		_, _ = b.Outputs()
	})
}
