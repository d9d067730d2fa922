package stacks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/template"
)

// export is a value that a stack exports to the other stacks of its place.
type export struct {
	stack *stack
	name  string
	value string
	users map[*stack]bool
	// leaving tells that an operation is about to take it away or change it:
	// nobody can begin to import it then.
	leaving bool
}

type exportName struct {
	place
	name string
}

// exportConflict says why the outputs cannot be exported, "" if they can.
func (e *Engine) exportConflict(s *stack, outputs []template.OutputValue) string {
	seen := map[string]bool{}
	for _, o := range outputs {
		if o.Export == "" {
			continue
		}
		x, exists := e.exports[exportName{s.place, o.Export}]
		if seen[o.Export] || exists && x.stack != s {
			holder := s.name
			if exists {
				holder = x.stack.name
			}
			return fmt.Sprintf("Export with name %s is already exported by stack %s", o.Export, holder)
		}
		seen[o.Export] = true
	}
	return ""
}

// exportInUse says which export must stay as it is because another stack imports
// it; verb is "deleted" or "updated".
func (e *Engine) exportInUse(s *stack, before, after []template.OutputValue) string {
	for _, o := range before {
		x := e.exports[exportName{s.place, o.Export}]
		if o.Export == "" || x == nil || len(x.users) == 0 {
			continue
		}
		i := slices.IndexFunc(after, func(n template.OutputValue) bool { return n.Export == o.Export })
		if i < 0 {
			return fmt.Sprintf("Export %s cannot be deleted as it is in use by %s", o.Export, x.userNames())
		}
		if after[i].Value != x.value {
			return fmt.Sprintf("Export %s cannot be updated as it is in use by %s", o.Export, x.userNames())
		}
	}
	return ""
}

// userNames lists the importing stacks as AWS does.
func (x *export) userNames() string {
	names := make([]string, 0, len(x.users))
	for s := range x.users {
		names = append(names, s.name)
	}
	slices.Sort(names)
	if len(names) > 1 {
		return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
	}
	return strings.Join(names, "")
}

// withdraw marks what a running operation will take away or change.
func (e *Engine) withdraw(s *stack, before, after []template.OutputValue) {
	for _, o := range before {
		x := e.exports[exportName{s.place, o.Export}]
		if o.Export == "" || x == nil || x.stack != s {
			continue
		}
		x.leaving = !slices.ContainsFunc(after, func(n template.OutputValue) bool {
			return n.Export == o.Export && n.Value == o.Value
		})
	}
}

// publishExports makes a stack's exports those of its outputs.
func (e *Engine) publishExports(s *stack, before, after []template.OutputValue) {
	for _, o := range after {
		if o.Export == "" {
			continue
		}
		key := exportName{s.place, o.Export}
		if x := e.exports[key]; x != nil {
			x.value, x.leaving = o.Value, false
			continue
		}
		e.exports[key] = &export{stack: s, name: o.Export, value: o.Value}
	}
	for _, o := range before {
		gone := !slices.ContainsFunc(after, func(n template.OutputValue) bool { return n.Export == o.Export })
		if x := e.exports[exportName{s.place, o.Export}]; gone && x != nil && x.stack == s {
			delete(e.exports, exportName{s.place, o.Export})
		}
	}
}

// useImports makes a stack a user of exactly these exports.
func (s *stack) useImports(used []*export) {
	for _, x := range s.imports {
		if !slices.Contains(used, x) {
			delete(x.users, s)
		}
	}
	for _, x := range used {
		if x.users == nil {
			x.users = map[*stack]bool{}
		}
		x.users[s] = true
	}
	s.imports = slices.Clip(used)
}
