package template

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// section answers a section as an object, empty if it is absent.
func section(name string, v any) (*Map, error) {
	if v == nil {
		return NewMap(), nil
	}
	m, ok := v.(*Map)
	if !ok {
		return nil, failf("Template format error: %s must be an object.", name)
	}
	return m, nil
}

func (t *Template) readMappings(v any) error {
	m, err := section("Mappings", v)
	if err != nil {
		return err
	}
	if len(m.Keys) > maxMappings {
		return failf("Template format error: Number of mappings, %d, is greater than maximum allowed, %d", len(m.Keys), maxMappings)
	}
	t.mappings = map[string]map[string]map[string]any{}
	for _, name := range m.Keys {
		if !alphanumeric().MatchString(name) {
			return failf("Template format error: Mappings name '%s' is non alphanumeric.", name)
		}
		if t.mappings[name], err = readMapping(m.Values[name]); err != nil {
			return err
		}
	}
	return nil
}

var elementName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z0-9.-]+$`) })

func readMapping(v any) (map[string]map[string]any, error) {
	top, ok := v.(*Map)
	if !ok {
		return nil, failf("Template format error: Every Mappings member must be a map.")
	}
	out := map[string]map[string]any{}
	for _, key := range top.Keys {
		if !elementName().MatchString(key) {
			return nil, failf("Template format error: Mappings element name '%s' must be non-empty and can contain only alphanumerics, '-' or '.'", key)
		}
		second, ok := top.Values[key].(*Map)
		if !ok {
			return nil, failf("Template format error: Every Mappings member %s must be a map", key)
		}
		out[key] = map[string]any{}
		for _, name := range second.Keys {
			if !alphanumeric().MatchString(name) {
				return nil, failf("Template format error: Mappings attribute name '%s' must contain only alphanumeric characters.", name)
			}
			value := second.Values[name]
			if !constant(value) {
				return nil, failf("Template format error: Every Mappings attribute must be a String or a List.")
			}
			out[key][name] = value
		}
	}
	return out, nil
}

// constant reports whether a mapping may hold the value.
func constant(v any) bool {
	if list, ok := v.([]any); ok {
		return !slices.ContainsFunc(list, func(one any) bool { _, ok := Text(one); return !ok })
	}
	_, ok := Text(v)
	return ok
}

func (t *Template) readConditions(v any) error {
	m, err := section("Conditions", v)
	if err != nil {
		return err
	}
	t.conditions = m.Values
	for _, name := range m.Keys {
		f, ok := m.Values[name].(*Func)
		if !ok || !slices.Contains(booleans, f.Name) {
			return failf("Template format error: Every Conditions member must be a string or a boolean operation: [%s]", name)
		}
	}
	return nil
}

var booleans = []string{"Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals", "Condition"}

func (t *Template) readResources(v any) error {
	m, err := section("Resources", v)
	if err != nil {
		return err
	}
	if len(m.Keys) == 0 {
		return failf("Template format error: At least one Resources member must be defined.")
	}
	if len(m.Keys) > maxResources {
		return failf("Template format error: Number of resources, %d, is greater than maximum allowed, %d", len(m.Keys), maxResources)
	}
	for _, name := range m.Keys {
		r, err := readResource(name, m.Values[name])
		if err != nil {
			return err
		}
		t.Resources = append(t.Resources, r)
		t.byName[name] = r
	}
	return t.checkTypes()
}

var resourceKeys = []string{"Type", "Properties", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy",
	"Metadata", "CreationPolicy", "UpdatePolicy", "Version"}

func readResource(name string, v any) (*Resource, error) {
	if !alphanumeric().MatchString(name) {
		return nil, failf("Template format error: Resource name %s is non alphanumeric.", name)
	}
	body, ok := v.(*Map)
	if !ok {
		return nil, failf("Template format error: [/Resources/%s] resource definition is malformed", name)
	}
	for _, k := range body.Keys {
		if !slices.Contains(resourceKeys, k) {
			return nil, failf("Invalid template resource property '%s'", k)
		}
	}
	r := &Resource{LogicalID: name, Properties: NewMap(), Metadata: body.Values["Metadata"],
		attributes: []any{body.Values["CreationPolicy"], body.Values["UpdatePolicy"]}}
	if r.Type, ok = body.Values["Type"].(string); !ok || r.Type == "" {
		return nil, failf("Template format error: [/Resources/%s] Every Resources object must contain a Type member.", name)
	}
	if p, given := body.Values["Properties"]; given {
		if r.Properties, ok = p.(*Map); !ok {
			return nil, failf("Template format error: [/Resources/%s/Properties] Properties must be an object", name)
		}
	}
	return r, r.readAttributes(body)
}

func (r *Resource) readAttributes(body *Map) error {
	if v, given := body.Values["Condition"]; given {
		name, ok := v.(string)
		if !ok {
			return failf("Template format error: [/Resources/%s/Condition] Every Condition member must be a string.", r.LogicalID)
		}
		r.Condition = name
	}
	switch v := body.Values["DependsOn"].(type) {
	case nil:
	case string:
		r.DependsOn = []string{v}
	case []any:
		for _, one := range v {
			name, ok := one.(string)
			if !ok {
				return failf("Template format error: Every value for DependsOn must be a string or list of strings. [/Resources/%s/DependsOn]", r.LogicalID)
			}
			r.DependsOn = append(r.DependsOn, name)
		}
	default:
		return failf("Template format error: DependsOn must be a string or list of strings. [/Resources/%s/DependsOn]", r.LogicalID)
	}
	var err error
	if r.DeletionPolicy, err = r.readPolicy("DeletionPolicy", body); err != nil {
		return err
	}
	r.UpdateReplacePolicy, err = r.readPolicy("UpdateReplacePolicy", body)
	return err
}

var policyValues = map[string][]string{
	"DeletionPolicy":      {"Delete", "Retain", "Snapshot", "RetainExceptOnCreate"},
	"UpdateReplacePolicy": {"Delete", "Retain", "Snapshot"},
}

// readPolicy reads a deletion policy. AWS takes Fn::If here without a transform,
// and any other function only with AWS::LanguageExtensions, which has evaluated
// it by the time that this is read.
func (r *Resource) readPolicy(name string, body *Map) (string, error) {
	v, given := body.Values[name]
	if !given {
		return "", nil
	}
	if f, ok := v.(*Func); ok && f.Name == "Fn::If" {
		if r.policies == nil {
			r.policies = map[string]*Func{}
		}
		r.policies[name] = f
		return "", nil
	}
	s, ok := v.(string)
	if !ok {
		return "", failf("Template format error: Every %s member must be a string.", name)
	}
	if allowed := policyValues[name]; !slices.Contains(allowed, s) {
		return "", failf("Template format error: Unrecognized %s %s. Allowed values are [%s].", name, s, strings.Join(allowed, ", "))
	}
	if s == "Snapshot" && !slices.Contains(snapshots, r.Type) {
		return "", failf("Template error: resource type %s does not support deletion policy Snapshot", r.Type)
	}
	return s, nil
}

// snapshots are the types that AWS can snapshot before it deletes them
// (documentation of the DeletionPolicy attribute).
var snapshots = []string{"AWS::DocDB::DBCluster", "AWS::EC2::Volume", "AWS::ElastiCache::CacheCluster",
	"AWS::ElastiCache::ReplicationGroup", "AWS::Neptune::DBCluster", "AWS::RDS::DBCluster", "AWS::RDS::DBInstance",
	"AWS::Redshift::Cluster"}

// typeName is the form of AWS, third-party, module and custom resource types.
// AWS knows a closed list; here every well-formed name is a type.
var typeName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}(::MODULE)?|Custom::[A-Za-z0-9_@-]{1,60})$`)
})

func (t *Template) checkTypes() error {
	var strange []string
	for _, r := range t.Resources {
		if !typeName().MatchString(r.Type) {
			strange = append(strange, r.Type)
		}
	}
	if len(strange) > 0 {
		return failf("Template format error: Unrecognized resource types: [%s]", strings.Join(strange, ", "))
	}
	return nil
}

func (t *Template) readOutputs(v any) error {
	m, err := section("Outputs", v)
	if err != nil {
		return err
	}
	if len(m.Keys) > maxOutputs {
		return failf("Template format error: Number of outputs, %d, is greater than maximum allowed, %d", len(m.Keys), maxOutputs)
	}
	for _, key := range m.Keys {
		o, err := readOutput(key, m.Values[key])
		if err != nil {
			return err
		}
		t.Outputs = append(t.Outputs, o)
	}
	return nil
}

func readOutput(key string, v any) (*Output, error) {
	if !alphanumeric().MatchString(key) {
		return nil, failf("Template format error: Outputs name '%s' is non alphanumeric.", key)
	}
	body, ok := v.(*Map)
	if !ok {
		return nil, failf("Template format error: Output %s is malformed. It must be an object", key)
	}
	o := &Output{Key: key, value: body.Values["Value"]}
	if o.value == nil {
		return nil, failf("Template format error: Every Outputs member must contain a Value object")
	}
	for _, k := range body.Keys {
		if !slices.Contains([]string{"Value", "Description", "Condition", "Export"}, k) {
			return nil, failf("Template format error: Output %s is malformed. Unknown property '%s'", key, k)
		}
	}
	o.Description, _ = Text(body.Values["Description"])
	o.Condition, _ = body.Values["Condition"].(string)
	if export, given := body.Values["Export"]; given {
		m, ok := export.(*Map)
		if !ok || m.Values["Name"] == nil {
			return nil, failf("Template format error: Output %s is malformed. The Name field of every Export member must be specified.", key)
		}
		o.export = m.Values["Name"]
	}
	if list, ok := o.value.([]any); ok {
		return nil, failf("Template format error: The Value field of every Outputs member must evaluate to a String. (%s is a list of %s)", key, fmt.Sprint(len(list)))
	}
	return o, nil
}
