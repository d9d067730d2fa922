package drift

import (
	_ "embed"
	"path"
	"strings"

	"github.com/setmend/setmend/fleet"
)

//go:embed noise.tsv
var noiseTable string

//go:embed blind.tsv
var blindTable string

// kind says which differences of a property are none.
type kind string

const (
	always  kind = "always"
	added   kind = "added"
	removed kind = "removed"
	inCase  kind = "case"
	inOrder kind = "order"
	scaled  kind = "scaled"
	deleted kind = "deleted"
)

// rule is one line of noise.tsv.
type rule struct {
	resource, property string
	kind               kind
	fact               string
}

var noise = readRules()

func readRules() []rule {
	var rules []rule
	for line := range strings.Lines(noiseTable) {
		if fields := strings.Split(strings.TrimRight(line, "\n"), "\t"); line[0] != '#' && len(fields) == 4 {
			rules = append(rules, rule{fields[0], fields[1], kind(fields[2]), fields[3]})
		}
	}
	return rules
}

// Noise is a difference that AWS reports although nothing was changed.
type Noise struct {
	LogicalID string `json:"logicalId"`
	Property  string `json:"property,omitempty"` // "" for the resource itself
	Fact      string `json:"fact"`
}

// Split divides a resource's drift into what was changed and what AWS reports
// wrongly. The result has no differences and the status IN_SYNC if nothing was
// changed. A MODIFIED resource of which AWS does not say what differs was changed.
func Split(d fleet.ResourceDrift) (fleet.ResourceDrift, []Noise) {
	if len(d.Differences) == 0 {
		if fact := resourceNoise(d); fact != "" {
			d.Status = fleet.ResourceInSync
			return d, []Noise{{LogicalID: d.LogicalID, Fact: fact}}
		}
		return d, nil
	}
	var real []fleet.PropertyDifference
	var found []Noise
	for _, difference := range d.Differences {
		if fact := propertyNoise(d.ResourceType, difference); fact != "" {
			found = append(found, Noise{LogicalID: d.LogicalID, Property: difference.Path, Fact: fact})
		} else {
			real = append(real, difference)
		}
	}
	if d.Differences = real; len(real) == 0 {
		d.Status = fleet.ResourceInSync
	}
	return d, found
}

// Changed splits every resource's drift, and returns only those with a change.
func Changed(drifts []fleet.ResourceDrift) (changed []fleet.ResourceDrift, found []Noise) {
	for _, d := range drifts {
		rest, wrong := Split(d)
		found = append(found, wrong...)
		if rest.Status != fleet.ResourceInSync {
			changed = append(changed, rest)
		}
	}
	return changed, found
}

// resourceNoise returns why a resource that is reported as deleted is there, ""
// if it may be gone.
func resourceNoise(d fleet.ResourceDrift) string {
	for _, r := range noise {
		if r.kind == deleted && d.Status == fleet.ResourceDeleted && matches(r.resource, d.ResourceType) {
			return r.fact
		}
	}
	return ""
}

// propertyNoise returns why a difference is none, "" if it is one.
func propertyNoise(resourceType string, d fleet.PropertyDifference) string {
	if fact := sameValue(d); fact != "" {
		return fact
	}
	for _, r := range noise {
		if matches(r.resource, resourceType) && covers(r.property, d.Path) && r.explains(d) {
			return r.fact
		}
	}
	return ""
}

// explains reports whether the rule's kind of noise is what differs.
func (r rule) explains(d fleet.PropertyDifference) bool {
	switch r.kind {
	case always, scaled:
		return true
	case added:
		return d.Type == "ADD"
	case removed:
		return d.Type == "REMOVE"
	case inCase:
		return strings.EqualFold(d.Expected, d.Actual)
	case inOrder:
		return sameMembers(d.Expected, d.Actual)
	}
	return false
}

// matches compares a resource type with a pattern.
func matches(pattern, s string) bool {
	ok, err := path.Match(pattern, s)
	return ok && err == nil
}

// covers reports whether a rule for a property covers a path: the property itself
// and all below it. A path's numbers are places in lists.
func covers(property, at string) bool {
	if property == "*" {
		return true
	}
	want, have := strings.Split(property, "/"), strings.Split(at, "/")
	if len(have) < len(want) {
		return false
	}
	for i, part := range want {
		if !matches(part, have[i]) {
			return false
		}
	}
	return true
}

// BlindSpots returns, for those of the resource types that AWS's drift detection
// does not see whole, what goes unseen.
func BlindSpots(types []string) map[string]string {
	spots := map[string]string{}
	for line := range strings.Lines(blindTable) {
		name, unseen, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t")
		for _, t := range types {
			if t == name {
				spots[name] = unseen
			}
		}
	}
	return spots
}
