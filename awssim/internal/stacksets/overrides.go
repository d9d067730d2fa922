package stacksets

import (
	"maps"
	"slices"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Parameter is the Parameter structure of the API.
type Parameter struct {
	ParameterKey     string
	ParameterValue   *string
	UsePreviousValue *bool
	ResolvedValue    string
}

func (p Parameter) usesPrevious() bool { return p.UsePreviousValue != nil && *p.UsePreviousValue }

// checkPrevious is the rule that a parameter has a value or keeps its old one.
func checkPrevious(list []Parameter) error {
	for _, p := range list {
		if p.ParameterKey == "" {
			return core.Invalid("Invalid input for parameter key: the key must not be empty")
		}
		if p.usesPrevious() && p.ParameterValue != nil {
			return core.Invalid("Invalid input for parameter key %s. Cannot specify usePreviousValue as true while also specifying a value", p.ParameterKey)
		}
	}
	return nil
}

// checkOverrides holds overrides against the template: only its parameters can
// be overridden.
func (s *Service) checkOverrides(d definition, list []Parameter) error {
	if err := checkPrevious(list); err != nil {
		return err
	}
	values := maps.Clone(d.parameters)
	if values == nil {
		values = map[string]string{}
	}
	for _, p := range list {
		if p.ParameterValue != nil {
			values[p.ParameterKey] = *p.ParameterValue
		}
	}
	if len(list) == 0 {
		return nil
	}
	if err := s.knownParameters(d.template, list); err != nil {
		return err
	}
	return s.stacks.CheckParameters(d.template, values)
}

// knownParameters refuses keys that the template does not declare.
func (s *Service) knownParameters(template string, list []Parameter) error {
	declared, err := s.declared(template)
	if err != nil {
		return err
	}
	var strange []string
	for _, p := range list {
		if !declared[p.ParameterKey] {
			strange = append(strange, p.ParameterKey)
		}
	}
	if len(strange) > 0 {
		return core.Invalid("Parameters: %s do not exist in the template", strange)
	}
	return nil
}

// declared are the parameters of a template. The last answer is kept: it is asked
// for once for every instance of an operation.
func (s *Service) declared(template string) (map[string]bool, error) {
	if s.keys != nil && s.keysOf == template {
		return s.keys, nil
	}
	summary, err := s.stacks.Summary(template)
	if err != nil {
		return nil, err
	}
	keys := make(map[string]bool, len(summary.Parameters))
	for _, p := range summary.Parameters {
		keys[p.Key] = true
	}
	s.keysOf, s.keys = template, keys
	return keys, nil
}

// change applies a request's list to an instance's overrides: a value is set,
// UsePreviousValue keeps the override, a key that the list lacks loses it, and
// an absent list (nil) leaves everything.
func (o overrides) change(list []Parameter) overrides {
	if list == nil {
		return o
	}
	var out overrides
	for _, p := range list {
		value, had := o[p.ParameterKey]
		if p.ParameterValue != nil {
			value, had = *p.ParameterValue, true
		}
		if !had || p.ParameterValue == nil && !p.usesPrevious() {
			continue
		}
		if out == nil {
			out = overrides{}
		}
		out[p.ParameterKey] = value
	}
	if maps.Equal(out, o) {
		return o
	}
	return out
}

// only leaves the overrides of declared parameters.
func (o overrides) only(declared map[string]bool) overrides {
	var list []Parameter
	for key := range o {
		if declared[key] {
			keep := true
			list = append(list, Parameter{ParameterKey: key, UsePreviousValue: &keep})
		}
	}
	if len(list) == len(o) {
		return o
	}
	if list == nil {
		return nil
	}
	return o.change(list)
}

// sharing returns a function that applies a list like change, and gives equal
// results for instances without overrides one map instead of one each.
func sharing(list []Parameter) func(overrides) overrides {
	var fresh overrides
	return func(o overrides) overrides {
		if len(o) > 0 || list == nil {
			return o.change(list)
		}
		if fresh == nil {
			fresh = o.change(list)
		}
		return fresh
	}
}

// values are the parameters of an instance's stack. Overrides of parameters that
// the template does not have, if they are kept, are not among them.
func (s *Service) values(d definition, o overrides) map[string]string {
	if len(o) == 0 {
		return d.parameters
	}
	declared, err := s.declared(d.template)
	out := maps.Clone(d.parameters)
	if out == nil {
		out = map[string]string{}
	}
	for key, value := range o {
		if err != nil || declared[key] {
			out[key] = value
		}
	}
	return out
}

// effective are a definition's values with the template's defaults.
func (s *Service) effective(d definition) map[string]string {
	out := map[string]string{}
	if summary, err := s.stacks.Summary(d.template); err == nil {
		for _, p := range summary.Parameters {
			if p.Default != nil {
				out[p.Key] = *p.Default
			}
		}
	}
	for key, value := range d.parameters {
		out[key] = value
	}
	return out
}

func parameterList(values map[string]string) []Parameter {
	var out []Parameter
	for _, key := range slices.Sorted(maps.Keys(values)) {
		value := values[key]
		out = append(out, Parameter{ParameterKey: key, ParameterValue: &value})
	}
	return out
}
