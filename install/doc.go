// Package install describes what `setmend install` creates: one CloudFormation
// stack, written down once, here, and printed as a template that a person can read.
// It uses no transform and no generator: the template lists what CloudFormation creates.
//
// Template returns the whole; FirstTemplate returns only the journal's bucket, with
// the same logical ids and properties. The functions' code lies in that bucket, and
// CloudFormation cannot create a function before its code is there: so a new
// installation first creates the stack with the bucket alone, uploads the zip, and
// then updates the same stack to the whole. One stack, two steps, and nothing
// outside of it.
//
// The parts, in the template's order:
//
//	storage.go     journal bucket, report bucket
//	roles.go       one role for each kind of function: what they may is given by the
//	               caller, from the calls that the code declares
//	functions.go   the functions, one zip, distinguished by their handler's name
//	machine.go     the state machine from deploy/selfheal.asl.json
//	events.go      rules and schedules
//	monitoring.go  topic, dead letters, alarms, dashboard
//	site.go        CloudFront before the report bucket
//
// node.go is the small language that the description is written in.
package install
