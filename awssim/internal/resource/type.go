package resource

import (
	"fmt"
	"slices"
	"strings"
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
	Scope        Scope
	// Single is what AWS says where an account and region can have only one.
	Single string
	// Identifier is the pattern of Cloud Control's identifier; "" is {id}.
	Identifier string
	// Attributes are the patterns of Fn::GetAtt's attributes, which are also the
	// read-only properties. Open types have more than are listed.
	Attributes map[string]string
	Open       bool
	CreateOnly []string // top-level properties whose change replaces the resource
	WriteOnly  []string // top-level properties that cannot be read back
	Managed    []string // top-level properties that AWS itself changes
	// NoDrift types do not take part in drift detection (AWS's table of 2026-04).
	NoDrift bool
	// TwoWay types take part, but REVERT_DRIFT does not compare them three ways.
	TwoWay bool
	// Prefix is the IAM prefix; Create, Update, Delete and Read the IAM actions.
	Prefix, Create, Update, Delete, Read string
	// Unsupported types cannot be used through Cloud Control.
	Unsupported bool
}

// Find answers a type of the catalog, or the defaults for any other name.
func Find(name string) *Type {
	if t, ok := catalog[name]; ok {
		return t
	}
	return byDefault(name)
}

// Known reports whether the catalog lists the type.
func Known(name string) bool { return catalog[name] != nil }

// Names lists the types in the catalog, sorted.
func Names() []string {
	names := make([]string, 0, len(catalog))
	for name := range catalog {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

var catalog = build(compute, network, storage, security, management, integration)

func build(parts ...[]Type) map[string]*Type {
	m := map[string]*Type{}
	for _, part := range parts {
		for i := range part {
			t := &part[i]
			t.complete()
			m[t.Name] = t
		}
	}
	return m
}

// byDefault describes a type that the catalog does not list.
func byDefault(name string) *Type {
	t := &Type{Name: name, ID: "{name}", Scope: Unclaimed, Open: true}
	if strings.HasPrefix(name, "Custom::") {
		t.ID, t.NoDrift, t.Unsupported = "{stack}-{logical}-{upper12}", true, true
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
	if t.Identifier == "" {
		t.Identifier = "{id}"
	}
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
// none does. Types outside the catalog are searched for the usual ones.
func (t *Type) NameOf(properties map[string]any) string {
	if t.NameProperty != "" {
		return t.NameProperty
	}
	if Known(t.Name) {
		return ""
	}
	_, thing := t.split()
	for _, p := range []string{thing + "Name", "Name"} {
		if s, ok := properties[p].(string); ok && s != "" {
			return p
		}
	}
	return ""
}

// Replaces reports whether changing the property replaces the resource.
func (t *Type) Replaces(property string, properties map[string]any) bool {
	return slices.Contains(t.CreateOnly, property) || property == t.NameOf(properties)
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
