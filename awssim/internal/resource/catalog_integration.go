package resource

// integration: topics, queues, buses, schedules.
var integration = []Type{
	{Name: "AWS::SNS::Topic", ID: "arn:{partition}:sns:{region}:{account}:{name}", NameProperty: "TopicName", NameMax: 256,
		Attributes: map[string]string{"TopicArn": "{id}", "TopicName": "{name}"}, Update: "SetTopicAttributes", Read: "GetTopicAttributes"},
	{Name: "AWS::SNS::TopicPolicy", ID: "{stack}-{logical}-{upper12}", Scope: Unclaimed, Attributes: map[string]string{"Id": "{id}"},
		Create: "SetTopicAttributes", Update: "SetTopicAttributes", Delete: "SetTopicAttributes"},
	{Name: "AWS::SNS::Subscription", ID: "{prop:TopicArn}:{uuid}", Scope: Unclaimed, NoDrift: true, Attributes: map[string]string{"Arn": "{id}"}, Create: "Subscribe", Update: "SetSubscriptionAttributes", Delete: "Unsubscribe"},
	{Name: "AWS::SQS::Queue", ID: "https://sqs.{region}.amazonaws.com/{account}/{name}", NameProperty: "QueueName", NameMax: 80,
		Attributes: map[string]string{"Arn": "arn:{partition}:sqs:{region}:{account}:{name}", "QueueName": "{name}", "QueueUrl": "{id}"}, Update: "SetQueueAttributes", Read: "GetQueueAttributes"},
	{Name: "AWS::SQS::QueuePolicy", ID: "{stack}-{logical}-{upper12}", Scope: Unclaimed, NoDrift: true, Unsupported: true,
		Attributes: map[string]string{"Id": "{id}"}, Create: "SetQueueAttributes", Update: "SetQueueAttributes", Delete: "SetQueueAttributes"},
	{Name: "AWS::Events::Rule", ID: "{bus|}{name}", NameProperty: "Name", NameMax: 64, Identifier: "arn:{partition}:events:{region}:{account}:rule/{bus/}{name}",
		Attributes: map[string]string{"Arn": "arn:{partition}:events:{region}:{account}:rule/{bus/}{name}"}, Create: "PutRule", Update: "PutRule", Read: "DescribeRule"},
	{Name: "AWS::Events::EventBus", ID: "{prop:Name}", NameProperty: "Name",
		Attributes: map[string]string{"Arn": "arn:{partition}:events:{region}:{account}:event-bus/{id}", "Name": "{id}", "Policy": ""}},
	{Name: "AWS::Events::EventBusPolicy", ID: "{stack}-{logical}-{upper12}", Scope: Unclaimed, Identifier: "{prop:EventBusName}|{prop:StatementId}", Create: "PutPermission", Delete: "RemovePermission"},
	{Name: "AWS::Scheduler::Schedule", ID: "{name}", NameProperty: "Name", NameMax: 64,
		Attributes: map[string]string{"Arn": "arn:{partition}:scheduler:{region}:{account}:schedule/default/{id}"}},
	{Name: "AWS::Pipes::Pipe", ID: "{name}", NameProperty: "Name", NameMax: 64,
		Attributes: map[string]string{"Arn": "arn:{partition}:pipes:{region}:{account}:pipe/{id}", "CreationTime": "2026-01-01T00:00:00Z",
			"CurrentState": "RUNNING", "LastModifiedTime": "2026-01-01T00:00:00Z", "StateReason": ""}},
}
