package install

import "fmt"

// Usage is what an installation does in a month.
type Usage struct {
	// Runs are heals, Events narrow runs, Stages the calls of a stage in one run, and
	// Seconds how long one takes.
	Runs, Events, Stages int
	Seconds              float64
	// Metrics are calls of the metrics' handler, and MetricsSeconds how long one takes.
	Metrics        int
	MetricsSeconds float64
	// StackSets have four metrics each.
	StackSets int
	// Requests are S3's writes and reads.
	Writes, Reads int
}

// typical is a month of 24 stack sets in 320 accounts with a daily heal. Its numbers of
// calls are assumed, not measured.
var typical = Usage{Runs: 31, Events: 30, Stages: 60, Seconds: 20, Metrics: 8928, MetricsSeconds: 13, StackSets: 24, Writes: 200_000, Reads: 400_000}

// Prices of eu-central-1 in US dollars, as AWS's public pages list them; free tiers are
// not taken off.
const (
	priceGBSecond   = 0.0000133334 // Lambda, arm64
	priceInvocation = 0.20 / 1e6
	priceTransition = 0.025 / 1000
	priceMetric     = 0.30 // one custom metric
	priceAlarm      = 0.10
	priceWrite      = 0.0054 / 1000
	priceRead       = 0.00043 / 1000
	priceLogGB      = 0.63
	priceDashboard  = 3.00
)

// Cost is the estimate of a month in US dollars.
type Cost struct {
	Lambda, StepFunctions, Metrics, S3, Logs float64
}

// Estimate reckons a month's cost from calls. The zero usage is a typical one.
func Estimate(u Usage) Cost {
	if u == (Usage{}) {
		u = typical
	}
	calls := (u.Runs + u.Events) * u.Stages
	seconds := float64(calls)*u.Seconds + float64(u.Metrics)*u.MetricsSeconds
	return Cost{
		Lambda:        seconds*priceGBSecond + float64(calls+u.Metrics+8928)*priceInvocation,
		StepFunctions: float64(calls) * 3 * priceTransition, // a stage, its choice, its wait
		Metrics:       float64(u.StackSets*4+10)*priceMetric + 5*priceAlarm + priceDashboard,
		S3:            float64(u.Writes)*priceWrite + float64(u.Reads)*priceRead,
		Logs:          0.5 * priceLogGB,
	}
}

// Total is the sum.
func (c Cost) Total() float64 { return c.Lambda + c.StepFunctions + c.Metrics + c.S3 + c.Logs }

// Lines is the estimate as text.
func (c Cost) Lines() []string {
	line := func(what string, dollars float64) string {
		return fmt.Sprintf("%-48s %7.2f USD a month", what, dollars)
	}
	return []string{
		line("Lambda", c.Lambda), line("Step Functions", c.StepFunctions), line("metrics, alarms and dashboard of CloudWatch", c.Metrics),
		line("S3 requests", c.S3), line("logs", c.Logs), line("all, for 24 stack sets in 320 accounts", c.Total()),
	}
}
