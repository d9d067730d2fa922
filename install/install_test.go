package install_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/setmend/setmend/deploy"
	"github.com/setmend/setmend/install"
)

func sample() install.Config {
	return install.Config{
		Read: []string{"cloudformation:ListStackSets", "organizations:ListAccounts"}, Heal: []string{"cloudformation:CreateStackInstances", "cloudformation:DeleteStackInstances"},
		Sync: []string{"ssm:DeleteParameters", "ssm:DescribeParameters", "ssm:GetParametersByPath", "ssm:PutParameter"}, Member: []string{"cloudformation:CreateChangeSet"}, Start: []string{"states:StartExecution", "states:ListExecutions"}, MemberRoles: []string{"/platform/mender"}, Secrets: []string{"/setmend/teams"},
		Topics: []string{"arn:aws:sns:eu-central-1:111122223333:heals"}, StackSets: []string{"platform-*"}, Version: "test",
		Environment: map[string]string{"SETMEND_SPEED": "1"},
	}
}

func template(t *testing.T, make func(install.Config) ([]byte, error)) []byte {
	t.Helper()
	text, err := make(sample())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// resources are the template's resources, with intrinsic functions as their
// arguments.
func resources(t *testing.T, text []byte) map[string]map[string]any {
	t.Helper()
	var parsed struct {
		Resources map[string]map[string]any `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &parsed); err != nil {
		t.Fatal(err)
	}
	return parsed.Resources
}

// CloudFormation takes no larger template without a bucket to read it from, and
// there is none before the first one is there.
func TestTheFirstTemplateFitsIntoARequest(t *testing.T) {
	if size := len(template(t, install.FirstTemplate)); size > 51_200 {
		t.Errorf("the first template has %d bytes, more than 51,200", size)
	}
	if size := len(template(t, install.Template)); size > 1_000_000 {
		t.Errorf("the template has %d bytes, more than S3 may hand to CloudFormation", size)
	}
}

func TestLintersFindNothing(t *testing.T) {
	linter, err := exec.LookPath("cfn-lint")
	if err != nil {
		t.Skip("cfn-lint is not installed: the template was not linted")
	}
	folder := t.TempDir()
	for name, make := range map[string]func(install.Config) ([]byte, error){"whole": install.Template, "first": install.FirstTemplate, "organization": install.OrganizationTemplate, "pipelines": install.PipelineTemplate, "members": install.MemberTemplate} {
		if err := os.WriteFile(filepath.Join(folder, name+".yaml"), template(t, make), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// The first template declares all parameters and conditions, so that the second
	// is an update: not all are used yet (W2001, W8001).
	out, err := exec.CommandContext(t.Context(), linter, "--ignore-checks", "W2001", "W8001", "--", filepath.Join(folder, "*.yaml")).CombinedOutput()
	if err != nil {
		t.Errorf("cfn-lint: %v\n%s", err, out)
	}
}

// A stack is updated from the first template to the whole: what is in both must be
// the same, or the journal's bucket would be changed, or replaced.
func TestTheFirstTemplateIsPartOfTheWhole(t *testing.T) {
	whole := resources(t, template(t, install.Template))
	for name, resource := range resources(t, template(t, install.FirstTemplate)) {
		if diff := cmp.Diff(resource, whole[name]); diff != "" {
			t.Errorf("%s differs (-first +whole):\n%s", name, diff)
		}
	}
}

// The definition is the one that runs locally, but for the functions' names.
func TestTheStateMachineIsTheLocalOneButForItsFunctions(t *testing.T) {
	definition, err := install.Definition()
	if err != nil {
		t.Fatal(err)
	}
	for _, stage := range install.Stages {
		definition = bytes.ReplaceAll(definition, []byte("${"+stage+"}"), []byte("setmend-"+stage))
	}
	var want bytes.Buffer
	if err := json.Compact(&want, deploy.SelfHeal); err != nil {
		t.Fatal(err)
	}
	if want.String() != string(definition) {
		t.Error("the definition differs by more than its functions' names")
	}
}

// statements are a role's statements: actions by resource, in the template's words.
func statements(t *testing.T, role map[string]any) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, p := range role["Properties"].(map[string]any)["Policies"].([]any) {
		for _, s := range p.(map[string]any)["PolicyDocument"].(map[string]any)["Statement"].([]any) {
			statement := s.(map[string]any)
			for _, resource := range statement["Resource"].([]any) {
				for _, action := range statement["Action"].([]any) {
					found[resource.(string)] = append(found[resource.(string)], action.(string))
				}
			}
		}
	}
	return found
}

func TestRolesMayDoWhatTheirFunctionsCallAndNoMore(t *testing.T) {
	all := resources(t, template(t, install.Template))
	reader := statements(t, all[install.RoleReader])
	for resource, actions := range reader {
		for _, action := range actions {
			if slices.Contains(sample().Heal, action) || strings.HasPrefix(action, "s3:Put") || strings.HasPrefix(action, "ssm:") {
				t.Errorf("the reader may %s on %s", action, resource)
			}
		}
	}
	healer := statements(t, all[install.RoleHealer])
	if diff := cmp.Diff(sample().Heal, healer["arn:${AWS::Partition}:cloudformation:*:${AWS::AccountId}:stackset/platform-*:*"]); diff != "" {
		t.Errorf("on the governed stack sets (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"sts:AssumeRole"}, healer["arn:${AWS::Partition}:iam::*:role/platform/mender"]); diff != "" {
		t.Errorf("on the member role (-want +got):\n%s", diff)
	}
	for name, role := range all {
		if role["Type"] != "AWS::IAM::Role" {
			continue
		}
		for resource, actions := range statements(t, role) {
			for _, action := range actions {
				if strings.Contains(action, "*") {
					t.Errorf("%s may %s", name, action)
				}
				if resource == "*" && slices.Contains(sample().Heal, action) {
					t.Errorf("%s may %s on everything", name, action)
				}
			}
		}
	}
}

// Every function has a rule, a stage of the state machine, or both, that calls it;
// every rule may call its function.
func TestEveryRuleMayCallItsFunction(t *testing.T) {
	all := resources(t, template(t, install.Template))
	may := map[string]bool{}
	for _, resource := range all {
		if resource["Type"] == "AWS::Lambda::Permission" {
			p := resource["Properties"].(map[string]any)
			may[p["SourceArn"].(string)+" "+p["FunctionName"].(string)] = true
		}
	}
	rules := 0
	for name, resource := range all {
		if resource["Type"] != "AWS::Events::Rule" {
			continue
		}
		rules++
		for _, target := range resource["Properties"].(map[string]any)["Targets"].([]any) {
			function := strings.TrimSuffix(target.(map[string]any)["Arn"].(string), ".Arn")
			if !may[name+".Arn "+function] {
				t.Errorf("%s may not call %s", name, function)
			}
			if target.(map[string]any)["DeadLetterConfig"] == nil {
				t.Errorf("what %s cannot deliver is lost", name)
			}
		}
	}
	if rules != len(may) || rules < 8 {
		t.Errorf("%d rules, %d permissions", rules, len(may))
	}
}
