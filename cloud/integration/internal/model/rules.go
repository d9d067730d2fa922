package model

import (
	"regexp"
	"slices"
	"sync"
)

// A RuleSet finds a service's endpoint, as Smithy's rules engine has it.
type RuleSet struct {
	Parameters map[string]*Parameter `json:"parameters"`
	Rules      []*Rule               `json:"rules"`
}

// A Parameter is what rules decide by.
type Parameter struct {
	BuiltIn  string `json:"builtIn,omitempty"`
	Default  any    `json:"default,omitempty"`
	Required bool   `json:"required,omitempty"`
}

// A Rule holds where all of its conditions do.
type Rule struct {
	Conditions []*Call   `json:"conditions"`
	Rules      []*Rule   `json:"rules,omitempty"` // of a tree
	Endpoint   *Endpoint `json:"endpoint,omitempty"`
	Error      any       `json:"error,omitempty"`
}

// A Call is a function of the rules' language.
type Call struct {
	Function  string `json:"fn"`
	Arguments []any  `json:"argv"`
	Assign    string `json:"assign,omitempty"`
}

// An Endpoint is where requests go. URL is an expression.
type Endpoint struct {
	URL        any                 `json:"url"`
	Properties *EndpointProperties `json:"properties,omitempty"`
	Headers    map[string][]any    `json:"headers,omitempty"`
}

// EndpointProperties say how requests to an endpoint are signed.
type EndpointProperties struct {
	AuthSchemes []AuthScheme `json:"authSchemes,omitempty"`
}

// An AuthScheme is a way to sign; its texts are templates.
type AuthScheme struct {
	Name                  string   `json:"name"`
	SigningName           string   `json:"signingName,omitempty"`
	SigningRegion         string   `json:"signingRegion,omitempty"`
	SigningRegionSet      []string `json:"signingRegionSet,omitempty"`
	DisableDoubleEncoding bool     `json:"disableDoubleEncoding,omitempty"`
}

// partitionsEntry is the entry of the archive that is no service.
const partitionsEntry = "_partitions"

// A Partition is a part of AWS with accounts and endpoints of its own.
type Partition struct {
	ID          string         `json:"id"`
	RegionRegex string         `json:"regionRegex"`
	Regions     map[string]any `json:"regions"`
	Outputs     map[string]any `json:"outputs"`

	matcher *regexp.Regexp
}

var partitions = sync.OnceValue(func() []*Partition {
	var file struct{ Partitions []*Partition }
	if err := read(partitionsEntry+".json", &file); err != nil {
		panic("the embedded partitions cannot be read: " + err.Error())
	}
	for _, p := range file.Partitions {
		p.matcher = regexp.MustCompile(p.RegionRegex)
	}
	return file.Partitions
})

// PartitionOf is the partition that a region lies in: AWS's first where no other
// fits.
func PartitionOf(region string) *Partition {
	list := partitions()
	fits := func(p *Partition) bool {
		_, ok := p.Regions[region]
		return ok || p.matcher.MatchString(region)
	}
	if i := slices.IndexFunc(list, fits); i >= 0 {
		return list[i]
	}
	return list[0]
}

// IsPartition reports whether there is a partition of this name.
func IsPartition(id string) bool {
	return slices.ContainsFunc(partitions(), func(p *Partition) bool { return p.ID == id })
}
