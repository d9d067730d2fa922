package install

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/setmend/setmend/deploy"
)

// Definition returns the state machine's definition with each function's name in
// place of the embedded one replaced by a substitution of its stage's name, and
// nothing else changed.
func Definition() ([]byte, error) {
	definition := deploy.SelfHeal
	for _, stage := range Stages {
		old := []byte(`"FunctionName": "setmend-` + stage + `"`)
		if !bytes.Contains(definition, old) {
			return nil, fmt.Errorf("making the state machine: no Task calls setmend-%s", stage)
		}
		definition = bytes.ReplaceAll(definition, old, []byte(`"FunctionName": "${`+stage+`}"`))
	}
	if rest := []byte(`"FunctionName": "setmend-`); bytes.Contains(definition, rest) {
		return nil, fmt.Errorf("making the state machine: a Task calls a function that is no stage")
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, definition); err != nil {
		return nil, fmt.Errorf("making the state machine: %w", err)
	}
	return compact.Bytes(), nil
}

func (t *template) machine() error {
	definition, err := Definition()
	if err != nil {
		return err
	}
	substitutions, arns := object(), []node{}
	for _, stage := range Stages {
		substitutions.Content = append(substitutions.Content, text(stage), att(stage+"Function.Arn"))
		arns = append(arns, att(stage+"Function.Arn"))
	}
	t.role("MachineRole", "Calls the stages' functions.", "states",
		statement{"CallsTheStages", []string{"lambda:InvokeFunction"}, arns, nil},
		statement{"WritesItsLog", []string{"logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
			"logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"}, everything(), nil},
		statement{"Traces", append([]string{"xray:GetSamplingRules", "xray:GetSamplingTargets"}, traceActions...), everything(), nil})
	t.resource("MachineLog", "", "AWS::Logs::LogGroup", object("LogGroupName", sub("/aws/vendedlogs/states/${AWS::StackName}"), "RetentionInDays", ref("LogRetentionDays")), "DeletionPolicy", "Delete", "UpdateReplacePolicy", "Delete")
	t.resource("StateMachine", "One execution is one run. The definition is deploy/selfheal.asl.json.", "AWS::StepFunctions::StateMachine", object(
		"StateMachineName", sub("${AWS::StackName}"),
		"StateMachineType", "STANDARD",
		"RoleArn", att("MachineRole.Arn"),
		"LoggingConfiguration", object("Level", "ERROR", "IncludeExecutionData", false,
			"Destinations", list(object("CloudWatchLogsLogGroup", object("LogGroupArn", att("MachineLog.Arn"))))),
		"TracingConfiguration", object("Enabled", true),
		"DefinitionSubstitutions", substitutions,
		"DefinitionString", string(definition)))
	return nil
}
