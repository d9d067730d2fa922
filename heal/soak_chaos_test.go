package heal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/deploy"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// chaos stands between setmend and AWS: at chosen requests a person does
// something, or the process dies.
type chaos struct {
	s    *soak
	next http.RoundTripper

	mu       sync.Mutex // guards what follows
	requests int
	writes   int
	events   []chaosEvent
	die      context.CancelFunc
	dead     bool

	// acting holds a token while nothing happens; whoever has it owns the soak's
	// dice. A channel: what happens can take time, which a mutex would stop.
	acting chan struct{}
}

// chaosEvent happens at the nth request, or the nth that changes instances.
type chaosEvent struct {
	n       int
	atWrite bool
	after   bool // when AWS has carried the request out
	dice    *dice
	name    string
	// do is told the cell that the request is for, nil if it is for none.
	do func(*soakCell)
}

// newChaos chooses what will happen.
func (s *soak) newChaos() *chaos {
	c := &chaos{s: s, next: s.aws.Transport(), acting: make(chan struct{}, 1)}
	c.acting <- struct{}{}
	d := s.dice
	for range pickOne(d, 0, 0, 1, 2, 3, 5) {
		s.addDeed(c)
	}
	for range pickOne(d, 0, 0, 1, 1, 2) {
		c.events = append(c.events, s.moment(chaosEvent{name: "the process dies", do: func(*soakCell) { c.kill() }}))
	}
	for range pickOne(d, 0, 0, 1, 2, 4) {
		s.addFault()
	}
	return c
}

// moment chooses when an event happens.
func (s *soak) moment(e chaosEvent) chaosEvent {
	d := s.dice
	e.dice = &dice{rand.New(rand.NewPCG(s.seed, d.Uint64()))}
	e.atWrite, e.after = d.chance(0.7), d.chance(0.5)
	if e.n = d.between(1, 150); e.atWrite {
		e.n = d.between(1, pickOne(d, 2, 5, 12))
	}
	return e
}

func (s *soak) addDeed(c *chaos) {
	deed := pickOne(s.dice, deeds...)
	if len(s.cells()) == 0 {
		return // all sets are deployed to OUs without accounts
	}
	cell, there := s.victim(), s.dice.chance(0.7)
	c.events = append(c.events, s.moment(chaosEvent{name: "a person " + deed.name, do: func(at *soakCell) {
		if at == nil || !there {
			at = cell
		}
		s.note("  at %s", at.Cell)
		deed.do(s, at)
	}}))
}

// victim is a cell for somebody to do something to, more often one that is wrong.
func (s *soak) victim() *soakCell {
	cells := s.cells()
	for range 6 {
		if c := pickOne(s.dice, cells...); c.wrong != "" {
			return c
		}
	}
	return pickOne(s.dice, cells...)
}

// faultyCalls are what faults befall, with what can befall each.
var faultyCalls = []struct {
	call string
	does []string
}{
	{"cloudformation:CreateStackInstances", []string{"fail", "fail-applied", "throttle", "lose", "hold", "slow"}},
	{"cloudformation:UpdateStackInstances", []string{"fail", "fail-applied", "throttle", "lose", "hold", "slow"}},
	{"cloudformation:DeleteStackInstances", []string{"fail", "fail-applied", "throttle", "lose", "hold", "slow"}},
	{"cloudformation:DetectStackSetDrift", []string{"fail", "fail-applied", "throttle", "lose"}},
	{"cloudformation:*ChangeSet", []string{"fail", "fail-applied", "throttle", "lose"}},
	{"cloudformation:DescribeStack*", []string{"fail", "throttle", "lose", "slow"}},
	{"cloudformation:List*", []string{"fail", "throttle", "lose", "empty-page", "cut-page"}},
	{"cloudformation:ListStackSetOperation*", []string{"outdated"}},
	{"cloudformation:ListStackInstances", []string{"outdated"}},
	{"organizations:*", []string{"fail", "throttle", "empty-page", "cut-page"}},
	{"sts:AssumeRole", []string{"fail", "throttle"}},
	{"*:*", []string{"throttle"}},
}

func (s *soak) addFault() {
	d := s.dice
	chosen := pickOne(d, faultyCalls...)
	f := awssim.Fault{Call: chosen.call, Do: pickOne(d, chosen.does...), Nth: d.between(1, 6), Times: d.between(1, 3)}
	if d.chance(0.3) {
		f.Times, f.Chance = 30, 0.2
	}
	switch f.Do {
	case "hold", "slow", "outdated":
		f.Delay = d.span(time.Second, 25*time.Second)
	}
	s.note("fault %+v", f)
	s.must(s.aws.Inject(awssim.FaultPlan{Faults: []awssim.Fault{f}}))
}

var errChaos = errors.New("the process is dead")

// RoundTrip lets happen what is due, and passes the request on.
func (c *chaos) RoundTrip(r *http.Request) (*http.Response, error) {
	body := []byte(nil)
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	form, _ := url.ParseQuery(string(body)) // other protocols' bodies are no forms, and none of ours
	before, after := c.due(writesInstances(form))
	at := c.s.requested(form)
	c.happen(before, at)
	if c.isDead() {
		return nil, errChaos
	}
	answer, err := c.next.RoundTrip(r)
	c.happen(after, at)
	if c.isDead() {
		return nil, errChaos
	}
	return answer, err
}

// writesInstances reports whether a request changes instances.
func writesInstances(form url.Values) bool {
	action := form.Get("Action")
	return strings.HasSuffix(action, "StackInstances") && action != "ListStackInstances" || action == "ExecuteChangeSet"
}

// requested is the first cell that a request names, nil for none.
func (s *soak) requested(form url.Values) *soakCell {
	for _, member := range []string{"Accounts", "DeploymentTargets.Accounts"} {
		if account := form.Get(member + ".member.1"); account != "" {
			return s.cell(at(form.Get("StackSetName"), account, form.Get("Regions.member.1")))
		}
	}
	if cell, ok := s.cellOfStack(form.Get("StackName")); ok {
		return s.cell(cell)
	}
	return nil
}

func (c *chaos) due(write bool) (before, after []chaosEvent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	if write {
		c.writes++
	}
	for _, e := range c.events {
		if e.atWrite && write && e.n == c.writes || !e.atWrite && e.n == c.requests {
			if e.after {
				after = append(after, e)
			} else {
				before = append(before, e)
			}
		}
	}
	return before, after
}

func (c *chaos) happen(events []chaosEvent, at *soakCell) {
	if len(events) == 0 {
		return
	}
	<-c.acting
	defer func() { c.acting <- struct{}{} }()
	usual := c.s.dice
	defer func() { c.s.dice = usual }()
	for _, e := range events {
		c.s.dice = e.dice
		requests, writes := c.count()
		c.s.note("%s (request %d, write %d, after %t)", e.name, requests, writes, e.after)
		e.do(at)
	}
}

// count is how many requests, and of them writes, there have been.
func (c *chaos) count() (requests, writes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests, c.writes
}

func (c *chaos) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = true
	c.die()
}

func (c *chaos) isDead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dead
}

// live begins another life of the process.
func (c *chaos) live(die context.CancelFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.die, c.dead = die, false
}

// over lets nothing more happen.
func (c *chaos) over() {
	c.mu.Lock()
	c.events = nil
	c.mu.Unlock()
	c.s.aws.ClearFaults()
}

// Bounds of one run, far beyond what any fleet of this size needs.
const (
	longestRun   = 48 * time.Hour
	mostRequests = 20_000
)

// healThrough heals with everything happening, as a process that may die and be
// resumed by another owner; nil if nobody resumed it.
func (s *soak) healThrough(id string) *report.Report {
	for life := range 6 {
		ctx, die := context.WithTimeout(s.t.Context(), longestRun)
		s.chaos.live(die)
		disk, fails := s.disk(life)
		outcome, err := s.runAs(ctx, id, fmt.Sprintf("life-%d", life), s.chaos, disk)
		dead := s.chaos.isDead() || fails
		late := errors.Is(ctx.Err(), context.DeadlineExceeded)
		requests, _ := s.chaos.count()
		die()
		switch {
		case late || requests > mostRequests:
			s.t.Errorf("run %s: not over after %s and %d requests", id, longestRun, s.chaos.requests)
			return nil
		case err == nil:
			return s.ended(id, outcome)
		case !dead:
			s.t.Errorf("run %s cannot go on: %v", id, err)
			return nil
		case s.dice.chance(0.2):
			s.note("nobody resumes it")
			return nil
		}
		time.Sleep(s.dice.span(0, 40*time.Minute))
	}
	s.t.Errorf("run %s did not end in six lives", id)
	return nil
}

// disk is the journal of one life; that of the first may fail at some write, after
// which the process is as good as dead.
func (s *soak) disk(life int) (disk store, fails bool) {
	if life > 0 || !s.dice.chance(0.25) {
		return s.journal, false
	}
	fault := journal.Fault{Write: s.dice.between(1, 300), Applied: s.dice.chance(0.5), Dead: true}
	s.note("the journal fails at write %d, applied %t", fault.Write, fault.Applied)
	return journal.NewFaulty(s.journal.(journal.Journal), fault), true
}

func (s *soak) ended(id string, outcome asl.Outcome) *report.Report {
	report, err := record.LoadReport(s.t.Context(), s.journal, id)
	if err != nil {
		s.t.Errorf("%v; it ended as %s: %s %s", err, outcome.Status, outcome.Error, outcome.Cause)
		return nil
	}
	return report
}

// runAs begins a run, or goes on with it.
func (s *soak) runAs(ctx context.Context, id, holder string, transport http.RoundTripper, disk store) (asl.Outcome, error) {
	client, err := cloud.New(ctx, cloud.Config{Transport: transport, Region: home, Random: rand.NewPCG(s.seed, 7)})
	s.must(err)
	config := s.config(client)
	config.Cloud, config.Holder, config.Journal = s.witness.of(client), holder, disk
	engine := s.engineOn(config, disk)
	outcome, err := engine.Resume(ctx, id)
	if !errors.Is(err, asl.ErrNotFound) {
		return outcome, err
	}
	machine, err := asl.Parse(deploy.SelfHeal)
	s.must(err)
	input, err := json.Marshal(heal.Options{Accept: s.accept()})
	s.must(err)
	return engine.Run(ctx, id, machine, input)
}

// accept lists the guards that a person has accepted.
func (s *soak) accept() []string {
	if !s.accepted {
		return nil
	}
	return []string{string(plan.GuardMassDrift), string(plan.GuardMassRemoval), string(plan.GuardOrganizationShrank)}
}

// healCalmly heals with nothing in the way.
func (s *soak) healCalmly(id string) *report.Report {
	s.t.Helper()
	s.witness.begin()
	ctx, cancel := context.WithTimeout(s.t.Context(), longestRun)
	defer cancel()
	before := s.aws.Stats().Total()
	outcome, err := s.runAs(ctx, id, "calm", s.aws.Transport(), s.journal)
	if err != nil || outcome.Status != asl.StatusSucceeded {
		s.t.Fatalf("run %s: %v, %+v", id, err, outcome)
	}
	if n := s.aws.Stats().Total() - before; n > mostRequests {
		s.t.Errorf("run %s took %d requests", id, n)
	}
	report := s.ended(id, outcome)
	if report == nil {
		s.t.FailNow()
	}
	return report
}

// mark changes what the soak knows of a cell.
func (s *soak) mark(c *soakCell, change func(*soakCell)) {
	if s.witness != nil {
		s.witness.mu.Lock()
		defer s.witness.mu.Unlock()
	}
	change(c)
}

func (s *soak) markAccount(account string, change func(*soakCell)) {
	for _, c := range s.cells() {
		if string(c.Account) == account {
			s.mark(c, change)
		}
	}
	if s.witness != nil {
		s.witness.mu.Lock()
		defer s.witness.mu.Unlock()
		s.witness.changed[fleet.AccountID(account)] = time.Now()
	}
}
