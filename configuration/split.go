package configuration

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// Sizes of a parameter's value in bytes, by tier.
const (
	StandardSize = 4096
	AdvancedSize = 8192
)

// Parameter is a document, or a part of one, under its name.
type Parameter struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Kinds of documents, as the names of their parameters below the path.
const (
	orderName  = "order"
	levelsName = "levels"
	setsName   = "stacksets/"
)

// Parameters writes the documents as parameters below path, each of at most limit
// bytes, sorted by name. It fails if the head of a document alone is larger.
func (c *Compiled) Parameters(path string, limit int) ([]Parameter, error) {
	w := writer{path: strings.TrimSuffix(path, "/") + "/", limit: limit}
	order := make([]func(*Order), 0, len(c.Order.StackSets)+len(c.Order.LeftOut))
	for _, e := range c.Order.StackSets {
		order = append(order, func(o *Order) { o.StackSets = append(o.StackSets, e) })
	}
	for _, l := range c.Order.LeftOut {
		order = append(order, func(o *Order) { o.LeftOut = append(o.LeftOut, l) })
	}
	write(&w, orderName, func() *Order { return &Order{StackSets: []Entry{}} }, func(o *Order) *Head { return &o.Head }, order)
	write(&w, levelsName, func() *Levels { return &Levels{Levels: []Level{}} }, func(l *Levels) *Head { return &l.Head }, levelItems(c.Levels.Levels))
	for _, set := range c.StackSets {
		bare := set
		bare.Head, bare.Deploy, bare.Exclude, bare.After, bare.Apart = Head{}, nil, nil, nil, nil
		write(&w, setsName+string(set.StackSet), func() *StackSet { s := bare; return &s }, func(s *StackSet) *Head { return &s.Head }, setItems(set))
	}
	slices.SortFunc(w.parameters, func(x, y Parameter) int { return strings.Compare(x.Name, y.Name) })
	return w.parameters, w.err
}

func levelItems(levels []Level) []func(*Levels) {
	var items []func(*Levels)
	for _, level := range levels {
		for _, name := range level.StackSets {
			items = append(items, func(l *Levels) { l.add(level.Level, name) })
		}
	}
	return items
}

// add puts a stack set into its level, which is the last one or a new one.
func (l *Levels) add(level int, names ...fleet.StackSetName) {
	if n := len(l.Levels); n == 0 || l.Levels[n-1].Level != level {
		l.Levels = append(l.Levels, Level{Level: level})
	}
	last := &l.Levels[len(l.Levels)-1]
	last.StackSets = append(slices.Clip(last.StackSets), names...)
}

// chunk is how many accounts or OUs one rule names in a document: a rule with more
// becomes several rules, which means the same.
const chunk = 40

func setItems(set StackSet) []func(*StackSet) {
	var items []func(*StackSet)
	for _, name := range set.After {
		items = append(items, func(s *StackSet) { s.After = append(slices.Clip(s.After), name) })
	}
	for _, name := range set.Apart {
		items = append(items, func(s *StackSet) { s.Apart = append(slices.Clip(s.Apart), name) })
	}
	for _, rule := range set.Deploy {
		for _, small := range smaller(rule) {
			items = append(items, func(s *StackSet) { s.Deploy = append(slices.Clip(s.Deploy), small) })
		}
	}
	for _, e := range set.Exclude {
		items = append(items, func(s *StackSet) { s.Exclude = append(slices.Clip(s.Exclude), e) })
	}
	return items
}

// smaller divides a rule into rules of at most chunk OUs and chunk accounts, each
// account in combination with each OU.
func smaller(rule plan.Rule) []plan.Rule {
	var rules []plan.Rule
	for _, ous := range chunks(rule.OUs) {
		for _, accounts := range chunks(rule.Accounts) {
			rules = append(rules, plan.Rule{OUs: ous, Accounts: accounts, Regions: rule.Regions})
		}
	}
	return rules
}

// chunks divides a list; of an empty one there is one chunk, which is empty.
func chunks[T any](list []T) [][]T {
	if len(list) == 0 {
		return [][]T{nil}
	}
	return slices.Collect(slices.Chunk(list, chunk))
}

// writer gathers parameters.
type writer struct {
	path       string
	limit      int
	parameters []Parameter
	err        error
}

// headRoom is what a head may grow by when its numbers and revision are filled in.
const headRoom = 48

// write divides a document's items among as few parts as they fit into, in order.
func write[D any](w *writer, name string, bare func() D, head func(D) *Head, items []func(D)) {
	if w.err != nil {
		return
	}
	parts := []D{bare()}
	whole := sha256.New()
	for _, add := range items {
		one := bare()
		add(one)
		whole.Write(encode(one))
		last := len(parts) - 1
		grown := copyOf(parts[last], bare)
		add(grown)
		if len(encode(grown))+headRoom > w.limit {
			if len(encode(one))+headRoom > w.limit {
				w.err = fmt.Errorf("writing %s%s: one item of it alone is larger than %d bytes", w.path, name, w.limit)
				return
			}
			parts, grown = append(parts, one), one
		}
		parts[len(parts)-1] = grown
	}
	if len(items) == 0 {
		whole.Write(encode(parts[0]))
	}
	revision := hex.EncodeToString(whole.Sum(nil)[:6])
	for i, part := range parts {
		*head(part) = Head{Version: Version, Part: i + 1, Parts: len(parts), Revision: revision}
		w.parameters = append(w.parameters, Parameter{w.path + partName(name, i+1), string(encode(part))})
	}
}

func partName(name string, part int) string {
	if part == 1 {
		return name
	}
	return name + "/" + strconv.Itoa(part)
}

func encode(document any) []byte {
	text, err := json.Marshal(document)
	if err != nil {
		panic(err) // strings, numbers and lists of them
	}
	return text
}

// copyOf copies a document through its JSON.
func copyOf[D any](document D, bare func() D) D {
	fresh := bare()
	if err := json.Unmarshal(encode(document), fresh); err != nil {
		panic(err) // it was just written
	}
	return fresh
}

// Owned reports whether a parameter below path is one that Parameters could have
// written, so that it may be deleted when it is not written any more. Other
// parameters may lie below the same path.
func Owned(path, name string) bool {
	rest, below := strings.CutPrefix(name, strings.TrimSuffix(path, "/")+"/")
	if !below {
		return false
	}
	for _, kind := range []string{orderName, levelsName} {
		if rest == kind || strings.HasPrefix(rest, kind+"/") {
			return true
		}
	}
	return strings.HasPrefix(rest, setsName)
}

// ErrMixed is the error for parts of different revisions: a writer was between
// them. Reading again helps.
var ErrMixed = fmt.Errorf("its parts are of different revisions")

// Join reads the documents back from the parameters below path. It fails if a part
// is missing or of another revision than the others, or is no document of this
// version.
func Join(path string, parameters []Parameter) (*Compiled, error) {
	root := strings.TrimSuffix(path, "/") + "/"
	values := map[string]string{}
	c := &Compiled{}
	var sets []string
	for _, p := range parameters {
		values[p.Name] = p.Value
		if name, ok := strings.CutPrefix(p.Name, root+setsName); ok && !strings.Contains(name, "/") {
			sets = append(sets, name)
		}
	}
	if err := read(values, root+orderName, &c.Order.Head, func(part *Order) *Head {
		c.Order.StackSets, c.Order.LeftOut = append(c.Order.StackSets, part.StackSets...), append(c.Order.LeftOut, part.LeftOut...)
		return &part.Head
	}); err != nil {
		return nil, err
	}
	if err := read(values, root+levelsName, &c.Levels.Head, func(part *Levels) *Head {
		for _, level := range part.Levels {
			c.Levels.add(level.Level, level.StackSets...)
		}
		return &part.Head
	}); err != nil {
		return nil, err
	}
	slices.Sort(sets)
	for _, name := range sets {
		var whole StackSet
		if err := read(values, root+setsName+name, &whole.Head, func(part *StackSet) *Head {
			if whole.StackSet == "" {
				whole = *part
				return &part.Head
			}
			whole.After, whole.Apart = append(whole.After, part.After...), append(whole.Apart, part.Apart...)
			whole.Deploy, whole.Exclude = append(whole.Deploy, part.Deploy...), append(whole.Exclude, part.Exclude...)
			return &part.Head
		}); err != nil {
			return nil, err
		}
		c.StackSets = append(c.StackSets, whole)
	}
	return c, nil
}

// read reads a document's parts in order and gives each to take, which returns its
// head.
func read[D any](values map[string]string, name string, first *Head, take func(*D) *Head) error {
	for n, parts := 1, 1; n <= parts; n++ {
		value, found := values[partName(name, n)]
		if !found {
			return fmt.Errorf("reading parameter %s: it is not there", partName(name, n))
		}
		var part D
		if err := json.Unmarshal([]byte(value), &part); err != nil {
			return fmt.Errorf("reading parameter %s: %w", partName(name, n), err)
		}
		head := take(&part)
		if head.Version != Version {
			return fmt.Errorf("reading parameter %s: version %d of the schema is not known here", partName(name, n), head.Version)
		}
		if n == 1 {
			*first, parts = *head, head.Parts
		} else if head.Revision != first.Revision {
			return fmt.Errorf("reading parameter %s: %w", name, ErrMixed)
		}
	}
	*first = Head{Version: first.Version, Part: 1, Parts: 1, Revision: first.Revision}
	return nil
}
