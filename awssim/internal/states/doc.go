// Package states is AWS Step Functions: state machines, and executions of them by an
// interpreter of the States Language that is handed in ([Interpreter]); the embedded
// AWS has none of its own. What the tasks of an execution call comes back to the
// embedded AWS as requests of the state machine's role.
//
// An execution runs outside the world's lock, in the world's time: the interpreter's
// timers are entries of the world's queue. Its history is recorded here, event by
// event, as the interpreter reports it.
//
// When time is moved forward by hand ([core.World.AdvanceIdle]), the clock is held
// until the interpreter has processed what happened: after each timer and each answer
// it counts as busy until it has been idle for a moment.
package states
