package sam

import "github.com/setmend/setmend/awssim/internal/template"

func clone(v any) any { return template.Clone(v) }
