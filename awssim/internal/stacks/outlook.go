package stacks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/template"
)

var _ template.Outlook = (*view)(nil)

// StackOutput is what Fn::GetStackOutput yields: an output of a stack of this
// account, or of that of the role, in the region.
func (v *view) StackOutput(stack, output, region, role string) (string, error) {
	account := v.stack.account
	if parts := strings.Split(role, ":"); len(parts) > 4 {
		account = parts[4]
	}
	s, ok := v.engine.find(place{account, region}, stack)
	if !ok || s.status == deleteComplete {
		return "", &template.Error{Message: fmt.Sprintf("Template error: Fn::GetStackOutput: Stack [%s] does not exist in region %s of account %s", stack, region, account)}
	}
	if s == v.stack {
		return "", &template.Error{Message: "Template error: Fn::GetStackOutput cannot refer to an output of its own stack"}
	}
	outputs := v.engine.outputsOf(s)
	i := slices.IndexFunc(outputs, func(o template.OutputValue) bool { return o.Key == output })
	if i < 0 {
		return "", &template.Error{Message: fmt.Sprintf("Template error: Fn::GetStackOutput: Stack [%s] has no output %s", stack, output)}
	}
	return outputs[i].Value, nil
}

// parameterResources are the resources that parameters of AWS-specific types name.
var parameterResources = map[string]string{
	"AWS::EC2::VPC::Id": "AWS::EC2::VPC", "AWS::EC2::Subnet::Id": "AWS::EC2::Subnet", "AWS::EC2::SecurityGroup::Id": "AWS::EC2::SecurityGroup",
	"AWS::EC2::Instance::Id": "AWS::EC2::Instance", "AWS::EC2::Volume::Id": "AWS::EC2::Volume", "AWS::Route53::HostedZone::Id": "AWS::Route53::HostedZone",
}

// ResourceAttribute is what Fn::ValueOf yields: a property of a live resource, or
// one of its tags as Tags.key.
func (v *view) ResourceAttribute(parameterType, id, attribute string) (string, bool) {
	typ := parameterResources[parameterType]
	if typ == "" {
		return "", false
	}
	for _, l := range v.engine.Resources(v.stack.account, v.stack.region, typ) {
		if l.ID != id {
			continue
		}
		if key, tag := strings.CutPrefix(attribute, "Tags."); tag {
			return tagValue(l.Properties["Tags"], key), true
		}
		s, ok := template.Text(l.Properties[attribute])
		return s, ok
	}
	return "", false
}

// tagValue is the value of a tag in a list of them, "" if there is none.
func tagValue(tags any, key string) string {
	list, _ := tags.([]any)
	for _, one := range list {
		if tag, ok := one.(map[string]any); ok && tag["Key"] == key {
			s, _ := template.Text(tag["Value"])
			return s
		}
	}
	return ""
}

// autoExpand is the capability that direct operations on templates with transforms
// need, and change sets do not (API reference of CreateChangeSet).
const autoExpand = "CAPABILITY_AUTO_EXPAND"

// prepareChangeSet is prepare for a change set, which shows what the transforms
// made before it is executed and so needs no capability for them.
func (e *Engine) prepareChangeSet(spec *core.StackSpec) (*deployment, error) {
	t, err := e.parse(spec.Template)
	if err != nil || len(t.Transforms) == 0 || slices.Contains(spec.Capabilities, autoExpand) {
		return e.prepare(spec)
	}
	allowed := *spec
	allowed.Capabilities = append(slices.Clone(spec.Capabilities), autoExpand)
	d, err := e.newDeployment(t, &allowed)
	if err != nil {
		return nil, err
	}
	d.capabilities = spec.Capabilities
	return d, nil
}
