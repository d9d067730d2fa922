package integration

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// A Problem is a call in a definition that AWS would refuse.
type Problem struct {
	Path    string // in the definition
	Message string
	// Name was not found among Candidates; "" if that is not the problem.
	Name       string
	Candidates []string
}

// Check finds what is wrong with the calls of a definition, as far as that can be
// seen before it runs: resources and parameters that are not there, and constants
// of a wrong type. functions are names that stand for functions of this process.
func (t *Table) Check(uses []Use, functions []string) []Problem {
	var problems []Problem
	for _, u := range uses {
		switch i, ok := t.resources[plain(u.Resource)]; {
		case ok:
			problems = append(problems, i.check(u)...)
		case plain(u.Resource) == lambdaInvoke:
			problems = append(problems, checkFunction(u)...)
		case isLambdaARN(u.Resource), isS3(u.Resource), slices.Contains(functions, u.Resource), isActivity(u.Resource):
		default:
			problems = append(problems, t.unknown(u, functions))
		}
	}
	return problems
}

// Resources of Step Functions that the engine itself takes care of.
const lambdaInvoke = statesPrefix + "lambda:invoke"

func isS3(resource string) bool { return strings.HasPrefix(resource, statesPrefix+"s3:") }

func isActivity(resource string) bool {
	parts := strings.Split(resource, ":")
	return len(parts) == 7 && parts[2] == "states" && parts[5] == "activity"
}

func (t *Table) unknown(u Use, functions []string) Problem {
	return Problem{
		Path: u.Path + ".Resource", Message: fmt.Sprintf("nothing is known by the name %q", u.Resource),
		Name: u.Resource, Candidates: slices.Concat(t.Resources(), functions, []string{lambdaInvoke}),
	}
}

func checkFunction(u Use) []Problem {
	for _, name := range u.constants("FunctionName") {
		if !isFunctionName(name) && !isLambdaARN(name) {
			return []Problem{{Path: u.Path + ".Parameters.FunctionName", Message: fmt.Sprintf("%q is neither the name nor the ARN of a Lambda function", name)}}
		}
	}
	return nil
}

// check looks at the parameters that the definition gives.
func (i *integration) check(u Use) []Problem {
	c := checker{operation: i.operation}
	given := maps.Clone(u.Parameters)
	for _, name := range i.texts {
		delete(given, name)
	}
	c.object(i.operation.in, given, u.Path+".Parameters")
	return c.problems
}

type checker struct {
	operation *operation
	problems  []Problem
}

// value checks a part of the parameters: where something in it is a path, its
// constants one by one.
func (c *checker) value(t reflect.Type, v any, path string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if object, ok := v.(map[string]any); ok && t.Kind() == reflect.Struct && t != timeType {
		c.object(t, object, path)
		return
	}
	if items, ok := v.([]any); ok && t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 {
		for i, item := range items {
			c.value(t.Elem(), item, fmt.Sprintf("%s[%d]", path, i))
		}
		return
	}
	if dynamic(v) {
		return
	}
	var wrong *parameterError
	_, within, _ := strings.Cut(path, ".Parameters.")
	if errors.As(fill(reflect.New(t).Elem(), v, within), &wrong) {
		c.problems = append(c.problems, Problem{Path: path, Message: wrong.message})
	}
}

func (c *checker) object(t reflect.Type, object map[string]any, path string) {
	fields := members(t)
	for _, key := range slices.Sorted(maps.Keys(object)) {
		name, isPath := strings.CutSuffix(key, ".$")
		index, ok := fields[name]
		if !ok {
			c.problems = append(c.problems, Problem{
				Path: member(path, key), Message: fmt.Sprintf("%s has no parameter %q", c.operation, name),
				Name: name, Candidates: slices.Sorted(maps.Keys(fields)),
			})
			continue
		}
		if !isPath {
			c.value(t.Field(index).Type, object[key], member(path, key))
		}
	}
}

// dynamic tells whether a part of a template depends on the input.
func dynamic(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, dynamic)
	case map[string]any:
		for key, value := range v {
			if strings.HasSuffix(key, ".$") || dynamic(value) {
				return true
			}
		}
	}
	return false
}
