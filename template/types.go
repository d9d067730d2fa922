package template

import (
	_ "embed"
	"path"
	"strings"
)

//go:embed data.tsv
var dataTable string

//go:embed names.tsv
var nameTable string

//go:embed global.tsv
var globalTable string

var (
	dataTypes, dataPatterns = readData()
	nameProperties          = readTable(nameTable)
	globalTypes             = readGlobal()
)

// readTable reads lines of a type, a tab and a text; # begins a comment.
func readTable(text string) map[string]string {
	table := map[string]string{}
	for line := range strings.Lines(text) {
		if kind, value, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t"); kind != "" && kind[0] != '#' {
			table[kind] = value
		}
	}
	return table
}

func readData() (exact, patterns map[string]string) {
	exact, patterns = map[string]string{}, map[string]string{}
	for kind, holds := range readTable(dataTable) {
		if strings.Contains(kind, "*") {
			patterns[kind] = holds
		} else {
			exact[kind] = holds
		}
	}
	return exact, patterns
}

func readGlobal() map[string]bool {
	global := map[string]bool{}
	for kind := range readTable(globalTable) {
		global[kind] = true
	}
	return global
}

// dataIn returns what a resource of the type holds, "" for nothing.
func dataIn(kind string) string {
	if holds := dataTypes[kind]; holds != "" {
		return holds
	}
	for pattern, holds := range dataPatterns { // no type fits two of them
		if ok, _ := path.Match(pattern, kind); ok {
			return holds
		}
	}
	return ""
}
