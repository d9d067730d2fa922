package jsonpath

import "github.com/setmend/setmend/asl/internal/value"

// scan is the first dot of "..": v and all that is within it, outermost first.
type scan struct {
	filter *filter   // the next step, if it is one
	past   []segment // the steps after the next, where an array passes that one
}

func (scan) String() string { return ".." }

// newScan makes a scan that the steps in after follow: none, before a function.
func newScan(after []segment) (s scan) {
	if len(after) == 0 {
		return s
	}
	switch next := after[0].(type) {
	case filter:
		s.filter = &next
	case index, indices, slice:
	default:
		return s
	}
	if len(after) > 1 {
		s.past = after[1:]
	}
	return s
}

func (s scan) each(w *walker, v any, next func(any) error) error {
	admitted := isNested(v) && s.admits(w, v)
	if err := w.step(); err != nil {
		return err
	}
	if admitted {
		if err := s.found(w, v, next); err != nil {
			return err
		}
	}
	return children(v, func(child any) error { return s.each(w, child, next) })
}

// found goes on with v. Jayway takes all items of an array past an index, a slice
// or a filter that is not the last step: $..[0] is the first item of each array,
// but $..[0].id is the id of every item.
func (s scan) found(w *walker, v any, next func(any) error) error {
	items, isArray := v.([]any)
	if !isArray || s.past == nil {
		return next(v)
	}
	for _, item := range items {
		if err := w.walk(s.past, item); err != nil {
			return err
		}
	}
	return nil
}

func isNested(v any) bool {
	_, isArray := v.([]any)
	_, isObject := v.(*value.Object)
	return isArray || isObject
}

// admits tells whether the step after the scan looks at v. Before a filter only
// what passes the filter itself counts, an array too: so $..[?(@.id)] finds each
// object once, and not a second time as an item of its array.
func (s scan) admits(w *walker, v any) bool {
	return s.filter == nil || s.filter.test.holds(filterScope{root: w.root, item: v, steps: w.steps})
}
