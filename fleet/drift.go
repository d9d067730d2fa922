package fleet

import "time"

// ResourceDriftStatus is one resource's drift.
type ResourceDriftStatus string

const (
	ResourceInSync     ResourceDriftStatus = "IN_SYNC"
	ResourceModified   ResourceDriftStatus = "MODIFIED"
	ResourceDeleted    ResourceDriftStatus = "DELETED"
	ResourceNotChecked ResourceDriftStatus = "NOT_CHECKED"
)

// PropertyDifference is one property that differs from the template.
type PropertyDifference struct {
	Path     string `json:"path"` // JSON pointer, such as /Policies/0/Name
	Expected string `json:"expected"`
	Actual   string `json:"actual"`
	Type     string `json:"type"` // ADD, REMOVE, NOT_EQUAL
}

// ResourceDrift is how one resource of an instance differs from its template.
type ResourceDrift struct {
	LogicalID    string               `json:"logicalId"`
	PhysicalID   string               `json:"physicalId,omitempty"`
	ResourceType string               `json:"resourceType"`
	Status       ResourceDriftStatus  `json:"status"`
	Differences  []PropertyDifference `json:"differences,omitempty"`
	Checked      time.Time            `json:"checked,omitzero"`
}
