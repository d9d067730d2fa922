// Package command is the state machine of everything that changes AWS. It does no
// I/O and reads no clock.
//
// A [Command] is an action of a plan being carried out. [Next] returns its next
// effect; the caller carries that out and records the outcome as an [Event], and
// [Apply] is the only code that changes a command:
//
//	for {
//		effect := command.Next(c, now)
//		event := do(effect)      // a call to AWS, a read, a write to the journal
//		store(event)             // durable before anything rests on it
//		command.Apply(&c, event)
//	}
//
// Only events are stored. A command that was interrupted is the replay of its
// events, and continues through the same code; the same state always has the same
// next effect. table.go has the transitions between phases.
//
// Files: command.go the state, event.go what can happen, table.go the phases,
// next.go what to do, apply.go the only assignments, pending.go what may have been
// deleted and is to be created again.
package command
