package asl

// A Listener is told of what happens, for progress and logs.
type Listener interface {
	// Happened tells of an event of an execution: the run's name, or
	// NAME/CHILD for a child of a distributed Map. The event is durable. Calls
	// for one run come one after another, in order, from the goroutine that
	// works on it: they delay it, and must not call the Engine for the same run.
	// Events from before a Resume are not told again.
	Happened(execution string, event Event)
}
