package install

import "strings"

// events are the rules that call the handlers. What a rule cannot deliver goes to
// the dead letters, too.
func (t *template) events() {
	t.schedule("Heal", "Heals everything.", ref("HealSchedule"), HandlerEvents, `{"setmend":"heal"}`, "Condition", "HealsBySchedule")
	t.schedule("Gathered", "Starts what events have asked for since the last time, in one run.", text("rate(5 minutes)"), HandlerEvents, `{"setmend":"gathered"}`)
	t.schedule("Status", "All instances, for the metrics.", ref("StatusSchedule"), HandlerStatus, `{"setmend":"status"}`)
	t.schedule("Metrics", "Operations, for the metrics.", ref("MetricsSchedule"), HandlerStatus, `{"setmend":"metrics"}`)
	t.schedule("Config", "Compiles the configuration.", ref("ConfigSchedule"), HandlerConfig, `{"setmend":"config"}`)

	// Tags are part of a stack set: changing them makes an operation. Our own
	// operations change instances only, and would wake their own healer.
	external := flow(list(flow(object("anything-but", flow(object("prefix", "setmend-"))))))
	t.rule("StackSetChanged", "A stack set operation of somebody else succeeded: tags may have changed.", HandlerConfig, object(
		"source", flow(list("aws.cloudformation")), "detail-type", list("CloudFormation StackSet Operation Status Change"),
		"detail", object("stack-set-operation-id", external, "status-details", object("status", flow(list("SUCCEEDED"))))))
	t.rule("OperationFailed", "A stack set operation of somebody else failed.", HandlerEvents, object(
		"source", flow(list("aws.cloudformation")), "detail-type", list("CloudFormation StackSet Operation Status Change"),
		"detail", object("stack-set-operation-id", external, "status-details", object("status", flow(list("FAILED", "STOPPED"))))))
	t.rule("InstanceFailed", "A stack instance was left outdated or inoperable.", HandlerEvents, object(
		"source", flow(list("aws.cloudformation")), "detail-type", list("CloudFormation StackSet StackInstance Status Change"),
		"detail", object("status-details", object("detailed-status", flow(list("FAILED", "CANCELLED", "INOPERABLE"))))))
	t.rule("AccountChanged", "An account joined, moved, left or was closed. Organizations tells it in us-east-1 (us-gov-west-1, cn-northwest-1) alone; docs/install.md says how other regions hear of it.", HandlerEvents, object(
		"source", flow(list("aws.organizations")),
		"detail", object("eventSource", flow(list("organizations.amazonaws.com")), "eventName",
			list("CreateAccountResult", "AcceptHandshake", "MoveAccount", "RemoveAccountFromOrganization", "LeaveOrganization", "CloseAccountResult", "CloseAccount"))))
	t.rule("AccountEnrolled", "Control Tower has made or changed an account.", HandlerEvents, object(
		"source", flow(list("aws.controltower")), "detail-type", list("AWS Service Event via CloudTrail"),
		"detail", object("eventName", flow(list("CreateManagedAccount", "UpdateManagedAccount")))))
	t.permissions()
}

// ruleNames are the rules that call each handler.
var ruleNames = map[string][]string{
	HandlerEvents: {"HealSchedule", "GatheredSchedule", "OperationFailed", "InstanceFailed", "AccountChanged", "AccountEnrolled"},
	HandlerStatus: {"StatusSchedule", "MetricsSchedule"},
	HandlerConfig: {"ConfigSchedule", "StackSetChanged"},
}

func (t *template) schedule(name, remark string, expression node, handler, input string, attributes ...any) {
	t.resource(name+"ScheduleRule", remark, "AWS::Events::Rule", object("ScheduleExpression", expression, "State", "ENABLED", "Targets", target(handler, input)), attributes...)
}

func (t *template) rule(name, remark, handler string, pattern node) {
	state := either("FollowsEvents", "ENABLED", "DISABLED")
	if handler == HandlerConfig {
		state = text("ENABLED")
	}
	t.resource(name+"Rule", remark, "AWS::Events::Rule", object("State", state, "EventPattern", pattern, "Targets", target(handler, "")))
}

func target(handler, input string) node {
	var constant any
	if input != "" {
		constant = input
	}
	return list(object("Id", handler, "Arn", att(handler+"Function.Arn"), "Input", constant,
		"DeadLetterConfig", object("Arn", att("DeadLetters.Arn")), "RetryPolicy", object("MaximumRetryAttempts", 10, "MaximumEventAgeInSeconds", 3600)))
}

// permissions let each rule call its function, and no other rule.
func (t *template) permissions() {
	for _, handler := range []string{HandlerEvents, HandlerStatus, HandlerConfig} {
		for _, rule := range ruleNames[handler] {
			var attributes []any
			if strings.HasPrefix(rule, "HealSchedule") {
				attributes = []any{"Condition", "HealsBySchedule"}
			}
			t.resource(rule+"Permission", "", "AWS::Lambda::Permission", object("FunctionName", ref(handler+"Function"),
				"Action", "lambda:InvokeFunction", "Principal", "events.amazonaws.com", "SourceArn", att(rule+"Rule.Arn")), attributes...)
		}
	}
	t.condition("FollowsEvents", tagged("!Equals", ref("FollowEvents"), "true"))
}
