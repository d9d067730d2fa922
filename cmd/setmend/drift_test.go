package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/review"
)

// lambdaTemplate is that of the article on drift-aware change sets.
const lambdaTemplate = `Resources:
  DriftTestFunction:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.9
      Handler: index.lambda_handler
      MemorySize: 128
      ReservedConcurrentExecutions: 5
      Role: !GetAtt LambdaExecutionRole.Arn
      Code:
        ZipFile: |
          def lambda_handler(event, context):
              return {'statusCode': 200, 'body': 'Hello!'}
  LambdaExecutionRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal:
              Service: lambda.amazonaws.com
            Action: sts:AssumeRole
      ManagedPolicyArns:
        - arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole
`

// change sets a property of a resource of an instance by hand.
func (w *commandWorld) change(set string, account int, resource, property string, value any) {
	w.t.Helper()
	id, ok := w.aws.StackOf(set, w.account(account), worldRegion)
	if !ok {
		w.t.Fatalf("%s has no stack in account %d", set, account)
	}
	w.must(w.aws.SetProperty(id, resource, property, value))
}

func TestDriftFindsTheOneChangeMadeInManyAccounts(t *testing.T) {
	w := newCommandWorld(t, 6)
	w.stackSet(awssim.StackSetSpec{Name: "functions", Template: lambdaTemplate}, 6)
	for i := range 4 {
		w.change("functions", i, "DriftTestFunction", "/MemorySize", 512)
	}
	w.change("functions", 5, "DriftTestFunction", "/Timeout", 60) // not declared: AWS sees no drift
	w.change("functions", 5, "DriftTestFunction", "/Handler", "x.y")

	stdout, stderr := w.run(exitChanges, "drift", "functions", "--group-by", "property", "--detailed-exitcode", "-o", "json")
	if !strings.Contains(stderr, "AWS detects the drift of 6 instances") {
		t.Errorf("what is being done is not said: %s", stderr)
	}
	var shown driftShown
	if err := json.Unmarshal([]byte(stdout), &shown); err != nil {
		t.Fatal(err)
	}
	if len(shown.Groups) != 2 || shown.Groups[0].Accounts != 4 || shown.Groups[0].Name != "functions: DriftTestFunction/MemorySize 128 → 512" {
		t.Errorf("groups: %+v", shown.Groups)
	}
	if s := shown.Sets[0]; s.Drifted != 5 || s.InSync != 1 {
		t.Errorf("summary: %+v", s)
	}
	// A fresh enough result is used again.
	before := w.calls("cloudformation:DetectStackSetDrift")
	w.run(exitChanges, "drift", "functions", "--detailed-exitcode")
	if n := w.calls("cloudformation:DetectStackSetDrift") - before; n != 0 {
		t.Errorf("%d detections for what was just detected", n)
	}
	w.run(exitChanges, "drift", "functions", "--max-age", "1s", "--detailed-exitcode")
	if n := w.calls("cloudformation:DetectStackSetDrift") - before; n != 1 {
		t.Errorf("%d detections with --max-age 1s", n)
	}
	for name := range map[string]bool{"UpdateStackInstances": true, "DeleteStackInstances": true, "UpdateStackSet": true} {
		if w.calls("cloudformation:"+name) != 0 {
			t.Errorf("%s was called", name)
		}
	}
}

func TestAnAcceptedRuleIsWrittenIntoThePolicyAndHolds(t *testing.T) {
	w := newCommandWorld(t, 2)
	w.file("setmend.yaml", "# ours\nversion: 1\nstackSets:\n  - match: f*\n    ignoreDrift:\n      - {property: /Handler}\nnotify:\n  channels: []\n")
	w.stackSet(awssim.StackSetSpec{Name: "functions", Template: lambdaTemplate}, 2)
	w.change("functions", 0, "DriftTestFunction", "/MemorySize", 512)
	w.change("functions", 1, "DriftTestFunction", "/Handler", "x.y")
	w.run(exitChanges, "drift", "functions", "--detailed-exitcode")
	w.run(exitOK, "drift", "accept", "functions", "--resource", "DriftTestFunction", "--property", "/MemorySize", "--as", "rule", "--dry-run")
	w.run(exitChanges, "drift", "functions", "--last", "--detailed-exitcode")
	w.run(exitOK, "drift", "accept", "functions", "--resource", "DriftTestFunction", "--property", "/MemorySize", "--as", "rule")
	stdout, _ := w.run(exitOK, "drift", "functions", "--last", "--detailed-exitcode", "--all", "-o", "json")
	var d review.Drift
	if err := json.Unmarshal([]byte(stdout), &d); err != nil {
		t.Fatal(err)
	}
	for _, x := range d.Differences {
		if x.Ignored != "the policy's ignoreDrift" {
			t.Errorf("%s counts: the rules that held before must hold on", x.Text())
		}
	}
	text, err := os.ReadFile(w.folder + "/setmend.yaml")
	if err != nil || !strings.Contains(string(text), "# ours") || !strings.Contains(string(text), "channels: []") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestAnAcceptedParameterBecomesAnOverrideFile(t *testing.T) {
	w := newCommandWorld(t, 3)
	text := "Parameters: {Memory: {Type: Number, Default: 128}, Other: {Type: String, Default: x}}\n" + strings.Replace(lambdaTemplate, "MemorySize: 128", "MemorySize: !Ref Memory\n      Description: !Ref Other", 1)
	w.stackSet(awssim.StackSetSpec{Name: "functions", Template: text}, 2)
	w.must(w.aws.SeedInstance("functions", w.account(2), worldRegion, awssim.InstanceSeed{Overrides: map[string]string{"Other": "mine"}}))
	w.change("functions", 2, "DriftTestFunction", "/MemorySize", 512)
	w.run(exitOK, "drift", "functions")
	w.run(exitFailed, "drift", "accept", "functions", "--resource", "DriftTestFunction", "--property", "/MemorySize", "--as", "template")
	out := w.folder + "/overrides.yaml"
	w.run(exitOK, "drift", "accept", "functions", "--resource", "DriftTestFunction", "--property", "/MemorySize", "--out", out)
	w.run(exitOK, "overrides", "import", out, "--yes")
	stdout, _ := w.run(exitOK, "drift", "functions", "--max-age", "1s", "-o", "json")
	var d review.Drift
	if err := json.Unmarshal([]byte(stdout), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Counts()) != 0 {
		t.Errorf("still drifted: %+v", d.Counts())
	}
	stdout, _ = w.run(exitOK, "overrides", "export", w.folder+"/now.yaml")
	now, err := os.ReadFile(w.folder + "/now.yaml")
	if err != nil || !strings.Contains(string(now), "Other: mine") || !strings.Contains(string(now), `Memory: "512"`) {
		t.Errorf("%v %s%s", err, now, stdout)
	}
}

func TestDriftRevertPlansTheHealOfWhatHasDriftedOnly(t *testing.T) {
	w := newCommandWorld(t, 3)
	w.file("setmend.yaml", "version: 1\nstackSets:\n  - {match: functions, healing: redeploy, dataLoss: allow}\n")
	w.stackSet(awssim.StackSetSpec{Name: "functions", Template: lambdaTemplate}, 3)
	w.change("functions", 1, "DriftTestFunction", "/MemorySize", 512)
	out := w.folder + "/plan.json"
	stdout, _ := w.run(exitOK, "drift", "revert", "functions", "--out", out)
	if !strings.Contains(stdout, w.account(1)) || strings.Contains(stdout, w.account(0)) {
		t.Errorf("the plan:\n%s", stdout)
	}
	w.run(exitOK, "apply", out, "--yes")
	w.run(exitOK, "drift", "functions", "--max-age", "1s", "--detailed-exitcode")
}

func TestWhatDriftCannotDoIsSaid(t *testing.T) {
	w := newCommandWorld(t, 2)
	w.stackSet(awssim.StackSetSpec{Name: "functions", Template: lambdaTemplate}, 2)
	w.run(exitNotFound, "drift", "nothing-of-the-kind")
	w.run(exitUsage, "drift", "--group-by", "weather")
	w.run(exitUsage, "drift", "accept", "functions")
	w.run(exitNotFound, "drift", "accept", "functions", "--resource", "DriftTestFunction", "--property", "/MemorySize")
	w.change("functions", 0, "DriftTestFunction", "/MemorySize", 512)
	w.change("functions", 1, "DriftTestFunction", "/MemorySize", 1024)
	w.run(exitOK, "drift", "functions")
	_, stderr := w.run(exitFailed, "drift", "accept", "functions", "--resource", "DriftTestFunction", "--property", "/MemorySize")
	if !strings.Contains(stderr, `the live values differ, "512"`) {
		t.Error(stderr)
	}
}
