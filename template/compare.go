package template

import (
	"encoding/json"
	"reflect"
	"strconv"

	"github.com/setmend/setmend/fleet"
)

// Compare returns what differs between a template with its parameters' values and
// another with its own, resource by resource. Parameters that a property refers to
// are put in their place; other functions are compared as they are written, so that
// one whose result stays may be reported. Which change replaces a resource is not in
// the templates. It reports false if one of the texts cannot be read whole.
func Compare(before, after string, was, is []fleet.Parameter) ([]fleet.ResourceChange, bool) {
	old, ok := resourcesOf(before, was)
	if !ok {
		return nil, false
	}
	next, ok := resourcesOf(after, is)
	if !ok {
		return nil, false
	}
	var changes []fleet.ResourceChange
	for _, id := range fleet.SortedKeys(union(old, next)) {
		a, was := old[id]
		b, is := next[id]
		kind := textOf(mapIn(b)["Type"])
		switch {
		case !was:
			changes = append(changes, fleet.ResourceChange{LogicalID: id, ResourceType: kind, Action: "Add"})
		case !is:
			changes = append(changes, fleet.ResourceChange{LogicalID: id, ResourceType: textOf(mapIn(a)["Type"]), Action: "Remove"})
		case kind != textOf(mapIn(a)["Type"]):
			changes = append(changes, fleet.ResourceChange{LogicalID: id, ResourceType: kind, Action: "Modify", Replacement: "True"})
		default:
			if properties := compareValues("", mapIn(a)["Properties"], mapIn(b)["Properties"]); len(properties) > 0 {
				changes = append(changes, fleet.ResourceChange{LogicalID: id, ResourceType: kind, Action: "Modify", Properties: properties})
			}
		}
	}
	return changes, true
}

func union(a, b map[string]any) map[string]bool {
	all := map[string]bool{}
	for _, m := range []map[string]any{a, b} {
		for key := range m {
			all[key] = true
		}
	}
	return all
}

// resourcesOf are a template's resources, with parameters put in their place.
func resourcesOf(text string, parameters []fleet.Parameter) (map[string]any, bool) {
	root, ok := parse(text)
	if !ok || mapIn(root)["Transform"] != nil {
		return nil, false
	}
	values := map[string]any{}
	for name, declared := range mapIn(mapIn(root)["Parameters"]) {
		if standard, has := mapIn(declared)["Default"]; has {
			values[name] = standard
		}
	}
	for _, p := range parameters {
		if !p.UsePrevious {
			values[p.Key] = p.Value
		}
	}
	return mapIn(resolve(mapIn(root)["Resources"], values)), true
}

func resolve(value any, parameters map[string]any) any {
	switch v := value.(type) {
	case map[string]any:
		if name, is := v["Ref"].(string); is && len(v) == 1 {
			if given, has := parameters[name]; has {
				return given
			}
		}
		fields := make(map[string]any, len(v))
		for name, inner := range v {
			fields[name] = resolve(inner, parameters)
		}
		return fields
	case []any:
		items := make([]any, len(v))
		for i, inner := range v {
			items[i] = resolve(inner, parameters)
		}
		return items
	}
	return value
}

func compareValues(path string, a, b any) []fleet.PropertyChange {
	left, right := mapIn(a), mapIn(b)
	if (left != nil || a == nil) && (right != nil || b == nil) && !function(left) && !function(right) {
		var changes []fleet.PropertyChange
		for _, key := range fleet.SortedKeys(union(left, right)) {
			at := path + "/" + key
			x, was := left[key]
			y, is := right[key]
			switch {
			case !was:
				changes = append(changes, fleet.PropertyChange{Path: at, Kind: "Add", After: textOf(y)})
			case !is:
				changes = append(changes, fleet.PropertyChange{Path: at, Kind: "Remove", Before: textOf(x)})
			default:
				changes = append(changes, compareValues(at, x, y)...)
			}
		}
		return changes
	}
	x, listed := a.([]any)
	y, list := b.([]any)
	if listed && list && len(x) == len(y) {
		var changes []fleet.PropertyChange
		for i := range x {
			changes = append(changes, compareValues(path+"/"+strconv.Itoa(i), x[i], y[i])...)
		}
		return changes
	}
	if textOf(a) == textOf(b) || reflect.DeepEqual(a, b) {
		return nil
	}
	return []fleet.PropertyChange{{Path: path, Kind: "Modify", Before: textOf(a), After: textOf(b)}}
}

// function reports whether a mapping is a call of an intrinsic function.
func function(m map[string]any) bool {
	if len(m) != 1 {
		return false
	}
	for key := range m {
		return key == "Ref" || key == "Condition" || len(key) > 4 && key[:4] == "Fn::"
	}
	return false
}

// textOf writes a value as AWS's drift detection does: a scalar as it is, else JSON.
func textOf(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	b, _ := json.Marshal(value) // made of YAML: cannot fail
	return string(b)
}
