// Package clock is time that can run faster than the wall.
//
// The embedded AWS can run at a speed: at 600, an hour of stack operations takes
// six seconds. Whoever talks to it has to wait and to count requests per second
// in its time, not in the wall's. A [Clock] is that time as a value: it tells
// the hour, sleeps and sets timers, all in its own hours and minutes.
//
// At speed 1 and never synchronised, a Clock is the time package and nothing
// else, so that it is virtual inside a testing/synctest bubble. Package clock
// imports nothing but the standard library; the packages that need time declare
// the few methods they use as interfaces of their own.
package clock

import (
	"context"
	"sync"
	"time"
)

// Clock is a time that runs at a constant speed. Its methods may be called from
// any goroutine.
type Clock struct {
	speed float64

	mu   sync.Mutex
	wall time.Time // when the wall showed this,
	then time.Time // the clock showed this; zero while it shows the wall's time
}

// Real is the wall's time.
func Real() *Clock { return &Clock{speed: 1} }

// Scaled is a clock that shows start now and runs speed times as fast as the
// wall. A speed that is not positive counts as 1; a zero start is the present.
func Scaled(speed float64, start time.Time) *Clock {
	c := &Clock{speed: speed}
	if !(speed > 0) {
		c.speed = 1
	}
	if start.IsZero() {
		start = time.Now()
	}
	c.Sync(start)
	return c
}

// Speed is how many of the clock's seconds pass in one of the wall's.
func (c *Clock) Speed() float64 { return c.speed }

// Sync sets the clock to t, forward or back. Sleeps and timers under way are not
// touched: they measure a duration.
func (c *Clock) Sync(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall, c.then = time.Now(), t
}

// Now is the time that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.then.IsZero() {
		return time.Now()
	}
	return c.then.Add(c.stretch(time.Since(c.wall)))
}

// Sleep waits until d has passed on the clock, or returns the context's error. A
// context that has ended wins over a wait that is due.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	timer := time.NewTimer(c.shrink(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// AfterFunc has f called in a goroutine of its own once d has passed on the
// clock. stop prevents that, and reports whether it was in time to.
func (c *Clock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	return time.AfterFunc(c.shrink(d), f).Stop
}

// stretch turns a duration of the wall's into one of the clock's.
func (c *Clock) stretch(d time.Duration) time.Duration {
	if c.speed == 1 {
		return d
	}
	return time.Duration(float64(d) * c.speed)
}

// shrink turns a duration of the clock's into one of the wall's, and never into
// nothing: a wait of zero would spin.
func (c *Clock) shrink(d time.Duration) time.Duration {
	if c.speed == 1 || d <= 0 {
		return d
	}
	return max(1, time.Duration(float64(d)/c.speed))
}
