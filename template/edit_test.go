package template_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/setmend/setmend/template"
)

const yamlTemplate = `# The function.
Parameters:
  Memory: {Type: Number, Default: 128}
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      MemorySize: 128   # megabytes
      Timeout: "3"
      Description: 'it''s fine'
      Layers: [!Ref Base, "arn: x"]
      Role: !GetAtt Role.Arn
      Tags:
        - {Key: a, Value: b}
  Sized:
    Type: AWS::Lambda::Function
    Properties:
      MemorySize: !Ref Memory
      Timeout: {"Ref": Memory}
`

func TestAValueThatTakesAnothersPlaceChangesNothingElse(t *testing.T) {
	for path, c := range map[string]struct{ value, old, new string }{
		"/MemorySize":   {"512", "MemorySize: 128   # megabytes", "MemorySize: 512   # megabytes"},
		"/Timeout":      {"900", `Timeout: "3"`, `Timeout: "900"`},
		"/Description":  {"no: longer", `Description: 'it''s fine'`, `Description: 'no: longer'`},
		"/Tags/0/Value": {"x, y", "{Key: a, Value: b}", `{Key: a, Value: "x, y"}`},
		"/Layers/1":     {"z", `"arn: x"]`, `z]`},
	} {
		got, err := template.SetProperty(yamlTemplate, "Function", path, c.value)
		if want := strings.Replace(yamlTemplate, c.old, c.new, 1); err != nil || got != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", path, err, got, want)
		}
	}
}

func TestAListOrANewPropertyIsWrittenWithTheTextAnew(t *testing.T) {
	got, err := template.SetProperty(yamlTemplate, "Function", "/Tags/1", `{"Key":"c","Value":"007"}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# The function.", "# megabytes", "!GetAtt Role.Arn", `Value: "007"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing from\n%s", want, got)
		}
	}
	if got, err = template.SetProperty(yamlTemplate, "Function", "/Environment/Variables/X", "1"); err != nil || !strings.Contains(got, "Variables:\n          X: 1") {
		t.Errorf("%v\n%s", err, got)
	}
	if got, err = template.DropProperty(yamlTemplate, "Function", "/Tags/0"); err != nil || strings.Contains(got, "Key: a") {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestAJSONTemplateStaysJSONInItsOrder(t *testing.T) {
	text := `{"Resources": {"Z": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 5, "B": "x"}}, "A": {"Type": "T"}}}`
	got, err := template.SetProperty(text, "Z", "/DelaySeconds", "7")
	if want := strings.Replace(text, "5", "7", 1); err != nil || got != want {
		t.Errorf("%v %s", err, got)
	}
	got, err = template.SetProperty(text, "A", "/Tags/0", `{"Key":"k","Value":"1"}`)
	if err != nil || strings.Index(got, `"Z"`) > strings.Index(got, `"A"`) || !strings.Contains(got, `"Value": "1"`) {
		t.Errorf("%v %s", err, got)
	}
}

func TestWhatIsComputedOrComesFromAParameterIsNotOverwritten(t *testing.T) {
	if _, err := template.SetProperty(yamlTemplate, "Function", "/Role", "x"); !errors.Is(err, template.ErrComputed) {
		t.Errorf("a GetAtt: %v", err)
	}
	for _, path := range []string{"/MemorySize", "/Timeout"} {
		place, err := template.Locate(yamlTemplate, "Sized", path)
		if err != nil || place.Parameter != "Memory" {
			t.Errorf("%s: %+v %v", path, place, err)
		}
		if _, err := template.SetProperty(yamlTemplate, "Sized", path, "1"); err == nil {
			t.Errorf("%s was overwritten", path)
		}
	}
	if _, err := template.Locate(yamlTemplate, "Nobody", "/X"); err == nil {
		t.Error("a resource that is not there was found")
	}
}
