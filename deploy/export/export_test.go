package export_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/setmend/setmend/deploy/export"
)

// hard is a workflow with what the formats must not take for their own.
func hard() *export.Workflow {
	return &export.Workflow{
		Name: "hard",
		Definition: []byte(`{"StartAt": "On", "States": {
			"On": {"Type": "Task", "QueryLanguage": "JSONata", "Resource": "arn:aws:states:::sns:publish",
				"Arguments": {"TopicArn": "${TopicArn}", "Message": "{%{'of': '$', 'to': \"%{x}\"}%}"}, "Next": "Off"},
			"Off": {"Type": "Wait", "Seconds": "${Delay}", "End": true}}}`),
		Statements: []export.Statement{
			{Effect: "Allow", Action: []string{"sns:Publish"}, Resource: []string{"${TopicArn}"}},
			{Effect: "Allow", Action: []string{"rds:CreateDBSnapshot"}, Resource: []string{"arn:aws:rds:*:*:db:orders"}},
		},
		Schedule: &export.Schedule{Expression: "cron(0 6 * * ? *)", Timezone: "Europe/Berlin", Input: `{"a": "${b}"}`},
	}
}

// parsed reads a template as CloudFormation does.
func parsed(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var v map[string]any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return v
}

func dig(v any, path ...string) any {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func TestATemplateHoldsTheDefinitionAsItIs(t *testing.T) {
	text, err := hard().CloudFormation()
	if err != nil {
		t.Fatal(err)
	}
	template := parsed(t, text)
	definition, _ := dig(template, "Resources", "StateMachine", "Properties", "DefinitionString").(string)
	filled := strings.NewReplacer("${TopicArn}", "arn:topic", "${Delay}", "5").Replace(definition)
	var v any
	if err := json.Unmarshal([]byte(filled), &v); err != nil {
		t.Fatalf("%v in %s", err, filled)
	}
	if dig(v, "States", "Off", "Seconds") != 5.0 || dig(v, "States", "On", "Arguments", "Message") != `{%{'of': '$', 'to': "%{x}"}%}` {
		t.Errorf("the definition became %s", filled)
	}
	for _, name := range []string{"Delay", "TopicArn"} {
		if dig(template, "Parameters", name, "Type") != "String" || dig(template, "Resources", "StateMachine", "Properties", "DefinitionSubstitutions", name, "Ref") != name {
			t.Errorf("%s is no parameter of\n%s", name, text)
		}
	}
	for _, want := range []string{"Fn::Sub: ${TopicArn}", "Fn::Sub: arn:${AWS::Partition}:rds:*:*:db:orders", `Mode: "OFF"`, "ScheduleExpressionTimezone: Europe/Berlin", `Input: '{"a": "${b}"}'`} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// A role that any account could have a service take on would be a confused deputy.
func TestRolesAreTakenOnForTheirOwnAccountOnly(t *testing.T) {
	text, err := hard().CloudFormation()
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte("aws:SourceAccount")); n != 2 {
		t.Errorf("%d of 2 roles ask for the account in\n%s", n, text)
	}
	terraform, err := hard().Terraform()
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(terraform, []byte("aws:SourceAccount")); n != 2 {
		t.Errorf("%d of 2 roles ask for the account in\n%s", n, terraform)
	}
}

func TestATerraformFileHasVariablesAndNoOtherTemplates(t *testing.T) {
	text, err := hard().Terraform()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`variable "topic_arn" {`, `variable "delay" {`, `"Seconds": ${var.delay}`, `"TopicArn": "${var.topic_arn}"`,
		`{%%{'of': '$', 'to': \"%%{x}\"}%}`, `"arn:${data.aws_partition.current.partition}:rds:*:*:db:orders"`, `input    = "{\"a\": \"$${b}\"}"`,
		`schedule_expression          = "cron(0 6 * * ? *)"`,
	} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
}

func TestYAMLKeepsTextsThatLookLikeOtherTypes(t *testing.T) {
	text, err := export.YAML([]byte(`{"B": {"Yes": "no", "at": "12:30", "n": "1", "t": 1, "text": "a\nb"}, "A": "on"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := "B:\n  \"Yes\": \"no\"\n  at: \"12:30\"\n  \"n\": \"1\"\n  t: 1\n  text: |-\n    a\n    b\nA: \"on\"\n"
	if string(text) != want {
		t.Errorf("got\n%swant\n%s", text, want)
	}
}

func TestWhatCannotBeWrittenIsRefused(t *testing.T) {
	for _, c := range []struct {
		want string
		w    *export.Workflow
	}{
		{"is none of a state machine", &export.Workflow{Name: "a b", Definition: []byte(`{}`)}},
		{"at most 64 characters", &export.Workflow{Name: strings.Repeat("a", 65), Definition: []byte(`{}`), Schedule: &export.Schedule{}}},
		{"${ab} cannot be a parameter", &export.Workflow{Name: "a", Definition: []byte(`{"x": "${ab} ${a.b}"}`)}},
		{"${a_b} cannot be a parameter", &export.Workflow{Name: "a", Definition: []byte(`{"x": "${AB} ${a_b}"}`)}},
		{"the substitution ${} cannot", &export.Workflow{Name: "a", Definition: []byte(`{"x": "${}"}`)}},
	} {
		if _, err := c.w.CloudFormation(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
		if _, err := c.w.Terraform(); err == nil {
			t.Errorf("Terraform takes what must be refused: %q", c.want)
		}
	}
}

func TestCronExpressionsAreThoseOfEventBridgeScheduler(t *testing.T) {
	for given, want := range map[string]string{
		"0 6 * * *":          "cron(0 6 * * ? *)",
		"*/5 * * * *":        "cron(0/5 * * * ? *)",
		"0 6 1,15 */2 *":     "cron(0 6 1,15 1/2 ? *)",
		"30 22 * * 1-5":      "cron(30 22 ? * MON,TUE,WED,THU,FRI *)",
		"0 0 * * 0":          "cron(0 0 ? * SUN *)",
		"0 0 * * 7":          "cron(0 0 ? * SUN *)",
		"0 0 * * 5-7":        "cron(0 0 ? * FRI,SAT,SUN *)",
		"0 0 * * */2":        "cron(0 0 ? * SUN,TUE,THU,SAT *)",
		"0 0 * * mon,Thu":    "cron(0 0 ? * MON,THU *)",
		"@weekly":            "cron(0 0 ? * SUN *)",
		"@every 6h":          "rate(6 hours)",
		"@every 1h":          "rate(1 hour)",
		"@every 90m":         "rate(90 minutes)",
		"@every 48h":         "rate(2 days)",
		"cron(0 6 ? * 2 *)":  "cron(0 6 ? * 2 *)",
		"at(2026-01-01T0:0)": "at(2026-01-01T0:0)",
		// What it cannot say.
		"0 6 1 * 1":   "",
		"@every 90s":  "",
		"@every x":    "",
		"0 6 * *":     "",
		"0 0 * * 5-1": "",
		"0 0 * * 8":   "",
	} {
		if got, err := export.Expression(given); got != want || (err == nil) != (want != "") {
			t.Errorf("%q became %q, %v; want %q", given, got, err, want)
		}
	}
}

func TestAScheduleComesBeforeItsMaintenanceWindow(t *testing.T) {
	for _, c := range []struct {
		window string
		lead   time.Duration
		want   string
	}{
		{"cron(30 4 ? * SUN *)", 2 * time.Hour, "cron(30 2 ? * SUN *)"},
		{"cron(0 30 4 ? * SUN *)", 45 * time.Minute, "cron(45 3 ? * SUN *)"},
		{"cron(0 1 ? * SUN,2-3 *)", 2 * time.Hour, "cron(0 23 ? * SAT,SUN,MON *)"},
		{"cron(0 1 * * ? *)", 26 * time.Hour, "cron(0 23 * * ? *)"},
		{"at(2026-03-01T01:00:00)", 2 * time.Hour, "at(2026-02-28T23:00:00)"},
		// What no expression says.
		{"cron(0 1 1 * ? *)", 2 * time.Hour, ""},
		{"cron(0 1 ? * SUN#2 *)", 2 * time.Hour, ""},
		{"cron(0 1/6 ? * * *)", time.Hour, ""},
		{"rate(7 days)", time.Hour, ""},
		{"cron(0 1 ? * SUN *)", 90 * time.Second, ""},
	} {
		if got, err := export.Before(c.window, c.lead); got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s before %s became %q, %v; want %q", c.lead, c.window, got, err, c.want)
		}
	}
}
