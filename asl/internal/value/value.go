// Package value is JSON as the States Language interpreter works on it:
// decoded once, never changed afterwards, and therefore shared freely between
// states, branches and goroutines. A change makes a new value that shares all
// that did not change.
//
// A value is one of nil, bool, string, [Number], []any and *[Object]. Objects
// keep the order of their members and numbers their digits, because Step
// Functions does both and a user sees it: in States.JsonToString, in
// States.Format, in the text of an output.
package value

// An Object is a JSON object whose members keep the order in which they were
// written. It must not be changed once it has been given to anybody.
type Object struct {
	members []Member
	index   map[string]int // only for large objects, see indexFrom
}

// A Member is one name and its value.
type Member struct {
	Name  string
	Value any
}

// indexFrom is the size from which an index beats looking at each name.
const indexFrom = 16

// NewObject makes an object of members. Where a name occurs twice, the later
// value takes the earlier one's place, as in every JSON parser that AWS uses.
func NewObject(members ...Member) *Object {
	o := &Object{members: members}
	if len(members) >= indexFrom || o.repeats() {
		o.reindex()
	}
	return o
}

func (o *Object) repeats() bool {
	for i := range o.members {
		for j := range i {
			if o.members[i].Name == o.members[j].Name {
				return true
			}
		}
	}
	return false
}

// reindex drops repeated names and builds the index where it pays.
func (o *Object) reindex() {
	index := make(map[string]int, len(o.members))
	kept := make([]Member, 0, len(o.members))
	for _, m := range o.members {
		if at, again := index[m.Name]; again {
			kept[at].Value = m.Value
			continue
		}
		index[m.Name] = len(kept)
		kept = append(kept, m)
	}
	o.members = kept
	if len(kept) >= indexFrom {
		o.index = index
	}
}

// Len is the number of members.
func (o *Object) Len() int { return len(o.members) }

// Members lists them in order. The slice must not be changed.
func (o *Object) Members() []Member { return o.members }

// Get finds the member called name.
func (o *Object) Get(name string) (any, bool) {
	if at := o.find(name); at >= 0 {
		return o.members[at].Value, true
	}
	return nil, false
}

func (o *Object) find(name string) int {
	if o.index != nil {
		if at, ok := o.index[name]; ok {
			return at
		}
		return -1
	}
	for i := range o.members {
		if o.members[i].Name == name {
			return i
		}
	}
	return -1
}

// With is o with one member set: in its place if the name is there already,
// else at the end. o itself stays as it was.
func (o *Object) With(name string, v any) *Object {
	at := o.find(name)
	if at < 0 {
		members := make([]Member, len(o.members), len(o.members)+1)
		copy(members, o.members)
		members = append(members, Member{Name: name, Value: v})
		if len(members) < indexFrom {
			return &Object{members: members}
		}
		return NewObject(members...)
	}
	members := make([]Member, len(o.members))
	copy(members, o.members)
	members[at].Value = v
	return &Object{members: members, index: o.index}
}

// TypeName names the JSON type of v, for messages.
func TypeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case Number:
		return "number"
	case []any:
		return "array"
	case *Object:
		return "object"
	}
	return "unknown"
}

// Equal tells whether a and b are the same JSON value. Numbers are compared by
// value (1 equals 1.0), members without regard to their order.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case Number:
		b, ok := b.(Number)
		return ok && (a == b || a.Compare(b) == 0)
	case []any:
		b, ok := b.([]any)
		return ok && equalArrays(a, b)
	case *Object:
		b, ok := b.(*Object)
		return ok && equalObjects(a, b)
	}
	switch b.(type) {
	case []any: // would panic when compared as an interface
		return false
	}
	return a == b
}

func equalArrays(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func equalObjects(a, b *Object) bool {
	if a.Len() != b.Len() {
		return false
	}
	for _, m := range a.members {
		other, ok := b.Get(m.Name)
		if !ok || !Equal(m.Value, other) {
			return false
		}
	}
	return true
}
