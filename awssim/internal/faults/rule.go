package faults

import (
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// What a rule can do to a call.
const (
	Fail        = "fail"         // an error, and nothing is done
	FailApplied = "fail-applied" // it is done, and the answer is an error
	Throttle    = "throttle"     // the service's error for too many requests
	Lose        = "lose"         // it is done, and the connection breaks before the answer
	Slow        = "slow"         // it is done, and the answer comes late
	Hold        = "hold"         // it is done late, even if the client has gone by then
	EmptyPage   = "empty-page"   // a page without members, and a token that goes on
	CutPage     = "cut-page"     // a shorter page than asked for, and a token that goes on
	Stale       = "stale"        // the answer that the same request got a while ago
)

var kinds = []string{Fail, FailApplied, Throttle, Lose, Slow, Hold, EmptyPage, CutPage, Stale}

// Rule is one fault.
type Rule struct {
	// Call names the calls as "service:Action"; either may hold * and ?.
	Call string `yaml:"call" json:"call,omitempty"`
	// Match narrows them: members of the input by dotted name, such as
	// StackSetName or DeploymentTargets.OrganizationalUnitIds, lists joined by
	// commas; Caller is the calling account and Region the region. Values may
	// hold * and ?.
	Match map[string]string `yaml:"match" json:"match,omitempty"`
	// Nth is the first call of those that matches it fires at, counted from 1,
	// and Times how many calls it then fires at. Without Nth it fires from the
	// first on, without Times at one call if Nth is set and at all otherwise.
	Nth   int `yaml:"nth" json:"nth,omitempty"`
	Times int `yaml:"times" json:"times,omitempty"`
	// Chance, if set, is how likely it is to fire at each of those.
	Chance float64 `yaml:"chance" json:"chance,omitempty"`
	// Do is one of the constants above.
	Do string `yaml:"do" json:"do,omitempty"`
	// Code, Status and Message are the error of fail and fail-applied: by default
	// InternalFailure, 500.
	Code    string `yaml:"code" json:"code,omitempty"`
	Status  int    `yaml:"status" json:"status,omitempty"`
	Message string `yaml:"message" json:"message,omitempty"`
	// Delay is how late slow and hold are, and how old stale answers may get. In
	// a list of what is in force it is in nanoseconds.
	Delay time.Duration `yaml:"delay" json:"delay,omitempty"`
}

// Check tells what is wrong with a rule.
func (r Rule) Check() error {
	service, action, ok := strings.Cut(r.Call, ":")
	switch {
	case !ok || service == "" || action == "":
		return fmt.Errorf("call %q is not of the form service:Action", r.Call)
	case !slices.Contains(kinds, r.Do):
		return fmt.Errorf("do %q of %s is none of %s", r.Do, r.Call, strings.Join(kinds, ", "))
	case r.Nth < 0 || r.Times < 0 || r.Chance < 0 || r.Chance > 1 || r.Delay < 0:
		return fmt.Errorf("%s of %s has a number out of range", r.Do, r.Call)
	case (r.Do == Slow || r.Do == Hold || r.Do == Stale) && r.Delay == 0:
		return fmt.Errorf("%s of %s needs a delay", r.Do, r.Call)
	case r.Status != 0 && (r.Status < 400 || r.Status > 599):
		return fmt.Errorf("status %d of %s is no error's", r.Status, r.Call)
	}
	for _, pattern := range append([]string{r.Call}, values(r.Match)...) {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("%q of %s is no pattern", pattern, r.Call)
		}
	}
	return nil
}

func values(m map[string]string) []string {
	var out []string
	for _, value := range m {
		out = append(out, value)
	}
	return out
}

// Error is the error that a failing call is answered with.
func (r Rule) Error() *core.Error {
	e := &core.Error{Status: r.Status, Code: r.Code, Message: r.Message}
	if e.Code == "" {
		e.Code = "InternalFailure"
	}
	if e.Status == 0 {
		e.Status = 500
		if r.Code != "" {
			e.Status = 400
		}
	}
	if e.Message == "" {
		e.Message = "The request processing has failed because of an injected fault."
	}
	e.Server = e.Status >= 500
	return e
}

// Call is what a rule looks at.
type Call struct {
	Service, Action string
	Caller, Region  string
	Params          map[string]string
}

func (r Rule) matches(c Call) bool {
	if !fits(r.Call, c.Service+":"+c.Action) {
		return false
	}
	for name, pattern := range r.Match {
		value := c.Params[name]
		switch name {
		case "Caller":
			value = c.Caller
		case "Region":
			value = c.Region
		}
		if !fits(pattern, value) {
			return false
		}
	}
	return true
}

// fits matches a pattern; unlike a path, a value may hold slashes anywhere.
func fits(pattern, value string) bool {
	const slash = "\x00"
	ok, err := path.Match(strings.ReplaceAll(pattern, "/", slash), strings.ReplaceAll(value, "/", slash))
	return err == nil && ok
}

// Armed is a rule with its counts.
type Armed struct {
	Rule
	Matched int `json:"matched"` // calls that it matched
	Fired   int `json:"fired"`   // calls that it was let loose on
}

// fires counts a call that matches and decides.
func (a *Armed) fires(random *rand.Rand) bool {
	a.Matched++
	first, times := max(a.Nth, 1), a.Times
	if times == 0 && a.Nth > 0 {
		times = 1
	}
	if a.Matched < first || times > 0 && a.Matched >= first+times {
		return false
	}
	return a.Chance == 0 || random.Float64() < a.Chance
}

// Set are the rules in force.
type Set struct{ rules []*Armed }

// Add puts rules in force after those that are.
func (s *Set) Add(rules ...Rule) error {
	for _, r := range rules {
		if err := r.Check(); err != nil {
			return err
		}
	}
	for _, r := range rules {
		s.rules = append(s.rules, &Armed{Rule: r})
	}
	return nil
}

// Clear takes all rules out of force.
func (s *Set) Clear() { s.rules = nil }

// Empty reports whether nothing can go wrong.
func (s *Set) Empty() bool { return len(s.rules) == 0 }

// List tells the rules and their counts.
func (s *Set) List() []Armed {
	out := make([]Armed, len(s.rules))
	for i, r := range s.rules {
		out[i] = *r
	}
	return out
}

// Next is the rule that a call falls under, nil for none.
func (s *Set) Next(c Call, random *rand.Rand) *Armed {
	var chosen *Armed
	for _, r := range s.rules {
		if r.matches(c) && r.fires(random) && chosen == nil {
			chosen = r
		}
	}
	if chosen != nil {
		chosen.Fired++
	}
	return chosen
}
