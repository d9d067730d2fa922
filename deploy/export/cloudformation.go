package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// object is a part of a template.
type object = map[string]any

// A template is a CloudFormation template, in the order that people read it.
type template struct {
	Version     string `json:"AWSTemplateFormatVersion" yaml:"AWSTemplateFormatVersion"`
	Description string
	Parameters  object `json:",omitempty" yaml:",omitempty"`
	Resources   object
	Outputs     object
}

// CloudFormation returns a template in YAML: the state machine, its role and, with
// a schedule, that and its role. Each substitution is a parameter. It fails where
// [Workflow.Check] does.
func (w *Workflow) CloudFormation() ([]byte, error) {
	t, err := w.template()
	if err != nil {
		return nil, err
	}
	// Through JSON, so that both have the same names.
	text, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("writing the template: %w", err)
	}
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		return nil, fmt.Errorf("writing the template: %w", err)
	}
	return blockYAML(&node)
}

// CompactCloudFormation returns the same template as JSON without blanks, for the
// limits of requests.
func (w *Workflow) CompactCloudFormation() ([]byte, error) {
	t, err := w.template()
	if err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	if json.Compact(&compact, w.Definition) == nil {
		t.Resources["StateMachine"].(object)["Properties"].(object)["DefinitionString"] = compact.String()
	}
	return json.Marshal(t)
}

// YAML returns a definition that is JSON as YAML, in the order it has.
func YAML(definition []byte) ([]byte, error) {
	var node yaml.Node
	if err := yaml.Unmarshal(definition, &node); err != nil {
		return nil, fmt.Errorf("reading the definition: %w", err)
	}
	return blockYAML(&node)
}

func blockYAML(node *yaml.Node) ([]byte, error) {
	blockStyle(node)
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(node); err != nil {
		return nil, fmt.Errorf("writing YAML: %w", err)
	}
	return b.Bytes(), encoder.Close()
}

// otherTypes are texts that YAML 1.1, which CloudFormation reads, takes for truth
// values and for numbers with the base 60.
var otherTypes = regexp.MustCompile(`^(?i:y|yes|n|no|on|off|true|false)$|^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$`)

// blockStyle drops JSON's brackets and quotes. Texts of many lines are blocks.
func blockStyle(node *yaml.Node) {
	node.Style = 0
	if node.Kind == yaml.ScalarNode && node.Tag == "!!str" {
		switch {
		case strings.Contains(node.Value, "\n"):
			node.Style = yaml.LiteralStyle
		case otherTypes.MatchString(node.Value):
			node.Style = yaml.DoubleQuotedStyle
		}
	}
	for _, child := range node.Content {
		blockStyle(child)
	}
}

func (w *Workflow) template() (*template, error) {
	if err := w.Check(); err != nil {
		return nil, err
	}
	machine := object{
		"StateMachineName": w.Name,
		"RoleArn":          getAtt("Role"),
		"DefinitionString": w.text(),
	}
	t := &template{
		Version: "2010-09-09", Description: "The workflow " + w.Name + ", and the role that it runs with",
		Resources: object{
			"StateMachine": object{"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
			"Role":         role("states.amazonaws.com", w.statements()),
		},
		Outputs: object{"StateMachineArn": object{"Value": object{"Ref": "StateMachine"}}},
	}
	if names := w.Substitutions(); len(names) > 0 {
		t.Parameters = object{}
		values := object{}
		for _, name := range names {
			t.Parameters[logicalID(name)] = object{"Type": "String", "Description": "What takes the place of ${" + name + "} in the definition"}
			values[name] = object{"Ref": logicalID(name)}
		}
		machine["DefinitionSubstitutions"] = values
	}
	if w.Schedule != nil {
		t.Resources["Schedule"] = w.schedule()
		t.Resources["ScheduleRole"] = role("scheduler.amazonaws.com", []object{{
			"Effect": "Allow", "Action": "states:StartExecution", "Resource": object{"Ref": "StateMachine"},
		}})
	}
	return t, nil
}

func getAtt(resource string) object { return object{"Fn::GetAtt": []string{resource, "Arn"}} }

// role is one that a service of AWS takes on for this account only: otherwise the
// service could be made to use it by others.
func role(service string, statements []object) object {
	properties := object{
		"AssumeRolePolicyDocument": object{"Version": "2012-10-17", "Statement": []object{{
			"Effect": "Allow", "Principal": object{"Service": service}, "Action": "sts:AssumeRole",
			"Condition": object{"StringEquals": object{"aws:SourceAccount": object{"Ref": "AWS::AccountId"}}},
		}}},
	}
	if len(statements) > 0 {
		properties["Policies"] = []object{{
			"PolicyName": "workflow", "PolicyDocument": object{"Version": "2012-10-17", "Statement": statements},
		}}
	}
	return object{"Type": "AWS::IAM::Role", "Properties": properties}
}

func (w *Workflow) statements() []object {
	var list []object
	for _, s := range w.Statements {
		resources := make([]any, len(s.Resource))
		for i, r := range s.Resource {
			resources[i] = anywhere(r)
		}
		statement := object{"Effect": s.Effect, "Action": s.Action, "Resource": resources}
		if len(s.Condition) > 0 {
			statement["Condition"] = s.Condition
		}
		list = append(list, statement)
	}
	return list
}

// awsPartition begins ARNs of a policy that names no partition of its own.
const awsPartition = "arn:aws:"

// anywhere is an ARN with the partition and the parameters of the stack in it.
func anywhere(arn string) any {
	text := substitution.ReplaceAllStringFunc(arn, func(found string) string {
		return "${" + logicalID(found[2:len(found)-1]) + "}"
	})
	if rest, ok := strings.CutPrefix(text, awsPartition); ok {
		text = "arn:${AWS::Partition}:" + rest
	}
	if !strings.Contains(text, "${") {
		return text
	}
	return object{"Fn::Sub": text}
}

func (w *Workflow) schedule() object {
	return object{"Type": "AWS::Scheduler::Schedule", "Properties": object{
		"Name":                       w.Name,
		"ScheduleExpression":         w.Schedule.Expression,
		"ScheduleExpressionTimezone": w.Schedule.timezone(),
		"FlexibleTimeWindow":         object{"Mode": "OFF"},
		"Target": object{
			"Arn": object{"Ref": "StateMachine"}, "RoleArn": getAtt("ScheduleRole"), "Input": w.Schedule.input(),
		},
	}}
}
