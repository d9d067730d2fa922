package install

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Namespace is the CloudWatch namespace of the metrics.
const Namespace = "StackSetMonitoring"

func (t *template) monitoring(c Config) {
	t.resource("Log", "All functions' logs.", "AWS::Logs::LogGroup", object("LogGroupName", sub("/setmend/${AWS::StackName}"), "RetentionInDays", ref("LogRetentionDays")),
		"DeletionPolicy", "Delete", "UpdateReplacePolicy", "Delete")
	t.resource("Alarms", "What a person must hear of.", "AWS::SNS::Topic", object("DisplayName", "setmend", "KmsMasterKeyId", noValue()))
	t.resource("AlarmsPolicy", "", "AWS::SNS::TopicPolicy", object("Topics", list(ref("Alarms")), "PolicyDocument", object("Version", "2012-10-17", "Statement", list(
		object("Sid", "AlarmsPublish", "Effect", "Allow", "Principal", object("Service", "cloudwatch.amazonaws.com"), "Action", "sns:Publish", "Resource", ref("Alarms"),
			"Condition", object("StringEquals", object("aws:SourceAccount", ref("AWS::AccountId"))))))))
	t.resource("AlarmsByEmail", "", "AWS::SNS::Subscription", object("TopicArn", ref("Alarms"), "Protocol", "email", "Endpoint", ref("AlarmEmail")), "Condition", "HasAlarmEmail")

	t.resource("DeadLetters", "Events that failed twice, with what went wrong.", "AWS::SQS::Queue", object("MessageRetentionPeriod", 1209600, "SqsManagedSseEnabled", true))
	t.resource("DeadLettersPolicy", "", "AWS::SQS::QueuePolicy", object("Queues", list(ref("DeadLetters")), "PolicyDocument", object("Version", "2012-10-17", "Statement", list(
		object("Sid", "RulesSend", "Effect", "Allow", "Principal", object("Service", "events.amazonaws.com"), "Action", "sqs:SendMessage", "Resource", att("DeadLetters.Arn"),
			"Condition", object("StringEquals", object("aws:SourceAccount", ref("AWS::AccountId")))),
		object("Sid", "TLSOnly", "Effect", "Deny", "Principal", "*", "Action", "sqs:*", "Resource", att("DeadLetters.Arn"), "Condition", object("Bool", object("aws:SecureTransport", "false")))))))

	t.alarm("SuccessRateAlarm", "In some stack set fewer than 80 % of the newest operations succeeded.", alarm{namespace: Namespace, metric: "SuccessRate", statistic: "Minimum",
		comparison: "LessThanThreshold", threshold: 80, period: 300, periods: 3, points: 2})
	t.alarm("DeadLetterAlarm", "An event failed twice and was set aside.", alarm{namespace: "AWS/SQS", metric: "ApproximateNumberOfMessagesVisible", statistic: "Maximum",
		comparison: "GreaterThanThreshold", threshold: 0, period: 300, periods: 1, points: 1, dimensions: object("QueueName", att("DeadLetters.QueueName"))})
	t.alarm("FailedRunAlarm", "A run ended in failure.", alarm{namespace: "AWS/States", metric: "ExecutionsFailed", statistic: "Sum",
		comparison: "GreaterThanThreshold", threshold: 0, period: 300, periods: 1, points: 1, dimensions: object("StateMachineArn", ref("StateMachine"))})
	t.alarm("NoRunAlarm", "No run has succeeded for two days.", alarm{namespace: "AWS/States", metric: "ExecutionsSucceeded", statistic: "Sum",
		comparison: "LessThanThreshold", threshold: 1, period: 86400, periods: 2, points: 2, missing: "breaching", dimensions: object("StateMachineArn", ref("StateMachine")), condition: "HealsBySchedule"})
	t.alarm("QuotaAlarm", fmt.Sprintf("More than 80 %% of the %d instances that may be in operation at once are.", c.quota()), alarm{namespace: Namespace, metric: "QuotaUse", statistic: "Maximum",
		comparison: "GreaterThanThreshold", threshold: 80, period: 300, periods: 1, points: 1})
	t.dashboard()
}

func (c Config) quota() int {
	if c.RunningInstances == 0 {
		return 10000
	}
	return c.RunningInstances
}

type alarm struct {
	namespace, metric, statistic, comparison string
	threshold, period, periods, points       int
	missing, condition                       string
	dimensions                               node
}

func (t *template) alarm(name, about string, a alarm) {
	var dimensions any
	if a.dimensions != nil {
		dimensions = list(object("Name", a.dimensions.Content[0], "Value", a.dimensions.Content[1]))
	}
	missing := "notBreaching"
	if a.missing != "" {
		missing = a.missing
	}
	var attributes []any
	if a.condition != "" {
		attributes = []any{"Condition", a.condition}
	}
	t.resource(name, "", "AWS::CloudWatch::Alarm", object("AlarmDescription", about, "Namespace", a.namespace, "MetricName", a.metric, "Dimensions", dimensions,
		"Statistic", a.statistic, "Period", a.period, "EvaluationPeriods", a.periods, "DatapointsToAlarm", a.points, "Threshold", a.threshold,
		"ComparisonOperator", a.comparison, "TreatMissingData", missing, "AlarmActions", list(ref("Alarms")), "OKActions", list(ref("Alarms"))), attributes...)
}

// widget is a diagram of the dashboard.
type widget struct {
	title   string
	metrics []any
}

// dashboard draws the metrics of all stack sets, also of those that come later: it
// searches for them.
func (t *template) dashboard() {
	search := func(metric, statistic string) []any {
		expression := fmt.Sprintf(`SEARCH('{%s,StackSetName} MetricName="%s"', '%s', 300)`, Namespace, metric, statistic)
		return []any{[]any{map[string]any{"expression": expression, "id": strings.ToLower(metric)}}}
	}
	var widgets []any
	for i, w := range []widget{
		{"Success rate by stack set", search("SuccessRate", "Minimum")},
		{"Operations by stack set", search("Operations", "Sum")},
		{"Duration of operations in seconds", search("OperationDuration", "Maximum")},
		{"Failed instances", search("FailedInstances", "Maximum")},
		{"Drifted instances", search("DriftedInstances", "Maximum")},
		{"Operations retried", search("RetriedOperations", "Maximum")},
	} {
		widgets = append(widgets, map[string]any{"type": "metric", "x": i % 2 * 12, "y": i / 2 * 6, "width": 12, "height": 6,
			"properties": map[string]any{"title": w.title, "region": "${AWS::Region}", "view": "timeSeries", "metrics": w.metrics}})
	}
	body, err := json.Marshal(map[string]any{"widgets": widgets})
	if err != nil {
		panic(err) // maps and strings
	}
	t.resource("MetricsDashboard", "", "AWS::CloudWatch::Dashboard", object("DashboardName", sub("${AWS::StackName}"), "DashboardBody", sub(string(body))))
}
