// Package observe reads the fleet, and keeps a run's view of it up to date.
//
// [Fleet] reads everything; what cannot be read completely is an error. A [View] is
// what one run knows: read once, then changed by what the run's own operations touched
// (results.go) and what drift detections found (drift.go). What only details show is
// read where the policy asks for it: [Details] what exactly has drifted, [Templates]
// whether member stacks are what their stack set says.
//
// AWS forgets, and overwrites one thing with another. causes.go reads why instances
// are broken from before a drift detection, detections.go when one ended, saved.go what
// has become of instances whose overrides are saved.
package observe
