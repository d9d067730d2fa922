package stacks

import (
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/resource"
	"github.com/setmend/setmend/awssim/internal/template"
)

// unrecognized refuses resources of types that CloudFormation does not know.
// Serverless types are known to their transform alone.
func unrecognized(resources []*template.Resource) error {
	var strange []string
	for _, r := range resources {
		if !resource.Known(r.Type) && !slices.Contains(strange, r.Type) {
			strange = append(strange, r.Type)
		}
	}
	if len(strange) == 0 {
		return nil
	}
	return &template.Error{Message: "Template format error: Unrecognized resource types: [" + strings.Join(strange, ", ") + "]"}
}

// recognized checks the types of a template that is not to be deployed yet. A
// type behind a condition is judged only with the condition's value.
func recognized(t *template.Template) error {
	if t.Pending() && len(t.Transforms) > 0 {
		return nil // its resources are known once it has been processed
	}
	return unrecognized(slices.DeleteFunc(slices.Clone(t.Resources), func(r *template.Resource) bool { return r.Condition != "" }))
}
