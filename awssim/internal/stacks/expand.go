package stacks

import (
	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/template"
	"github.com/setmend/setmend/awssim/internal/template/transform"
)

// expand processes a template that has transforms, for the place and the values
// of a stack. Equal results are shared like equal templates.
func (e *Engine) expand(t *template.Template, values map[string]string, spec *core.StackSpec) (*template.Template, error) {
	p := place{spec.Account, spec.Region}
	resolved, err := e.resolvedValues(p, t, values)
	if err != nil {
		return nil, err
	}
	out, err := transform.Process(t, resolved, template.Place{
		Account: p.account, Region: p.region, Partition: e.world.Options.Partition, StackName: spec.Name,
	}, e.transforms(p))
	if err != nil {
		return nil, refusal(err)
	}
	return e.templates.get(expandedKey(out), func() (*template.Template, error) { return out, nil })
}

// expandedKey is equal for processed templates of equal content. No template's
// text begins with a zero byte.
func expandedKey(t *template.Template) string {
	key := "\x00" + t.Text + "\x00" + t.Processed
	for _, r := range t.Resources {
		key += "\x00" + r.DeletionPolicy + "\x00" + r.UpdateReplacePolicy
	}
	return key
}

// transforms are what a stack's transforms may use of the world.
func (e *Engine) transforms(p place) transform.Services {
	var s transform.Services
	if e.options.Templates != nil {
		s.Object = func(location string) (string, error) { return e.options.Templates(p.account, p.region, location) }
	}
	if e.options.Macro != nil {
		s.Macro = func(call transform.Macro) ([]byte, bool, error) { return e.options.Macro(p.account, p.region, call) }
	}
	return s
}

// resolvedValues are parameter values with the names of SSM parameters replaced
// by what they hold.
func (e *Engine) resolvedValues(p place, t *template.Template, values map[string]string) (map[string]string, error) {
	found, err := e.lookUp(p, &deployment{template: t, values: values})
	if err != nil || len(found) == 0 {
		return values, err
	}
	out := make(map[string]string, len(values))
	for key, value := range values {
		if declared, ok := t.Parameter(key); ok && isSSM(declared) {
			value = found[ssmKey(value)]
		}
		out[key] = value
	}
	return out, nil
}
