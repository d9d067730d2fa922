package stacks

import (
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/template"
)

// Parameter is a parameter's value, in and out.
type Parameter struct {
	ParameterKey     string
	ParameterValue   *string
	UsePreviousValue *bool
	ResolvedValue    *string
}

// source is where a request's template comes from.
type source struct {
	TemplateBody        *string
	TemplateURL         *string `valid:"min=1,max=5120"`
	UsePreviousTemplate *bool
}

// text reads the template. previous is nil where there is none to reuse.
func (t *source) text(e *Engine, p place, previous *deployment) (string, error) {
	given := 0
	for _, one := range []bool{t.TemplateBody != nil, t.TemplateURL != nil, yes(t.UsePreviousTemplate)} {
		if one {
			given++
		}
	}
	switch {
	case given > 1:
		return "", core.Invalid("Either Template URL or Template Body must be specified, but not both.")
	case t.TemplateBody != nil:
		return checkBody(*t.TemplateBody)
	case t.TemplateURL != nil:
		return e.fetch(p, *t.TemplateURL)
	case yes(t.UsePreviousTemplate) && previous != nil:
		return previous.template.Text, nil
	}
	return "", core.Invalid("Either Template URL or Template Body must be specified.")
}

func checkBody(body string) (string, error) {
	if len(body) > template.MaxBody {
		return "", core.Invalid("1 validation error detected: Value '%.100s...' at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to %d", body, template.MaxBody)
	}
	if body == "" {
		return "", core.Invalid("1 validation error detected: Value '' at 'templateBody' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	return body, nil
}

// fetch reads a template from S3.
func (e *Engine) fetch(p place, url string) (string, error) {
	if e.options.Templates == nil {
		return "", core.Invalid("TemplateURL must be a supported URL.")
	}
	text, err := e.options.Templates(p.account, p.region, url)
	if err != nil {
		return "", core.Invalid("S3 error: %s", err)
	}
	if len(text) > template.MaxURL {
		return "", core.Invalid("Template may not exceed %d bytes in size.", template.MaxURL)
	}
	return text, nil
}

// values turns the given parameters into values. previous holds what
// UsePreviousValue refers to.
func values(given []Parameter, previous map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for _, p := range given {
		switch {
		case yes(p.UsePreviousValue) && p.ParameterValue != nil:
			return nil, core.Invalid("Invalid input for parameter key %s. Cannot specify usePreviousValue as true and non empty value for a parameter", p.ParameterKey)
		case yes(p.UsePreviousValue):
			v, had := previous[p.ParameterKey]
			if !had {
				return nil, core.Invalid("Invalid input for parameter key %s. Need to specify either usePreviousValue as true or a value for the parameter", p.ParameterKey)
			}
			out[p.ParameterKey] = v
		case p.ParameterValue == nil:
			return nil, core.Invalid("Invalid input for parameter key %s. Need to specify either usePreviousValue as true or a value for the parameter", p.ParameterKey)
		default:
			out[p.ParameterKey] = *p.ParameterValue
		}
	}
	return out, nil
}

// tagMap checks tags: every key once, at most 50, none of AWS's own.
func tagMap(tags []Tag) (map[string]string, error) {
	if len(tags) > 50 {
		return nil, core.Invalid("1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50")
	}
	out := map[string]string{}
	for _, t := range tags {
		if _, dup := out[t.Key]; dup {
			return nil, core.Invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		if len(t.Key) >= 4 && t.Key[:4] == "aws:" {
			return nil, core.Invalid("aws: prefixed tag key names are not allowed for external use.")
		}
		out[t.Key] = t.Value
	}
	return out, nil
}

// request is what CreateStack, UpdateStack and CreateChangeSet have in common.
type request struct {
	source
	Parameters   []Parameter
	Capabilities []string `each:"enum=CAPABILITY_IAM|CAPABILITY_NAMED_IAM|CAPABILITY_AUTO_EXPAND"`
	Tags         []Tag
	RoleARN      string `valid:"min=20,max=2048"`
	settings
}

// settings are how a request wants its operation to be run.
type settings struct {
	NotificationARNs      []string `valid:"max=5"`
	ResourceTypes         []string `each:"min=1,max=256"`
	RollbackConfiguration *RollbackConfiguration
	DeploymentConfig      *DeploymentConfig
	DisableValidation     *bool
}

// RollbackConfiguration names the alarms that turn an operation back while they
// are watched.
type RollbackConfiguration struct {
	RollbackTriggers        []RollbackTrigger `valid:"max=5"`
	MonitoringTimeInMinutes *int32            `valid:"min=0,max=180"`
}

// RollbackTrigger is an alarm of a RollbackConfiguration.
type RollbackTrigger struct {
	Arn  string `valid:"required"`
	Type string `valid:"required"`
}

// DeploymentConfig is how careful a deployment is.
type DeploymentConfig struct {
	Mode            string `valid:"enum=STANDARD|EXPRESS"`
	DisableRollback *bool
}

// keepsFailed reports whether a failed operation is to be left as it is.
func (s *settings) keepsFailed(disableRollback *bool) bool {
	return yes(disableRollback) || s.DeploymentConfig != nil && yes(s.DeploymentConfig.DisableRollback)
}

// checkTypes refuses a template with resources of types that the request does not
// list: exactly, or as AWS::*, AWS::Service::*, Custom::* and Custom::Name.
func (s *settings) checkTypes(t *template.Template) error {
	if len(s.ResourceTypes) == 0 {
		return nil
	}
	var refused []string
	for _, r := range t.Resources {
		allowed := slices.ContainsFunc(s.ResourceTypes, func(pattern string) bool {
			start, wild := strings.CutSuffix(pattern, "*")
			return pattern == r.Type || wild && strings.HasPrefix(r.Type, start)
		})
		if !allowed && !slices.Contains(refused, r.Type) {
			refused = append(refused, r.Type)
		}
	}
	if len(refused) == 0 {
		return nil
	}
	return core.Invalid("Resource types [%s] are not in the list of allowed ResourceTypes", join(refused))
}

// spec completes a request to a stack's spec; previous is the stack's deployment
// to build upon, nil for a new stack.
func (r *request) spec(e *Engine, p place, name string, previous *deployment) (*core.StackSpec, error) {
	body, err := r.text(e, p, previous)
	if err != nil {
		return nil, err
	}
	var before map[string]string
	if previous != nil {
		before = previous.values
	}
	spec := &core.StackSpec{Account: p.account, Region: p.region, Name: name, Template: body, Capabilities: slices.Clone(r.Capabilities),
		NotificationARNs: r.NotificationARNs}
	if spec.Parameters, err = values(r.Parameters, before); err != nil {
		return nil, err
	}
	spec.Tags, err = tagMap(r.Tags)
	if r.Tags == nil && previous != nil { // absent: the stack keeps its tags
		spec.Tags = map[string]string{}
		for _, t := range previous.tags {
			spec.Tags[t.Key] = t.Value
		}
	}
	return spec, err
}
