// Package rollouts carries rollouts out: phases are commands like those of a heal, with
// gates between them.
//
// A rollout is the stages of deploy/rollout.asl.json. Each call of a stage loads the
// [Rollout] from the journal, does what is due, and stores it; all else is in the events
// of its commands. So a call that comes after a crash, or to another Lambda, continues
// where the one before was.
//
//	Update   opens and advances the commands of the present phase
//	Gate     bakes, then looks at the gates, one after another
//	Rollback gives the previous definition back, the last phase first
//	End      closes the rollout and says how it ended
//
// The first request of the first phase is an UpdateStackSet for that phase's instances:
// it changes the definition of the set, and AWS calls all other instances outdated from
// then on. Later requests are UpdateStackInstances, which bring theirs up to date. The
// lease is held while operations run, and given up while a phase bakes or waits for a
// person, so that healing continues; healing never touches what a rollout has not reached.
//
// What happened to the stack set in between is seen before each request: a definition
// that is neither the new nor the previous one, or an operation that a person stopped,
// ends the rollout, and a person decides.
package rollouts
