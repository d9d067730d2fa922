package asl

import (
	"strings"
)

// causeNotIterable is AWS's word for a JSON file that is not an array.
const causeNotIterable = "Attempting to map over non-iterable node."

// An itemReader gets the items of a distributed Map from outside.
type itemReader struct {
	list       bool // list the objects rather than read one
	flatten    bool // the items are those in the objects that are listed
	parameters *template
	format     itemFormat
	maxItems   amount // 0 is all
}

func loadItemReader(l *loader, s *state, f *fields) *itemReader {
	inner := f.object("ItemReader", "an item reader")
	if inner == nil {
		return nil
	}
	defer inner.close()
	ir := &itemReader{parameters: inner.arguments()}
	if r, ok := inner.integration("Resource", s3GetObject, s3ListObjectsV2); ok {
		ir.list = r.service == s3ListObjectsV2
		l.resources = append(l.resources, Resource{Path: inner.at("Resource"), State: s.name, ARN: r.text})
	}
	if ir.parameters == nil {
		l.problem(inner.path, "%s is missing", argumentsName(l))
	}
	config := inner.object("ReaderConfig", "a reader configuration")
	if config == nil {
		if !ir.list {
			l.problem(inner.path, "ReaderConfig is missing")
		}
		return ir
	}
	defer config.close()
	ir.maxItems = config.amount("MaxItems", 0)
	if ir.list && config.has("Transformation") {
		ir.flatten = config.oneOf("Transformation", "NONE", "LOAD_AND_FLATTEN") == "LOAD_AND_FLATTEN"
	}
	if !ir.list || ir.flatten {
		ir.format.load(config)
	}
	return ir
}

// An itemFormat is what the files of an item reader look like.
type itemFormat struct {
	inputType string   // CSV, JSON, JSONL, or one of the below
	manifest  string   // what the manifest lists; "": the file itself has the items
	headers   []string // CSVHeaders; nil: the first row
	delimiter rune     // of CSV
	pointer   []string // ItemsPointer, in its parts
}

const (
	inputManifest     = "MANIFEST"     // InputType of an inventory: the items are its objects
	inputParquet      = "PARQUET"      // InputType that is not read here
	manifestInventory = "S3_INVENTORY" // ManifestType
	manifestAthena    = "ATHENA_DATA"  // ManifestType: the addresses of files, one a line
)

var csvDelimiters = map[string]rune{"COMMA": ',', "PIPE": '|', "SEMICOLON": ';', "SPACE": ' ', "TAB": '\t'}

func (t *itemFormat) load(f *fields) {
	t.inputType = f.oneOf("InputType", "CSV", "JSON", "JSONL", inputManifest, inputParquet)
	t.delimiter = ','
	if f.has("ManifestType") {
		t.manifest = f.oneOf("ManifestType", manifestInventory, manifestAthena)
	}
	switch t.inputType {
	case inputManifest:
		t.manifest = manifestInventory
	case "CSV":
		t.loadCSV(f)
	case "JSON":
		if pointer, ok := f.text("ItemsPointer"); ok {
			t.pointer = parsePointer(f, pointer)
		}
	}
}

func (t *itemFormat) loadCSV(f *fields) {
	location := f.oneOf("CSVHeaderLocation", "FIRST_ROW", "GIVEN")
	if location == "GIVEN" || f.has("CSVHeaders") {
		t.headers = f.strings("CSVHeaders")
	}
	if location == "FIRST_ROW" && t.headers != nil {
		f.problem("CSVHeaders", "CSVHeaders belongs to CSVHeaderLocation GIVEN")
	}
	if f.has("CSVDelimiter") {
		names := []string{"COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"}
		t.delimiter = csvDelimiters[f.oneOf("CSVDelimiter", names...)]
	}
}

// parsePointer reads a JSON pointer (RFC 6901).
func parsePointer(f *fields, pointer string) []string {
	if pointer == "" {
		return nil
	}
	if pointer[0] != '/' {
		f.problem("ItemsPointer", "ItemsPointer must be a JSON pointer, which begins with /, not %q", pointer)
	}
	parts := strings.Split(pointer, "/")[1:]
	for i, p := range parts {
		parts[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(p)
	}
	return parts
}
