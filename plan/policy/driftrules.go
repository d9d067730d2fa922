package policy

import (
	"path"
	"strings"

	"github.com/setmend/setmend/drift"
	"github.com/setmend/setmend/fleet"
)

// DriftRule names drift: of IgnoreDrift such that does not count, of CountDrift such
// that counts although AWS is known to report it wrongly. Every field that is given must
// match; patterns may use * and ?, and a property also covers all below it.
type DriftRule struct {
	ResourceType string `yaml:"resourceType"` // AWS::S3::Bucket
	LogicalID    string `yaml:"logicalId"`
	Property     string `yaml:"property"` // JSON pointer, such as /Tags
}

// FilterDrift splits resource drifts into what counts, what the policy's rules
// ignore, and what AWS is known to report although nothing was changed. A resource
// with some differences ignored appears in counts and in ignored.
func (sp Set) FilterDrift(drifts []fleet.ResourceDrift) (counts, ignored []fleet.ResourceDrift, noise []drift.Noise) {
	for _, drift := range drifts {
		kept, dropped := sp.splitDrift(drift)
		if dropped != nil {
			ignored = append(ignored, *dropped)
		}
		if kept == nil {
			continue
		}
		changed, wrong := sp.withoutNoise(*kept)
		noise = append(noise, wrong...)
		if changed != nil {
			counts = append(counts, *changed)
		}
	}
	return counts, ignored, noise
}

// withoutNoise takes away what AWS reports wrongly, unless a rule of CountDrift has
// it counted. It returns nil if nothing is left.
func (sp Set) withoutNoise(d fleet.ResourceDrift) (*fleet.ResourceDrift, []drift.Noise) {
	if len(d.Differences) == 0 {
		if covered(sp.CountDrift, d, "") {
			return &d, nil
		}
		return inSyncIsNil(drift.Split(d))
	}
	counted, open := withoutDifferences(d), withoutDifferences(d)
	for _, difference := range d.Differences {
		into := open
		if covered(sp.CountDrift, d, difference.Path) {
			into = counted
		}
		into.Differences = append(into.Differences, difference)
	}
	if len(open.Differences) == 0 {
		return counted, nil
	}
	rest, noise := drift.Split(*open)
	counted.Differences = append(counted.Differences, rest.Differences...)
	return orNil(counted), noise
}

func inSyncIsNil(d fleet.ResourceDrift, noise []drift.Noise) (*fleet.ResourceDrift, []drift.Noise) {
	if d.Status == fleet.ResourceInSync {
		return nil, noise
	}
	return &d, noise
}

func (sp Set) splitDrift(drift fleet.ResourceDrift) (kept, dropped *fleet.ResourceDrift) {
	if len(drift.Differences) == 0 { // deleted, or not said what differs
		if covered(sp.IgnoreDrift, drift, "") {
			return nil, &drift
		}
		return &drift, nil
	}
	kept, dropped = withoutDifferences(drift), withoutDifferences(drift)
	for _, difference := range drift.Differences {
		into := kept
		if covered(sp.IgnoreDrift, drift, difference.Path) {
			into = dropped
		}
		into.Differences = append(into.Differences, difference)
	}
	return orNil(kept), orNil(dropped)
}

func withoutDifferences(drift fleet.ResourceDrift) *fleet.ResourceDrift {
	drift.Differences = nil
	return &drift
}

func orNil(drift *fleet.ResourceDrift) *fleet.ResourceDrift {
	if len(drift.Differences) == 0 {
		return nil
	}
	return drift
}

// covered reports whether a rule covers the property of the resource; property "" is
// the resource as a whole, which only a rule without property covers.
func covered(rules []DriftRule, drift fleet.ResourceDrift, property string) bool {
	for _, rule := range rules {
		if matches(rule.ResourceType, drift.ResourceType) && matches(rule.LogicalID, drift.LogicalID) &&
			coversProperty(rule.Property, property) {
			return true
		}
	}
	return false
}

// matches compares with a pattern in which "" stands for anything.
func matches(pattern, s string) bool {
	if pattern == "" {
		return true
	}
	ok, err := path.Match(pattern, s)
	return ok && err == nil
}

func coversProperty(rule, property string) bool {
	if rule == "" {
		return true
	}
	want := strings.Split(strings.Trim(rule, "/"), "/")
	have := strings.Split(strings.Trim(property, "/"), "/")
	if property == "" || len(have) < len(want) {
		return false
	}
	for i, pattern := range want {
		if !matches(pattern, have[i]) {
			return false
		}
	}
	return true
}
