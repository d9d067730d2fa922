package plan

import (
	"slices"
	"strings"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/cover"
)

// RequestKind is what a request asks AWS for.
type RequestKind string

const (
	RequestCreate    RequestKind = "CREATE"                   // CreateStackInstances
	RequestUpdate    RequestKind = "UPDATE"                   // UpdateStackInstances
	RequestDelete    RequestKind = "DELETE"                   // DeleteStackInstances
	RequestDetect    RequestKind = "DETECT_DRIFT"             // DetectStackSetDrift
	RequestUpdateSet RequestKind = "UPDATE_SET"               // UpdateStackSet: its definition, and the instances at the targets
	RequestChangeSet RequestKind = "CHANGE_SET"               // CreateChangeSet and ExecuteChangeSet on each stack, in its account
	RequestContinue  RequestKind = "CONTINUE_UPDATE_ROLLBACK" // ContinueUpdateRollback on each stack, in its account
)

// InMembers reports whether the request is made on each stack in its own account.
func (k RequestKind) InMembers() bool { return k == RequestChangeSet || k == RequestContinue }

// Request is one request as it will be sent: an operation on a stack set, or a
// drift-aware change set or a continued rollback on each of the stacks at its targets.
type Request struct {
	Kind     RequestKind        `json:"kind"`
	StackSet fleet.StackSetName `json:"stackSet"`
	// Accounts and Regions span the targets, every account in every region. A drift
	// detection has neither: AWS looks at all instances of the set.
	Accounts []fleet.AccountID `json:"accounts,omitempty"`
	Regions  []fleet.Region    `json:"regions,omitempty"`
	// OUs are where AWS looks for the accounts of a service-managed set, with
	// AccountFilterType INTERSECTION; at most 50. See [Expand].
	OUs []fleet.OUID `json:"ous,omitempty"`
	// Overrides are those of [fleet.InstanceChange], sorted by key: of a pending
	// restore and of a cell that had an instance before those that were saved, of all
	// else none.
	Overrides []fleet.Parameter `json:"overrides,omitempty"`
	// NoOverrides is set for an update that drops every override.
	NoOverrides bool `json:"noOverrides,omitempty"`
	// Restores is set for the creations of a redeployment: of the targets, those
	// that the action has deleted, with the overrides saved then. See [Request.Restore].
	Restores bool `json:"restores,omitempty"`
	// RetainStacks is for DELETE: the stacks are retained.
	RetainStacks bool              `json:"retainStacks,omitempty"`
	Preferences  fleet.Preferences `json:"preferences,omitzero"`
	// Definition names what an UPDATE_SET makes of the stack set.
	Definition string `json:"definition,omitempty"`
	// Role is the role to assume in the member accounts, for requests made there.
	Role string `json:"role,omitempty"`
	// Instances is how many instances AWS will look at, for DETECT_DRIFT.
	Instances int `json:"instances,omitempty"`
}

// Targets returns the targets that the request reaches, sorted; none for a drift
// detection.
func (r Request) Targets() []fleet.Target {
	return fleet.InstanceChange{Accounts: r.Accounts, Regions: r.Regions}.Targets()
}

// Cells returns the number of the request's targets.
func (r Request) Cells() int { return len(r.Accounts) * len(r.Regions) }

// Change returns the request as an operation on stack instances, with the id that
// the caller gives it. It is for the kinds CREATE, UPDATE and DELETE.
func (r Request) Change(operationID string) fleet.InstanceChange {
	overrides := r.Overrides
	if r.NoOverrides {
		overrides = []fleet.Parameter{}
	}
	return fleet.InstanceChange{
		OperationID: operationID, StackSet: r.StackSet, Kind: fleet.OperationKind(r.Kind),
		Accounts: r.Accounts, Regions: r.Regions, OUs: r.OUs, Overrides: overrides,
		Preferences: r.Preferences, RetainStacks: r.RetainStacks,
	}
}

// Only returns the requests, as few as can be found, that reach exactly those of
// the request's targets that are in the list; nil if none is. A drift detection
// reaches its whole stack set and is returned as it is.
func (r Request) Only(targets []fleet.Target) []Request {
	if r.Kind == RequestDetect {
		return []Request{r}
	}
	own := r.Targets()
	wanted := map[fleet.Target]bool{}
	for _, t := range targets {
		wanted[t] = true
	}
	some := slices.DeleteFunc(slices.Clone(own), func(t fleet.Target) bool { return !wanted[t] })
	if len(some) == len(own) {
		return []Request{r}
	}
	return r.cut(some)
}

// cut returns copies of the request for the targets, a block each.
func (r Request) cut(targets []fleet.Target) []Request {
	var requests []Request
	for _, block := range cover.Blocks(targets) {
		part := r
		part.Accounts, part.Regions = block.Accounts, block.Regions
		requests = append(requests, part)
	}
	return requests
}

// Restore returns the requests that create the given targets again, grouped by
// the overrides that were saved of them; targets that the request does not reach
// are left out. The request must be one that [Request.Restores].
func (r Request) Restore(saved map[fleet.Target][]fleet.Parameter) []Request {
	var groups requestGroups
	for _, t := range r.Targets() {
		if overrides, deleted := saved[t]; deleted {
			groups.add(r.Kind, overrides, t)
		}
	}
	var requests []Request
	for _, g := range groups.sorted() {
		part := r
		part.Overrides = g.overrides
		requests = append(requests, part.cut(g.targets)...)
	}
	return requests
}

// Within reports whether the request sends nothing that the planned one would not
// have sent: it is the same but for fewer targets and, where the planned one
// restores, the overrides.
func (r Request) Within(planned Request) bool {
	same := r.Kind == planned.Kind && r.StackSet == planned.StackSet && r.Restores == planned.Restores &&
		r.RetainStacks == planned.RetainStacks && r.NoOverrides == planned.NoOverrides && r.Role == planned.Role && r.Definition == planned.Definition && slices.Equal(r.OUs, planned.OUs) &&
		equalPreferences(r.Preferences, planned.Preferences)
	if !planned.Restores {
		same = same && slices.Equal(r.Overrides, planned.Overrides)
	}
	return same && contained(r.Accounts, planned.Accounts) && contained(r.Regions, planned.Regions)
}

func equalPreferences(p, q fleet.Preferences) bool {
	if !slices.Equal(p.RegionOrder, q.RegionOrder) {
		return false
	}
	p.RegionOrder, q.RegionOrder = nil, nil
	return p.RegionConcurrency == q.RegionConcurrency && p.ConcurrencyMode == q.ConcurrencyMode &&
		p.FailureToleranceCount == q.FailureToleranceCount && p.FailureTolerancePercentage == q.FailureTolerancePercentage &&
		p.MaxConcurrentCount == q.MaxConcurrentCount && p.MaxConcurrentPercentage == q.MaxConcurrentPercentage
}

// contained reports whether all of some are among all.
func contained[T comparable](some, all []T) bool {
	among := map[T]bool{}
	for _, x := range all {
		among[x] = true
	}
	return !slices.ContainsFunc(some, func(x T) bool { return !among[x] })
}

// requestGroup is targets that requests of one kind and with one list of overrides
// can reach.
type requestGroup struct {
	kind      RequestKind
	overrides []fleet.Parameter
	targets   []fleet.Target
}

// requestGroups sorts targets by what their request must say.
type requestGroups map[string]*requestGroup

func (g *requestGroups) add(kind RequestKind, overrides []fleet.Parameter, target fleet.Target) {
	if *g == nil {
		*g = requestGroups{}
	}
	var sorted []fleet.Parameter
	if len(overrides) > 0 {
		sorted = slices.Clone(overrides)
		slices.SortFunc(sorted, func(a, b fleet.Parameter) int { return strings.Compare(a.Key, b.Key) })
	}
	key := string(kind) + string(encode(sorted))
	if (*g)[key] == nil {
		(*g)[key] = &requestGroup{kind: kind, overrides: sorted}
	}
	(*g)[key].targets = append((*g)[key].targets, target)
}

// sorted lists the groups in an order that is the same in every process.
func (g requestGroups) sorted() []*requestGroup {
	var list []*requestGroup
	for _, key := range fleet.SortedKeys(g) {
		list = append(list, g[key])
	}
	return list
}
