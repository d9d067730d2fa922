package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Amount is a number, or a percentage of something.
type Amount struct {
	Count   int
	Percent float64
	// IsPercent tells which of the two is meant.
	IsPercent bool
}

// Percent is an amount of p per cent.
func Percent(p float64) Amount { return Amount{Percent: p, IsPercent: true} }

// Of is the amount in relation to a whole, rounded down.
func (a Amount) Of(whole int) int {
	if a.IsPercent {
		return int(a.Percent * float64(whole) / 100)
	}
	return a.Count
}

// ExceededBy reports whether n of whole is strictly more than the amount.
func (a Amount) ExceededBy(n, whole int) bool {
	if a.IsPercent {
		return float64(n)*100 > a.Percent*float64(whole)
	}
	return n > a.Count
}

func (a Amount) String() string {
	if a.IsPercent {
		return strconv.FormatFloat(a.Percent, 'g', -1, 64) + " %"
	}
	return strconv.Itoa(a.Count)
}

// ParseAmount reads "10%" or "5".
func ParseAmount(s string) (Amount, error) {
	if number, ok := strings.CutSuffix(strings.TrimSpace(s), "%"); ok {
		p, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(p >= 0 && p <= 100) {
			return Amount{}, fmt.Errorf("reading %q: want a percentage from 0%% to 100%%", s)
		}
		return Percent(p), nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 0 {
		return Amount{}, fmt.Errorf("reading %q: want a number such as 5 or a percentage such as 10%%", s)
	}
	return Amount{Count: n}, nil
}

// UnmarshalYAML reads an amount.
func (a *Amount) UnmarshalYAML(node *yaml.Node) (err error) {
	if *a, err = ParseAmount(node.Value); err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	return nil
}

// Duration is a time span, written as in Go ("90m", "24h"), with days as well ("7d").
type Duration time.Duration

// UnmarshalYAML reads a duration.
func (d *Duration) UnmarshalYAML(node *yaml.Node) error {
	span, err := parseDuration(node.Value)
	if err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	*d = Duration(span)
	return nil
}

func parseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err == nil && n >= 0 && n <= 3650 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	span, err := time.ParseDuration(s)
	if err != nil || span < 0 {
		return 0, fmt.Errorf("reading %q: want a duration such as 90m, 24h or 7d", s)
	}
	return span, nil
}

// Patterns are name patterns with * and ?. In YAML one may stand alone.
type Patterns []string

// UnmarshalYAML reads one pattern or a list.
func (p *Patterns) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*p = Patterns{node.Value}
		return nil
	}
	var list []string
	if err := node.Decode(&list); err != nil {
		return err
	}
	*p = list
	return nil
}
