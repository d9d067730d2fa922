package clock

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestScaledClockRunsAsManyTimesFasterAsItsSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
		c := Scaled(600, start)
		time.Sleep(6 * time.Second)
		if got, want := c.Now(), start.Add(time.Hour); !got.Equal(want) {
			t.Errorf("after 6 s of the wall: %v, want %v", got, want)
		}
	})
}

func TestSleepTakesItsTimeOnTheClockNotOnTheWall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, speed := range []float64{0.5, 1, 600} {
			c, wall := Scaled(speed, time.Time{}), time.Now()
			before := c.Now()
			if err := c.Sleep(t.Context(), time.Minute); err != nil {
				t.Fatal(err)
			}
			if passed := c.Now().Sub(before); passed != time.Minute {
				t.Errorf("speed %v: %v passed on the clock, want a minute", speed, passed)
			}
			if passed, want := time.Since(wall), time.Duration(float64(time.Minute)/speed); passed != want {
				t.Errorf("speed %v: %v passed on the wall, want %v", speed, passed, want)
			}
		}
	})
}

func TestSleepEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := Real().Sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("sleeping past the deadline: %v", err)
		}
		if err := Real().Sleep(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("sleeping for no time with an ended context: %v", err)
		}
	})
}

func TestAfterFuncFiresOnceOnTimeUnlessStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Scaled(60, time.Time{})
		begin, fired := c.Now(), make(chan time.Time, 2)
		c.AfterFunc(time.Hour, func() { fired <- c.Now() })
		stop := c.AfterFunc(2*time.Hour, func() { fired <- c.Now() })
		time.Sleep(90 * time.Second)
		if !stop() {
			t.Error("stopping in time reports that it was too late")
		}
		time.Sleep(time.Hour)
		if at := <-fired; at.Sub(begin) != time.Hour {
			t.Errorf("fired after %v, want an hour", at.Sub(begin))
		}
		if len(fired) != 0 {
			t.Error("fired although stopped")
		}
		if stop() {
			t.Error("stopping again reports success")
		}
	})
}

func TestSyncSetsTheClockAndItRunsOnFromThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]*Clock{"real": Real(), "scaled": Scaled(10, time.Time{})} {
			server := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
			c.Sync(server)
			time.Sleep(time.Second)
			want := server.Add(time.Duration(c.Speed()) * time.Second)
			if got := c.Now(); !got.Equal(want) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
	})
}

func TestRealClockIsTheTimePackage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if got, want := Real().Now(), time.Now(); !got.Equal(want) {
			t.Errorf("real clock shows %v, the time package %v", got, want)
		}
	})
}

func TestASpeedThatMakesNoSenseIsOne(t *testing.T) {
	for _, speed := range []float64{0, -3} {
		if got := Scaled(speed, time.Time{}).Speed(); got != 1 {
			t.Errorf("speed %v runs at %v", speed, got)
		}
	}
}
