// Package integration is the AWS that States Language definitions call: the
// resources arn:aws:states:::aws-sdk:SERVICE:ACTION of Step Functions, and the
// optimised sns:publish, states:startExecution and Lambda functions, as plain
// functions of JSON.
//
// # A table, not reflection over methods
//
// Every action is a row of services.go: a method of a typed SDK client. So the compiler checks that the action exists, and the linker keeps
// those methods and no others; looking methods up by name would keep all of
// EC2's. Reflection is used on the fields of inputs and outputs only. What is not
// in the table is not there: [Check] says so before a definition runs.
//
// # Step Functions' names
//
// Step Functions is written with the Java SDK v2, and its names show: a leading
// acronym of a parameter collapses (DBInstanceIdentifier is DbInstanceIdentifier,
// but SourceDBSnapshotIdentifier stays), in exceptions every acronym does, and an
// exception that the service's model does not have is named after the service
// (Ec2.Ec2Exception). names.go has the rules, and a definition that runs here
// runs there.
//
// # Values
//
// Null parameters are as good as absent. A blob takes a string as it stands and
// anything else as JSON text; a blob in an answer is a string, in base64 where it
// is not UTF-8. Times are ISO 8601 strings. In an answer, what AWS did not send
// is absent. The optimised integrations answer without Step Functions' HTTP
// metadata.
//
// Requests go through package cloud: one connection, its rates, its count of
// calls, its decision what may be sent again.
package integration
