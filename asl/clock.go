package asl

import "time"

// A Clock tells the time and wakes up. Its methods may be called from many
// goroutines at once.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f in a goroutine of its own once d has passed, unless stop
	// is called before; stop reports whether it came in time.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// systemClock is package time, which testing/synctest makes virtual.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, f).Stop
}
