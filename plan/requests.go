package plan

import (
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/cover"
)

// maxOUs is how many OUs AWS takes in one call.
const maxOUs = 50

// requests returns what the action for the cells will send, in sending order. The
// cells are of one stack set, sorted.
func (b *builder) requests(v *setView, remedy Remedy, cells []Assessed, together []fleet.StackSetName) []Request {
	targets := targetsOf(cells)
	own := Request{StackSet: v.name, Preferences: v.policy.Preferences}
	if remedy == RemedyRetry && slices.ContainsFunc(cells, func(c Assessed) bool { return c.Rollout }) {
		own.Preferences = rolloutPreferences(v.policy.Preferences)
	}
	switch remedy {
	case RemedyDeploy, RemedyRetry:
		return b.creations(v, own, targets)
	case RemedyContinue:
		own.Kind, own.Role, own.Preferences = RequestContinue, v.policy.MemberRole, fleet.Preferences{}
		return own.cut(targets)
	case RemedyRevert:
		own.Kind, own.Role, own.Preferences = RequestChangeSet, v.policy.MemberRole, fleet.Preferences{}
		return own.cut(targets)
	case RemedyDetach, RemedyRemove:
		own.Kind, own.RetainStacks = RequestDelete, remedy == RemedyDetach
		return b.reach(v, own, targets)
	case RemedyRedeploy:
		return b.redeployment(append([]fleet.StackSetName{v.name}, together...), targets)
	}
	return nil
}

// rolloutPreferences go on with a rollout as AWS itself is careful: strictly, so
// that no more run at once than may fail, and at the first failures beyond a tenth
// the operation ends.
func rolloutPreferences(p fleet.Preferences) fleet.Preferences {
	p.ConcurrencyMode, p.FailureTolerancePercentage, p.FailureToleranceCount = fleet.StrictFailureTolerance, 10, 0
	return p
}

// creations returns the requests of a deployment or a retry: targets without a
// stack are created, the others updated. What waits for its restore, or had an
// instance before, gets the overrides that were saved; what is there keeps its own.
func (b *builder) creations(v *setView, own Request, targets []fleet.Target) []Request {
	var groups requestGroups
	for _, t := range targets {
		if v.instances[t].StackID != "" {
			groups.add(RequestUpdate, nil, t)
			continue
		}
		groups.add(RequestCreate, b.memory.overridesOf(fleet.Cell{StackSet: v.name, Target: t}), t)
	}
	var requests []Request
	for _, g := range groups.sorted() {
		request := own
		request.Kind, request.Overrides = g.kind, g.overrides
		requests = append(requests, b.reach(v, request, g.targets)...)
	}
	return requests
}

// redeployment returns the requests that delete the stacks of the sets at the
// targets, the last set first, and create them again, the first set first. Each
// set has preferences of its own. Of all sets but the first, only instances that
// are there are meant.
func (b *builder) redeployment(sets []fleet.StackSetName, targets []fleet.Target) []Request {
	var deletions, restores []Request
	for i, name := range sets {
		v := b.sets[name]
		there := targets
		if i > 0 {
			there = v.present(targets)
		}
		own := Request{Kind: RequestDelete, StackSet: name, Preferences: v.policy.Preferences}
		deletions = append(b.reach(v, own, there), deletions...)
		own.Kind, own.Restores = RequestCreate, true
		restores = append(restores, b.reach(v, own, there)...)
	}
	return append(deletions, restores...)
}

// present returns the targets at which the set has an instance.
func (v *setView) present(targets []fleet.Target) []fleet.Target {
	return slices.DeleteFunc(slices.Clone(targets), func(t fleet.Target) bool {
		_, there := v.instances[t]
		return !there
	})
}

// reach returns copies of the request that reach exactly the targets, as few as
// could be found, none of which names more OUs than AWS takes.
func (b *builder) reach(v *setView, request Request, targets []fleet.Target) []Request {
	var requests []Request
	for _, block := range cover.Blocks(targets) {
		request.Accounts, request.Regions = block.Accounts, block.Regions
		requests = append(requests, b.withinOUs(v, request)...)
	}
	return requests
}

// withinOUs gives the request its OUs, and splits its accounts where these are
// more than AWS takes.
func (b *builder) withinOUs(v *setView, request Request) []Request {
	if v.set.PermissionModel != fleet.ServiceManaged {
		return []Request{request}
	}
	ous := map[fleet.AccountID][]fleet.OUID{}
	for _, id := range request.Accounts {
		ous[id] = b.ousOf(v, request.Kind, id, request.Regions)
	}
	accounts := request.Accounts
	if len(allOUs(accounts, ous)) > maxOUs {
		accounts = slices.Clone(accounts)
		slices.SortStableFunc(accounts, func(x, y fleet.AccountID) int { return slices.Compare(ous[x], ous[y]) })
	}
	var requests []Request
	for len(accounts) > 0 {
		n := fitting(accounts, ous)
		part := request
		part.Accounts, accounts = slices.Clone(accounts[:n]), accounts[n:]
		slices.Sort(part.Accounts)
		part.OUs = allOUs(part.Accounts, ous)
		requests = append(requests, part)
	}
	return requests
}

// ousOf returns where AWS has to look for an account in a request on the set. A
// creation makes the OUs that it names targets of automatic deployment, so it
// names the first of those that the set is meant for in which the account sits,
// and no other; if there is none, the request reaches less than it is meant to,
// and must not be sent (see [Expand]). What is there already is found through the
// OU that it was deployed through, too, and an orphan through the one that its
// account sits in now: AWS does not say which of them it goes by.
func (b *builder) ousOf(v *setView, kind RequestKind, id fleet.AccountID, regions []fleet.Region) []fleet.OUID {
	ous := map[fleet.OUID]bool{}
	account, member := b.fleet.Organization.Accounts[id]
	meant := slices.IndexFunc(v.policy.OUs, account.In)
	if meant >= 0 {
		ous[v.policy.OUs[meant]] = true
	}
	if kind == RequestCreate {
		return fleet.SortedKeys(ous)
	}
	for _, region := range regions {
		if instance, there := v.instances[fleet.Target{Account: id, Region: region}]; there && instance.OU != "" {
			ous[instance.OU] = true
		}
	}
	if meant < 0 && member && kind == RequestDelete {
		ous[account.Parent()] = true
	}
	return fleet.SortedKeys(ous)
}

// fitting returns how many of the accounts, counted from the first, go into one
// request; at least one.
func fitting(accounts []fleet.AccountID, ous map[fleet.AccountID][]fleet.OUID) int {
	all := map[fleet.OUID]bool{}
	for n, id := range accounts {
		for _, ou := range ous[id] {
			all[ou] = true
		}
		if len(all) > maxOUs && n > 0 {
			return n
		}
	}
	return len(accounts)
}

// allOUs returns the OUs of all the accounts, sorted, each once.
func allOUs(accounts []fleet.AccountID, ous map[fleet.AccountID][]fleet.OUID) []fleet.OUID {
	all := map[fleet.OUID]bool{}
	for _, id := range accounts {
		for _, ou := range ous[id] {
			all[ou] = true
		}
	}
	return fleet.SortedKeys(all)
}
