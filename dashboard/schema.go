package dashboard

import _ "embed"

//go:embed schema/report.schema.json
var reportSchema []byte

//go:embed schema/decision.schema.json
var decisionSchema []byte

// ReportSchema is the JSON Schema (2020-12) of report.json. Fields may be added
// to the format; none is removed or changes its meaning.
func ReportSchema() []byte { return append([]byte(nil), reportSchema...) }

// DecisionSchema is the JSON Schema of a line of decisions.jsonl, under the same
// promise.
func DecisionSchema() []byte { return append([]byte(nil), decisionSchema...) }
