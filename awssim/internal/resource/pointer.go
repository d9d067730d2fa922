package resource

import (
	"fmt"
	"strconv"
	"strings"
)

func escape(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}

func unescape(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~1", "/"), "~0", "~")
}

// maxDepth bounds how deep a pointer may reach, and so how deep it may build.
const maxDepth = 100

// Pointer takes a JSON pointer (RFC 6901) apart. "" is the whole document.
func Pointer(pointer string) ([]string, error) {
	if pointer == "" {
		return nil, nil
	}
	if !strings.HasPrefix(pointer, "/") {
		return nil, fmt.Errorf("reading JSON pointer %q: it does not begin with a slash", pointer)
	}
	parts := strings.Split(pointer[1:], "/")
	if len(parts) > maxDepth {
		return nil, fmt.Errorf("reading a JSON pointer of %d parts: at most %d are allowed", len(parts), maxDepth)
	}
	for i := range parts {
		parts[i] = unescape(parts[i])
	}
	return parts, nil
}

// Get finds the value at a pointer.
func Get(document any, pointer string) (any, error) {
	parts, err := Pointer(pointer)
	if err != nil {
		return nil, err
	}
	for _, key := range parts {
		var ok bool
		if document, ok = child(document, key); !ok {
			return nil, fmt.Errorf("reading %s: there is nothing", pointer)
		}
	}
	return document, nil
}

func child(v any, key string) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		c, ok := v[key]
		return c, ok
	case []any:
		if i, err := index(key, len(v)-1); err == nil {
			return v[i], true
		}
	}
	return nil, false
}

// index reads an array index up to a largest one.
func index(key string, largest int) (int, error) {
	i, err := strconv.Atoi(key)
	if err != nil || i < 0 || i > largest || key != strconv.Itoa(i) {
		return 0, fmt.Errorf("reading array index %q: it must be a number from 0 to %d", key, largest)
	}
	return i, nil
}

// Set puts a value at a pointer and answers the changed document; in arrays it
// replaces, and "-" appends. The document itself may be changed on the way.
// Objects on the way are made if they are missing.
func Set(document any, pointer string, value any) (any, error) {
	return alter(document, pointer, func(holder any, key string) (any, error) {
		switch h := holder.(type) {
		case map[string]any:
			h[key] = value
			return h, nil
		case []any:
			if key == "-" {
				return append(h, value), nil
			}
			i, err := index(key, len(h)-1)
			if err != nil {
				return nil, err
			}
			h[i] = value
			return h, nil
		}
		return nil, fmt.Errorf("setting %s: its parent holds no members", pointer)
	}, value)
}

// Insert puts a value at a pointer as RFC 6902's add does: into an array before
// the index.
func Insert(document any, pointer string, value any) (any, error) {
	return alter(document, pointer, func(holder any, key string) (any, error) {
		list, ok := holder.([]any)
		if !ok || key == "-" {
			return Set(holder, "/"+escape(key), value)
		}
		i, err := index(key, len(list))
		if err != nil {
			return nil, err
		}
		list = append(list, nil)
		copy(list[i+1:], list[i:])
		list[i] = value
		return list, nil
	}, value)
}

// Remove takes away what is at a pointer; it must be there.
func Remove(document any, pointer string) (any, error) {
	return alter(document, pointer, func(holder any, key string) (any, error) {
		switch h := holder.(type) {
		case map[string]any:
			if _, ok := h[key]; ok {
				delete(h, key)
				return h, nil
			}
		case []any:
			if i, err := index(key, len(h)-1); err == nil {
				return append(h[:i:i], h[i+1:]...), nil
			}
		}
		return nil, fmt.Errorf("removing %s: there is nothing", pointer)
	}, nil)
}

// alter applies f to the holder of the pointer's last part, and puts what f
// answers in the holder's place all the way up. whole replaces the document.
func alter(document any, pointer string, f func(holder any, key string) (any, error), whole any) (any, error) {
	parts, err := Pointer(pointer)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return whole, nil
	}
	return alterAt(document, parts, f)
}

func alterAt(v any, parts []string, f func(any, string) (any, error)) (any, error) {
	if len(parts) == 1 {
		return f(v, parts[0])
	}
	next, ok := child(v, parts[0])
	if !ok {
		next = map[string]any{}
	}
	changed, err := alterAt(next, parts[1:], f)
	if err != nil {
		return nil, err
	}
	switch h := v.(type) {
	case map[string]any:
		h[parts[0]] = changed
		return h, nil
	case []any:
		i, err := index(parts[0], len(h)-1)
		if err != nil {
			return nil, err
		}
		h[i] = changed
		return h, nil
	}
	return nil, fmt.Errorf("following JSON pointer part %q: its parent holds no members", parts[0])
}
