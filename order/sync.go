package order

import (
	"fmt"
	"slices"
	"strings"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
)

// AWS's limits of dependencies between automatic deployments.
const (
	maxOfSet     = 10
	maxOfAccount = 100
)

// Sync is how AWS comes to have the declared order.
type Sync struct {
	// Steps are the updates to send, one after another. A set occurs twice where one
	// update could not do it.
	Steps []Step `json:"steps,omitempty"`
	// Held are sets that would have to change, and must not now.
	Held []Held `json:"held,omitempty"`
	// Implied are declared dependencies that are not written to AWS, since others imply
	// them and the set would exceed the limit with them.
	Implied []Edge `json:"implied,omitempty"`
	// Beyond are declared dependencies that AWS cannot hold: it orders
	// automatic deployments only, and one of the two sets has none.
	Beyond []Edge `json:"beyond,omitempty"`
	// Dependencies is how many the account has in the end.
	Dependencies int `json:"dependencies"`
}

// Step replaces a set's dependencies.
type Step struct {
	StackSet fleet.StackSetName   `json:"stackSet"`
	From     []fleet.StackSetName `json:"from"` // sorted
	To       []fleet.StackSetName `json:"to"`   // sorted
	// ARNs are those of To, and of what the set depends on in other regions.
	ARNs []string `json:"arns"`
}

// Added lists the dependencies that the step adds.
func (s Step) Added() []fleet.StackSetName { return without(s.To, s.From) }

// Removed lists the dependencies that the step removes.
func (s Step) Removed() []fleet.StackSetName { return without(s.From, s.To) }

func without(list, others []fleet.StackSetName) []fleet.StackSetName {
	return slices.DeleteFunc(slices.Clone(list), func(n fleet.StackSetName) bool { return slices.Contains(others, n) })
}

// Held is a set whose dependencies cannot be changed now, with the reason and what
// to do.
type Held struct {
	StackSet fleet.StackSetName `json:"stackSet"`
	Reason   string             `json:"reason"`
	Hint     string             `json:"hint"`
}

// Synchronize works out the updates after which AWS has the declared dependencies
// and no others. It fails, and nothing may be sent, if what is declared is wrong or
// does not fit AWS's limits.
func Synchronize(f *fleet.Fleet, p *policy.Policy) (*Sync, error) {
	declared := plan.OrderOf(f, p, true)
	for _, problem := range declared.Problems {
		if problem.Stops {
			return nil, &Wrong{problem}
		}
	}
	s := &syncer{fleet: f, needs: declared.Needs, now: map[fleet.StackSetName][]fleet.StackSetName{}, then: map[fleet.StackSetName][]fleet.StackSetName{}}
	s.read()
	if err := s.fit(); err != nil {
		return nil, err
	}
	s.hold()
	s.step()
	for _, list := range s.then {
		s.out.Dependencies += len(list)
	}
	s.out.Dependencies += s.elsewhere
	return &s.out, nil
}

// Wrong is a problem in what is declared.
type Wrong struct{ Problem policy.Problem }

func (w *Wrong) Error() string { return "reading the order: " + w.Problem.Text }

// syncer works a Sync out.
type syncer struct {
	fleet *fleet.Fleet
	needs map[fleet.StackSetName][]fleet.StackSetName // as declared
	// now is what AWS has, and while steps are worked out, what it will have after
	// them; then is what it shall have. Both sorted, automatically deployed sets only.
	now, then map[fleet.StackSetName][]fleet.StackSetName
	elsewhere int // dependencies on sets of other regions, which stay
	out       Sync
}

func (s *syncer) auto(set fleet.StackSetName) bool {
	inventory := s.fleet.StackSets[set]
	return inventory != nil && inventory.StackSet.PermissionModel == fleet.ServiceManaged && inventory.StackSet.AutoDeployment.Enabled
}

// read finds what AWS has and what it shall have.
func (s *syncer) read() {
	for _, set := range s.fleet.Names() {
		if !s.auto(set) {
			for _, need := range s.needs[set] {
				s.out.Beyond = append(s.out.Beyond, Edge{From: set, To: need, Declared: true})
			}
			continue
		}
		have := s.fleet.StackSets[set].StackSet.AutoDeployment
		s.elsewhere += len(have.Elsewhere)
		s.now[set] = sorted(have.DependsOn)
		s.then[set] = sorted(s.through(set, set, map[fleet.StackSetName]bool{}))
	}
}

// through lists the automatically deployed sets that come before a set: AWS cannot
// wait for another kind, so such a set is replaced by its own needs.
func (s *syncer) through(from, set fleet.StackSetName, seen map[fleet.StackSetName]bool) []fleet.StackSetName {
	var needs []fleet.StackSetName
	for _, need := range s.needs[set] {
		if s.auto(need) {
			needs = append(needs, need)
			continue
		}
		if from == set {
			s.out.Beyond = append(s.out.Beyond, Edge{From: set, To: need, Declared: true})
		}
		if !seen[need] {
			seen[need] = true
			needs = append(needs, s.through(from, need, seen)...)
		}
	}
	return needs
}

func sorted(names []fleet.StackSetName) []fleet.StackSetName {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}

// fit drops dependencies that others imply where the limits would be exceeded, and
// fails if that is not enough. An implied one is dropped where it must be only: if
// the set between is not deployed to an account, nothing else makes the two wait.
func (s *syncer) fit() error {
	full := clone(s.then)
	for _, set := range fleet.SortedKeys(s.then) {
		if len(s.then[set])+len(s.elsewhereOf(set)) > maxOfSet {
			s.reduce(full, set)
		}
	}
	if s.count(s.then) > maxOfAccount {
		for _, set := range fleet.SortedKeys(s.then) {
			s.reduce(full, set)
		}
	}
	for _, set := range fleet.SortedKeys(s.then) {
		if n := len(s.then[set]) + len(s.elsewhereOf(set)); n > maxOfSet {
			return fmt.Errorf("fitting the dependencies of %s: %d remain without those that others imply, and AWS allows %d of a stack set", set, n, maxOfSet)
		}
	}
	if n := s.count(s.then); n > maxOfAccount {
		return fmt.Errorf("fitting the dependencies: %d remain without those that others imply, and AWS allows %d in an account", n, maxOfAccount)
	}
	return nil
}

func (s *syncer) elsewhereOf(set fleet.StackSetName) []string {
	return s.fleet.StackSets[set].StackSet.AutoDeployment.Elsewhere
}

func (s *syncer) count(needs map[fleet.StackSetName][]fleet.StackSetName) int {
	n := s.elsewhere
	for _, list := range needs {
		n += len(list)
	}
	return n
}

// reduce drops a set's dependencies that another of its dependencies has, directly
// or not.
func (s *syncer) reduce(full map[fleet.StackSetName][]fleet.StackSetName, set fleet.StackSetName) {
	var kept []fleet.StackSetName
	for _, need := range s.then[set] {
		implied := slices.ContainsFunc(s.then[set], func(other fleet.StackSetName) bool {
			return other != need && reaches(full, other, need)
		})
		if !implied {
			kept = append(kept, need)
			continue
		}
		s.out.Implied = append(s.out.Implied, Edge{From: set, To: need, Declared: true})
	}
	s.then[set] = kept
}

// hold takes sets out that cannot be updated now. AWS has no update of dependencies
// alone: every update of a stack set retries all of its outdated instances, which
// would finish a rollout that was held back or stopped.
func (s *syncer) hold() {
	for _, set := range fleet.SortedKeys(s.then) {
		inventory := s.fleet.StackSets[set]
		if slices.Equal(s.now[set], s.then[set]) {
			continue
		}
		outdated := 0
		for _, i := range inventory.Instances {
			if i.Status == fleet.InstanceOutdated {
				outdated++
			}
		}
		switch {
		case slices.ContainsFunc(inventory.Running, func(o fleet.Operation) bool { return !o.Status.Ended() }):
			s.out.Held = append(s.out.Held, Held{set, "an operation is under way on it", "Run order sync again when it has ended."})
		case outdated > 0:
			s.out.Held = append(s.out.Held, Held{set, fmt.Sprintf("%d of its instances are outdated, and an update of the set would retry them all", outdated),
				"Finish the rollout or heal the instances first."})
		default:
			continue
		}
		s.then[set] = s.now[set]
	}
}

// step works out the order of updates. A set is switched at once where neither a
// cycle nor too many dependencies come of it; where no set can be, one is given those
// only that it both has and shall have: that adds nothing, and so cannot fail.
func (s *syncer) step() {
	for {
		waiting := s.waiting()
		if len(waiting) == 0 {
			return
		}
		i := slices.IndexFunc(waiting, s.switchable)
		if i >= 0 {
			s.take(waiting[i], s.then[waiting[i]])
			continue
		}
		i = slices.IndexFunc(waiting, func(set fleet.StackSetName) bool { return len(without(s.now[set], s.then[set])) > 0 })
		if i < 0 { // a held set's dependencies are in the way
			for _, set := range waiting {
				s.out.Held = append(s.out.Held, Held{set, "its new dependencies and those of a set that is held back would form a cycle, or are too many", "Run order sync again when the other can be changed."})
				s.then[set] = s.now[set]
			}
			return
		}
		s.take(waiting[i], without(s.now[waiting[i]], without(s.now[waiting[i]], s.then[waiting[i]])))
	}
}

// waiting lists the sets that are not as they shall be: first those that lose
// dependencies, so that there is room for others.
func (s *syncer) waiting() []fleet.StackSetName {
	var list []fleet.StackSetName
	for _, set := range fleet.SortedKeys(s.then) {
		if !slices.Equal(s.now[set], s.then[set]) {
			list = append(list, set)
		}
	}
	slices.SortStableFunc(list, func(a, b fleet.StackSetName) int {
		return len(s.then[a]) - len(s.now[a]) - len(s.then[b]) + len(s.now[b])
	})
	return list
}

// switchable reports whether AWS would take a set's dependencies as they shall be.
func (s *syncer) switchable(set fleet.StackSetName) bool {
	next := clone(s.now)
	next[set] = s.then[set]
	return s.count(next) <= maxOfAccount && !reaches(next, set, set)
}

func (s *syncer) take(set fleet.StackSetName, to []fleet.StackSetName) {
	step := Step{StackSet: set, From: s.now[set], To: to, ARNs: slices.Clone(s.elsewhereOf(set))}
	for _, name := range to {
		step.ARNs = append(step.ARNs, s.fleet.StackSets[name].StackSet.ARN)
	}
	if step.ARNs == nil {
		step.ARNs = []string{} // nothing, not "as it is"
	}
	s.out.Steps = append(s.out.Steps, step)
	s.now[set] = to
}

// reaches reports whether a set can be reached from another in at least one step.
func reaches(needs map[fleet.StackSetName][]fleet.StackSetName, from, goal fleet.StackSetName) bool {
	seen := map[fleet.StackSetName]bool{}
	queue := slices.Clone(needs[from])
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if at == goal {
			return true
		}
		if !seen[at] {
			seen[at] = true
			queue = append(queue, needs[at]...)
		}
	}
	return false
}

func clone(needs map[fleet.StackSetName][]fleet.StackSetName) map[fleet.StackSetName][]fleet.StackSetName {
	to := make(map[fleet.StackSetName][]fleet.StackSetName, len(needs))
	for set, list := range needs {
		to[set] = list
	}
	return to
}

// Text describes a step in one line.
func (s Step) Text() string {
	var parts []string
	if added := s.Added(); len(added) > 0 {
		parts = append(parts, "depends on "+join(added)+" from now on")
	}
	if removed := s.Removed(); len(removed) > 0 {
		parts = append(parts, "depends on "+join(removed)+" no more")
	}
	return string(s.StackSet) + " " + strings.Join(parts, ", and ")
}

func join(names []fleet.StackSetName) string {
	words := make([]string, len(names))
	for i, n := range names {
		words[i] = string(n)
	}
	return strings.Join(words, ", ")
}
