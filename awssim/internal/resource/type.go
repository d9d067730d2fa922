package resource

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/setmend/setmend/awssim/internal/catalogue"
	"github.com/setmend/setmend/awssim/internal/template"
)

// Scope is where a type's explicit names must be unique.
type Scope int

const (
	Regional Scope = iota // in an account and region
	PerAccount
	PerPartition // everywhere: S3 buckets
	Unclaimed    // names may repeat
)

// Type is what there is to know of a resource type.
type Type struct {
	Name string
	// ID is the pattern of the physical id, which Ref yields.
	ID string
	// NameProperty holds the explicit name, if given; NameMax bounds a generated
	// one (0: 255), Lower makes it lower case.
	NameProperty string
	NameMax      int
	Lower        bool
	// Stem and Random are the first and the last part of a generated name; "" is
	// the stack's name, and 12 capitals and digits.
	Stem, Random string
	Scope        Scope
	// Single is what AWS says where an account and region can have only one.
	Single string
	// Identifier is the pattern of Cloud Control's identifier; "" is {id}.
	Identifier string
	// Attributes are the patterns of Fn::GetAtt's attributes, which are also the
	// read-only properties. Open types have more than are listed.
	Attributes map[string]string
	Open       bool
	Managed    []string // top-level properties that AWS itself changes
	// Schema is the type in the catalogue; nil for custom resources.
	Schema *catalogue.Type
	// CreateOnly and WriteOnly are paths of properties whose change replaces the
	// resource, and of those that cannot be read back. A property all of whose
	// members are write-only is listed itself.
	CreateOnly, WriteOnly []string
	refs                  []string // what Ref returns, where ID is ""
	// NoDrift types do not take part in drift detection (AWS's table of 2026-04).
	NoDrift bool
	// TwoWay types take part, but REVERT_DRIFT does not compare them three ways.
	TwoWay bool
	// Prefix is the IAM prefix; Create, Update, Delete and Read the IAM actions.
	Prefix, Create, Update, Delete, Read string
	// Unsupported types cannot be used through Cloud Control.
	Unsupported bool
}

// found are the types that were asked for. A read takes no lock.
var (
	found   atomic.Pointer[map[string]*Type]
	finding sync.Mutex
)

// Find returns a type: what is made by hand on top of the catalogue, or the
// defaults for any other name. Types are shared and must not be changed.
func Find(name string) *Type {
	if m := found.Load(); m != nil {
		if t := (*m)[name]; t != nil {
			return t
		}
	}
	t := made(name)
	if t.Schema == nil && !byHand[name] {
		return t // any name at all: nothing to keep
	}
	finding.Lock()
	defer finding.Unlock()
	next := map[string]*Type{}
	if m := found.Load(); m != nil {
		if earlier := (*m)[name]; earlier != nil {
			return earlier
		}
		maps.Copy(next, *m)
	}
	next[name] = t
	found.Store(&next)
	return t
}

// Known reports whether CloudFormation has the type: one of the registry, or a
// custom resource.
func Known(name string) bool {
	return strings.HasPrefix(name, "Custom::") && len(name) > len("Custom::") || catalogue.Known(name) || byHand[name]
}

// Names lists the types that behaviour is made for by hand, sorted.
func Names() []string { return slices.Sorted(maps.Keys(byHand)) }

// parts are the types made by hand, which begin from what follows from a schema.
var parts = [][]Type{compute, network, storage, security, management, integration}

var byHand = func() map[string]bool {
	m := map[string]bool{}
	for _, part := range parts {
		for i := range part {
			m[part[i].Name] = true
		}
	}
	return m
}()

// made makes a type.
func made(name string) *Type {
	t := &Type{Name: name}
	for _, part := range parts {
		for i := range part {
			if part[i].Name == name {
				*t = part[i]
			}
		}
	}
	t.Schema, _ = catalogue.Find(name)
	switch {
	case strings.HasPrefix(name, "Custom::"):
		t.ID, t.Scope, t.Open, t.NoDrift, t.Unsupported = "{stack}-{logical}-{upper12}", Unclaimed, true, true, true
	case t.Schema != nil:
		t.derive()
	case t.ID == "":
		t.ID, t.Scope, t.Open = "{name}", Unclaimed, true
	}
	t.complete()
	return t
}

// complete fills in what follows from the type's name.
func (t *Type) complete() {
	service, thing := t.split()
	if t.Prefix == "" {
		t.Prefix = prefixes[service]
	}
	if t.Prefix == "" {
		t.Prefix = strings.ToLower(service)
	}
	fill := func(to *string, verb string) {
		if *to == "" {
			*to = verb + thing
		}
		if !strings.Contains(*to, ":") {
			*to = t.Prefix + ":" + *to
		}
	}
	fill(&t.Create, "Create")
	fill(&t.Update, "Update")
	fill(&t.Delete, "Delete")
	fill(&t.Read, "Get")
}

// split answers the service and the kind of thing in a type's name.
func (t *Type) split() (service, thing string) {
	parts := strings.Split(t.Name, "::")
	if len(parts) >= 3 {
		return parts[1], parts[2]
	}
	return "CloudFormation", "CustomResource"
}

// prefixes are the IAM prefixes that are not the lower-case service name.
var prefixes = map[string]string{
	"CertificateManager": "acm", "ApiGateway": "apigateway", "ApiGatewayV2": "apigateway",
	"ElasticLoadBalancingV2": "elasticloadbalancing", "StepFunctions": "states", "KinesisFirehose": "firehose",
	"EFS": "elasticfilesystem", "MSK": "kafka", "Cognito": "cognito-idp", "AccessAnalyzer": "access-analyzer",
	"OpenSearchService": "es", "Scheduler": "scheduler", "Bedrock": "bedrock", "Custom": "lambda",
	"ServiceCatalogAppRegistry": "servicecatalog", "Macie": "macie2", "InspectorV2": "inspector2",
}

// NameOf is the property that names the resource in these properties, "" if
// none does. Types outside the catalogue are searched for the usual ones.
func (t *Type) NameOf(properties map[string]any) string {
	if t.NameProperty != "" || t.Schema != nil {
		return t.NameProperty
	}
	_, thing := t.split()
	for _, p := range []string{thing + "Name", "Name"} {
		if s, ok := properties[p].(string); ok && s != "" {
			return p
		}
	}
	return ""
}

// Replaces reports whether any change of the top-level property replaces the
// resource.
func (t *Type) Replaces(property string, properties map[string]any) bool {
	return slices.Contains(t.CreateOnly, property) || t.Schema == nil && property == t.NameOf(properties)
}

// ReplacedBy reports whether changing a top-level property from one value to
// another replaces the resource: always where the property is create-only, and
// where a create-only member of it differs.
func (t *Type) ReplacedBy(property string, before, after any, properties map[string]any) bool {
	if t.Replaces(property, properties) {
		return true
	}
	for _, path := range t.CreateOnly {
		if rest, ok := strings.CutPrefix(path, property+"/"); ok && !template.Equal(pick(before, rest), pick(after, rest)) {
			return true
		}
	}
	return false
}

// pick is what a value holds at a path; members of lists are gathered.
func pick(v any, path string) any {
	if path == "" {
		return v
	}
	part, rest, _ := strings.Cut(path, "/")
	switch v := v.(type) {
	case map[string]any:
		if part == "*" {
			return gather(slices.Sorted(maps.Keys(v)), func(k string) any { return pick(v[k], rest) })
		}
		return pick(v[part], rest)
	case []any:
		if part != "*" {
			rest = path
		}
		return gather(v, func(one any) any { return pick(one, rest) })
	}
	return nil
}

func gather[T any](from []T, f func(T) any) []any {
	out := make([]any, 0, len(from))
	for _, one := range from {
		out = append(out, f(one))
	}
	return out
}

// ReadOnly reports whether a top-level property can only be read.
func (t *Type) ReadOnly(property string) bool {
	if t.Schema != nil {
		return slices.Contains(t.Schema.ReadOnly, property)
	}
	_, ok := t.Attributes[property]
	return ok
}

// Named reports whether the properties give the resource an explicit name, and
// which: CloudFormation cannot replace such a resource without a new name.
func (t *Type) Named(properties map[string]any) (string, bool) {
	s, ok := properties[t.NameOf(properties)].(string)
	return s, ok && s != ""
}

// BadName says why the service refuses an explicit name, "" if it takes it. Names
// made of long stack names are what most often breaks a roll-out by stack set.
func (t *Type) BadName(name string) string {
	switch {
	case t.Name == "AWS::S3::Bucket" && strings.ToLower(name) != name:
		return "Bucket name should not contain uppercase characters"
	case t.Name == "AWS::S3::Bucket" && (len(name) < 3 || len(name) > 63):
		return "Bucket name should be between 3 and 63 characters long"
	case t.NameMax > 0 && len(name) > t.NameMax:
		member := strings.ToLower(t.NameProperty[:1]) + t.NameProperty[1:]
		return fmt.Sprintf("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", name, member, t.NameMax)
	}
	return ""
}

// Capability is what a stack must be allowed for a resource of this type: ""
// for most.
func (t *Type) Capability(named bool) string {
	switch t.Name {
	case "AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::ManagedPolicy", "AWS::IAM::InstanceProfile":
		if named {
			return "CAPABILITY_NAMED_IAM"
		}
		return "CAPABILITY_IAM"
	case "AWS::IAM::Policy", "AWS::IAM::AccessKey", "AWS::IAM::UserToGroupAddition":
		return "CAPABILITY_IAM"
	}
	return ""
}

// Invalid says in CloudFormation's words why it refuses a resource with these
// evaluated properties, "" if it takes it.
func (t *Type) Invalid(logicalID string, properties map[string]any) string {
	if t.Schema == nil || t.Name == "AWS::CloudFormation::CustomResource" {
		return ""
	}
	return t.Schema.Check(properties).Text(logicalID)
}

// InvalidModel is Invalid in Cloud Control's words.
func (t *Type) InvalidModel(properties map[string]any) string {
	if t.Schema == nil {
		return ""
	}
	return t.Schema.Check(properties).ModelText()
}
