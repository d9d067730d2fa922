// Package awssim is AWS as an http.Handler: CloudFormation with StackSets,
// Organizations, Cloud Control, SSM, S3, STS, SNS, CloudWatch, EventBridge, Lambda,
// Step Functions, SQS, IAM and more, faithful enough that what works against it works against AWS, and unkind
// enough that what fails against AWS fails against it.
//
// It is served over a listener, where any tool that lets its endpoint be set can
// use it, or called in process through [AWS.Transport], where it opens no
// sockets and starts no goroutines and so lives in a testing/synctest bubble: a
// day of stack operations then takes milliseconds.
//
// A request is routed by the service and region of its signature's scope, which
// every SDK sends whatever the endpoint. Signatures are not verified. The access
// key says who calls: a 12-digit account id is that account, with the session
// token of AssumeRole it is that role, and any other key is the account that
// [Options].Account names.
//
// Everything that a request may meet on its way stands in one place, in
// handler.go: who calls, the request rates, injected faults, the action, and
// what is counted of it.
package awssim
