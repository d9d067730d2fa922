package ssm

import (
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

type stringFilter struct {
	Key    string `valid:"required,min=1,max=132"`
	Option string `valid:"min=1,max=10"`
	Values []string
}

type byPathInput struct {
	Path             string `valid:"required,min=1,max=2048"`
	Recursive        bool
	ParameterFilters []stringFilter
	WithDecryption   bool
	MaxResults       *int32 `valid:"min=1,max=10"`
	NextToken        string
}

type byPathOutput struct {
	Parameters []Parameter
	NextToken  string
}

func (s *Store) getParametersByPath(c *core.Call, in *byPathInput) (*byPathOutput, error) {
	if !strings.HasPrefix(in.Path, "/") {
		return nil, refuse("ValidationException", "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \"/\".")
	}
	found, err := s.filter(c, in.ParameterFilters)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(p *parameter) bool { return !under(p.name, in.Path, in.Recursive) })
	found, next, err := page(found, in.MaxResults, 10, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &byPathOutput{Parameters: []Parameter{}, NextToken: next}
	for _, p := range found {
		out.Parameters = append(out.Parameters, *s.shape(c, p, p.latest(), "", in.WithDecryption))
	}
	return out, nil
}

// under reports whether a name lies in a path: directly, or anywhere below.
func under(name, path string, recursive bool) bool {
	rest, inside := strings.CutPrefix(name, strings.TrimSuffix(path, "/")+"/")
	return inside && (recursive || !strings.Contains(rest, "/"))
}

// ParameterMetadata is the structure of that name in the API.
type ParameterMetadata struct {
	Name, ARN, Type, KeyId        string
	LastModifiedDate              time.Time
	LastModifiedUser, Description string
	AllowedPattern                string
	Version                       int64
	Tier, DataType                string
}

type legacyFilter struct {
	Key    string   `valid:"required,enum=Name|Type|KeyId"`
	Values []string `valid:"required"`
}

type describeInput struct {
	Filters          []legacyFilter
	ParameterFilters []stringFilter
	MaxResults       *int32 `valid:"min=1,max=50"`
	NextToken        string
	Shared           bool
}

type describeOutput struct {
	Parameters []ParameterMetadata
	NextToken  string
}

func (s *Store) describeParameters(c *core.Call, in *describeInput) (*describeOutput, error) {
	filters := in.ParameterFilters
	for _, f := range in.Filters {
		filters = append(filters, stringFilter{Key: f.Key, Option: "BeginsWith", Values: f.Values})
	}
	found, err := s.filter(c, filters)
	if err != nil {
		return nil, err
	}
	found, next, err := page(found, in.MaxResults, 50, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &describeOutput{Parameters: []ParameterMetadata{}, NextToken: next}
	for _, p := range found {
		v := p.latest()
		out.Parameters = append(out.Parameters, ParameterMetadata{
			Name: p.name, ARN: s.arn(c, p.name), Type: v.kind, KeyId: v.keyID, LastModifiedDate: v.modified,
			LastModifiedUser: v.user, Description: v.description, AllowedPattern: v.allowedPattern,
			Version: v.number, Tier: p.tier, DataType: v.dataType,
		})
	}
	return out, nil
}

// filter lists the parameters that pass all filters, by name.
func (s *Store) filter(c *core.Call, filters []stringFilter) ([]*parameter, error) {
	here := s.here(c)
	var list []*parameter
	for _, name := range slices.Sorted(maps.Keys(here)) {
		keep := true
		for _, f := range filters {
			ok, err := f.passes(here[name])
			if err != nil {
				return nil, err
			}
			keep = keep && ok
		}
		if keep {
			list = append(list, here[name])
		}
	}
	return list, nil
}

func (f stringFilter) passes(p *parameter) (bool, error) {
	v := p.latest()
	values := map[string]string{"Name": p.name, "Path": p.name, "Type": v.kind, "KeyId": v.keyID, "Tier": p.tier, "DataType": v.dataType}
	value, known := values[f.Key]
	if tag, isTag := strings.CutPrefix(f.Key, "tag:"); isTag {
		value, known = p.tags[tag], true
	}
	match, ok := f.matcher()
	if !known {
		return false, refuse("InvalidFilterKey", "The specified filter key isn't valid: %s.", f.Key)
	}
	if !ok {
		return false, refuse("InvalidFilterOption", "The specified filter option isn't valid: %s. Valid options are Equals and BeginsWith. For Path filter, valid options are Recursive and OneLevel.", f.Option)
	}
	return slices.ContainsFunc(f.Values, func(want string) bool { return match(value, want) }), nil
}

func (f stringFilter) matcher() (func(value, want string) bool, bool) {
	switch {
	case f.Key == "Path" && (f.Option == "Recursive" || f.Option == "OneLevel" || f.Option == ""):
		return func(value, want string) bool { return under(value, want, f.Option == "Recursive") }, true
	case f.Key != "Path" && (f.Option == "Equals" || f.Option == ""):
		return func(value, want string) bool { return value == want }, true
	case f.Key != "Path" && f.Option == "BeginsWith":
		return strings.HasPrefix, true
	case f.Key == "Name" && f.Option == "Contains":
		return strings.Contains, true
	}
	return nil, false
}

// page cuts a page out of a list; the token is the place to go on at.
func page[T any](items []T, max *int32, size int, token string) ([]T, string, error) {
	start := 0
	if token != "" {
		text, err := base64.StdEncoding.DecodeString(token)
		n, bad := strconv.Atoi(string(text))
		if err != nil || bad != nil || n < 0 || n > len(items) {
			return nil, "", refuse("InvalidNextToken", "The specified token isn't valid.")
		}
		start = n
	}
	if max != nil && int(*max) < size {
		size = int(*max)
	}
	end := start + size
	if end >= len(items) {
		return items[start:], "", nil
	}
	return items[start:end], base64.StdEncoding.EncodeToString([]byte(strconv.Itoa(end))), nil
}
