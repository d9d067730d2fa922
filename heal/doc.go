// Package heal carries out what plan decides: observe, plan, act, verify, as the
// handlers of the stages of one state machine (deploy/selfheal.asl.json).
//
// A handler does what it can in one go and answers with the run's id, whether
// its stage is complete, and how long to wait before it is called again. All
// that is big lives in the journal under the run's id; a handler keeps nothing
// in memory between calls, so that it makes no difference whether the next call
// comes to the same process, to a new one after a crash, or to another Lambda.
//
// Before any call that changes AWS, three things are durable: the intent (cells,
// remedy and operation id), for a deletion the overrides of every cell in it, read
// back and compared, and the lease that says this healer may act. The operation id follows from run, action and attempt. So a call whose
// answer was lost is never repeated blindly: the same id is looked up first, and
// recovery runs through the same code as the normal course.
//
// Files, from the top: stages.go has the handlers, stage.go what all of them need,
// passes.go a stage's passes, planner.go what they plan, run.go an open run, reporting.go,
// decisions.go and publish.go what it reports, live.go what is known of one under way,
// importing.go the import of overrides, healer.go the configuration. The packages inside
// have the details: command the state machine, execute what carries it out, lease who
// may, observe the view of the fleet, record the journal's documents.
//
// A plan is valid for the moment at which it was made. So a command pins its stack
// sets, and right before each request reads them again, for a deletion the accounts
// too; what has changed since the plan is skipped, and the stage plans another pass
// (execute/changed.go). Opening a run's commands claims their log for a new epoch, so
// that an overtaken process can neither record an intent nor send (record/log.go,
// lease). What a run deleted and did not create again is a pending restore, and the
// next run creates it first.
package heal
