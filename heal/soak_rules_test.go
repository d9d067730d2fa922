package heal_test

import (
	"encoding/json"
	"fmt"
)

// rules are the policy of a soak, in the words of the policy file. The checks
// read them and never plan's own idea of what holds for a set.
type rules struct {
	Version   int            `json:"version"`
	Accounts  accountRules   `json:"accounts"`
	Limits    map[string]any `json:"limits"`
	Exclude   excludeRules   `json:"exclude"`
	StackSets []setRules     `json:"stackSets,omitempty"`

	gone    float64 // per cent
	running int
}

type accountRules struct {
	Suspended string `json:"suspended"`
	Closed    string `json:"closed"`
	Left      string `json:"left"`
	Moved     string `json:"moved"`
	Excluded  string `json:"excluded"`
	Grace     string `json:"grace"`
}

type excludeRules struct {
	Accounts []string `json:"accounts"`
}

// setRules is what holds for one stack set.
type setRules struct {
	Match          string         `json:"match"`
	Healing        string         `json:"healing,omitempty"`
	Protected      bool           `json:"protected"`
	MemberRole     string         `json:"memberRole,omitempty"`
	CheckTemplates bool           `json:"checkTemplates"`
	MaxUnavailable string         `json:"maxUnavailable"`
	CanaryFrom     int            `json:"canaryFrom"`
	MassDrift      string         `json:"massDrift"`
	MassRemoval    string         `json:"massRemoval"`
	Preferences    map[string]any `json:"preferences,omitempty"`
	IgnoreDrift    []ignoreRule   `json:"ignoreDrift,omitempty"`

	tagged         bool    // healing is said by the tag
	unavailable    float64 // per cent of MaxUnavailable, or
	unavailableN   int     // its number
	drift, removal float64 // per cent
}

type ignoreRule struct {
	LogicalID string `json:"logicalId"`
}

const memberRole = "OrganizationAccountAccessRole"

// makeRules chooses what holds for all sets.
func (s *soak) makeRules() {
	d := s.dice
	s.rules = &rules{Version: 1, gone: pickOne(d, 5.0, 30, 100), running: pickOne(d, 10_000, 10_000, 12, 4)}
	s.rules.Limits = map[string]any{"accountsGone": percent(s.rules.gone), "runningInstances": s.rules.running}
	s.rules.Accounts = accountRules{
		Suspended: pickOne(d, "detach", "hold"), Closed: pickOne(d, "detach", "hold"), Left: pickOne(d, "detach", "hold"),
		Moved: pickOne(d, "remove", "hold"), Excluded: pickOne(d, "remove", "hold"), Grace: pickOne(d, "0s", "0s", "1h"),
	}
	s.rules.Exclude.Accounts = []string{}
	if d.chance(0.2) {
		s.rules.Exclude.Accounts = append(s.rules.Exclude.Accounts, pickOne(d, s.members...).id)
	}
}

func percent(p float64) string { return fmt.Sprintf("%g%%", p) }

// chooseRules chooses what holds for one set.
func (s *soak) chooseRules(set *soakSet) setRules {
	d := s.dice
	r := setRules{Match: set.name, Healing: pickOne(d, "redeploy", "redeploy", "redeploy", "revert", "notify", "off")}
	r.tagged = (r.Healing == "redeploy" || r.Healing == "notify") && d.chance(0.5)
	r.Protected = d.chance(0.1)
	if d.chance(0.4) {
		r.MemberRole = memberRole
		r.CheckTemplates = d.chance(0.5)
	}
	r.unavailable = pickOne(d, 10.0, 25, 100)
	r.MaxUnavailable = percent(r.unavailable)
	if d.chance(0.3) {
		r.unavailableN = d.between(1, 3)
		r.MaxUnavailable = fmt.Sprint(r.unavailableN)
	}
	r.CanaryFrom = pickOne(d, 10, 10, 2, 3)
	r.drift, r.removal = pickOne(d, 20.0, 50, 100), pickOne(d, 20.0, 50, 100)
	r.MassDrift, r.MassRemoval = percent(r.drift), percent(r.removal)
	if d.chance(0.4) {
		r.Preferences = map[string]any{
			"failureTolerancePercentage": pickOne(d, 0, 20, 100), "maxConcurrentPercentage": pickOne(d, 1, 30, 100),
			"concurrencyMode":   pickOne(d, "SOFT_FAILURE_TOLERANCE", "STRICT_FAILURE_TOLERANCE"),
			"regionConcurrency": pickOne(d, "PARALLEL", "SEQUENTIAL"),
		}
	}
	if d.chance(0.15) {
		r.IgnoreDrift = []ignoreRule{{LogicalID: "Topic"}}
	}
	return r
}

// applyRules chooses for all sets, and writes the policy file.
func (s *soak) applyRules() {
	for _, set := range s.sets {
		set.rules = s.chooseRules(set)
		written := set.rules
		if written.tagged {
			written.Healing = ""
		}
		s.rules.StackSets = append(s.rules.StackSets, written)
	}
	text, err := json.Marshal(s.rules) // JSON is YAML
	s.must(err)
	s.setPolicy(string(text))
	s.note("policy %s", text)
}

// mayRedeploy reports whether the policy lets a stack of the set be deleted to be
// created again.
func (r setRules) mayRedeploy() bool { return r.Healing == "redeploy" && !r.Protected }

// most is how many of n instances may be down by setmend at one time.
func (r setRules) most(n int) int {
	if r.unavailableN > 0 {
		return r.unavailableN
	}
	return max(1, int(r.unavailable*float64(n)/100))
}
