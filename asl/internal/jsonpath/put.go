package jsonpath

import (
	"fmt"

	"github.com/setmend/setmend/asl/internal/value"
)

// An unappliedError says, in AWS's words, that there is no place for a value.
type unappliedError struct {
	path string
	at   any
}

func (e *unappliedError) Error() string {
	return fmt.Sprintf("Unable to apply ReferencePath %s to input %s", e.path, value.Encode(e.at))
}

// Put is root with v at the place that the path names. Objects that are missing
// on the way are made; arrays are not, and neither are their items. root itself
// stays as it was.
func (p *Path) Put(root, v any) (any, error) {
	return put(p, p.segments, root, v)
}

func put(p *Path, segments []segment, at, v any) (any, error) {
	if len(segments) == 0 {
		return v, nil
	}
	if n, ok := segments[0].(name); ok {
		return putMember(p, string(n), segments[1:], at, v)
	}
	i, _ := segments[0].(index)
	items, ok := at.([]any)
	if !ok || int(i) < 0 || int(i) >= len(items) {
		return nil, &unappliedError{p.text, at}
	}
	inner, err := put(p, segments[1:], items[i], v)
	if err != nil {
		return nil, err
	}
	changed := append([]any(nil), items...)
	changed[i] = inner
	return changed, nil
}

func putMember(p *Path, name string, rest []segment, at, v any) (any, error) {
	o, ok := at.(*value.Object)
	if !ok {
		return nil, &unappliedError{p.text, at}
	}
	inner, found := o.Get(name)
	if !found && len(rest) > 0 {
		inner = &value.Object{}
	}
	changed, err := put(p, rest, inner, v)
	if err != nil {
		return nil, err
	}
	return o.With(name, changed), nil
}
