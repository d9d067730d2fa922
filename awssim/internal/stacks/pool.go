package stacks

import (
	"weak"
)

// pool keeps one copy of equal values, as long as somebody uses it.
type pool[T any] struct {
	held map[string]weak.Pointer[T]
	room int // sweep once the map has outgrown this
}

// get answers the value for a key, making it if nobody holds one.
func (p *pool[T]) get(key string, make func() (*T, error)) (*T, error) {
	if v := p.held[key].Value(); v != nil {
		return v, nil
	}
	v, err := make()
	if err != nil {
		return nil, err
	}
	p.put(key, v)
	return v, nil
}

func (p *pool[T]) put(key string, v *T) {
	if p.held == nil {
		p.held = map[string]weak.Pointer[T]{}
	}
	if len(p.held) >= p.room {
		p.sweep()
	}
	p.held[key] = weak.Make(v)
}

// sweep forgets values that nobody uses any more.
func (p *pool[T]) sweep() {
	for key, w := range p.held {
		if w.Value() == nil {
			delete(p.held, key)
		}
	}
	p.room = max(64, 2*len(p.held))
}
