package main

import (
	"runtime/debug"
)

// releaseStart gives back the memory that only starting took: garbage of the
// packages' initialization, and the pages of the program that it read. A sim may
// run beside tests for days and needs little of either.
func releaseStart() {
	debug.FreeOSMemory()
	releaseProgram()
}
