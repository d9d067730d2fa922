package transform

import (
	"os"
	"strings"
	"testing"

	"github.com/setmend/setmend/awssim/internal/template"
)

// FuzzProcess: any template with transforms is processed or refused with an Error,
// without a panic.
func FuzzProcess(f *testing.F) {
	for _, seed := range []string{
		"Transform: AWS::LanguageExtensions\nResources: {'Fn::ForEach::A': [X, [a], {'T${X}': {Type: AWS::SNS::Topic}}]}",
		"Transform: AWS::Serverless-2016-10-31\nResources: {F: {Type: AWS::Serverless::Function, Properties: {Handler: a, Runtime: b, InlineCode: c, Policies: [{A: b}], Events: {E: {Type: Api, Properties: {Path: /, Method: get}}}}}}",
		"Transform: AWS::Serverless-2016-10-31\nResources: {M: {Type: AWS::Serverless::StateMachine, Properties: {Definition: {a: null}}}, A: {Type: AWS::Serverless::HttpApi}}",
		"Resources: {T: {Type: AWS::SNS::Topic, DeletionPolicy: !If [C, Retain, Delete]}}\nConditions: {C: !Equals [a, b]}",
		"Resources: {'Fn::Transform': [{Name: AWS::Include, Parameters: {Location: s3://a/b}}]}",
		"Transform: AWS::LanguageExtensions\nConditions: {A: !Condition A}\nResources: {T: {Type: AWS::SNS::Topic, Properties: !Ref [a]}}",
	} {
		f.Add(seed)
	}
	if text, err := os.ReadFile("../../../testdata/corpus/serverless.txtar"); err == nil {
		for _, part := range strings.Split(string(text), "\n-- ") {
			_, body, _ := strings.Cut(part, " --\n")
			f.Add(body)
		}
	}
	s := Services{Object: func(string) (string, error) { return "{A: {Type: AWS::SNS::Topic}}", nil }}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := template.Parse(text)
		if err != nil || !parsed.Pending() {
			return
		}
		given := map[string]string{}
		for _, p := range parsed.Parameters {
			if p.Default == nil {
				given[p.Key] = "1"
			}
		}
		values, err := parsed.Values(given)
		if err != nil {
			return
		}
		if _, err := Process(parsed, values, here, s); err != nil {
			if _, ok := err.(*template.Error); !ok {
				t.Fatalf("%T: %v", err, err)
			}
		}
	})
}
