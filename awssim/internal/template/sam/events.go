package sam

import (
	"slices"
	"strconv"
	"strings"
)

func itoa(i int) string { return strconv.Itoa(i) }

// event is one event source of a function.
type event struct {
	*lambda
	name, id   string // id is the function's logical id and the event's
	properties object
}

func (e *event) invalid(format string, args ...any) {
	e.lambda.invalid("Event with id ["+e.name+"] is invalid. "+format, args...)
}

// events connects the function to its event sources, in order of their paths
// and names, as SAM does.
func (f *lambda) events() {
	events := mapOf(f.properties.Get("Events"))
	names := slices.Clone(keysOf(events))
	order := func(name string) string {
		if path := textOf(mapOf(mapOf(events.Get(name)).Get("Properties")).Get("Path")); path != "" {
			return path
		}
		return name
	}
	slices.SortStableFunc(names, func(a, b string) int { return strings.Compare(order(a), order(b)) })
	for _, name := range names {
		f.event(name, mapOf(events.Values[name]))
	}
}

func (f *lambda) event(name string, body object) {
	e := &event{lambda: f, name: name, id: f.id + name, properties: mapOf(body.Get("Properties"))}
	if e.properties == nil {
		e.properties = obj()
	}
	kind := textOf(body.Get("Type"))
	known, ok := eventKinds[kind]
	if !ok {
		e.invalid("Event type '%s' is not supported", kind)
		return
	}
	if why := checkProperties(known, e.properties, kind); why != "" {
		e.invalid("%s", why)
		return
	}
	switch kind {
	case "Schedule":
		e.schedule()
	case "ScheduleV2":
		e.scheduler(e.arn(), inlinePolicy(e.id+"LambdaPolicy", statement("lambda:InvokeFunction", e.arn())))
	case "CloudWatchEvent", "EventBridgeRule":
		e.rule()
	case "CloudWatchLogs":
		e.logs()
	case "S3":
		e.bucket()
	case "SNS":
		e.topic()
	case "AlexaSkill":
		pass(e.permission(e.id, "alexa-appkit.amazon.com", ""), obj("EventSourceToken", e.properties.Get("SkillId")), "EventSourceToken")
	case "IoTRule":
		e.iot()
	case "Cognito":
		e.userPool()
	case "Api":
		e.api()
	case "HttpApi":
		e.httpAPI()
	default:
		e.mapping(kind)
	}
}

// permission lets a service call the function; it returns the properties to add to.
func (e *event) permission(prefix, principal, suffix string) object {
	if suffix != "" && !alphanumeric(suffix) {
		suffix = digest(suffix)
	}
	p := obj("Action", "lambda:InvokeFunction", "FunctionName", e.lambda.name(), "Principal", principal)
	e.add(prefix+"Permission"+suffix, "AWS::Lambda::Permission", p)
	return p
}

// state is a rule's state, from State or Enabled.
func (e *event) state() (any, bool) {
	enabled, state := e.properties.Get("Enabled"), e.properties.Get("State")
	if enabled != nil && state != nil {
		e.invalid("State and Enabled Properties cannot both be specified.")
		return nil, false
	}
	if enabled == nil {
		return state, true
	}
	if e.t.truthy(enabled) {
		return "ENABLED", true
	}
	return "DISABLED", true
}

func (e *event) schedule() {
	state, ok := e.state()
	if !ok {
		return
	}
	p := e.properties
	rule := obj("ScheduleExpression", p.Get("Schedule"), "State", state, "Name", p.Get("Name"), "Description", p.Get("Description"))
	e.addRule(rule, "LambdaTarget", obj("Input", p.Get("Input")), nil)
	e.permission(e.id, "events.amazonaws.com", "").Set("SourceArn", getAtt(e.id, "Arn"))
}

func (e *event) rule() {
	state, ok := e.state()
	if !ok {
		return
	}
	p := e.properties
	rule := obj("EventBusName", p.Get("EventBusName"), "EventPattern", p.Get("Pattern"), "Name", p.Get("RuleName"), "State", state)
	target := obj()
	pass(target, p, "Input", "InputPath", "InputTransformer")
	e.addRule(rule, "LambdaTarget", target, nil)
	e.permission(e.id, "events.amazonaws.com", "").Set("SourceArn", getAtt(e.id, "Arn"))
}

// addRule adds an EventBridge rule with its target, and the queue for what
// cannot be delivered.
func (e *event) addRule(rule object, suffix string, more object, role any) {
	id := textOf(mapOf(e.properties.Get("Target")).Get("Id"))
	if id == "" {
		id = e.id[:min(len(e.id), 64-len(suffix))] + suffix
	}
	target := obj("Arn", e.arn(), "Id", id, "RoleArn", role)
	pass(target, more, more.Keys...)
	if config := mapOf(e.properties.Get("DeadLetterConfig")); config != nil {
		arn, ok := e.deadLetters(config, getAtt(e.id, "Arn"))
		if !ok {
			return
		}
		target.Set("DeadLetterConfig", obj("Arn", arn))
	}
	pass(target, e.properties, "RetryPolicy")
	rule.Set("Targets", []any{target})
	e.add(e.id, "AWS::Events::Rule", rule)
}

// deadLetters is the queue for what cannot be delivered, made if it is not given.
func (e *event) deadLetters(config object, source any) (any, bool) {
	arn, kind := config.Get("Arn"), config.Get("Type")
	switch {
	case arn != nil && kind != nil:
		e.invalid("You can either define 'Arn' or 'Type' property of DeadLetterConfig.")
		return nil, false
	case arn != nil:
		return arn, true
	case kind == nil:
		e.invalid("No 'Arn' or 'Type' property provided for DeadLetterConfig.")
		return nil, false
	case kind != "SQS":
		e.invalid("The only valid value for 'Type' property of DeadLetterConfig is 'SQS'.")
		return nil, false
	}
	queue := textOf(config.Get("QueueLogicalId"))
	if queue == "" {
		queue = e.id + "Queue"
	}
	e.add(queue, "AWS::SQS::Queue", obj())
	if source != nil {
		e.add(e.id+"QueuePolicy", "AWS::SQS::QueuePolicy", obj("PolicyDocument", obj("Version", "2012-10-17", "Statement", []any{obj(
			"Effect", "Allow", "Principal", obj("Service", "events.amazonaws.com"), "Action", "sqs:SendMessage",
			"Resource", getAtt(queue, "Arn"), "Condition", obj("ArnEquals", obj("aws:SourceArn", source)))}), "Queues", []any{ref(queue)}))
	}
	return getAtt(queue, "Arn"), true
}

// scheduler adds a schedule of EventBridge Scheduler with its role.
func (e *event) scheduler(target any, policy object) {
	p := e.properties
	out := obj("ScheduleExpression", p.Get("ScheduleExpression"), "FlexibleTimeWindow", obj("Mode", "OFF"))
	pass(out, p, "State", "Description", "FlexibleTimeWindow", "StartDate", "EndDate", "ScheduleExpressionTimezone", "GroupName", "KmsKeyArn")
	if !e.t.truthy(p.Get("OmitName")) {
		out.Set("Name", e.id)
		pass(out, p, "Name")
	}
	to := obj("Arn", target)
	policies := []any{policy}
	if config := mapOf(p.Get("DeadLetterConfig")); config != nil {
		arn, ok := e.deadLetters(config, nil)
		if !ok {
			return
		}
		to.Set("DeadLetterConfig", obj("Arn", arn))
		policies = append(policies, inlinePolicy(e.id+"SQSPolicy", statement("sqs:SendMessage", arn)))
	}
	role := p.Get("RoleArn")
	if role == nil {
		role = getAtt(e.id+"Role", "Arn")
		e.add(e.id+"Role", "AWS::IAM::Role", obj("AssumeRolePolicyDocument", assumedBy("scheduler.amazonaws.com"), "Policies", policies,
			"PermissionsBoundary", p.Get("PermissionsBoundary")))
	}
	to.Set("RoleArn", role)
	pass(to, p, "Input", "RetryPolicy")
	out.Set("Target", to)
	e.add(e.id, "AWS::Scheduler::Schedule", out)
}

func (e *event) logs() {
	group := e.properties.Get("LogGroupName")
	e.permission(e.id, "logs.amazonaws.com", "").Set("SourceArn",
		sub("arn:"+e.t.partial.Place().Partition+":logs:${AWS::Region}:${AWS::AccountId}:log-group:${__LogGroupName__}:*", "__LogGroupName__", group))
	e.add(e.id, "AWS::Logs::SubscriptionFilter", obj("LogGroupName", clone(group), "FilterPattern", e.properties.Get("FilterPattern"), "DestinationArn", e.arn())).
		Set("DependsOn", []any{e.id + "Permission"})
}

// bucket adds the function to the notifications of a bucket of the template.
func (e *event) bucket() {
	id := referred(e.properties.Get("Bucket"))
	body := mapOf(e.t.resources.Get(id))
	if functionOf(e.properties.Get("Bucket")) != "Ref" || body == nil {
		e.invalid("S3 events must reference an S3 bucket in the same template.")
		return
	}
	e.permission(e.id, "s3.amazonaws.com", "").Set("SourceAccount", ref("AWS::AccountId"))
	properties := mapOf(body.Get("Properties"))
	if properties == nil {
		properties = obj()
		body.Set("Properties", properties)
	}
	permission := e.id + "Permission"
	condition := e.attributes.Get("Condition")
	if condition == nil {
		body.Set("DependsOn", append(listOf(body.Get("DependsOn")), permission))
	} else {
		properties.Set("Tags", append(listOf(properties.Get("Tags")), obj("Key", "sam:ConditionalDependsOn:"+permission,
			"Value", call("Fn::If", []any{condition, ref(permission), "no dependency"}))))
	}
	notifications := mapOf(properties.Get("NotificationConfiguration"))
	if notifications == nil {
		notifications = obj()
		properties.Set("NotificationConfiguration", notifications)
	}
	list := listOf(notifications.Get("LambdaConfigurations"))
	for _, what := range listOf(e.properties.Get("Events")) {
		var one any = obj("Function", e.arn(), "Filter", e.properties.Get("Filter"), "Event", what)
		if condition != nil {
			one = call("Fn::If", []any{condition, one, ref("AWS::NoValue")})
		}
		list = append(list, one)
	}
	notifications.Set("LambdaConfigurations", list)
}

func (e *event) topic() {
	p := e.properties
	subscription := obj("TopicArn", p.Get("Topic"))
	pass(subscription, p, "Region", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy")
	through := p.Get("SqsSubscription")
	config := mapOf(through)
	if through == nil || config == nil && !e.t.truthy(through) {
		subscription.Set("Protocol", "lambda")
		subscription.Set("Endpoint", e.arn())
		e.add(e.id, "AWS::SNS::Subscription", subscription)
		e.permission(e.id, "sns.amazonaws.com", "").Set("SourceArn", clone(p.Get("Topic")))
		return
	}
	arn, url, policy, batch := getAtt(e.id+"Queue", "Arn"), ref(e.id+"Queue"), e.id+"QueuePolicy", any(10)
	if config != nil {
		arn, url = config.Get("QueueArn"), config.Get("QueueUrl")
		if arn == nil || url == nil {
			e.invalid("No QueueARN or QueueURL provided.")
			return
		}
		if id := textOf(config.Get("QueuePolicyLogicalId")); id != "" {
			policy = id
		}
		if b := config.Get("BatchSize"); b != nil {
			batch = b
		}
	} else {
		queue := obj()
		topic := mapOf(mapOf(e.t.resources.Get(referred(p.Get("Topic")))).Get("Properties"))
		if e.t.truthy(topic.Get("FifoTopic")) {
			queue.Set("FifoQueue", true)
		}
		e.add(e.id+"Queue", "AWS::SQS::Queue", queue)
	}
	e.add(policy, "AWS::SQS::QueuePolicy", obj("PolicyDocument", obj("Version", "2012-10-17", "Statement", []any{obj(
		"Action", "sqs:SendMessage", "Effect", "Allow", "Principal", "*", "Resource", arn, "Condition", obj("ArnEquals", obj("aws:SourceArn", clone(p.Get("Topic")))))}),
		"Queues", []any{url}))
	subscription.Set("Protocol", "sqs")
	subscription.Set("Endpoint", clone(arn))
	e.add(e.id, "AWS::SNS::Subscription", subscription)
	e.add(e.id+"EventSourceMapping", "AWS::Lambda::EventSourceMapping", obj("BatchSize", batch, "Enabled", true, "EventSourceArn", clone(arn), "FunctionName", e.lambda.name()))
	e.attach("service-role/AWSLambdaSQSQueueExecutionRole")
}

func (e *event) iot() {
	p := e.permission(e.id, "iot.amazonaws.com", "")
	p.Set("SourceAccount", sub("${AWS::AccountId}"))
	p.Set("SourceArn", sub("arn:"+e.t.partial.Place().Partition+":iot:${AWS::Region}:${AWS::AccountId}:rule/${RuleName}", "RuleName", ref(e.id)))
	e.add(e.id, "AWS::IoT::TopicRule", obj("TopicRulePayload", obj("Sql", e.properties.Get("Sql"), "RuleDisabled", false,
		"Actions", []any{obj("Lambda", obj("FunctionArn", e.arn()))}, "AwsIotSqlVersion", e.properties.Get("AwsIotSqlVersion"))))
}

// userPool makes the function a trigger of a user pool of the template.
func (e *event) userPool() {
	id := referred(e.properties.Get("UserPool"))
	body := mapOf(e.t.resources.Get(id))
	if functionOf(e.properties.Get("UserPool")) != "Ref" || body == nil {
		e.invalid("Cognito events must reference a Cognito UserPool in the same template.")
		return
	}
	name := e.lambda.id
	if e.alias != "" {
		name = e.alias
	}
	e.permission(name+"Cognito", "cognito-idp.amazonaws.com", "").Set("SourceArn", getAtt(id, "Arn"))
	properties := mapOf(body.Get("Properties"))
	if properties == nil {
		properties = obj()
		body.Set("Properties", properties)
	}
	config := mapOf(properties.Get("LambdaConfig"))
	if config == nil {
		config = obj()
		properties.Set("LambdaConfig", config)
	}
	for _, trigger := range listOf(e.properties.Get("Trigger")) {
		if config.Get(textOf(trigger)) != nil {
			e.invalid("Cognito trigger \"%s\" defined multiple times.", textOf(trigger))
			return
		}
		config.Set(textOf(trigger), e.arn())
	}
}
