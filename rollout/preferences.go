package rollout

import (
	"errors"
	"fmt"

	"github.com/setmend/setmend/fleet"
)

// Preferences are a stack set operation's preferences as they are written: what is
// absent stays as the strategy, or the file as a whole, has it.
type Preferences struct {
	RegionOrder                []fleet.Region           `yaml:"regionOrder"`
	RegionConcurrency          *fleet.RegionConcurrency `yaml:"regionConcurrency"`
	ConcurrencyMode            *fleet.ConcurrencyMode   `yaml:"concurrencyMode"`
	FailureToleranceCount      *int                     `yaml:"failureToleranceCount"`
	FailureTolerancePercentage *int                     `yaml:"failureTolerancePercentage"`
	MaxConcurrentCount         *int                     `yaml:"maxConcurrentCount"`
	MaxConcurrentPercentage    *int                     `yaml:"maxConcurrentPercentage"`
}

func numbers(concurrent, tolerance int, regions fleet.RegionConcurrency) Preferences {
	return Preferences{MaxConcurrentPercentage: &concurrent, FailureTolerancePercentage: &tolerance, RegionConcurrency: &regions}
}

// numbersOf are a strategy's own numbers.
func numbersOf(s Strategy) Preferences {
	switch s {
	case Parallel:
		return numbers(80, 20, fleet.RegionsParallel)
	case Balanced:
		return numbers(25, 8, fleet.RegionsParallel)
	case Phased:
		return Preferences{}
	}
	return numbers(5, 0, fleet.RegionsSequential)
}

func (p Preferences) check() error {
	if p.FailureToleranceCount != nil && p.FailureTolerancePercentage != nil {
		return errors.New("a tolerance is a count or a percentage, not both")
	}
	if p.MaxConcurrentCount != nil && p.MaxConcurrentPercentage != nil {
		return errors.New("the concurrency is a count or a percentage, not both")
	}
	for _, n := range []struct {
		name        string
		value       *int
		least, most int
	}{
		{"failureToleranceCount", p.FailureToleranceCount, 0, 100_000}, {"failureTolerancePercentage", p.FailureTolerancePercentage, 0, 100},
		{"maxConcurrentCount", p.MaxConcurrentCount, 1, 100_000}, {"maxConcurrentPercentage", p.MaxConcurrentPercentage, 1, 100},
	} {
		if n.value != nil && (*n.value < n.least || *n.value > n.most) {
			return fmt.Errorf("%s %d must be from %d to %d", n.name, *n.value, n.least, n.most)
		}
	}
	if c := p.RegionConcurrency; c != nil && *c != fleet.RegionsParallel && *c != fleet.RegionsSequential {
		return fmt.Errorf("regionConcurrency %q is not known: want PARALLEL or SEQUENTIAL", *c)
	}
	if m := p.ConcurrencyMode; m != nil && *m != fleet.SoftFailureTolerance && *m != fleet.StrictFailureTolerance {
		return fmt.Errorf("concurrencyMode %q is not known: want SOFT_FAILURE_TOLERANCE or STRICT_FAILURE_TOLERANCE", *m)
	}
	return nil
}

// over puts what p says over what below says.
func (p Preferences) over(below fleet.Preferences) fleet.Preferences {
	if p.RegionOrder != nil {
		below.RegionOrder = p.RegionOrder
	}
	if p.RegionConcurrency != nil {
		below.RegionConcurrency = *p.RegionConcurrency
	}
	if p.ConcurrencyMode != nil {
		below.ConcurrencyMode = *p.ConcurrencyMode
	}
	if p.FailureToleranceCount != nil {
		below.FailureToleranceCount, below.FailureTolerancePercentage = *p.FailureToleranceCount, 0
	}
	if p.FailureTolerancePercentage != nil {
		below.FailureToleranceCount, below.FailureTolerancePercentage = 0, *p.FailureTolerancePercentage
	}
	if p.MaxConcurrentCount != nil {
		below.MaxConcurrentCount, below.MaxConcurrentPercentage = *p.MaxConcurrentCount, 0
	}
	if p.MaxConcurrentPercentage != nil {
		below.MaxConcurrentCount, below.MaxConcurrentPercentage = 0, *p.MaxConcurrentPercentage
	}
	return below
}

// Pace is what AWS makes of preferences for a number of accounts in one region.
type Pace struct {
	// AtOnce is how many accounts are worked on at once at the beginning.
	AtOnce int `json:"atOnce"`
	// Tolerated is how many may fail in a region; one more ends the operation.
	Tolerated int `json:"tolerated"`
	// Attempted is how many can have been attempted in a region before it ends, if all
	// fail.
	Attempted int `json:"attempted"`
}

// PaceOf rounds preferences as AWS does, whose unit is the account within one region:
// a percentage is rounded down, that of the concurrency to no less than 1. Strict
// failure tolerance works on no more accounts at once than failures are left to be
// tolerated, plus one; soft failure tolerance keeps the concurrency, and what is under
// way when the tolerance is exceeded runs on, and may fail, too.
func PaceOf(p fleet.Preferences, accounts int) Pace {
	concurrent, tolerated := 1, p.FailureToleranceCount
	switch {
	case p.MaxConcurrentCount > 0:
		concurrent = p.MaxConcurrentCount
	case p.MaxConcurrentPercentage > 0:
		concurrent = max(1, accounts*p.MaxConcurrentPercentage/100)
	}
	if p.FailureTolerancePercentage > 0 {
		tolerated = accounts * p.FailureTolerancePercentage / 100
	}
	concurrent = min(concurrent, max(accounts, 1))
	if p.ConcurrencyMode != fleet.SoftFailureTolerance {
		atOnce := min(concurrent, tolerated+1)
		return Pace{AtOnce: atOnce, Tolerated: tolerated, Attempted: min(tolerated+1, accounts)}
	}
	return Pace{AtOnce: concurrent, Tolerated: tolerated, Attempted: min(tolerated+concurrent, accounts)}
}
