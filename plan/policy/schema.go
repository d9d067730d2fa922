package policy

import (
	_ "embed" // for the schema
	"slices"
)

//go:embed setmend.schema.json
var policySchema []byte

// Schema is the JSON Schema of setmend.yaml (draft 2020-12), for editors.
// [Parse] does not use it: its own checks say more, and name the line.
func Schema() []byte { return slices.Clone(policySchema) }
