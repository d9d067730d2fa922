package template

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/setmend/setmend/fleet"
)

// Facts is what Read finds in a template's text.
type Facts struct {
	fleet.TemplateFacts
	// NoEcho names the parameters whose values AWS masks, sorted.
	NoEcho []string
	// HidesParameters is set if the text is opaque and speaks of NoEcho, so that
	// any parameter may be masked.
	HidesParameters bool
}

// Hash returns the SHA-256 of a template's text, in hex.
func Hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Read reads a template in JSON or YAML.
func Read(text string) Facts {
	root, ok := parse(text)
	top, isMap := root.(map[string]any)
	if !ok || !isMap {
		return opaque(text)
	}
	r := reader{parameters: mapIn(top["Parameters"])}
	r.facts.Opaque = writesResources(top)
	r.readParameters()
	resources := mapIn(top["Resources"])
	for _, id := range fleet.SortedKeys(resources) {
		r.readResource(id, mapIn(resources[id]))
	}
	for _, output := range mapIn(top["Outputs"]) {
		if export, exported := mapIn(output)["Export"]; exported {
			r.facts.Exports = append(r.facts.Exports, r.pattern(mapIn(export)["Name"]))
		}
	}
	eachIn(root, "Fn::ImportValue", func(name any) { r.facts.Imports = append(r.facts.Imports, r.pattern(name)) })
	r.facts.Types, r.facts.Exports, r.facts.Imports = unique(r.facts.Types), unique(r.facts.Exports), unique(r.facts.Imports)
	return r.facts
}

// opaque returns the careful answer for a text that cannot be read.
func opaque(text string) Facts {
	facts := Facts{TemplateFacts: fleet.TemplateFacts{Opaque: true}, HidesParameters: strings.Contains(text, "NoEcho")}
	if strings.Contains(text, "Export") {
		facts.Exports = []string{"*"}
	}
	if strings.Contains(text, "ImportValue") {
		facts.Imports = []string{"*"}
	}
	return facts
}

// writesResources reports whether a macro may add resources that the text does
// not name. AWS::LanguageExtensions and AWS::Serverless write only what follows
// from the text; Fn::ForEach in Resources is a resource under a written name.
func writesResources(top map[string]any) bool {
	known := func(name any) bool {
		s, isText := name.(string)
		return isText && (s == "AWS::LanguageExtensions" || s == "AWS::SecretsManager-2020-07-23" || s == "AWS::SecretsManager-2024-09-16" || strings.HasPrefix(s, "AWS::Serverless-"))
	}
	switch transform := top["Transform"].(type) {
	case nil:
	case []any:
		if slices.ContainsFunc(transform, func(name any) bool { return !known(name) }) {
			return true
		}
	default:
		if !known(transform) {
			return true
		}
	}
	found := false
	eachIn(top["Resources"], "Fn::Transform", func(any) { found = true })
	return found
}

// reader gathers the facts of one template.
type reader struct {
	parameters map[string]any
	facts      Facts
}

func (r *reader) readParameters() {
	for _, name := range fleet.SortedKeys(r.parameters) {
		r.facts.Parameters = append(r.facts.Parameters, name)
		if isTrue(mapIn(r.parameters[name])["NoEcho"]) {
			r.facts.NoEcho = append(r.facts.NoEcho, name)
		}
	}
}

// readResource reads one entry of Resources. A Fn::ForEach there holds resources
// under names that are written at deployment.
func (r *reader) readResource(id string, resource map[string]any) {
	if strings.HasPrefix(id, "Fn::ForEach") {
		r.facts.Opaque = true
		return
	}
	kind, _ := resource["Type"].(string)
	if kind == "" {
		r.facts.Opaque = true
		return
	}
	r.facts.Types = append(r.facts.Types, kind)
	stays := policyOf(kind, resource["DeletionPolicy"])
	value := nameValue(kind, mapIn(resource["Properties"]))
	name, named := r.fixedName(value)
	if holds := dataIn(kind); holds != "" {
		r.facts.Data = append(r.facts.Data, fleet.DataResource{LogicalID: id, Type: kind, Holds: holds, Kept: stays.data, Snapshot: stays.snapshot})
	}
	if stays.may && named {
		r.facts.Retained = append(r.facts.Retained, fleet.NamedResource{LogicalID: id, Type: kind, Name: name})
	}
	if named && globalTypes[kind] && !speaksOf(value, "AWS::Region") {
		r.facts.Global = append(r.facts.Global, fleet.NamedResource{LogicalID: id, Type: kind, Name: name})
	}
}

// survival is what becomes of a resource when its stack is deleted.
type survival struct {
	data bool // its content is certain to survive, in it or in a snapshot
	may  bool // it may be there still when the stack is created again
	// snapshot: the content survives in a snapshot alone
	snapshot bool
}

// snapshotByDefault lists the types that AWS deletes with a snapshot where the
// template has no DeletionPolicy.
var snapshotByDefault = []string{"AWS::RDS::DBCluster", "AWS::RDS::DBInstance"}

// policyOf reads a DeletionPolicy. The default is Delete, but Snapshot for a
// database cluster and a database that is in none. A function (language
// extensions) may give either answer.
func policyOf(kind string, policy any) survival {
	switch policy {
	case nil:
		snapshot := slices.Contains(snapshotByDefault, kind)
		return survival{data: snapshot, snapshot: snapshot}
	case "Delete":
		return survival{}
	case "Retain", "RetainExceptOnCreate":
		return survival{data: true, may: true}
	case "Snapshot":
		return survival{data: true, snapshot: true}
	}
	return survival{may: true}
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
