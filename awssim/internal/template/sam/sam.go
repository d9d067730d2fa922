// Package sam is the AWS::Serverless-2016-10-31 transform, after the rules that
// AWS publishes for it: which resources a serverless resource becomes, and under
// which logical ids (the specification in aws/serverless-application-model,
// versions/2016-10-31.md and docs/internals/generated_resources.rst).
//
// The way: Globals are merged into the resources, APIs that events imply are
// added, functions and state machines become resources and put their events'
// integrations into the APIs, then everything else follows. References to what
// has changed its name (layers; Function.Alias, Api.Stage) are rewritten last.
//
// Differences. The hash in a deployment's logical id is that of the API's
// definition, but not the same text as AWS's. Connectors, GraphQL and WebSocket
// APIs, capacity providers and applications of the Serverless Application
// Repository are refused by name.
package sam

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/template"
)

// Name is the transform's name.
const Name = "AWS::Serverless-2016-10-31"

const prefix = "AWS::Serverless::"

// Transform replaces the serverless resources of a template.
func Transform(root *template.Map, p *template.Partial) error {
	resources := mapOf(root.Get("Resources"))
	if resources == nil || len(resources.Keys) == 0 {
		return failure("'Resources' section is required")
	}
	t := &transformation{root: root, resources: resources, partial: p, apis: map[string]*api{}, renamed: map[string]string{}, sets: map[string]object{}}
	if err := t.mergeGlobals(); err != nil {
		return err
	}
	t.checkAll()
	t.findAPIs()
	for _, kind := range []string{"Function", "StateMachine", "Api", "HttpApi", "SimpleTable", "LayerVersion", "Application"} {
		t.convertAll(kind)
	}
	t.sharedUsagePlan()
	t.deploymentApplication()
	if err := t.failures(); err != nil {
		return err
	}
	if len(t.renamed) > 0 {
		for _, k := range root.Keys {
			root.Values[k] = t.rename(root.Values[k])
		}
	}
	return nil
}

// transformation is the run over one template.
type transformation struct {
	root, resources object
	partial         *template.Partial
	apis            map[string]*api
	renamed         map[string]string // references and what they become
	problems        []problem
	deployments     []deployment
	usagePlans      []*api            // APIs that share one usage plan
	sets            map[string]object // record set groups by logical id
}

type problem struct{ id, text string }

func failure(format string, args ...any) error {
	return &template.Error{Message: "Transform " + Name + " failed with: Invalid Serverless Application Specification document. " + fmt.Sprintf(format, args...)}
}

// invalid records what is wrong with a resource.
func (t *transformation) invalid(id, format string, args ...any) {
	t.problems = append(t.problems, problem{id, fmt.Sprintf(format, args...)})
}

// failures reports all that is wrong, as SAM does in one message.
func (t *transformation) failures() error {
	if len(t.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(t.problems, func(a, b problem) int { return strings.Compare(a.id, b.id) })
	var text []string
	for _, p := range t.problems {
		text = append(text, fmt.Sprintf("Resource with id [%s] is invalid. %s", p.id, p.text))
	}
	return failure("Number of errors found: %d. %s", len(text), strings.Join(text, " "))
}

// resource is a serverless resource on its way.
type resource struct {
	t          *transformation
	id         string
	body       object
	properties object
	attributes object // what its resources inherit: Condition and the policies
}

// convertAll replaces all resources of a kind.
func (t *transformation) convertAll(kind string) {
	for _, id := range slices.Clone(t.resources.Keys) {
		body := mapOf(t.resources.Values[id])
		if body == nil || body.Get("Type") != prefix+kind || t.failed(id) {
			continue
		}
		r := &resource{t: t, id: id, body: body, properties: mapOf(body.Get("Properties")), attributes: obj()}
		if r.properties == nil {
			r.properties = obj()
		}
		pass(r.attributes, body, "Condition", "DeletionPolicy", "UpdateReplacePolicy")
		t.resources.Delete(id)
		switch kind {
		case "Function":
			r.function()
		case "StateMachine":
			r.stateMachine()
		case "Api":
			r.restAPI()
		case "HttpApi":
			r.httpAPI()
		case "SimpleTable":
			r.simpleTable()
		case "LayerVersion":
			r.layer()
		case "Application":
			r.application()
		}
	}
}

func (t *transformation) failed(id string) bool {
	return slices.ContainsFunc(t.problems, func(p problem) bool { return p.id == id })
}

func (r *resource) invalid(format string, args ...any) { r.t.invalid(r.id, format, args...) }

// main adds the resource that replaces the serverless one: it keeps its
// attributes, such as DependsOn and Metadata.
func (r *resource) main(typ string, properties object) object {
	body := obj("Type", typ)
	for _, k := range r.body.Keys {
		if k != "Type" && k != "Properties" && k != "Connectors" && k != "IgnoreGlobals" {
			body.Set(k, r.body.Values[k])
		}
	}
	body.Set("Properties", properties)
	r.t.resources.Set(r.id, body)
	return body
}

// add adds a resource that is made beside it.
func (r *resource) add(id, typ string, properties object) object {
	body := obj("Type", typ, "Properties", properties)
	for _, k := range r.attributes.Keys {
		body.Set(k, r.attributes.Values[k])
	}
	r.t.resources.Set(id, body)
	return body
}

// value resolves parameters in a value, or returns it as it is.
func (t *transformation) value(v any) any {
	if _, ok := v.(*template.Func); !ok {
		return v
	}
	if got, err := t.partial.Value(v); err == nil {
		return got
	}
	return v
}

// truthy is a boolean, also written as text or through a parameter.
func (t *transformation) truthy(v any) bool {
	s, _ := template.Text(t.value(v))
	return strings.EqualFold(s, "true")
}

// managedARN is the ARN of one of AWS's managed policies.
func (t *transformation) managedARN(path string) string {
	return "arn:" + t.partial.Place().Partition + ":iam::aws:policy/" + path
}

// rename rewrites references to what has changed its name.
func (t *transformation) rename(v any) any {
	switch v := v.(type) {
	case object:
		for _, k := range v.Keys {
			v.Values[k] = t.rename(v.Values[k])
		}
	case []any:
		for i := range v {
			v[i] = t.rename(v[i])
		}
	case *template.Func:
		t.renameFunction(v)
	}
	return v
}

func (t *transformation) renameFunction(f *template.Func) {
	switch f.Name {
	case "Ref":
		if to, ok := t.renamed[textOf(f.Arg)]; ok {
			f.Arg = to
		}
		return
	case "Fn::GetAtt":
		if l, ok := f.Arg.([]any); ok && len(l) == 2 {
			name, attribute := textOf(l[0]), textOf(l[1])
			first, rest, dotted := strings.Cut(attribute, ".")
			if to, ok := t.renamed[name+"."+first]; ok && dotted {
				l[0], l[1] = to, rest
			} else if to, ok := t.renamed[name]; ok {
				l[0] = to
			}
		}
	case "Fn::Sub":
		if s, ok := f.Arg.(string); ok {
			f.Arg = t.renameText(s)
			return
		}
		if l, ok := f.Arg.([]any); ok && len(l) > 0 {
			if s, ok := l[0].(string); ok {
				l[0] = t.renameText(s)
			}
		}
	}
	f.Arg = t.rename(f.Arg)
}

func (t *transformation) renameText(s string) string {
	for _, from := range slices.Sorted(maps.Keys(t.renamed)) {
		to := t.renamed[from]
		s = strings.ReplaceAll(s, "${"+from+"}", "${"+to+"}")
		s = strings.ReplaceAll(s, "${"+from+".", "${"+to+".")
	}
	return s
}
