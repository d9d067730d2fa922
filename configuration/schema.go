package configuration

import _ "embed"

//go:embed configuration.schema.json
var schema []byte

// Schema returns the JSON Schema of the documents (draft 2020-12): of any one
// parameter's value. $defs names each kind.
func Schema() []byte { return schema }
