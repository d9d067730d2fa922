// Package core is the ground that the embedded AWS's services stand on: one
// world with one clock, one queue of things that will happen, one source of
// randomness and one lock.
//
// Time. The world never sleeps. Whatever takes time in AWS is an entry in the
// queue, and the queue is worked off lazily: each request first runs everything
// that is due by now, in order of time and then of scheduling, and is answered
// after that. So a day of stack operations costs what its events cost, nothing
// runs beside a request, and the same requests at the same times give the same
// world. Only where somebody subscribed to events does a timer drive the queue.
//
// Locking. [World.Serve] holds the world's one mutex for the length of a
// request. Everything a service keeps, and every function in the queue, runs
// under it; services themselves have no locks.
//
// Services. A service is a table of typed functions ([Do]); the wire package
// turns HTTP requests into their inputs and their outputs and errors into
// answers, so that a service never sees a byte of XML or JSON. What one service
// asks of another goes through the interfaces in contracts.go.
package core
