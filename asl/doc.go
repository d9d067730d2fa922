// Package asl runs Amazon States Language definitions, written with JSONPath or
// JSONata, the way Step Functions does, in this process, and so that an execution
// survives it.
//
// # The log is the state
//
// An execution is a log in a [Store]. Its entries hold the history events of Step
// Functions with a few private fields, and a few records that no history shows;
// what follows from the record before is left out, a payload that is handed on
// above all. The definition has a log of its own, named by its hash, which all
// executions that are started with it share.
// Every change of an execution is one record: it is written to the batch and
// applied to the state in memory, and apply is the only code that changes that
// state. Recovery reads the log and applies the same records by the same code.
// There is no replay of handlers and no second format to keep in step.
//
// # One goroutine an execution
//
// Everything that changes belongs to the goroutine that is in run.loop. An
// execution is a tree of frames: its main line, the branches of a Parallel, the
// iterations of a Map. The loop takes frames off a queue and lets each do one
// step; when none can go on, the batch goes to the store as one entry, and only
// then are the functions called that its records announce. So a Task is scheduled
// durably before it is called, forty iterations cost one write, a short execution
// costs one in all (see [Creator]), and the log always ends between two steps.
// Functions run in goroutines of their own, and report, like timers and callers
// from outside, through the run's mailbox.
//
// States that touch nothing outside (Pass, Choice) cause no write by themselves:
// if the process dies, they are run again from the last write, and nobody can
// have seen the difference. What is random or depends on the time is in the log
// once anybody can see it.
//
// # At least once
//
// A crash between a call and the record of its result means that the function is
// called again: with the same input and the same [TaskToken], which depends on
// the execution, the frame, the entry of the state and the attempt. A task whose
// result is recorded is never called again. Waits, timeouts and retries are
// deadlines in the log, so they do not become longer. The log has one owner at a
// time: whoever claims it later fences the earlier one off.
//
// # Tasks that others answer
//
// A task that waits for its token (.waitForTaskToken) is answered through the
// store, from any process and whether or not anybody runs the execution. An
// execution's answers are a log of their own that nobody claims: whoever has a
// token appends there, and the token says where. Its order decides. The first
// entry that closes a token counts; a sender reads the log after it has written,
// and so knows whether that was its own. The engine closes tokens there too, when
// their time is over: an answer that its sender was told is taken can come close
// to a deadline, but not be overtaken by it.
//
// The engine that runs the execution reads the answers every now and then while
// a task waits, at once when one is sent through itself, and before all else when
// it resumes. How far it has read is not recorded. After a crash it reads them all
// again: the tokens of those that were taken are those of no task any more, and a
// heartbeat only ever moves a deadline forward.
//
// # Reading a definition
//
// [Parse] compiles a definition once, from JSON or YAML: paths, intrinsic functions,
// JSONata expressions and payload templates become small programs over decoded JSON
// values that never change and are shared; a state that passes its input through
// neither copies nor encodes it. What is wrong with a definition is collected, with
// its JSON path and line, rather than reported one at a time.
//
// Where AWS's behaviour is known from recordings and differs from the
// specification, AWS's counts: a path that finds nothing fails the execution with
// States.Runtime, which no Catch sees.
//
// # Where to find it
//
// Files use those further down only. engine.go is what callers use, with
// callback.go for answers, history.go and list.go for looking, and recover.go for
// going on after a crash. run.go is the loop of an execution, call.go the tasks that
// are under way. definition.go reads definitions: load.go the programs, loadstate.go
// what states have in common, fields.go the fields of an object. Each state type has
// a file, with its inputs, its work and its continuation. flow.go brings data
// through a state and ends it, in success or failure; schedule.go says what comes
// next; apply.go is the only code that changes an execution; record.go is the log.
// model.go is the vocabulary of all.
package asl
