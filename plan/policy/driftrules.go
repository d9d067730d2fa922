package policy

import (
	"path"
	"strings"

	"github.com/setmend/setmend/fleet"
)

// DriftRule names drift that does not count. Every field that is given must
// match; patterns may use * and ?, and a property also covers all below it.
type DriftRule struct {
	ResourceType string `yaml:"resourceType"` // AWS::S3::Bucket
	LogicalID    string `yaml:"logicalId"`
	Property     string `yaml:"property"` // JSON pointer, such as /Tags
}

// FilterDrift splits resource drifts by the policy's rules into what counts and
// what is ignored. A resource with some differences ignored appears in both.
func (sp Set) FilterDrift(drifts []fleet.ResourceDrift) (counts, ignored []fleet.ResourceDrift) {
	for _, drift := range drifts {
		kept, dropped := sp.splitDrift(drift)
		if kept != nil {
			counts = append(counts, *kept)
		}
		if dropped != nil {
			ignored = append(ignored, *dropped)
		}
	}
	return counts, ignored
}

func (sp Set) splitDrift(drift fleet.ResourceDrift) (kept, dropped *fleet.ResourceDrift) {
	if len(drift.Differences) == 0 { // deleted, or not said what differs
		if sp.ignores(drift, "") {
			return nil, &drift
		}
		return &drift, nil
	}
	kept, dropped = withoutDifferences(drift), withoutDifferences(drift)
	for _, difference := range drift.Differences {
		into := kept
		if sp.ignores(drift, difference.Path) {
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

// ignores reports whether a rule covers the property of the resource; property
// "" stands for the resource as a whole, which only a rule without property covers.
func (sp Set) ignores(drift fleet.ResourceDrift, property string) bool {
	for _, rule := range sp.IgnoreDrift {
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
