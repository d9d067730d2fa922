package stacksets

// Instance statuses. AWS's Status is one of the first three, its DetailedStatus
// one of the others or INOPERABLE.
const (
	current    = "CURRENT"
	outdated   = "OUTDATED"
	inoperable = "INOPERABLE"

	pending          = "PENDING"
	running          = "RUNNING"
	succeeded        = "SUCCEEDED"
	failed           = "FAILED"
	cancelled        = "CANCELLED"
	skippedSuspended = "SKIPPED_SUSPENDED_ACCOUNT"
	failedImport     = "FAILED_IMPORT"
)

// Drift statuses of instances and sets.
const (
	drifted    = "DRIFTED"
	inSync     = "IN_SYNC"
	notChecked = "NOT_CHECKED"
	unknown    = "UNKNOWN"
)

func newTable() table {
	return table{
		at:         map[place]*instance{},
		accounts:   map[string][]*instance{},
		regions:    map[string]*bitset{},
		detailed:   map[string]*bitset{},
		drift:      map[string]*bitset{},
		operations: map[*operation]*bitset{},
	}
}

func (t *table) len() int { return len(t.at) }

// add makes an instance that is outdated, has no stack and was never checked.
func (t *table) add(p place) *instance {
	i := &instance{place: p, slot: t.slot(), status: outdated, detailed: pending, drift: notChecked}
	t.slots[i.slot] = i
	t.at[p] = i
	t.accounts[p.account] = append(t.accounts[p.account], i)
	t.live.add(i.slot)
	index(t.regions, p.region, i.slot)
	index(t.detailed, i.detailed, i.slot)
	index(t.drift, i.drift, i.slot)
	index(t.operations, nil, i.slot)
	return i
}

// slot finds the lowest free one.
func (t *table) slot() int {
	if n := next(0, &t.free); n >= 0 {
		t.free.remove(n)
		return n
	}
	t.slots = append(t.slots, nil)
	return len(t.slots) - 1
}

func (t *table) remove(i *instance) {
	if t.at[i.place] != i {
		return
	}
	delete(t.at, i.place)
	t.slots[i.slot] = nil
	t.live.remove(i.slot)
	t.free.add(i.slot)
	t.removeAccount(i)
	unindex(t.regions, i.region, i.slot)
	unindex(t.detailed, i.detailed, i.slot)
	unindex(t.drift, i.drift, i.slot)
	unindex(t.operations, i.operation, i.slot)
}

func (t *table) removeAccount(i *instance) {
	list := t.accounts[i.account]
	for n, each := range list {
		if each == i {
			list = append(list[:n:n], list[n+1:]...)
			break
		}
	}
	if len(list) == 0 {
		delete(t.accounts, i.account)
		return
	}
	t.accounts[i.account] = list
}

// holds reports whether the instance is still in the table: an operation may
// outlive it.
func (t *table) holds(i *instance) bool { return t.slots[i.slot] == i }

func (t *table) setDetailed(i *instance, status string) {
	if t.holds(i) {
		reindex(t.detailed, i.detailed, status, i.slot)
	}
	i.detailed = status
}

func (t *table) setDrift(i *instance, status string) {
	if t.holds(i) {
		reindex(t.drift, i.drift, status, i.slot)
	}
	i.drift = status
}

func (t *table) setOperation(i *instance, o *operation) {
	if t.holds(i) {
		reindex(t.operations, i.operation, o, i.slot)
	}
	i.operation = o
}

// all lists the instances in the order of their slots.
func (t *table) all() []*instance {
	list := make([]*instance, 0, len(t.at))
	for _, i := range t.slots {
		if i != nil {
			list = append(list, i)
		}
	}
	return list
}

func index[K comparable](m map[K]*bitset, key K, n int) {
	b := m[key]
	if b == nil {
		b = &bitset{}
		m[key] = b
	}
	b.add(n)
}

func unindex[K comparable](m map[K]*bitset, key K, n int) {
	if b := m[key]; b != nil {
		if b.remove(n); b.count == 0 {
			delete(m, key)
		}
	}
}

func reindex[K comparable](m map[K]*bitset, from, to K, n int) {
	if from == to {
		return
	}
	unindex(m, from, n)
	index(m, to, n)
}
