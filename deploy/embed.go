// Package deploy holds what is deployed: the state machine of the self-healing
// run, embedded so that every engine runs the same bytes.
package deploy

import _ "embed"

// SelfHeal is the Amazon States Language definition of a run. On AWS it is a
// Step Functions state machine whose Tasks are Lambda functions of the names in
// it; the embedded interpreter runs the same file with the same handlers.
//
//go:embed selfheal.asl.json
var SelfHeal []byte

// Rollout is the Amazon States Language definition of a rollout. Its input names it:
// {"rollout": ID}.
//
//go:embed rollout.asl.json
var Rollout []byte
