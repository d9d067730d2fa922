//go:build !unix

package dashboard

import "time"

var began = time.Now()

// cpuSeconds is the time that has passed, where the process's CPU time is not to be had.
func cpuSeconds() float64 { return time.Since(began).Seconds() }
