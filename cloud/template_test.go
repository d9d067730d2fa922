package cloud

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/setmend/setmend/fleet"
)

const yamlTemplate = `
Parameters:
  Zone: {Type: String}
  Password:
    Type: String
    NoEcho: true
  Pin:
    NoEcho: "True"
  Open:
    NoEcho: false
Resources:
  Group:
    Properties:
      VpcId: !ImportValue
        Fn::Sub: "${Zone}-vpc"
Outputs:
  Id:
    Value: !Ref Group
    Export: {Name: !Sub "${Zone}-group"}
`

func TestTemplateFactsAreFoundInYAMLAndJSON(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       templateFacts
	}{
		{"YAML with short forms", yamlTemplate, templateFacts{noEcho: []string{"Password", "Pin"}, exports: true, imports: true}},
		{
			"JSON with tabs and surrogate pairs", "{\n\t\"Parameters\": {\"P\": {\"NoEcho\": true, \"Description\": \"\\ud83d\\ude00\"}},\n" +
				"\t\"Resources\": {\"R\": {\"Properties\": [{\"Fn::ImportValue\": \"x\"}]}}}",
			templateFacts{noEcho: []string{"P"}, imports: true},
		},
		{"YAML's long form", "Resources: {R: {Properties: {A: [{'Fn::ImportValue': x}]}}}", templateFacts{imports: true}},
		{"an alias", "Resources: {R: &r {A: !ImportValue x}, S: *r}", templateFacts{imports: true}},
		{"nothing of it", "Resources: {R: {Type: 'AWS::SNS::Topic'}}\nOutputs: {O: {Value: 1}}", templateFacts{}},
		{"words in a text are not what they say", "Description: Fn::ImportValue and Export\nResources: {}", templateFacts{}},
		{"unreadable", "Parameters: [NoEcho\n  Export: ImportValue", templateFacts{exports: true, imports: true, opaque: true}},
		{"unreadable, but harmless", "a: b: c:", templateFacts{}},
		{"empty", "", templateFacts{}},
		{"a list", "[1, 2]", templateFacts{}},
		{"strange shapes", "Parameters: 3\nOutputs: [x]\nResources: null", templateFacts{}},
	} {
		got := scanTemplate(test.text)
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(templateFacts{})); diff != "" {
			t.Errorf("%s: -want +got\n%s", test.name, diff)
		}
	}
}

func TestWhatIsMaskedIsNoEchoWhateverTheTemplateSays(t *testing.T) {
	parameters := []fleet.Parameter{{Key: "A", Value: "1"}, {Key: "B", Value: "****"}}
	for name, test := range map[string]struct {
		facts templateFacts
		want  []string
	}{
		"declared":   {templateFacts{noEcho: []string{"A"}}, []string{"A", "B"}},
		"masked":     {templateFacts{}, []string{"B"}},
		"unreadable": {templateFacts{opaque: true}, []string{"A", "B"}},
	} {
		if diff := cmp.Diff(test.want, maskedToo(test.facts, parameters)); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

// Aliases that unfold to billions of values end in caution, not in memory.
func TestAnAliasBombIsReadWithCaution(t *testing.T) {
	bomb := "Export: NoEcho\na0: &a0 [x, x]\n"
	for i := range 40 {
		name := string(rune('b'+i%25)) + strings.Repeat("z", i/25)
		previous := "a0"
		if i > 0 {
			previous = string(rune('b'+(i-1)%25)) + strings.Repeat("z", (i-1)/25)
		}
		bomb += name + ": &" + name + " [*" + previous + ", *" + previous + "]\n"
	}
	if facts := scanTemplate(bomb); !facts.opaque || !facts.exports {
		t.Errorf("%+v", facts)
	}
}

func TestAnyTextCanBeScanned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOf(rapid.SampledFrom([]string{
			"Parameters:", "Outputs:", "\n", "  ", "- ", "{", "}", "[", "]", "&a ", "*a", "!ImportValue ", "NoEcho: true", "Export:", "x: ", "\"", "\t", "<<: ", "? ", "|", "---\n",
		})).Draw(t, "pieces")
		scanTemplate(strings.Join(pieces, ""))
	})
}
