package policy

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/fleet"
)

// For is what holds for a stack set: the built-in defaults, over them the
// file's defaults, over them the set's tags, over them every entry whose
// pattern matches the name, in the file's order.
func (p *Policy) For(set fleet.StackSet) Set {
	sp, _ := p.Resolve(set)
	return sp
}

// Resolve is [Policy.For], with the problems in the set's tags.
func (p *Policy) Resolve(set fleet.StackSet) (Set, []Problem) {
	sp := defaultSet(set)
	p.Defaults.apply(&sp, "the policy's defaults")
	problems := applyTags(set, &sp)
	for _, entry := range p.StackSets {
		if entry.Matches(set.Name) {
			entry.apply(&sp, fmt.Sprintf("the policy's entry for %s (line %d)", strings.Join(entry.Match, ", "), entry.Line))
		}
	}
	sp.Exclude = Exclusion{
		Accounts: append(append([]fleet.AccountID(nil), p.Exclude.Accounts...), sp.Exclude.Accounts...),
		OUs:      append(append([]fleet.OUID(nil), p.Exclude.OUs...), sp.Exclude.OUs...),
	}
	return sp, problems
}

func (e Entry) Matches(name fleet.StackSetName) bool {
	for _, pattern := range e.Match {
		if ok, err := path.Match(pattern, string(name)); ok && err == nil {
			return true
		}
	}
	return false
}

// apply puts what the settings say over what sp holds.
func (s Settings) apply(sp *Set, source string) {
	from := func(name string, given bool) {
		if given {
			sp.From[name] = source
		}
	}
	from("mandatory", put(s.Mandatory, &sp.Mandatory))
	from("healing", put(s.Healing, &sp.Healing))
	from("protected", put(s.Protected, &sp.Protected))
	from("dependsOn", put(s.DependsOn, &sp.DependsOn))
	from("antiDependsOn", put(s.AntiDependsOn, &sp.AntiDependsOn))
	from("regions", put(s.Regions, &sp.Regions))
	from("ous", put(s.OUs, &sp.OUs))
	from("targets", s.applyTargets(sp))
	from("includeManagement", put(s.IncludeManagement, &sp.IncludeManagement))
	from("exclude", put(s.Exclude, &sp.Exclude))
	from("ignoreDrift", put(s.IgnoreDrift, &sp.IgnoreDrift))
	from("countDrift", put(s.CountDrift, &sp.CountDrift))
	from("memberRole", put(s.MemberRole, &sp.MemberRole))
	from("dataLoss", put(s.DataLoss, &sp.DataLoss))
	from("checkTemplates", put(s.CheckTemplates, &sp.CheckTemplates))
	from("maxUnavailable", put(s.MaxUnavailable, &sp.MaxUnavailable))
	from("canaryFrom", put(s.CanaryFrom, &sp.CanaryFrom))
	from("massDrift", put(s.MassDrift, &sp.MassDrift))
	from("massRemoval", put(s.MassRemoval, &sp.MassRemoval))
	from("quietHours", put(s.QuietHours, &sp.QuietHours))
	from("driftMaxAge", putDuration(s.DriftMaxAge, &sp.DriftMaxAge))
	if s.Preferences != nil {
		s.Preferences.apply(&sp.Preferences)
		from("preferences", true)
	}
	if s.Quarantine != nil {
		s.Quarantine.apply(&sp.Quarantine)
		from("quarantine", true)
	}
}

// applyTargets puts the targets in the place of OUs and regions.
func (s Settings) applyTargets(sp *Set) bool {
	if !put(s.Targets, &sp.Targets) {
		return false
	}
	sp.OUs, sp.Regions = nil, nil
	for _, target := range sp.Targets {
		sp.OUs, sp.Regions = append(sp.OUs, target.OUs...), append(sp.Regions, target.Regions...)
	}
	slices.Sort(sp.OUs)
	slices.Sort(sp.Regions)
	sp.OUs, sp.Regions = slices.Compact(sp.OUs), slices.Compact(sp.Regions)
	return true
}

func (s PreferenceSettings) apply(p *fleet.Preferences) {
	put(s.RegionConcurrency, &p.RegionConcurrency)
	put(s.RegionOrder, &p.RegionOrder)
	put(s.ConcurrencyMode, &p.ConcurrencyMode)
	put(s.FailureTolerancePercentage, &p.FailureTolerancePercentage)
	put(s.MaxConcurrentPercentage, &p.MaxConcurrentPercentage)
}

func (s QuarantineSettings) apply(q *Quarantine) {
	put(s.Heals, &q.Heals)
	putDuration(s.Window, &q.Window)
	putDuration(s.Backoff, &q.Backoff)
}

// put copies a value that is given, and reports whether it was.
func put[T any](value *T, into *T) bool {
	if value != nil {
		*into = *value
	}
	return value != nil
}

func putDuration(value *Duration, into *time.Duration) bool {
	if value != nil {
		*into = time.Duration(*value)
	}
	return value != nil
}

// MostUnavailable is how many of a set's instances may be down by us at once: at
// least one, or nothing could ever be redeployed.
func (sp Set) MostUnavailable(instances int) int {
	return max(1, sp.MaxUnavailable.Of(instances))
}

// Wait is how long to wait after the nth heal before the next: doubling, at most
// a quarter of the window.
func (q Quarantine) Wait(n int) time.Duration {
	wait := q.Backoff
	for ; n > 1 && wait < q.Window/4; n-- {
		wait *= 2
	}
	return min(wait, max(q.Window/4, q.Backoff))
}
