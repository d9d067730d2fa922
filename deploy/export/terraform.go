package export

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// Terraform returns a file for Terraform with the provider hashicorp/aws: the state
// machine, its role and, with a schedule, that and its role. Each substitution is a
// variable. It fails where [Workflow.Check] does.
func (w *Workflow) Terraform() ([]byte, error) {
	if err := w.Check(); err != nil {
		return nil, err
	}
	f := &hcl{}
	f.line(`terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}
`)
	for _, name := range w.Substitutions() {
		f.line("variable %q {\n  type        = string\n  description = %s\n}\n", variable(name), quoted("What takes the place of ${"+name+"} in the definition"))
	}
	f.line("resource \"aws_sfn_state_machine\" \"workflow\" {\n  name     = %q\n  role_arn = aws_iam_role.workflow.arn\n\n  definition = %s}\n", w.Name, heredoc("DEFINITION", w.text()))
	f.role("workflow", "states.amazonaws.com")
	if len(w.Statements) > 0 {
		policy, err := document(w.Statements)
		if err != nil {
			return nil, err
		}
		f.policy("workflow", policy)
	}
	if w.Schedule != nil {
		f.schedule(w)
	}
	return []byte(strings.TrimRight(f.b.String(), "\n") + "\n"), nil
}

// An hcl is a file that is written.
type hcl struct{ b strings.Builder }

func (f *hcl) line(format string, args ...any) { fmt.Fprintf(&f.b, format+"\n", args...) }

func (f *hcl) role(name, service string) {
	f.line(`resource "aws_iam_role" %q {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = %q }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}
`, name, service)
}

func (f *hcl) policy(role, policy string) {
	f.line("resource \"aws_iam_role_policy\" %q {\n  name = \"workflow\"\n  role = aws_iam_role.%s.id\n\n  policy = %s}\n", role, role, policy)
}

func (f *hcl) schedule(w *Workflow) {
	f.line(`resource "aws_scheduler_schedule" "workflow" {
  name                         = %q
  schedule_expression          = %s
  schedule_expression_timezone = %s

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_sfn_state_machine.workflow.arn
    role_arn = aws_iam_role.schedule.arn
    input    = %s
  }
}
`, w.Name, quoted(w.Schedule.Expression), quoted(w.Schedule.timezone()), quoted(w.Schedule.input()))
	f.role("schedule", "scheduler.amazonaws.com")
	f.policy("schedule", `jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "states:StartExecution", Resource = aws_sfn_state_machine.workflow.arn }]
  })
`)
}

// document is a policy with the partition and the variables in it.
func document(statements []Statement) (string, error) {
	text, err := json.MarshalIndent(struct {
		Version   string
		Statement []Statement
	}{"2012-10-17", statements}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("writing the policy: %w", err)
	}
	policy := heredoc("POLICY", string(text))
	return strings.ReplaceAll(policy, `"`+awsPartition, `"arn:${data.aws_partition.current.partition}:`), nil
}

// heredoc returns a text verbatim, but for substitutions, which become variables.
func heredoc(name, text string) string {
	for strings.Contains("\n"+text+"\n", "\n"+name+"\n") {
		name += "_"
	}
	return "<<-" + name + "\n" + indented(interpolated(text)) + "\n  " + name + "\n"
}

func indented(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") }

// begun is what begins a template of HCL: ${ or %{.
var begun = regexp.MustCompile(`\$\{[^{}]*\}|[$%]\{`)

// interpolated keeps HCL from reading anything but substitutions as templates.
func interpolated(text string) string {
	return begun.ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasSuffix(found, "}") {
			return "${var." + variable(found[2:len(found)-1]) + "}"
		}
		return found[:1] + found
	})
}

// quoted is a text between quotes in which nothing is a template.
func quoted(text string) string {
	b, _ := json.Marshal(text) // a string can always be written
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(string(b))
}

var upper = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// variable is a name as Terraform's users write them: topic_arn of TopicArn.
func variable(name string) string {
	name = strings.ToLower(upper.ReplaceAllString(name, "${1}_$2"))
	name = strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, name), "_")
	if name == "" || name[0] <= '9' {
		name = "v_" + name
	}
	return name
}
