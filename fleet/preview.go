package fleet

// Update is what a member stack would be updated with, to see what that would change.
type Update struct {
	// Template is the new template's text, "" for the one that the stack has.
	Template string
	// Parameters are all parameters of the template.
	Parameters   []Parameter
	Capabilities []string
	// DriftAware compares with the live state, and puts back what has drifted. What
	// StackSets does is not: it compares with the stack's own template.
	DriftAware bool
}

// ChangePreview is what an update of a stack would change.
type ChangePreview struct {
	Changes []ResourceChange `json:"changes,omitempty"`
}

// ResourceChange is what would happen to one resource.
type ResourceChange struct {
	LogicalID    string `json:"logicalId"`
	ResourceType string `json:"resourceType"`
	Action       string `json:"action"`                // Add, Modify, Remove, Import, Dynamic, SyncWithActual
	Replacement  string `json:"replacement,omitempty"` // True, False, Conditional; "" where it is not known
	// Drift is how the resource has drifted, of a drift-aware change set.
	Drift      string           `json:"drift,omitempty"`
	Properties []PropertyChange `json:"properties,omitempty"`
	// Ignored are drifted attributes that are not put back, with AWS's reason.
	Ignored []string `json:"ignored,omitempty"`
}

// PropertyChange is how one property would change.
type PropertyChange struct {
	Path   string `json:"path"` // JSON pointer below Properties, such as /MemorySize
	Kind   string `json:"kind"` // Add, Remove, Modify, SyncWithActual
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Recreates is Never, Conditionally or Always; "" where it is not known.
	Recreates string `json:"recreates,omitempty"`
	// Drifted is set if the live value is not the previous template's; Previous and
	// Actual are the two then.
	Drifted  bool   `json:"drifted,omitempty"`
	Previous string `json:"previous,omitempty"`
	Actual   string `json:"actual,omitempty"`
}
