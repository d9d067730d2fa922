package cloudcontrol

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/resource"
	"github.com/setmend/setmend/awssim/internal/template"
)

// operation is one member of a JSON patch (RFC 6902).
type operation struct {
	Op, Path, From string
	Value          any
	valued         bool
}

// readPatch reads a patch document.
func readPatch(text string) ([]operation, error) {
	document, err := readJSON(text)
	if err != nil {
		return nil, err
	}
	list, ok := document.([]any)
	if !ok {
		return nil, errors.New("it must be an array of operations")
	}
	patch := make([]operation, 0, len(list))
	for i, one := range list {
		op, err := readOperation(one)
		if err != nil {
			return nil, fmt.Errorf("operation %d: %w", i, err)
		}
		patch = append(patch, op)
	}
	return patch, nil
}

func readOperation(v any) (operation, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return operation{}, errors.New("it must be an object")
	}
	var op operation
	op.Op, _ = m["op"].(string)
	op.From, _ = m["from"].(string)
	op.Value, op.valued = m["value"]
	path, ok := m["path"].(string)
	if !ok {
		return op, errors.New("it has no path")
	}
	op.Path = path
	switch op.Op {
	case "add", "replace", "test":
		if !op.valued {
			return op, fmt.Errorf("%s has no value", op.Op)
		}
	case "move", "copy":
		if _, ok := m["from"].(string); !ok {
			return op, fmt.Errorf("%s has no from", op.Op)
		}
	case "remove":
	default:
		return op, fmt.Errorf("%.40q is no operation", op.Op)
	}
	return op, nil
}

// maxNesting bounds the documents that callers may send.
const maxNesting = 100

// readJSON reads one JSON value, keeping numbers as they are written.
func readJSON(text string) (any, error) {
	if depth(text) > maxNesting {
		return nil, fmt.Errorf("it is nested deeper than %d levels", maxNesting)
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, errors.New("it is not well-formed JSON")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("text follows the JSON value")
	}
	return v, nil
}

// depth is an upper bound of a JSON text's nesting.
func depth(text string) int {
	deepest, now := 0, 0
	inString := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case !inString && (c == '[' || c == '{'):
			now++
			deepest = max(deepest, now)
		case !inString && (c == ']' || c == '}'):
			now--
		}
	}
	return deepest
}

// maxCopied bounds, in values, what all copies of a patch may add: copies of
// copies would otherwise double with every operation.
const maxCopied = 100_000

// apply applies a patch; the document may be changed even if it fails.
func apply(document map[string]any, patch []operation) (map[string]any, error) {
	var v any = document
	copied := 0
	for _, op := range patch {
		if op.Op == "copy" {
			if at, err := resource.Get(v, op.From); err == nil {
				copied += count(at)
			}
		}
		if copied > maxCopied {
			return nil, errors.New("it copies too much")
		}
		var err error
		if v, err = op.apply(v); err != nil {
			return nil, err
		}
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("the result must be an object")
	}
	return m, nil
}

// count is how many values a value consists of.
func count(v any) int {
	n := 1
	switch v := v.(type) {
	case map[string]any:
		for _, one := range v {
			n += count(one)
		}
	case []any:
		for _, one := range v {
			n += count(one)
		}
	}
	return n
}

func (op operation) apply(v any) (any, error) {
	switch op.Op {
	case "add":
		return resource.Insert(v, op.Path, template.Clone(op.Value))
	case "remove":
		return resource.Remove(v, op.Path)
	case "replace":
		if _, err := resource.Get(v, op.Path); err != nil {
			return nil, err
		}
		return resource.Set(v, op.Path, template.Clone(op.Value))
	case "test":
		at, err := resource.Get(v, op.Path)
		if err == nil && !template.Equal(at, op.Value) {
			err = fmt.Errorf("testing %s: the value is another", op.Path)
		}
		return v, err
	}
	return op.carry(v)
}

// carry is move and copy.
func (op operation) carry(v any) (any, error) {
	at, err := resource.Get(v, op.From)
	if err != nil {
		return nil, err
	}
	at = template.Clone(at)
	if op.Op == "move" {
		if strings.HasPrefix(op.Path+"/", op.From+"/") && op.Path != op.From {
			return nil, fmt.Errorf("moving %s: it cannot be moved into itself", op.From)
		}
		if v, err = resource.Remove(v, op.From); err != nil {
			return nil, err
		}
	}
	return resource.Insert(v, op.Path, at)
}

// page cuts a page out of a list. Tokens hold the offset.
func page[T any](list []T, token string, max *int32) ([]T, string, error) {
	size, from := 100, 0
	if max != nil {
		size = int(*max)
	}
	if token != "" {
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err == nil {
			from, err = strconv.Atoi(string(raw))
		}
		if err != nil || from < 0 || from > len(list) {
			return nil, "", core.Errorf(http.StatusBadRequest, "ValidationException", "The NextToken is invalid")
		}
	}
	to := min(from+size, len(list))
	if to == len(list) {
		return list[from:to], "", nil
	}
	return list[from:to], base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to))), nil
}
