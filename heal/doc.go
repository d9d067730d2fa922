// Package heal carries out what plan decides: observe, plan, act, verify, as the
// handlers of the stages of one state machine (deploy/selfheal.asl.json).
//
// A handler does what it can in one go and answers with the run's id, whether
// its stage is complete, and how long to wait before it is called again. All
// that is big lives in the journal under the run's id; a handler keeps nothing
// in memory between calls, so that it makes no difference whether the next call
// comes to the same process, to a new one after a crash, or to another Lambda.
//
// Before any call that changes AWS, three things are durable: the intent (which
// cells, which remedy, which operation id), for a deletion the overrides of every
// cell in it, read back and compared, and the lease that says this healer may
// act. The operation id follows from run, action and attempt. So a call whose
// answer was lost is never repeated blindly: the same id is looked up first, and
// recovery runs through the same code as the normal course.
//
// A plan is true of the moment it was made. So a work pins the stack sets it is
// for, and right before each call looks again, at the set, for a deletion at the
// accounts too; where something has changed it stands down, and the stage plans
// anew (changed.go). A run that another one has overtaken never goes on: its lease
// counts turns, and a run has one (lease.go). What such a run had deleted and not
// created again is owed, and whichever run comes next creates it first.
package heal
