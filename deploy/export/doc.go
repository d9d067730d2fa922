// Package export writes a workflow as infrastructure: a CloudFormation template or
// a Terraform file that holds the state machine, the role that it runs with, and
// the schedule that starts it. It reads and writes texts and calls nothing.
//
// The definition stays as it is written. Its substitutions (${TopicArn}) become the
// parameters of the template or the variables of the file, so that one definition
// serves every account. The role allows what the caller's policy says, and what
// Step Functions itself needs beyond the calls: [Workflow.Policy] is written as it
// was given, with the partition left to the account that it is deployed in.
//
// EventBridge Scheduler has its own cron expressions, with six fields. [Expression]
// makes one of a usual expression of five, and [Before] moves one ahead of a
// maintenance window.
package export
