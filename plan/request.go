package plan

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/setmend/setmend/fleet"
)

// RequestKind is what a request asks AWS for.
type RequestKind string

const (
	RequestCreate      RequestKind = "CREATE"
	RequestUpdate      RequestKind = "UPDATE"
	RequestDelete      RequestKind = "DELETE"
	RequestDetectDrift RequestKind = "DETECT_DRIFT"
	RequestChangeSet   RequestKind = "CHANGE_SET"
)

// Request is one call to AWS, exactly as it will be sent.
type Request struct {
	Kind     RequestKind        `json:"kind"`
	StackSet fleet.StackSetName `json:"stackSet"`
	Accounts []fleet.AccountID  `json:"accounts,omitempty"`
	Regions  []fleet.Region     `json:"regions,omitempty"`
	OUs      []fleet.OUID       `json:"ous,omitempty"`
	// Overrides are those of a creation that are known when the plan is made.
	Overrides []fleet.Parameter `json:"overrides,omitempty"`
	// Restores marks the creation of a redeployment: of the cells that the action
	// has deleted, with the overrides saved then.
	Restores     bool              `json:"restores,omitempty"`
	RetainStacks bool              `json:"retainStacks,omitempty"`
	Preferences  fleet.Preferences `json:"preferences,omitzero"`
	// Role is the member role of a change set.
	Role string `json:"role,omitempty"`
	// Instances is how many instances a drift detection looks at.
	Instances int `json:"instances,omitempty"`
}

// Targets returns the cross product that the request covers, sorted.
func (r Request) Targets() []fleet.Target { return r.Change("").Targets() }

// Change returns the request as an operation on stack instances.
func (r Request) Change(operationID string) fleet.InstanceChange {
	return fleet.InstanceChange{
		OperationID: operationID, StackSet: r.StackSet, Kind: fleet.OperationKind(r.Kind),
		Accounts: r.Accounts, Regions: r.Regions, OUs: r.OUs, Overrides: r.Overrides,
		Preferences: r.Preferences, RetainStacks: r.RetainStacks,
	}
}

// Only returns the requests that cover exactly those of r's targets.
func (r Request) Only(targets []fleet.Target) []Request {
	own := r.Targets()
	kept := slices.DeleteFunc(slices.Clone(targets), func(t fleet.Target) bool { return !slices.Contains(own, t) })
	if len(kept) == len(own) {
		return []Request{r}
	}
	var requests []Request
	for _, block := range Cover(kept) {
		part := r
		part.Accounts, part.Regions = block.Accounts, block.Regions
		requests = append(requests, part)
	}
	return requests
}

// Within reports whether r sends nothing that the planned request would not have
// sent: the same operation on the same set, on some of its targets.
func (r Request) Within(planned Request) bool {
	if r.Kind != planned.Kind || r.StackSet != planned.StackSet || r.RetainStacks != planned.RetainStacks || r.Role != planned.Role {
		return false
	}
	if !slices.Equal(r.OUs, planned.OUs) || !samePreferences(r.Preferences, planned.Preferences) {
		return false
	}
	if !planned.Restores && !slices.Equal(r.Overrides, planned.Overrides) {
		return false
	}
	targets := planned.Targets()
	return !slices.ContainsFunc(r.Targets(), func(t fleet.Target) bool { return !slices.Contains(targets, t) })
}

func samePreferences(a, b fleet.Preferences) bool {
	x, _ := json.Marshal(a) // plain values: cannot fail
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

// Restore returns the creations of the targets deleted, grouped by their saved
// overrides.
func (r Request) Restore(saved map[fleet.Target][]fleet.Parameter) []Request {
	groups, overrides := map[string][]fleet.Target{}, map[string][]fleet.Parameter{}
	for target, list := range saved {
		sorted := slices.Clone(list)
		slices.SortFunc(sorted, func(a, b fleet.Parameter) int { return strings.Compare(a.Key, b.Key) })
		b, _ := json.Marshal(sorted) // strings only: cannot fail
		groups[string(b)], overrides[string(b)] = append(groups[string(b)], target), sorted
	}
	var requests []Request
	for _, key := range fleet.SortedKeys(groups) {
		part := r
		part.Overrides, part.Restores = overrides[key], false
		requests = append(requests, part.Only(fleet.SortTargets(groups[key]))...)
	}
	return requests
}
