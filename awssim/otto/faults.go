package otto

import (
	"fmt"
	"math"
	"time"
)

// driftShare is how much of the fleet has drifted, driftCap how much of one set
// at most: a healer that stops at a fifth must not be stopped.
const (
	driftShare = 0.04
	driftCap   = 0.12
)

// checkedAgo is how old the last drift checks are.
const checkedAgo = 48 * time.Hour

// spoil decides what is wrong, and with which cells. Whatever is wrong with a
// cell keeps others from being wrong with it.
func (b *builder) spoil() error {
	b.spoilAccounts()
	b.collide()
	b.deny()
	b.failOperations()
	b.failDeletions()
	b.mask()
	b.flap()
	b.mend()
	b.drift()
	b.recall()
	return nil
}

// suffer marks a cell with what is wrong with it.
func (c *cell) suffer(kind Kind, expect Outcome) {
	c.problem = &Problem{Cell: c.Cell, Kind: kind, Expect: expect, InPlace: expect}
}

// plain lists the cells of a set with which nothing is wrong, in accounts that
// have been active for long.
func (b *builder) plain(names ...string) []*cell {
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	var list []*cell
	for _, c := range b.cells {
		if wanted[c.StackSet] && c.problem == nil && !c.absent && c.account.state == active {
			list = append(list, c)
		}
	}
	return list
}

// count scales what there is of in an organization of 320.
func (b *builder) count(of320 int) int { return share(b.options.Accounts, of320, 1) }

// spoilAccounts is what follows from the state of accounts.
func (b *builder) spoilAccounts() {
	for _, c := range b.cells {
		switch c.account.state {
		case departed:
			c.suffer(Departed, Gone)
		case suspended:
			c.suffer(Suspended, Gone)
		case closed:
			c.suffer(Closed, Gone)
		case pendingClosure:
			c.suffer(PendingClosure, Untouched)
		case joined:
			if c.absent {
				c.suffer(Missing, Healthy)
			}
		}
	}
}

// collide lets network-baseline and network-legacy meet in one cell, and leaves
// network-baseline out wherever the other is.
func (b *builder) collide() {
	var met bool
	for _, c := range b.cells {
		if !c.absent || c.problem != nil || c.StackSet != "network-baseline" {
			continue
		}
		other := b.at[Cell{"network-legacy", c.Account, c.Region}]
		if other == nil {
			continue
		}
		if met {
			c.suffer(Displaced, Gone)
			continue
		}
		met, c.absent = true, false
		c.suffer(Conflict, Attention)
		other.suffer(Conflict, Attention)
	}
}

// deniedAction is what a service control policy denies one account.
const deniedAction = "guardduty:*"

// deny picks the account in which GuardDuty cannot be had.
func (b *builder) deny() {
	candidates := b.plain("guardduty")
	victim := candidates[b.random.IntN(len(candidates))].account
	for _, region := range named("guardduty").regions {
		c := b.at[Cell{"guardduty", victim.id, region}]
		c.suffer(Denied, Attention)
		c.overrides = nil
		c.seed.NoStack, c.seed.Status = true, "OUTDATED"
		c.seed.Reason = fmt.Sprintf("ResourceLogicalId:Detector, ResourceType:AWS::GuardDuty::Detector, ResourceStatusReason:User: arn:aws:sts::%s:assumed-role/stacksets-exec-%016x/AWSCloudFormation is not authorized to perform: guardduty:CreateDetector on resource: * with an explicit deny in a service control policy.",
			victim.id, b.random.Uint64())
	}
}

// failOperations leaves instances behind that the last update of their set failed
// at or did not get to. They have the template from before it.
func (b *builder) failOperations() {
	const reason = `ResourceLogicalId:Role, ResourceType:AWS::IAM::Role, ResourceStatusReason:Resource handler returned message: "Rate exceeded (Service: Iam, Status Code: 400)" (HandlerErrorCode: Throttling).`
	for i := range sets {
		s := &sets[i]
		if s.before[0] == "" {
			continue
		}
		failed := b.count(4)
		for n, c := range pick(b, b.plain(s.name), failed+b.count(12)) {
			c.seed.Status, c.seed.Template = "OUTDATED", s.earlier()
			if n < failed {
				c.suffer(Failed, Healthy)
				c.seed.Detailed, c.seed.Reason = "FAILED", reason
				continue
			}
			c.suffer(Cancelled, Healthy)
			c.seed.Detailed, c.seed.Reason = "CANCELLED", "Cancelled since failure tolerance has exceeded"
		}
	}
}

// failDeletions leaves instances INOPERABLE: some whose stacks may be deleted by
// now, and some whose stacks are protected.
func (b *builder) failDeletions() {
	for _, c := range pick(b, b.plain("cost-reporter", "backup-vault"), b.count(4)) {
		c.suffer(Inoperable, Healthy)
		c.seed.Status = "INOPERABLE"
		c.seed.Reason = `ResourceLogicalId:Role, ResourceType:AWS::IAM::Role, ResourceStatusReason:Resource handler returned message: "Cannot delete entity, must detach all policies first." (HandlerErrorCode: InvalidRequest).`
	}
	for _, c := range pick(b, b.plain("security-hub"), b.count(2)) {
		c.suffer(Protected, Attention)
		c.seed.Status = "INOPERABLE"
		c.seed.Reason = "Stack cannot be deleted while TerminationProtection is enabled"
	}
}

// mask picks the drifted instance with a secret that nobody can read back.
func (b *builder) mask() {
	c := pick(b, b.plain("sns-alerts"), 1)[0]
	c.suffer(Masked, Attention)
	c.problem.InPlace = Healthy
	c.overrides = map[string]string{"Address": "oncall@example.com", "WebhookToken": "T0P-s3cret-webhook"}
	b.tamper(c, c.set.changes[0])
}

// flap picks the instance whose account has something that undoes every heal.
func (b *builder) flap() {
	c := pick(b, b.plain("audit-role"), 1)[0]
	c.suffer(Flapping, Attention)
	b.tamper(c, setTo("Role", "/Description", "managed by the team's own tool"))
}

// mend picks instances that were found drifted, and are not any more.
func (b *builder) mend() {
	var names []string
	for i := range sets {
		if sets[i].knows == partial {
			names = append(names, sets[i].name)
		}
	}
	for _, c := range pick(b, b.plain(names...), b.count(3)) {
		c.suffer(Mended, Untouched)
		c.problem.Known = true
	}
}

// drift spreads changes by hand over the fleet, more over some sets than others,
// a third of them over instances with overrides of their own.
func (b *builder) drift() {
	weights, sum := make([]float64, len(sets)), 0.0
	total := 0
	for i := range sets {
		weights[i] = 0.4 + 1.4*b.random.Float64()
		if sets[i].keeps {
			weights[i] = 0.25
		}
		n := len(b.plain(sets[i].name))
		total += n
		sum += weights[i] * float64(n)
	}
	tampered := 0
	for i := range sets {
		s := &sets[i]
		cells := b.plain(s.name)
		part := min(driftShare*weights[i]*float64(total)/sum, driftCap)
		for _, c := range pick(b, cells, int(math.Round(part*float64(len(cells))))) {
			c.overrides = nil
			if tampered%3 == 0 {
				c.overrides = b.someOverrides(s)
			}
			tampered++
			b.driftOne(c)
		}
	}
}

func (b *builder) driftOne(c *cell) {
	made := c.set.changes[b.random.IntN(len(c.set.changes))]
	kind, expect := Changed, Healthy
	if made.pointer == "" {
		kind = Deleted
	}
	if c.set.keeps {
		kind, expect = Unhealed, Attention
	}
	c.suffer(kind, expect)
	b.tamper(c, made)
}

func (b *builder) tamper(c *cell, made change) {
	c.change = made
	c.problem.Resource, c.problem.Pointer = made.resource, made.pointer
}

// recall fills in what AWS knows of drift: nothing, or what was so two days ago.
func (b *builder) recall() {
	for _, c := range b.cells {
		if c.absent || c.seed.NoStack || c.set.knows == never {
			continue
		}
		c.seed.Drift = "IN_SYNC"
		c.seed.Checked = b.now.Add(-checkedAgo - time.Duration(b.random.IntN(3600))*time.Second).Truncate(time.Second)
		if c.problem == nil {
			continue
		}
		if c.change.resource != "" && c.set.knows == partial && b.random.IntN(2) == 0 {
			c.problem.Known = true
		}
		if c.problem.Known {
			c.seed.Drift = "DRIFTED"
		}
	}
}
