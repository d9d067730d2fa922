package integration

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Use is a place in a definition that calls something outside.
type Use struct {
	Path       string         // of the object that has the Resource: $.States.Copy
	Resource   string         // as written
	Parameters map[string]any // as written, with the .$ of names that are paths; nil if there are none
	// Field is where the parameters are: Parameters, or Arguments in JSONata.
	Field string
	// Role is the role that the task takes on: an ARN, "*" for one that the input
	// gives, "" for none.
	Role string
}

// at is the path of a parameter, of all of them with "".
func (u Use) at(parameter string) string {
	path := u.Path + "." + u.Field
	if u.Field == "" {
		path = u.Path + ".Parameters"
	}
	if parameter == "" {
		return path
	}
	return member(path, parameter)
}

// Uses lists what a definition calls: Tasks, item readers and result writers. The
// definition is one that has been validated; of another it lists what it can.
func Uses(definition []byte) ([]Use, error) {
	v, err := parse(definition)
	if err != nil {
		return nil, fmt.Errorf("reading the definition: %w", err)
	}
	var list []Use
	collect(v, "$", &list)
	return list, nil
}

// programs are the fields of a state that hold states, or objects with a
// Resource.
var programs = []string{"States", "Branches", "ItemProcessor", "Iterator", "ItemReader", "ResultWriter"}

func collect(v any, path string, list *[]Use) {
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			collect(item, fmt.Sprintf("%s[%d]", path, i), list)
		}
	case map[string]any:
		if resource, ok := v["Resource"].(string); ok {
			*list = append(*list, use(path, resource, v))
		}
		for _, name := range programs {
			if name != "States" {
				collect(v[name], path+"."+name, list)
				continue
			}
			states, _ := v[name].(map[string]any)
			for _, state := range slices.Sorted(maps.Keys(states)) {
				collect(states[state], member(path+".States", state), list)
			}
		}
	}
}

func use(path, resource string, state map[string]any) Use {
	u := Use{Path: path, Resource: resource, Field: "Parameters"}
	if _, ok := state["Arguments"]; ok {
		u.Field = "Arguments"
	}
	u.Parameters, _ = state[u.Field].(map[string]any)
	if credentials, ok := state["Credentials"].(map[string]any); ok {
		u.Role = "*"
		if arn, ok := credentials["RoleArn"].(string); ok && !isExpression(arn) {
			u.Role = arn
		}
	}
	return u
}

// member is the JSON path of a member.
func member(path, name string) string {
	plain := name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
	if plain {
		return path + "." + name
	}
	return path + "['" + strings.ReplaceAll(name, "'", `\'`) + "']"
}

// constants are the strings that a parameter has in the definition itself: one,
// a list of them, or none if it comes from the input.
func (u Use) constants(parameter string) []string {
	switch v := u.Parameters[parameter].(type) {
	case string:
		if isExpression(v) {
			return nil
		}
		return []string{v}
	case []any:
		var list []string
		for _, item := range v {
			s, ok := item.(string)
			if !ok || isExpression(s) {
				return nil
			}
			list = append(list, s)
		}
		return list
	}
	return nil
}
