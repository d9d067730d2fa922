package fleet

import "slices"

// TemplateFacts is what a stack set's template says about deleting its stacks and
// creating them again. The zero value is that of a template that holds nothing.
type TemplateFacts struct {
	// Opaque is set if the text could not be read whole: it is damaged, or a macro
	// writes resources that cannot be seen here. What is opaque must be taken to
	// hold data and to collide.
	Opaque bool `json:"opaque,omitempty"`
	// Parameters are the names of the declared parameters, sorted.
	Parameters []string `json:"parameters,omitempty"`
	// Types are the distinct resource types, sorted.
	Types []string `json:"types,omitempty"`
	// Data are the resources whose content a deletion of the stack destroys, or
	// leaves behind so that the successor starts empty. Sorted by logical id.
	Data []DataResource `json:"data,omitempty"`
	// Retained are resources that survive the stack under a name that its
	// successor would take, too: creating the stack again fails. Sorted by logical id.
	Retained []NamedResource `json:"retained,omitempty"`
	// Global are resources with the same name in every region of an account, of
	// types whose names are unique across regions: a second region cannot have them.
	Global []NamedResource `json:"global,omitempty"`
	// Exports and Imports are the names of exported outputs and of imported values,
	// sorted. A part that is known only at deployment is written as *.
	Exports []string `json:"exports,omitempty"`
	Imports []string `json:"imports,omitempty"`
}

// DataResource is a resource with content of its own.
type DataResource struct {
	LogicalID string `json:"logicalId"`
	Type      string `json:"type"`
	// Holds says what is in it, such as "items" or "encryption keys".
	Holds string `json:"holds"`
	// Kept is set if the resource, or a snapshot of it, survives the stack: nothing
	// is destroyed, but the stack that comes back does not have the content.
	Kept bool `json:"kept,omitempty"`
	// Snapshot is set if what survives is a snapshot alone. The resource goes, and its
	// name with it: the next stack makes it anew, empty.
	Snapshot bool `json:"snapshot,omitempty"`
}

// NamedResource is a resource whose physical name the template fixes.
type NamedResource struct {
	LogicalID string `json:"logicalId"`
	Type      string `json:"type"`
	// Name is the fixed name; a part that is known only at deployment is written as *.
	Name string `json:"name"`
}

// Destroys returns the resources whose content is lost for good with the stack.
func (t TemplateFacts) Destroys() []DataResource {
	return slices.DeleteFunc(slices.Clone(t.Data), func(r DataResource) bool { return r.Kept })
}

// Empties returns the resources that go with the stack and are made anew, empty, while
// their content lies in a snapshot.
func (t TemplateFacts) Empties() []DataResource {
	return slices.DeleteFunc(slices.Clone(t.Data), func(r DataResource) bool { return !r.Snapshot })
}

// MayImportFrom reports whether a stack of this template can import what a stack
// of the other exports. It is false only where the names cannot be equal.
func (t TemplateFacts) MayImportFrom(exporter TemplateFacts) bool {
	if t.Opaque || exporter.Opaque {
		return true
	}
	return slices.ContainsFunc(t.Imports, func(name string) bool {
		return slices.ContainsFunc(exporter.Exports, func(exported string) bool { return patternsMeet(name, exported) })
	})
}

// patternsMeet reports whether some text matches both patterns, in which * stands
// for any text.
func patternsMeet(a, b string) bool {
	// reach[j]: a[:i] and b[:j] can spell the same text.
	reach := make([]bool, len(b)+1)
	reach[0] = true
	for j := 0; j < len(b); j++ {
		reach[j+1] = reach[j] && b[j] == '*'
	}
	for i := range len(a) {
		next := make([]bool, len(b)+1)
		next[0] = reach[0] && a[i] == '*'
		for j := range len(b) {
			switch {
			case a[i] == '*':
				next[j+1] = reach[j+1] || next[j] // the star is empty, or takes b[j] too
			case b[j] == '*':
				next[j+1] = next[j] || reach[j+1]
			default:
				next[j+1] = reach[j] && a[i] == b[j]
			}
		}
		reach = next
	}
	return reach[len(b)]
}
