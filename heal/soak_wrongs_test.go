package heal_test

import (
	"fmt"
	"time"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
)

const hour = time.Hour

// spoil puts wrongs into a healthy fleet: in cells, in accounts, and as
// operations that somebody else started.
func (s *soak) spoil() {
	share := pickOne(s.dice, 0.05, 0.15, 0.3, 0.6)
	for _, c := range s.cells() {
		if !c.missing && s.dice.chance(share) {
			s.spoilCell(c)
		}
	}
	for _, m := range s.members {
		if s.dice.chance(0.12) {
			s.spoilAccount(m)
		}
		if s.dice.chance(0.08) {
			s.obstruct(m)
		}
	}
	if s.dice.chance(0.25) {
		s.startForeign()
	}
}

// spoilings are the wrongs of a cell with an instance.
var spoilings = []struct {
	name string
	do   func(s *soak, c *soakCell)
}{
	{"property changed", func(s *soak, c *soakCell) { s.byHand(c.Cell, "change") }},
	{"property changed", func(s *soak, c *soakCell) { s.byHand(c.Cell, "change") }},
	{"tags changed", func(s *soak, c *soakCell) { s.byHand(c.Cell, "tags") }},
	{"resource deleted", func(s *soak, c *soakCell) { s.byHand(c.Cell, "delete") }},
	{"topic changed", func(s *soak, c *soakCell) { s.byHand(c.Cell, "topic") }},
	{"failed", reseed(awssim.InstanceSeed{Status: "OUTDATED", Detailed: "FAILED", Reason: "Internal failure"})},
	{"throttled", reseed(awssim.InstanceSeed{Status: "OUTDATED", Detailed: "FAILED", Reason: "Rate exceeded (Service: Sqs, Status Code: 400)"})},
	{"cancelled", reseed(awssim.InstanceSeed{Status: "OUTDATED", Detailed: "CANCELLED", Reason: "Cancelled since failure tolerance has exceeded"})},
	{"bare", reseed(awssim.InstanceSeed{Status: "OUTDATED", Detailed: "FAILED", NoStack: true, Reason: "Internal failure"})},
	{"outdated", reseed(awssim.InstanceSeed{Status: "OUTDATED", Detailed: "CANCELLED", Template: earlierTemplate})},
	{"diverged", reseed(awssim.InstanceSeed{Template: earlierTemplate, Drift: "IN_SYNC"})},
	{"inoperable", reseed(awssim.InstanceSeed{Status: "INOPERABLE", Reason: "Cannot delete entity, must detach all policies first."})},
	{"failed import", reseed(awssim.InstanceSeed{Status: "INOPERABLE", Detailed: "FAILED_IMPORT", Reason: "Stack could not be imported"})},
	{"said to have drifted", reseed(awssim.InstanceSeed{Drift: "DRIFTED"})},
	{"stack deleted by hand", func(s *soak, c *soakCell) { s.deleteStack(c.Cell) }},
	{"stack protected", func(s *soak, c *soakCell) {
		s.byHand(c.Cell, "change")
		s.protect(c)
		c.obstacle = "termination protection"
	}},
	{"queue locked", func(s *soak, c *soakCell) { s.byHand(c.Cell, "change"); s.lock(c); c.obstacle = "a locked resource" }},
	{"flapping", func(s *soak, c *soakCell) {
		s.byHand(c.Cell, "change")
		s.flap(c)
		c.obstacle = "something that undoes heals"
	}},
	{"left behind", func(s *soak, c *soakCell) { s.leaveBehind(c) }},
}

// earlierTemplate is what stacks have that an update did not get to.
const earlierTemplate = queueTemplate + "Outputs: {Earlier: {Value: 'yes'}}\n"

func (s *soak) spoilCell(c *soakCell) {
	set := s.set(c.StackSet)
	if set.exports || set.imports { // their stacks hold on to one another
		c.wrong, c.since = "property changed", s.aws.Now()
		s.byHand(c.Cell, "change")
		return
	}
	spoiling := pickOne(s.dice, spoilings...)
	c.wrong, c.since = spoiling.name, s.aws.Now()
	spoiling.do(s, c)
	s.note("%s: %s", c.Cell, spoiling.name)
}

// reseed makes the cell's instance anew, with its overrides, in another state.
func reseed(seed awssim.InstanceSeed) func(s *soak, c *soakCell) {
	return func(s *soak, c *soakCell) {
		s.dropInstance(c.Cell)
		seed := seed
		seed.Overrides, seed.OU = c.overrides, s.through(s.set(c.StackSet), string(c.Account))
		if seed.Drift != "" {
			seed.Checked = s.aws.Now().Add(-pickOne(s.dice, hour, 48*hour))
		}
		s.must(s.aws.SeedInstance(string(c.StackSet), string(c.Account), string(c.Region), seed))
	}
}

// dropInstance takes an instance and its stack out of the world, as a person
// would: by an operation.
func (s *soak) dropInstance(c fleet.Cell) {
	s.t.Helper()
	s.must(s.asPerson().remove(s, c, false))
	s.settle()
}

// settle waits until no operation runs any more.
func (s *soak) settle() {
	time.Sleep(10 * time.Minute)
	s.aws.Now() // brings the world up to now
}

// byHand changes a live resource.
func (s *soak) byHand(c fleet.Cell, how string) {
	id, ok := s.aws.StackOf(string(c.StackSet), string(c.Account), string(c.Region))
	if !ok || !s.aws.StackExists(id) {
		return
	}
	resource, pointer, value := "Queue", "/MessageRetentionPeriod", any(61+s.dice.IntN(1000))
	switch how {
	case "tags":
		pointer, value = "/Tags/0/Value", any("nobody")
	case "topic":
		if s.set(c.StackSet).template == topicTemplate {
			resource, pointer, value = "Topic", "/DisplayName", any("nobody")
		}
	case "delete":
		s.tolerate(s.aws.DeleteResource(id, "Queue"))
		return
	}
	s.tolerate(s.aws.SetProperty(id, resource, pointer, value))
}

// tolerate writes down that something could not be done: while a stack is being
// worked on, a person meets obstacles too.
func (s *soak) tolerate(err error) {
	if err != nil {
		s.note("  not done: %v", err)
	}
}

func (s *soak) lock(c *soakCell) {
	id, _ := s.aws.StackOf(string(c.StackSet), string(c.Account), string(c.Region))
	s.locked(func() error { return s.aws.Stacks().Obstruct(id, "Queue", "the queue is locked") })
}

// flap undoes whatever is done to a cell.
func (s *soak) flap(c *soakCell) {
	s.aws.OnLanding(func(l awssim.Landing) {
		if at(l.StackSet, l.Account, l.Region) == c.Cell {
			_ = s.aws.Stacks().SetProperty(l.StackID, "Queue", "/MessageRetentionPeriod", 77) // fails where the stack has none: nothing to undo
		}
	})
	s.aws.Lock()
	defer s.aws.Unlock()
	s.aws.Stacks().OnEnd(func(stack awssim.StackInfo) {
		if cell, ok := s.cellOfStack(stack.ID); ok && cell == c.Cell {
			_ = s.aws.Stacks().SetProperty(stack.ID, "Queue", "/MessageRetentionPeriod", 77)
		}
	})
}

// leaveBehind lets go of the instance and leaves its stack: a candidate for an
// import, and an obstacle for a new one where the resources have fixed names.
func (s *soak) leaveBehind(c *soakCell) {
	s.must(s.asPerson().remove(s, c.Cell, true))
	s.settle()
	c.missing, c.overrides = true, nil
	c.obstacle = "a stack that was left behind"
}

// spoilAccount changes what an account is.
func (s *soak) spoilAccount(m *member) {
	how := pickOne(s.dice, "suspend", "close", "leave", "move")
	s.note("account %s: %s", m.id, how)
	s.changeAccount(m, how)
}

// changeAccount changes an account, after which AWS's own automatic deployment
// may do things to its instances.
func (s *soak) changeAccount(m *member, how string) {
	s.tolerate(s.moveAccount(m, how))
	s.markAccount(m.id, func(c *soakCell) { c.unsure = true })
}

func (s *soak) moveAccount(m *member, how string) error {
	s.aws.Lock()
	defer s.aws.Unlock()
	o := s.aws.Organization()
	switch how {
	case "suspend":
		return o.Suspend(m.id)
	case "activate":
		return o.SetState(m.id, "ACTIVE")
	case "close":
		return o.Close(m.id)
	case "leave":
		return o.Leave(m.id)
	case "move":
		m.ou = pickOne(s.dice, s.ous...)
		return o.Move(m.id, m.ou)
	}
	return fmt.Errorf("%q is nothing that befalls accounts", how)
}

// obstruct puts something into an account that setmend cannot remove.
func (s *soak) obstruct(m *member) {
	how := pickOne(s.dice, "scp", "role", "region", "gate", "member role")
	region := pickOne(s.dice, soakRegions...)
	s.note("account %s: %s in %s", m.id, how, region)
	switch how {
	case "scp":
		s.locked(func() error { s.aws.Access().AddSCP(awssim.SCP{Target: m.id, Action: "sqs:*"}); return nil })
	case "role":
		s.locked(func() error {
			s.aws.Access().RemoveRole(m.id, "stacksets-exec")
			s.aws.Access().RemoveRole(m.id, "AWSCloudFormationStackSetExecutionRole")
			return nil
		})
	case "region":
		s.aws.DisableRegion(m.id, region, true)
	case "gate":
		s.aws.SetAccountGate(m.id, region, "FAILED", "not today")
	case "member role":
		s.locked(func() error { s.aws.Access().RemoveRole(m.id, memberRole); return nil })
	}
	for _, c := range s.cells() {
		if how == "member role" && s.set(c.StackSet).rules.MemberRole == "" {
			continue // the account is not entered without a member role
		}
		if string(c.Account) == m.id {
			c.obstacle = fmt.Sprintf("the account's %s", how)
		}
	}
}
