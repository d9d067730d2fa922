package integration

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/setmend/setmend/cloud/integration/internal/model"
	"github.com/setmend/setmend/cloud/integration/internal/wire"
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
		i := t.find(u.Resource)
		call, isOwn := own(u.Resource)
		switch {
		case isOpen(u.Resource):
		case isOwn:
			problems = append(problems, call.check(u)...)
		case i != nil:
			problems = append(problems, i.check(u)...)
		case isInvoke(u.Resource):
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

// isS3 tells the resources of item readers and result writers.
func isS3(resource string) bool {
	name, ok := parseResource(resource)
	return ok && !name.sdk && name.service == "s3"
}

func isActivity(resource string) bool {
	parts := strings.Split(filled(resource), ":")
	return len(parts) == 7 && parts[2] == "states" && parts[5] == "activity"
}

// unknown says that there is nothing behind a resource, and what may have been
// meant: an action of the same service, or the same action elsewhere.
func (t *Table) unknown(u Use, functions []string) Problem {
	p := Problem{Path: u.Path + ".Resource", Message: fmt.Sprintf("nothing is known by the name %q", u.Resource), Name: u.Resource}
	name, ok := parseResource(u.Resource)
	if ok && !name.sdk {
		if row, known := optimisedRows[name.service+":"+name.action]; known {
			p.Message = fmt.Sprintf("%s:%s has no %s", name.service, name.action, name.pattern)
			p.Candidates = patternsOf(name, row)
			return p
		}
	}
	head := strings.TrimSuffix(u.Resource, name.service+":"+name.action+name.pattern)
	switch {
	case ok && name.sdk && model.Load(name.service) != nil:
		if name.pattern == ".sync" || name.pattern == ".sync:2" {
			p.Message = fmt.Sprintf("the AWS SDK integration of %s has no %s; it answers when the call does", name.service, name.pattern)
		}
		for _, action := range t.Actions(name.service) {
			p.Candidates = append(p.Candidates, head+name.service+":"+action)
		}
	case ok && name.sdk:
		for _, service := range t.Services() {
			p.Candidates = append(p.Candidates, head+service+":"+name.action)
		}
	default:
		for row := range optimisedRows {
			p.Candidates = append(p.Candidates, statesPrefix+row)
		}
		for call := range ownCalls() {
			p.Candidates = append(p.Candidates, statesPrefix+call)
		}
		slices.Sort(p.Candidates)
	}
	p.Candidates = append(p.Candidates, functions...)
	p.Candidates = append(p.Candidates, lambdaInvoke)
	return p
}

func patternsOf(name resourceName, r optimisedRow) []string {
	base := statesPrefix + name.service + ":" + name.action
	list := []string{base}
	for _, pattern := range slices.Sorted(maps.Keys(r.jobs)) {
		list = append(list, base+pattern)
	}
	if r.token {
		list = append(list, base+".waitForTaskToken")
	}
	return list
}

func checkFunction(u Use) []Problem {
	for _, name := range u.constants("FunctionName") {
		if !isFunctionName(name) && !isLambdaARN(name) && !isPartialARN(name) {
			return []Problem{{Path: u.at("FunctionName"), Message: fmt.Sprintf("%q is neither the name nor the ARN of a Lambda function", name)}}
		}
	}
	return nil
}

// isPartialARN tells 123456789012:function:NAME, which Lambda takes, too.
func isPartialARN(s string) bool {
	account, rest, ok := strings.Cut(s, ":function:")
	return ok && len(account) == 12 && strings.Trim(account, "0123456789") == "" && isFunctionName(rest)
}

// check looks at the parameters that the definition gives.
func (i *integration) check(u Use) []Problem {
	if u.Parameters == nil || i.translate != nil || i.operation.Input == nil {
		return nil
	}
	c := checker{i: i, root: u.at("")}
	given := maps.Clone(u.Parameters)
	for _, name := range i.texts {
		delete(given, name)
		delete(given, name+".$")
	}
	c.object(i.operation.Input, given, c.root)
	return c.problems
}

type checker struct {
	i        *integration
	root     string // path of the parameters
	problems []Problem
}

// value checks a part of the parameters: where something in it is a path, its
// constants one by one.
func (c *checker) value(s *model.Shape, v any, path string) {
	if s.Document || v == nil {
		return
	}
	if object, ok := v.(map[string]any); ok {
		switch s.Kind {
		case model.Structure:
			c.object(s, object, path)
			return
		case model.Map:
			for _, key := range slices.Sorted(maps.Keys(object)) {
				if !strings.HasSuffix(key, ".$") {
					c.value(s.Elem().Shape, object[key], member(path, key))
				}
			}
			return
		}
	}
	if items, ok := v.([]any); ok && s.Kind == model.List {
		for i, item := range items {
			c.value(s.Elem().Shape, item, fmt.Sprintf("%s[%d]", path, i))
		}
		return
	}
	if dynamic(v) {
		return
	}
	var wrong *parameterError
	if _, err := (filler{lenient: true}).fill(s, v, strings.TrimPrefix(path, c.root+".")); errors.As(err, &wrong) {
		c.problems = append(c.problems, Problem{Path: path, Message: wrong.message})
	}
}

func (c *checker) object(s *model.Shape, object map[string]any, path string) {
	for _, key := range slices.Sorted(maps.Keys(object)) {
		name, isPath := strings.CutSuffix(key, ".$")
		m := filler{alias: c.i.alias}.member(s, name)
		if m == nil {
			c.problems = append(c.problems, Problem{
				Path: member(path, key), Message: fmt.Sprintf("%s has no parameter %q", c.i.operation, name),
				Name: name, Candidates: slices.Sorted(maps.Keys(members(s))),
			})
			continue
		}
		if !isPath {
			c.value(m.Shape, object[key], member(path, key))
		}
	}
	if path == c.root && len(c.problems) == 0 { // one that is misspelled is not missing
		c.required(s, object)
	}
}

// required finds what is missing of the action's own parameters: those are all in
// the definition, however their values come.
func (c *checker) required(s *model.Shape, object map[string]any) {
	for _, m := range s.Members {
		name := memberName(m.Name)
		_, given := object[name]
		_, path := object[name+".$"]
		if m.Required && !m.Token && !given && !path && !slices.Contains(c.i.texts, name) {
			c.problems = append(c.problems, Problem{Path: c.root, Message: fmt.Sprintf("%s needs the parameter %q", c.i.operation, name)})
		}
	}
}

// dynamic tells whether a part of a template depends on the input.
func dynamic(v any) bool {
	switch v := v.(type) {
	case string: // a substitution that is all of it may be of any type
		return isExpression(v) || v != "" && openPart.FindString(v) == v
	case []any:
		return slices.ContainsFunc(v, dynamic)
	case map[string]any:
		for key, value := range v {
			if strings.HasSuffix(key, ".$") || dynamic(value) {
				return true
			}
		}
	case *wire.Object:
		return slices.ContainsFunc(v.Entries, func(e wire.Entry) bool { return dynamic(e.Value) })
	}
	return false
}

// isExpression tells a JSONata expression.
func isExpression(s string) bool {
	return strings.HasPrefix(s, "{%") && strings.HasSuffix(s, "%}")
}
