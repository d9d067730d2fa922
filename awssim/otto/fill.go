package otto

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim"
)

// Options choose among fleets of the kind.
type Options struct {
	// Accounts is how many the organization lists, the management account among
	// them: 320 unless set, and at least 20.
	Accounts int
	// Seed determines everything that is random.
	Seed uint64
}

// leastAccounts is the smallest organization in which there is one of everything.
const leastAccounts = 20

// The services that StackSets appears as: in the management account, and in the
// members, where its delegated administrators are registered too.
const (
	stackSetsService = "stacksets.cloudformation.amazonaws.com"
	memberService    = "member.org.stacksets.cloudformation.amazonaws.com"
)

// Empty makes an organization with all features, its root and its management
// account, and turns trusted access for StackSets on. There is nothing else.
func Empty(a *awssim.AWS) error {
	a.Lock()
	defer a.Unlock()
	o := a.Organization()
	if err := o.Create(a.Account(), "management"); err != nil {
		return fmt.Errorf("making the organization: %w", err)
	}
	o.SetTrustedAccess(stackSetsService, true)
	o.SetTrustedAccess(memberService, true)
	return nil
}

// Fill fills an AWS that has no organization yet with the scenario. Afterwards
// nothing has been counted (awssim.AWS.Stats), and somebody's operation runs.
func Fill(a *awssim.AWS, options Options) (*Truth, error) {
	if options.Accounts == 0 {
		options.Accounts = 320
	}
	if options.Accounts < leastAccounts {
		return nil, fmt.Errorf("filling the scenario otto: %d accounts are fewer than %d", options.Accounts, leastAccounts)
	}
	b := newBuilder(a, options)
	for _, step := range []func() error{
		func() error { return Empty(a) },
		b.people,
		b.layOut,
		b.spoil,
		b.seed,
		b.meddle,
	} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("filling the scenario otto: %w", err)
		}
	}
	a.ResetStats()
	return b.finish(), nil
}

// builder is a scenario being made.
type builder struct {
	aws      *awssim.AWS
	options  Options
	random   *rand.Rand
	now      time.Time
	accounts []*account        // by id
	ous      map[string]string // ids by path
	cells    []*cell           // in the order of sets, accounts and regions
	at       map[Cell]*cell
	truth    *Truth
}

// cell is a cell that the scenario says something of.
type cell struct {
	Cell
	set     *set
	account *account
	// absent cells have no instance, though they should or could.
	absent    bool
	overrides map[string]string
	problem   *Problem
	change    change // what was done by hand
	seed      awssim.InstanceSeed
}

func newBuilder(a *awssim.AWS, options Options) *builder {
	return &builder{
		aws:     a,
		options: options,
		random:  rand.New(rand.NewPCG(options.Seed, 0x0770)),
		now:     a.Now(),
		at:      map[Cell]*cell{},
		truth:   &Truth{Management: a.Account(), HomeRegion: HomeRegion, Regions: everywhere, Overrides: map[Cell]map[string]string{}},
	}
}

// people makes the accounts and their OUs.
func (b *builder) people() error {
	b.accounts = cast(b.options.Accounts, b.random)
	b.aws.Lock()
	defer b.aws.Unlock()
	var err error
	if b.ous, err = tree(b.aws); err != nil {
		return err
	}
	t := b.truth
	lists := map[state]*[]string{
		active: &t.Active, joined: &t.Joined, suspended: &t.Suspended, closed: &t.Closed, pendingClosure: &t.PendingClosure, departed: &t.Departed,
	}
	for _, m := range b.accounts {
		*lists[m.state] = append(*lists[m.state], m.id)
	}
	return b.enrol()
}

// finish writes the truth down.
func (b *builder) finish() *Truth {
	t := b.truth
	for i := range sets {
		t.StackSets = append(t.StackSets, sets[i].name)
	}
	for _, c := range b.cells {
		if !c.absent {
			t.Cells = append(t.Cells, c.Cell)
		}
		if len(c.overrides) > 0 && !c.absent {
			t.Overrides[c.Cell] = maps.Clone(c.overrides)
		}
		if c.problem != nil {
			c.problem.Reason = c.seed.Reason
			t.Problems = append(t.Problems, *c.problem)
		}
	}
	slices.SortFunc(t.Cells, Cell.compare)
	slices.SortFunc(t.Problems, func(p, q Problem) int { return p.Cell.compare(q.Cell) })
	return t
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func padded(kind string, count int) string {
	return fmt.Sprintf("%-24s%6d\n", strings.ToLower(kind), count)
}
