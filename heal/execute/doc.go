// Package execute carries commands out.
//
// An [Executor] advances commands side by side: it does what [command.Next] wants and
// records what happened before anything rests on it. What is done lies in one file for
// each kind of effect: save.go reads overrides and makes them durable, changed.go looks
// again at what the plan rests on, send.go sends and follows operations, results.go
// reads what they did, revert.go works in member accounts, verify.go compares what was
// created with what was saved, record.go remembers the outcome. waves.go keeps what is
// taken down within bounds, restores.go takes over what earlier runs have left.
//
// A request is sent under a fence (package lease) that is asked again inside the call.
// The same code runs after a crash: an operation that was intended is looked up by its
// id before anything else.
package execute
