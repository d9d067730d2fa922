package sam

import (
	"slices"

	"github.com/setmend/setmend/awssim/internal/template"
)

// deployment is a function that CodeDeploy shifts traffic to.
type deployment struct {
	id        string
	condition any
	needsRole bool
}

// deploymentTypes are CodeDeploy's own configurations.
var deploymentTypes = []string{"AllAtOnce", "Canary10Percent30Minutes", "Canary10Percent5Minutes", "Canary10Percent10Minutes", "Canary10Percent15Minutes",
	"Linear10PercentEvery10Minutes", "Linear10PercentEvery1Minute", "Linear10PercentEvery2Minutes", "Linear10PercentEvery3Minutes"}

func (f *lambda) enabled(preference object) bool {
	v := preference.Get("Enabled")
	return v == nil || f.t.truthy(v)
}

// deploy makes the deployment group, and the alias's update policy.
func (f *lambda) deploy(preference, alias object) {
	id := f.id + "DeploymentGroup"
	kind := f.t.value(preference.Get("Type"))
	if kind == nil {
		f.invalid("'DeploymentPreference' requires a 'Type'.")
		return
	}
	if s, _ := template.Text(kind); slices.Contains(deploymentTypes, s) {
		kind = sub("CodeDeployDefault.Lambda${ConfigName}", "ConfigName", kind)
	}
	role := preference.Get("Role")
	group := obj("ApplicationName", ref("ServerlessDeploymentApplication"),
		"AutoRollbackConfiguration", obj("Enabled", true, "Events", []any{"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"}),
		"DeploymentConfigName", kind, "DeploymentStyle", obj("DeploymentType", "BLUE_GREEN", "DeploymentOption", "WITH_TRAFFIC_CONTROL"))
	if role == nil {
		group.Set("ServiceRoleArn", getAtt("CodeDeployServiceRole", "Arn"))
	} else {
		group.Set("ServiceRoleArn", role)
	}
	if alarms := alarmsOf(preference.Get("Alarms")); alarms != nil {
		group.Set("AlarmConfiguration", alarms)
	}
	pass(group, preference, "TriggerConfigurations")
	body := obj("Type", "AWS::CodeDeploy::DeploymentGroup", "Properties", group)
	pass(body, f.attributes, "Condition")
	f.t.resources.Set(id, body)
	update := obj("ApplicationName", ref("ServerlessDeploymentApplication"), "DeploymentGroupName", ref(id))
	hooks := mapOf(preference.Get("Hooks"))
	pass(update, obj("BeforeAllowTrafficHook", hooks.Get("PreTraffic"), "AfterAllowTrafficHook", hooks.Get("PostTraffic")), "BeforeAllowTrafficHook", "AfterAllowTrafficHook")
	alias.Set("UpdatePolicy", obj("CodeDeployLambdaAliasUpdate", update))
	f.t.deployments = append(f.t.deployments, deployment{f.id, f.attributes.Get("Condition"), role == nil})
}

func alarmsOf(v any) any {
	if isNoValue(v) {
		return nil
	}
	if functionOf(v) == "Fn::If" {
		l := listOf(argument(v))
		if len(l) == 3 {
			return call("Fn::If", []any{l[0], orNoValue(alarmsOf(l[1])), orNoValue(alarmsOf(l[2]))})
		}
	}
	var list []any
	for _, one := range listOf(v) {
		list = append(list, obj("Name", one))
	}
	if list == nil {
		return nil
	}
	return obj("Enabled", true, "Alarms", list)
}

func orNoValue(v any) any {
	if v == nil {
		return ref("AWS::NoValue")
	}
	return v
}

// deploymentApplication makes the one CodeDeploy application of all functions.
func (t *transformation) deploymentApplication() {
	if len(t.deployments) == 0 {
		return
	}
	application := obj("Type", "AWS::CodeDeploy::Application", "Properties", obj("ComputePlatform", "Lambda"))
	role := obj("Type", "AWS::IAM::Role", "Properties", obj("AssumeRolePolicyDocument", assumedBy("codedeploy.amazonaws.com"),
		"ManagedPolicyArns", []any{t.managedARN("service-role/AWSCodeDeployRoleForLambda")}))
	var names []string
	always, needed := false, false
	for _, d := range t.deployments {
		needed = needed || d.needsRole
		if s := textOf(d.condition); s == "" {
			always = true
		} else if !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	if !always {
		name := names[0]
		if len(names) > 1 {
			slices.Sort(names)
			name = "ServerlessCodeDeployCondition"
			t.condition(name, anyOf(names))
		}
		application.Set("Condition", name)
		role.Set("Condition", name)
	}
	t.resources.Set("ServerlessDeploymentApplication", application)
	if needed {
		t.resources.Set("CodeDeployServiceRole", role)
	}
}
