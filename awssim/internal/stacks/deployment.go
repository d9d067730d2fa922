package stacks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/resource"
	"github.com/setmend/setmend/awssim/internal/template"
)

// deployment is what a stack is made of. Stacks with equal ones share it, so it
// does not change.
type deployment struct {
	template     *template.Template
	given        map[string]string // parameter values as given
	values       map[string]string // with the defaults
	tags         []Tag             // sorted by key
	capabilities []string
}

// parse reads a template, or finds the parsed form of an equal one.
func (e *Engine) parse(text string) (*template.Template, error) {
	t, err := e.templates.get(text, func() (*template.Template, error) {
		t, err := template.Parse(text)
		if err == nil {
			err = recognized(t)
		}
		return t, err
	})
	if err != nil {
		return nil, refusal(err)
	}
	return t, nil
}

// refusal turns a template's error into AWS's.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	switch refused := err.(type) {
	case *template.Error:
		return core.Invalid("%s", refused.Message)
	case *unsupported:
		return core.Invalid("%s", refused.Error())
	}
	return err
}

// prepare checks all that CloudFormation checks before it accepts a request.
func (e *Engine) prepare(spec *core.StackSpec) (*deployment, error) {
	t, err := e.parse(spec.Template)
	if err != nil {
		return nil, err
	}
	if t.Pending() { // what it expands to depends on the place and on the world
		return e.newDeployment(t, spec)
	}
	return e.deployments.get(deploymentKey(t, spec), func() (*deployment, error) { return e.newDeployment(t, spec) })
}

func (e *Engine) newDeployment(t *template.Template, spec *core.StackSpec) (*deployment, error) {
	values, err := t.Values(spec.Parameters)
	if err != nil {
		return nil, refusal(err)
	}
	if err := checkCapabilities(t, spec.Capabilities); err != nil {
		return nil, err
	}
	if t.Pending() {
		if t, err = e.expand(t, values, spec); err != nil {
			return nil, err
		}
		if err := checkCapabilities(t, spec.Capabilities); err != nil {
			return nil, err
		}
	}
	d := &deployment{template: t, given: spec.Parameters, values: values, tags: sortedTags(spec.Tags), capabilities: spec.Capabilities}
	return d, nil
}

// deploymentKey is equal for specs of equal content. It names the template by its
// address, which is nobody else's as long as a deployment holds it.
func deploymentKey(t *template.Template, spec *core.StackSpec) string {
	var b strings.Builder
	part := func(s string) { b.WriteString(s); b.WriteByte(0) }
	for _, m := range []map[string]string{spec.Parameters, spec.Tags} {
		for _, k := range sortedKeys(m) {
			part(k)
			part(m[k])
		}
		part("")
	}
	part(strings.Join(spec.Capabilities, ","))
	fmt.Fprintf(&b, "%p", t)
	return b.String()
}

func sortedTags(tags map[string]string) []Tag {
	out := make([]Tag, 0, len(tags))
	for _, k := range sortedKeys(tags) {
		out = append(out, Tag{Key: k, Value: tags[k]})
	}
	return out
}

// requiredCapabilities lists what a template needs to be allowed, and the types
// that need it.
func requiredCapabilities(t *template.Template) (capabilities, types []string) {
	for _, r := range t.Resources {
		typ := resource.Find(r.Type)
		_, named := r.Properties.Values[typ.NameProperty]
		c := typ.Capability(named)
		if c == "" {
			continue
		}
		capabilities = append(capabilities, c)
		types = append(types, r.Type)
	}
	slices.Sort(capabilities)
	slices.Sort(types)
	capabilities, types = slices.Compact(capabilities), slices.Compact(types)
	if slices.Contains(capabilities, "CAPABILITY_NAMED_IAM") {
		capabilities = []string{"CAPABILITY_NAMED_IAM"} // includes the other
	}
	if len(t.Transforms) > 0 {
		capabilities = append(capabilities, "CAPABILITY_AUTO_EXPAND")
	}
	return capabilities, types
}

func checkCapabilities(t *template.Template, acknowledged []string) error {
	needed, _ := requiredCapabilities(t)
	for _, c := range needed {
		if slices.Contains(acknowledged, c) || c == "CAPABILITY_IAM" && slices.Contains(acknowledged, "CAPABILITY_NAMED_IAM") {
			continue
		}
		return core.Errorf(400, "InsufficientCapabilitiesException", "Requires capabilities : [%s]", c)
	}
	return nil
}
