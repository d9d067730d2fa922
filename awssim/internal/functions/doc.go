// Package functions is AWS Lambda: functions, what may call them, and how they are
// called: synchronously, asynchronously with retries and destinations, by a queue,
// and by a URL.
//
// A function is a view on the live resource; its code, versions and what runs are
// kept here. What it does when it is called is decided in one place, [Functions.runner]:
// a Go function that was registered for its ARN ([Functions.Handle]), or, where
// processes may be run at all ([Options].Run), the bootstrap of its zip, as a process
// of this machine that speaks Lambda's runtime API on a loopback address. Any other
// function is refused with an error that says so.
//
// Functions run outside the world's lock, since they call back into the AWS; the
// world's time is not held for them. A Go function gets a context with the deadline and a
// process is killed at it. The deadline is counted by the time package, not by the
// world's clock: a function computes in real time, however fast the world is.
package functions
