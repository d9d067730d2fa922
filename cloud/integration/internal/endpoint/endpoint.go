// Package endpoint evaluates the rules by which a service's endpoint is found:
// Smithy's rules engine (https://smithy.io/2.0/additional-specs/rules-engine).
package endpoint

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"sync"

	"github.com/setmend/setmend/cloud/integration/internal/model"
)

// An Endpoint is where requests go, and how they are signed where that differs
// from what the service does elsewhere.
type Endpoint struct {
	URL         string
	Headers     map[string]string
	AuthSchemes []model.AuthScheme
}

// Values are the parameters that rules decide by: strings, booleans and lists.
type Values map[string]any

// Resolve finds the endpoint. It fails with the rules' own words where there is
// none, or where a parameter that they need is not given.
func Resolve(rules *model.RuleSet, given Values) (Endpoint, error) {
	scope := Values{}
	for name, p := range rules.Parameters {
		value := given[name]
		if value == nil {
			value = p.Default
		}
		if value == nil && p.Required {
			return Endpoint{}, fmt.Errorf("the endpoint depends on %s, which is not given", name)
		}
		if value != nil {
			scope[name] = value
		}
	}
	found, err := first(rules.Rules, scope)
	if err != nil {
		return Endpoint{}, err
	}
	if found == nil {
		return Endpoint{}, errors.New("no rule of the service has an endpoint for this")
	}
	return *found, nil
}

// first is the outcome of the first rule that holds; nil if none does.
func first(rules []*model.Rule, scope Values) (*Endpoint, error) {
	for _, rule := range rules {
		inner := maps.Clone(scope)
		if !holds(rule.Conditions, inner) {
			continue
		}
		switch {
		case rule.Error != nil:
			return nil, fmt.Errorf("%v", resolve(rule.Error, inner))
		case rule.Endpoint != nil:
			return build(rule.Endpoint, inner), nil
		}
		if found, err := first(rule.Rules, inner); found != nil || err != nil {
			return found, err
		}
	}
	return nil, nil
}

// holds evaluates conditions in turn; each may set a value for the next.
func holds(conditions []*model.Call, scope Values) bool {
	for _, c := range conditions {
		value := call(c.Function, c.Arguments, scope)
		if value == nil || value == false {
			return false
		}
		if c.Assign != "" {
			scope[c.Assign] = value
		}
	}
	return true
}

func build(e *model.Endpoint, scope Values) *Endpoint {
	out := &Endpoint{URL: fmt.Sprint(resolve(e.URL, scope))}
	for name, values := range e.Headers {
		if len(values) > 0 {
			if out.Headers == nil {
				out.Headers = map[string]string{}
			}
			out.Headers[name] = fmt.Sprint(resolve(values[0], scope))
		}
	}
	if e.Properties != nil {
		for _, s := range e.Properties.AuthSchemes {
			s.SigningName, s.SigningRegion = template(s.SigningName, scope), template(s.SigningRegion, scope)
			out.AuthSchemes = append(out.AuthSchemes, s)
		}
	}
	return out
}

// resolve evaluates an expression: a function, a reference, a template or a value.
func resolve(v any, scope Values) any {
	switch v := v.(type) {
	case string:
		return template(v, scope)
	case map[string]any:
		if name, ok := v["ref"].(string); ok {
			return scope[name]
		}
		if name, ok := v["fn"].(string); ok {
			arguments, _ := v["argv"].([]any)
			return call(name, arguments, scope)
		}
	}
	return v
}

var reference = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{[a-zA-Z0-9_#]+\}`) })

// template fills in references such as {Region} and {PartitionResult#dnsSuffix}.
func template(text string, scope Values) string {
	if !strings.Contains(text, "{") {
		return text
	}
	return reference().ReplaceAllStringFunc(text, func(r string) string {
		var value any = map[string]any(scope)
		for _, part := range strings.Split(r[1:len(r)-1], "#") {
			object, _ := value.(map[string]any)
			value = object[part]
		}
		return fmt.Sprint(value)
	})
}
