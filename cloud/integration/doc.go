// Package integration is the AWS that States Language definitions call: the
// resources arn:aws:states:::aws-sdk:SERVICE:ACTION of Step Functions, its
// optimised integrations and Lambda functions, as plain functions of JSON.
//
// # Facts, not clients
//
// Every action of every AWS service can be called, and none has a client here.
// Package model has the facts of AWS's public API models, a compressed entry a
// service; package wire makes requests and reads answers by them, and package
// endpoint finds where a service is reached. The rest is the core of AWS's SDK: HTTP,
// credentials, signature version 4. An action that streams events is not there, as
// in Step Functions, nor is one that is signed in another way.
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
// # Jobs
//
// A resource with .sync begins a job and looks at it until it is over (job.go).
// Called again after a crash, it begins the job again, unless AWS recognises the
// request: by a token that follows from the task's attempt, or by a name.
//
// Requests go through package cloud: one connection, its rates, its count of
// calls, its decision what may be sent again.
package integration
