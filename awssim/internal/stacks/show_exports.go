package stacks

import (
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

type exportShape struct{ ExportingStackId, Name, Value string }

type listExportsInput struct {
	NextToken string `valid:"min=1,max=1024"`
}

type listExportsOutput struct {
	Exports   []*exportShape
	NextToken string
}

func (e *Engine) listExports(c *core.Call, in *listExportsInput) (*listExportsOutput, error) {
	all := []*exportShape{}
	for key, x := range e.exports {
		if key.place == placeOf(c) {
			all = append(all, &exportShape{x.stack.id, x.name, x.value})
		}
	}
	slices.SortFunc(all, func(a, b *exportShape) int { return strings.Compare(a.Name, b.Name) })
	some, next, err := page(all, in.NextToken, pageSize)
	return &listExportsOutput{some, next}, err
}

type listImportsInput struct {
	ExportName string `valid:"required"`
	NextToken  string `valid:"min=1,max=1024"`
}

type listImportsOutput struct {
	Imports   []string
	NextToken string
}

func (e *Engine) listImports(c *core.Call, in *listImportsInput) (*listImportsOutput, error) {
	x, ok := e.exports[exportName{placeOf(c), in.ExportName}]
	if !ok {
		return nil, core.Invalid("No export named %s found.", in.ExportName)
	}
	if len(x.users) == 0 {
		return nil, core.Invalid("Export '%s' is not imported by any stack.", in.ExportName)
	}
	names := make([]string, 0, len(x.users))
	for s := range x.users {
		names = append(names, s.name)
	}
	slices.Sort(names)
	some, next, err := page(names, in.NextToken, pageSize)
	return &listImportsOutput{some, next}, err
}
