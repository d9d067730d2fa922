package heal_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/fleet"
)

// member is an account of a soak's organization.
type member struct {
	id string
	ou string
}

// soakSet is a stack set of a soak, with what its tags and the policy say of it.
type soakSet struct {
	name      string
	template  string
	service   bool
	targets   []string // OUs, for a service-managed set
	regions   []string
	mandatory bool
	rules     setRules
	exports   bool // another set imports from it
	imports   bool
	cells     map[fleet.Cell]*soakCell
}

// soakCell is what the soak knows of a cell that it made.
type soakCell struct {
	fleet.Cell
	// overrides are what the instance must have for as long as it should exist.
	overrides map[string]string
	// wrong says what was wrong with it at some time, "" for nothing ever.
	wrong string
	// since is when the last wrong came.
	since time.Time
	times int // things that people did wrong to it while setmend healed
	// unsure: somebody else did something, after which the overrides, or whether
	// there should be an instance, cannot be told any more.
	unsure bool
	// obstacle: something in its way that setmend cannot remove.
	obstacle string
	missing  bool // mandatory, and not there to begin with
}

// soakRegions are the regions of soaks; the home region is always the first.
var soakRegions = []string{home, "eu-west-1", "us-east-1", "ap-south-1"}

// populate makes the organization, the policy and the stack sets.
func (s *soak) populate() {
	s.found()
	s.makeRules()
	names := []string{"alpha", "beta", "gamma", "delta", "omega"}[:s.dice.between(1, 5)]
	for _, name := range names {
		s.addSet(&soakSet{name: name, template: s.someTemplate(name)})
	}
	if s.dice.chance(0.3) {
		s.addPair()
	}
	s.applyRules()
	for _, set := range s.sets {
		s.seedSet(set)
	}
}

// found makes the organization: OUs within OUs, and accounts in them.
func (s *soak) found() {
	s.aws.Lock()
	defer s.aws.Unlock()
	o := s.aws.Organization()
	s.must(o.Create(management, "management"))
	o.SetTrustedAccess(cloud.StackSetsPrincipal, true)
	s.ous = []string{o.Root()}
	for i := range s.dice.between(1, 4) {
		ou, err := o.AddOU(pickOne(s.dice, s.ous...), fmt.Sprintf("ou-%d", i))
		s.must(err)
		s.ous = append(s.ous, ou)
	}
	s.ou = s.ous[1]
	for i := range s.dice.between(2, 12) {
		m := &member{id: fmt.Sprintf("2000000000%02d", i+1), ou: pickOne(s.dice, s.ous...)}
		s.must(o.AddAccount(awssim.Account{ID: m.id, Name: "team-" + m.id, Parent: m.ou}))
		s.members = append(s.members, m)
	}
}

// topicTemplate has a topic besides the queue.
const topicTemplate = queueTemplate + `  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Ref Owner}
`

// someTemplate is a template all of whose kinds have a queue that can drift and
// the parameters Retention and Owner.
func (s *soak) someTemplate(name string) string {
	switch s.dice.IntN(3) {
	case 0:
		return topicTemplate
	case 1: // one name for all, so that a stack that was left behind collides
		return strings.Replace(queueTemplate, "MessageRetentionPeriod:", "QueueName: "+name+"-queue\n      MessageRetentionPeriod:", 1)
	}
	return queueTemplate
}

// addPair adds a set and one that imports from it.
func (s *soak) addPair() {
	s.addSet(&soakSet{name: "net-base", exports: true, template: queueTemplate + "Outputs:\n  Name: {Value: !GetAtt Queue.QueueName, Export: {Name: net-queue}}\n"})
	app := &soakSet{name: "net-app", imports: true, template: strings.Replace(queueTemplate, "Tags: [", "Tags: [{Key: source, Value: !ImportValue net-queue}, ", 1)}
	s.addSet(app)
	base := s.sets[len(s.sets)-2]
	app.service, app.targets, app.regions, app.mandatory = base.service, base.targets, base.regions, base.mandatory
}

func (s *soak) addSet(set *soakSet) {
	d := s.dice
	set.cells = map[fleet.Cell]*soakCell{}
	set.service = d.chance(0.6)
	set.mandatory = d.chance(0.6)
	set.regions = append([]string{}, soakRegions...)
	d.Shuffle(len(set.regions), func(i, j int) { set.regions[i], set.regions[j] = set.regions[j], set.regions[i] })
	set.regions = set.regions[:pickOne(d, 1, 1, 2, 2, 3, 4)]
	if set.service {
		set.targets = []string{pickOne(d, s.ous...)}
		if other := pickOne(d, s.ous...); d.chance(0.3) && !slices.Contains(set.targets, other) {
			set.targets = append(set.targets, other)
		}
	}
	s.sets = append(s.sets, set)
}

// seedSet makes the stack set and its instances, all healthy but for those that
// are missing.
func (s *soak) seedSet(set *soakSet) {
	s.must(s.aws.SeedStackSet(s.spec(set)))
	spread := pickOne(s.dice, 1, 1, 1, 0.7)
	for _, m := range s.members {
		if !s.belongs(set, m.id) {
			continue
		}
		for _, region := range set.regions {
			c := &soakCell{Cell: at(set.name, m.id, region)}
			set.cells[c.Cell] = c
			base := s.cell(at("net-base", m.id, region))
			if !s.dice.chance(spread) || s.dice.chance(0.05) || set.imports && (base == nil || base.missing) {
				c.missing, c.wrong = true, "missing"
				continue
			}
			c.overrides = s.someOverrides(set)
			s.must(s.aws.SeedInstance(set.name, m.id, region, awssim.InstanceSeed{Overrides: c.overrides, OU: s.through(set, m.id), Drift: "IN_SYNC", Checked: s.aws.Now().Add(-pickOne(s.dice, hour, hour, 48*hour))}))
		}
	}
}

func (s *soak) spec(set *soakSet) awssim.StackSetSpec {
	d := s.dice
	spec := awssim.StackSetSpec{Name: set.name, Template: set.template, Account: management, Region: home,
		PermissionModel: "SELF_MANAGED", Tags: s.tags(set), ManagedExecution: d.chance(0.3)}
	if d.chance(0.2) {
		spec.Parameters = map[string]string{"Owner": "landlord"}
	}
	if set.service {
		spec.PermissionModel = "SERVICE_MANAGED"
		spec.AutoDeploy = d.chance(0.4)
		spec.RetainOnRemoval = spec.AutoDeploy && d.chance(0.4)
		spec.Targets = map[string][]string{}
		for _, ou := range set.targets {
			spec.Targets[ou] = set.regions
		}
	}
	return spec
}

// tags are what the set's owners wrote.
func (s *soak) tags(set *soakSet) map[string]string {
	tags := map[string]string{"mandatory": fmt.Sprint(set.mandatory), "region": strings.Join(set.regions, ":")}
	if set.rules.tagged {
		tags["selfhealing"] = fmt.Sprint(set.rules.Healing == "redeploy")
	}
	if set.imports {
		tags["dependson"] = "net-base"
	}
	return tags
}

// belongs reports whether an account is one of the set's.
func (s *soak) belongs(set *soakSet, account string) bool {
	if !set.service {
		return true
	}
	s.aws.Lock()
	defer s.aws.Unlock()
	for _, ou := range set.targets {
		if slices.Contains(s.aws.Organization().AccountsIn(ou), account) {
			return true
		}
	}
	return false
}

// through is the OU that the set reaches an account through, "" for none.
func (s *soak) through(set *soakSet, account string) string {
	s.aws.Lock()
	defer s.aws.Unlock()
	member, _ := s.aws.Organization().Account(account)
	for _, ou := range slices.Backward(member.OUs) {
		if slices.Contains(set.targets, ou) {
			return ou
		}
	}
	return ""
}

func (s *soak) someOverrides(set *soakSet) map[string]string {
	d := s.dice
	overrides := map[string]string{}
	if d.chance(0.35) {
		overrides["Owner"] = pickOne(d, "payments", "search", "****x", "a,b:c", "ü")
	}
	if d.chance(0.2) {
		overrides["Retention"] = pickOne(d, "1209600", "60", "86400")
	}
	if d.chance(0.08) {
		overrides["Key"] = "s3cret-" + set.name
	}
	if len(overrides) == 0 {
		return nil
	}
	return overrides
}

// set finds a stack set.
func (s *soak) set(name fleet.StackSetName) *soakSet {
	i := slices.IndexFunc(s.sets, func(set *soakSet) bool { return set.name == string(name) })
	if i < 0 {
		return nil
	}
	return s.sets[i]
}

// cell finds a cell, nil for one that the soak did not make.
func (s *soak) cell(cell fleet.Cell) *soakCell {
	if set := s.set(cell.StackSet); set != nil {
		return set.cells[cell]
	}
	return nil
}

// cells lists all cells in order.
func (s *soak) cells() []*soakCell {
	var all []*soakCell
	for _, set := range s.sets {
		for _, c := range set.cells {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b *soakCell) int { return a.Cell.Compare(b.Cell) })
	return all
}
