package otto

import (
	"slices"
)

// layOut decides which cells there are, without yet spoiling any.
func (b *builder) layOut() error {
	old := b.oldNetworks()
	for i := range sets {
		s := &sets[i]
		for _, m := range b.accounts {
			if present, mentioned := b.placed(s, m, old[m.id]); mentioned {
				b.add(s, m, !present)
			}
		}
	}
	return nil
}

func (b *builder) add(s *set, m *account, absent bool) {
	for _, region := range s.regions {
		c := &cell{Cell: Cell{s.name, m.id, region}, set: s, account: m, absent: absent}
		if !absent && b.random.Float64() < s.overridden {
			c.overrides = b.someOverrides(s)
		}
		b.cells = append(b.cells, c)
		b.at[c.Cell] = c
	}
}

// placed decides whether an account has a set's instances. Mentioned cells
// without an instance are those where a mandatory one is lacking.
func (b *builder) placed(s *set, m *account, old bool) (present, mentioned bool) {
	network := s.name == "network-baseline" || s.imports("network-baseline")
	switch {
	case !m.in(s.within):
		return false, false
	case s.name == "network-legacy":
		return old, old
	case network && old: // displaced by network-legacy
		return false, s.mandatory
	case m.state == departed && s.auto: // automatic deployment has taken it away
		return false, false
	case m.state == joined && !s.auto: // nobody has deployed it yet
		return false, s.mandatory
	case s.share > 0 && b.random.Float64() >= s.share:
		return false, false
	}
	return true, true
}

// oldNetworks chooses the accounts that still have network-legacy.
func (b *builder) oldNetworks() map[string]bool {
	old := map[string]bool{}
	for _, m := range pick(b, b.plainAccounts(), share(b.options.Accounts, 12, 1)) {
		old[m.id] = true
	}
	return old
}

// plainAccounts are those that have been active for long.
func (b *builder) plainAccounts() []*account {
	return slices.DeleteFunc(slices.Clone(b.accounts), func(m *account) bool { return m.state != active })
}

// pick chooses n of a list, or all if there are fewer, in the list's order.
func pick[T any](b *builder, list []T, n int) []T {
	n = min(n, len(list))
	chosen := b.random.Perm(len(list))[:n]
	slices.Sort(chosen)
	out := make([]T, n)
	for i, at := range chosen {
		out[i] = list[at]
	}
	return out
}

// someOverrides makes an account's own values for one of the set's parameters,
// and now and then for a second.
func (b *builder) someOverrides(s *set) map[string]string {
	keys := sortedKeys(s.overrides)
	n := 1
	if len(keys) > 1 && b.random.IntN(5) == 0 {
		n = 2
	}
	out := map[string]string{}
	for _, key := range pick(b, keys, n) {
		values := s.overrides[key]
		out[key] = values[b.random.IntN(len(values))]
	}
	return out
}
