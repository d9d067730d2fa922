package template

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// DynamicReference is a {{resolve:service:key}} in a property.
type DynamicReference struct {
	Text    string // the whole, braces included
	Service string // ssm, ssm-secure, secretsmanager
	Key     string // what follows the service: name:version, secret-id:SecretString:key:stage:version
}

// Name is the parameter's name or the secret's id.
func (d DynamicReference) Name() string {
	if d.Service != "secretsmanager" || !strings.HasPrefix(d.Key, "arn:") {
		name, _, _ := strings.Cut(d.Key, ":")
		return name
	}
	parts := strings.Split(d.Key, ":") // arn:partition:secretsmanager:region:account:secret:name
	return strings.Join(parts[:min(7, len(parts))], ":")
}

var dynamicPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{\{resolve:([a-z-]+):([^{}]*)\}\}`) })

var dynamicKeys = sync.OnceValue(func() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		"ssm":            regexp.MustCompile(`^[a-zA-Z0-9_./-]+(:[0-9]+)?$`),
		"ssm-secure":     regexp.MustCompile(`^[a-zA-Z0-9_./-]+(:[0-9]+)?$`),
		"secretsmanager": regexp.MustCompile(`^[^\s]+$`),
	}
})

// DynamicIn finds the dynamic references in a text.
func DynamicIn(text string) []DynamicReference {
	if !strings.Contains(text, "{{resolve:") {
		return nil
	}
	var out []DynamicReference
	for _, m := range dynamicPattern().FindAllStringSubmatch(text, -1) {
		out = append(out, DynamicReference{Text: m[0], Service: m[1], Key: m[2]})
	}
	return out
}

func (t *Template) collectDynamic() error {
	for _, r := range t.Resources {
		eachString(r.Properties, func(s string) { t.dynamic = append(t.dynamic, DynamicIn(s)...) })
		walk(r.Properties, func(f *Func) { t.imports = t.imports || f.Name == "Fn::ImportValue" })
	}
	for _, o := range t.Outputs {
		walk(o.value, func(f *Func) { t.imports = t.imports || f.Name == "Fn::ImportValue" })
	}
	if err := t.checkSecure(); err != nil {
		return err
	}
	if len(t.dynamic) > maxDynamic {
		return failf("Template error: the number of dynamic references, %d, is greater than maximum allowed, %d", len(t.dynamic), maxDynamic)
	}
	for _, d := range t.dynamic {
		if err := d.check(); err != nil {
			return err
		}
	}
	slices.SortFunc(t.dynamic, func(a, b DynamicReference) int { return strings.Compare(a.Text, b.Text) })
	return nil
}

func (d DynamicReference) check() error {
	form, known := dynamicKeys()[d.Service]
	if strings.Contains(d.Key, "${") { // completed by Fn::Sub
		return nil
	}
	if !known || !form.MatchString(d.Key) {
		return failf("Incorrect format is used in the following SSM reference: [%s]", d.Text)
	}
	return nil
}

// secureProperties are the properties that take ssm-secure references, as the
// documentation of dynamic references lists them.
var secureProperties = map[string][]string{
	"AWS::DirectoryService::MicrosoftAD": {"/Properties/Password"}, "AWS::DirectoryService::SimpleAD": {"/Properties/Password"},
	"AWS::ElastiCache::ReplicationGroup": {"/Properties/AuthToken"}, "AWS::IAM::User": {"/Properties/LoginProfile/Password"},
	"AWS::KinesisFirehose::DeliveryStream": {"/Properties/RedshiftDestinationConfiguration/Password"},
	"AWS::OpsWorks::App":                   {"/Properties/AppSource/Password"},
	"AWS::OpsWorks::Stack":                 {"/Properties/CustomCookbooksSource/Password", "/Properties/RdsDbInstances/DbPassword"},
	"AWS::RDS::DBCluster":                  {"/Properties/MasterUserPassword"}, "AWS::RDS::DBInstance": {"/Properties/MasterUserPassword"},
	"AWS::Redshift::Cluster": {"/Properties/MasterUserPassword"},
}

// checkSecure refuses ssm-secure references where AWS does not take them.
func (t *Template) checkSecure() error {
	var bad []string
	for _, r := range t.Resources {
		eachSecure("/Properties", r.Properties, func(path string) {
			if !slices.Contains(secureProperties[r.Type], path) {
				bad = append(bad, r.Type+path)
			}
		})
	}
	if len(bad) == 0 {
		return nil
	}
	slices.Sort(bad)
	return failf("SSM Secure reference is not supported in: [%s]", strings.Join(slices.Compact(bad), ", "))
}

// eachSecure calls f with the path of every property that holds an ssm-secure
// reference; list indices and functions are no part of it.
func eachSecure(path string, v any, f func(path string)) {
	switch v := v.(type) {
	case string:
		if strings.Contains(v, "{{resolve:ssm-secure:") {
			f(path)
		}
	case *Map:
		for _, k := range v.Keys {
			eachSecure(path+"/"+k, v.Values[k], f)
		}
	case []any:
		for _, one := range v {
			eachSecure(path, one, f)
		}
	case *Func:
		eachSecure(path, v.Arg, f)
	}
}

func eachString(v any, f func(string)) {
	switch v := v.(type) {
	case string:
		f(v)
	case *Map:
		for _, k := range v.Keys {
			eachString(v.Values[k], f)
		}
	case []any:
		for _, one := range v {
			eachString(one, f)
		}
	case *Func:
		eachString(v.Arg, f)
	}
}
