package plan

import (
	_ "embed" // for the schema
	"slices"
)

//go:embed setmend.schema.json
var policySchema []byte

// PolicySchema is the JSON Schema of setmend.yaml (draft 2020-12), for editors.
// [ParsePolicy] does not use it: its own checks say more, and name the line.
func PolicySchema() []byte { return slices.Clone(policySchema) }
