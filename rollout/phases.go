package rollout

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
)

// Phase is cells that are updated together, and what must hold before the next.
type Phase struct {
	Name        string            `json:"name"`
	Targets     []fleet.Target    `json:"targets"` // sorted
	Preferences fleet.Preferences `json:"preferences"`
	Bake        time.Duration     `json:"bake,omitempty"`
	Gates       []Gate            `json:"gates,omitempty"`
	Line        int               `json:"line,omitempty"`
}

// Accounts counts the phase's accounts.
func (p Phase) Accounts() int {
	accounts := map[fleet.AccountID]bool{}
	for _, t := range p.Targets {
		accounts[t.Account] = true
	}
	return len(accounts)
}

// Scene is what phases are made of.
type Scene struct {
	StackSet fleet.StackSetName
	// Targets are the cells that are to be updated.
	Targets      []fleet.Target
	Organization fleet.Organization
	// Tags are the accounts' tags, if the file [File.NeedsTags].
	Tags map[fleet.AccountID]map[string]string
	// Preferences hold where neither strategy nor file says otherwise.
	Preferences fleet.Preferences
}

// Divide divides the scene's targets: each is in exactly one phase. Phases that reach
// nothing are left out. It fails if two phases claim a target, if a target is in none,
// and if a phase names an OU or an account that is not there; the error names the line.
func (f *File) Divide(s Scene) ([]Phase, error) {
	if f.StackSet != "" && f.StackSet != s.StackSet {
		return nil, fmt.Errorf("dividing %s into phases: the file is for %s", s.StackSet, f.StackSet)
	}
	if f.Strategy != Phased {
		whole := Phase{Name: "all", Targets: fleet.SortTargets(slices.Clone(s.Targets)), Preferences: f.Preferences.over(numbersOf(f.Strategy).over(s.Preferences)), Gates: f.Gates}
		if len(whole.Targets) == 0 {
			return nil, nil
		}
		return []Phase{whole}, nil
	}
	d := &division{file: f, scene: s, owner: map[fleet.Target]int{}}
	if err := d.divide(); err != nil {
		return nil, fmt.Errorf("dividing %s into phases: %w", s.StackSet, err)
	}
	return d.phases(), nil
}

// division divides targets among phases.
type division struct {
	file  *File
	scene Scene
	owner map[fleet.Target]int // the phase that claims a target
}

func (d *division) divide() error {
	for i := range d.file.Phases {
		if err := d.known(d.file.Phases[i]); err != nil {
			return err
		}
	}
	// Phases that say what their accounts are claim theirs first; those that draw a
	// percentage of all draw from what is left, and the rest comes last.
	for i := range d.file.Phases {
		if p := d.file.Phases[i]; p.chooses() {
			chosen := d.chosen(p)
			if p.Percentage > 0 {
				chosen = d.drawn(chosen, share(len(chosen), p.Percentage))
			}
			if err := d.claim(i, chosen, false); err != nil {
				return err
			}
		}
	}
	if err := d.draw(); err != nil {
		return err
	}
	for i := range d.file.Phases {
		if d.file.Phases[i].Rest {
			if err := d.claim(i, accountsOf(d.scene.Targets), true); err != nil {
				return err
			}
		}
	}
	return d.holes()
}

// known refuses names of what is not there.
func (d *division) known(p PhaseSpec) error {
	org := d.scene.Organization
	for _, ou := range append(slices.Clone(p.OUs), fleet.SortedKeys(p.RegionsByOU)...) {
		if _, there := org.OUs[ou]; !there && ou != org.Root {
			return fmt.Errorf("line %d: the OU %s of phase %q is not in the organization", p.Line, ou, p.Name)
		}
	}
	targets := accountsOf(d.scene.Targets)
	for _, id := range p.Accounts {
		if !slices.Contains(targets, id) {
			return fmt.Errorf("line %d: the account %s of phase %q is no target of the stack set", p.Line, id, p.Name)
		}
	}
	return nil
}

// chosen lists the target accounts that a phase chooses by what they are, sorted.
func (d *division) chosen(p PhaseSpec) []fleet.AccountID {
	return slices.DeleteFunc(accountsOf(d.scene.Targets), func(id fleet.AccountID) bool {
		account := d.scene.Organization.Accounts[id]
		return !slices.Contains(p.Accounts, id) && !slices.ContainsFunc(p.OUs, account.In) && !d.tagged(p, id)
	})
}

func (d *division) tagged(p PhaseSpec, id fleet.AccountID) bool {
	for key, value := range p.Tags {
		if have, has := d.scene.Tags[id][key]; !has || have != value {
			return false
		}
	}
	return len(p.Tags) > 0
}

// draw gives phases that draw from all targets their accounts: one after another, of
// those that no phase has chosen, in the order of their hashes.
func (d *division) draw() error {
	all := accountsOf(d.scene.Targets)
	free := slices.DeleteFunc(slices.Clone(all), func(id fleet.AccountID) bool {
		return slices.ContainsFunc(d.scene.Targets, func(t fleet.Target) bool {
			_, claimed := d.owner[t]
			return t.Account == id && claimed
		})
	})
	pool := d.drawn(free, len(free))
	for i := range d.file.Phases {
		p := d.file.Phases[i]
		if !p.draws() {
			continue
		}
		n := min(share(len(all), p.Percentage), len(pool))
		if err := d.claim(i, pool[:n], false); err != nil {
			return err
		}
		pool = pool[n:]
	}
	return nil
}

// share is a percentage of a number: rounded down as AWS does, and one at least, so
// that a pilot in a small organization is not empty.
func share(n, percentage int) int {
	if n == 0 {
		return 0
	}
	return max(1, n*percentage/100)
}

// drawn lists n of the accounts, those with the smallest hashes: the same every time,
// whichever others there are, and others for another stack set, so that it is not
// always the same teams that come first.
func (d *division) drawn(accounts []fleet.AccountID, n int) []fleet.AccountID {
	sorted := slices.Clone(accounts)
	slices.SortFunc(sorted, func(a, b fleet.AccountID) int {
		return cmp.Or(cmp.Compare(d.hash(a), d.hash(b)), cmp.Compare(a, b))
	})
	return sorted[:n]
}

func (d *division) hash(id fleet.AccountID) uint64 {
	sum := sha256.Sum256([]byte(string(d.scene.StackSet) + "\x00" + string(id)))
	return binary.BigEndian.Uint64(sum[:8])
}

// claim gives a phase the targets in its regions of the accounts: what is left of
// them, or else it must be all.
func (d *division) claim(phase int, accounts []fleet.AccountID, left bool) error {
	p := d.file.Phases[phase]
	in := map[fleet.AccountID]bool{}
	for _, id := range accounts {
		in[id] = true
	}
	for _, t := range d.scene.Targets {
		if !in[t.Account] || !d.region(p, t) {
			continue
		}
		if other, claimed := d.owner[t]; claimed && !left {
			q := d.file.Phases[other]
			return fmt.Errorf("line %d: %s is in phase %q and in %q (line %d)", p.Line, t, p.Name, q.Name, q.Line)
		} else if !claimed {
			d.owner[t] = phase
		}
	}
	return nil
}

// region reports whether a target's region is one of the phase's.
func (d *division) region(p PhaseSpec, t fleet.Target) bool {
	ous := d.scene.Organization.Accounts[t.Account].OUs
	for _, ou := range slices.Backward(ous) { // the nearest one first
		if regions, given := p.RegionsByOU[ou]; given {
			return slices.Contains(regions, t.Region)
		}
	}
	return len(p.Regions) == 0 || slices.Contains(p.Regions, t.Region)
}

func (d *division) holes() error {
	for _, t := range d.scene.Targets {
		if _, claimed := d.owner[t]; !claimed {
			last := d.file.Phases[len(d.file.Phases)-1]
			return fmt.Errorf("line %d: %s is in no phase; let the last phase have rest: true", last.Line, t)
		}
	}
	return nil
}

func (d *division) phases() []Phase {
	var list []Phase
	for i, spec := range d.file.Phases {
		p := Phase{Name: spec.Name, Bake: time.Duration(spec.Bake), Line: spec.Line,
			Preferences: spec.Preferences.over(d.file.Preferences.over(numbersOf(Phased).over(d.scene.Preferences))),
			Gates:       append(slices.Clone(d.file.Gates), spec.Gates...)}
		for t, owner := range d.owner {
			if owner == i {
				p.Targets = append(p.Targets, t)
			}
		}
		if fleet.SortTargets(p.Targets); len(p.Targets) > 0 {
			list = append(list, p)
		}
	}
	return list
}

func accountsOf(targets []fleet.Target) []fleet.AccountID {
	var accounts []fleet.AccountID
	for _, t := range targets {
		accounts = append(accounts, t.Account)
	}
	slices.Sort(accounts)
	return slices.Compact(accounts)
}
