package stacksets

import (
	"maps"
	"slices"

	"github.com/setmend/setmend/awssim/internal/core"
)

// organizationChanged is called by the organization. What happens within one
// delay is dealt with in one round; the first move opens it.
func (s *Service) organizationChanged(c core.OrgChange) {
	if len(c.To) == 0 && c.State == "CLOSED" {
		s.stacks.Forget(c.Account) // closed for good: AWS deletes what is in it
	}
	if slices.Equal(c.From, c.To) || c.Account == s.org.Of(c.Account).Management() {
		return
	}
	if s.moves == nil {
		s.moves = map[string]change{}
		s.later(s.options.AutoDeployDelay, s.deployAutomatically)
	}
	from := c.From
	if earlier, ok := s.moves[c.Account]; ok {
		from = earlier.from
	}
	s.moves[c.Account] = change{slices.Clone(from), slices.Clone(c.To)}
}

// deployAutomatically starts the operations of one round: for each set a delete
// of what an account's move took out of its OUs, and a create of what came in.
func (s *Service) deployAutomatically() {
	moves := s.moves
	s.moves = nil
	var sets []*set
	for _, t := range s.arns {
		if t.serviceManaged() && t.auto.enabled && s.org.Of(t.account).TrustedAccess(memberPrincipal) {
			sets = append(sets, t)
		}
	}
	round := &batch{deployments: map[*set]*operation{}}
	for _, t := range s.inOrder(sets) {
		gone, come := s.affected(t, moves)
		if len(gone) > 0 {
			s.launch(s.automaticDelete(t, gone, round))
		}
		if len(come) > 0 {
			o := s.automaticCreate(t, come, round)
			round.deployments[t] = o
			s.launch(o)
		}
	}
}

// launch accepts an automatic operation. One that is refused, for the limit of
// queued operations, has nobody to tell; AWS documents nothing of it either.
func (s *Service) launch(o *operation) { _ = s.accept(o) }

// affected lists the instances that moves take out of a set's OUs, and the places
// that they bring in. An account that goes from one target OU to another is
// deleted and deployed again.
func (s *Service) affected(t *set, moves map[string]change) (gone []target, come []target) {
	for _, account := range slices.Sorted(maps.Keys(moves)) {
		move := moves[account]
		for _, region := range t.targetRegions() {
			before, after := t.nearest(move.from, region), t.nearest(move.to, region)
			if before == after {
				continue
			}
			p := place{account, region}
			if i := t.instances.at[p]; i != nil && before != "" {
				gone = append(gone, target{place: p, ou: i.ou, instance: i})
			}
			if after != "" {
				come = append(come, target{place: p, ou: after})
			}
		}
	}
	return gone, come
}

func (s *Service) automaticOperation(t *set, action string, targets []target, round *batch) *operation {
	o := s.newOperation(t, action, "", nil, nil)
	o.auto = &automatic{accounts: map[string]bool{}, batch: round}
	o.ready, o.after = func() bool { return s.dependenciesMet(o) }, func() { s.automaticEnded(o) }
	o.scope = map[place]bool{}
	for _, each := range targets {
		o.scope[each.place] = true
		o.auto.accounts[each.account] = true
	}
	return o
}

// automaticDelete deletes or keeps stacks as the set's automatic deployment says;
// the instances go either way.
func (s *Service) automaticDelete(t *set, gone []target, round *batch) *operation {
	o := s.automaticOperation(t, actionDelete, gone, round)
	retain := t.auto.retain
	o.retain = &retain
	o.work = &remove{retain: retain}
	o.plan = func() []target {
		var out []target
		for _, each := range gone {
			if t.instances.holds(each.instance) {
				out = append(out, each)
			}
		}
		return out
	}
	return o
}

// automaticCreate deploys to newcomers, without overrides and whatever account
// filter the OU was deployed with.
func (s *Service) automaticCreate(t *set, come []target, round *batch) *operation {
	o := s.automaticOperation(t, actionCreate, come, round)
	o.work = &deploy{}
	o.plan = func() []target {
		var out []target
		for _, each := range come {
			if _, member := s.org.Of(t.account).Account(each.account); member {
				out = append(out, each)
			}
		}
		return out
	}
	return o
}

// dependenciesMet reports whether an automatic deployment may start: those that
// its set depends on must have deployed to the same accounts.
func (s *Service) dependenciesMet(o *operation) bool {
	if o.action != actionCreate {
		return true
	}
	for _, arn := range o.set.auto.dependsOn {
		d := s.arns[arn]
		if d == nil {
			continue
		}
		for _, other := range d.active {
			if other.auto != nil && other.action == actionCreate && shares(other.auto.accounts, o.auto.accounts) {
				return false
			}
		}
	}
	return true
}

func shares(a, b map[string]bool) bool {
	for account := range a {
		if b[account] {
			return true
		}
	}
	return false
}

// automaticEnded lets the deployments that waited for one go on, or fails those
// of its round if it has not succeeded.
func (s *Service) automaticEnded(o *operation) {
	if o.auto == nil || o.action != actionCreate {
		return
	}
	for _, t := range s.dependents(o.set) {
		waiting := o.auto.batch.deployments[t]
		if o.status != succeeded && waiting != nil && waiting.status == queued {
			waiting.status = failed
			waiting.reason = "Auto-deployment dependency " + o.set.arn() + " did not succeed"
			s.conclude(waiting)
			continue
		}
		s.startQueued(t)
	}
}

// dependents lists the sets that depend on one, in order of their ARNs.
func (s *Service) dependents(on *set) []*set {
	var out []*set
	for _, arn := range slices.Sorted(maps.Keys(s.arns)) {
		if slices.Contains(s.arns[arn].auto.dependsOn, on.arn()) {
			out = append(out, s.arns[arn])
		}
	}
	return out
}

// AutoDeploymentTarget is the StackSetAutoDeploymentTargetSummary structure of the API.
type AutoDeploymentTarget struct {
	OrganizationalUnitId string
	Regions              []string
}

type listAutoDeploymentTargetsInput struct {
	StackSetName string `valid:"required"`
	Paging
	As
}

// The list ends with an empty token, as documented for this action alone.
type listAutoDeploymentTargetsOutput struct {
	Summaries []AutoDeploymentTarget
	NextToken *string
}

func (s *Service) listAutoDeploymentTargets(c *core.Call, in *listAutoDeploymentTargetsInput) (*listAutoDeploymentTargetsOutput, error) {
	t, err := s.lookUp(c, in.As, in.StackSetName)
	if err != nil {
		return nil, err
	}
	p, err := s.page(in.Paging, "targets "+t.uuid)
	if err != nil {
		return nil, err
	}
	all := []AutoDeploymentTarget{}
	for _, ou := range t.ous() {
		all = append(all, AutoDeploymentTarget{ou, slices.Sorted(maps.Keys(t.targets[ou]))})
	}
	summaries, token := cut(p, all)
	return &listAutoDeploymentTargetsOutput{summaries, &token}, nil
}
