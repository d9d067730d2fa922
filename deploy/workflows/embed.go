// Package workflows holds ready-made States Language definitions for everyday
// operations, which run here (`setmend workflow run`) and on Step Functions alike.
// Their comments say what they take as input.
package workflows

import "embed"

// Definitions are the files, by name: NAME.asl.json.
//
//go:embed *.asl.json
var Definitions embed.FS
