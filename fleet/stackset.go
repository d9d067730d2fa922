package fleet

import "time"

// PermissionModel says who creates the roles a stack set deploys with.
type PermissionModel string

const (
	SelfManaged    PermissionModel = "SELF_MANAGED"
	ServiceManaged PermissionModel = "SERVICE_MANAGED"
)

// AutoDeployment is a service-managed stack set's reaction to accounts that
// join, leave or move.
type AutoDeployment struct {
	Enabled                      bool `json:"enabled"`
	RetainStacksOnAccountRemoval bool `json:"retainStacksOnAccountRemoval,omitempty"`
	// DependsOn names the stack sets (from their ARNs) whose automatic
	// deployments come first.
	DependsOn []StackSetName `json:"dependsOn,omitempty"`
	// Elsewhere are the ARNs of those that live in another region or account.
	Elsewhere []string `json:"elsewhere,omitempty"`
}

// Parameter is a template parameter's value. A masked value (NoEcho) reads as
// asterisks and cannot be restored from what AWS tells.
type Parameter struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	// UsePrevious asks AWS to keep the current value; Value is then empty.
	UsePrevious bool `json:"usePrevious,omitempty"`
}

// Masked reports whether the value is AWS's stand-in for a NoEcho parameter.
func (p Parameter) Masked() bool { return p.Value == "****" || p.Value == "*****" }

// DriftDetection is the outcome of a stack set's last completed drift
// detection, or the live counts of a running one.
type DriftDetection struct {
	Status    DriftStatus `json:"status,omitempty"`
	Detection string      `json:"detection,omitempty"` // COMPLETED, FAILED, PARTIAL_SUCCESS, IN_PROGRESS, STOPPED
	LastCheck time.Time   `json:"lastCheck,omitzero"`
	Total     int         `json:"total"`
	Drifted   int         `json:"drifted"`
	InSync    int         `json:"inSync"`
	Failed    int         `json:"failed"`
	Running   int         `json:"running"`
}

// StackSet is a stack set's definition as DescribeStackSet tells it.
type StackSet struct {
	Name            StackSetName      `json:"name"`
	ID              string            `json:"id"` // name:uuid
	ARN             string            `json:"arn"`
	Description     string            `json:"description,omitempty"`
	PermissionModel PermissionModel   `json:"permissionModel"`
	AutoDeployment  AutoDeployment    `json:"autoDeployment"`
	Managed         bool              `json:"managedExecution"`
	Tags            map[string]string `json:"tags,omitempty"`
	Parameters      []Parameter       `json:"parameters,omitempty"`
	// TemplateHash is the SHA-256 of the template text, in hex. The text itself
	// stays out of the fleet: a thousand stack sets would carry 50 MB of it.
	TemplateHash string `json:"templateHash"`
	// NoEcho names the template's parameters whose values AWS masks.
	NoEcho []string `json:"noEcho,omitempty"`
	// Exports and Imports tell whether the template exports outputs, and whether
	// it imports any (Fn::ImportValue): a stack that exports cannot be deleted
	// while another stack in its account and region imports from it.
	Exports bool `json:"exports,omitempty"`
	Imports bool `json:"imports,omitempty"`
	// Template is what the template says about deleting and creating its stacks.
	Template TemplateFacts `json:"template"`
	// Capabilities must be sent again by whoever updates the set.
	Capabilities          []string `json:"capabilities,omitempty"`
	AdministrationRoleARN string   `json:"administrationRoleArn,omitempty"`
	ExecutionRoleName     string   `json:"executionRoleName,omitempty"`
	OUs                   []OUID   `json:"ous,omitempty"` // service-managed: targeted OUs
	Regions               []Region `json:"regions,omitempty"`
	// DeployTargets are the OUs that automatic deployment serves with each OU's
	// regions, which may differ; nil if AWS does not tell.
	DeployTargets []DeployTarget `json:"deployTargets,omitempty"`
	Drift         DriftDetection `json:"drift"`
}

// DeployTarget is an OU and the regions that a stack set is deployed to in its
// accounts.
type DeployTarget struct {
	OU      OUID     `json:"ou"`
	Regions []Region `json:"regions"` // sorted
}

// InstanceStatus is a stack instance's own status.
type InstanceStatus string

const (
	InstanceCurrent    InstanceStatus = "CURRENT"
	InstanceOutdated   InstanceStatus = "OUTDATED"
	InstanceInoperable InstanceStatus = "INOPERABLE"
)

// DetailedStatus says how the last operation on the instance went.
type DetailedStatus string

const (
	DetailedPending      DetailedStatus = "PENDING"
	DetailedRunning      DetailedStatus = "RUNNING"
	DetailedSucceeded    DetailedStatus = "SUCCEEDED"
	DetailedFailed       DetailedStatus = "FAILED"
	DetailedCancelled    DetailedStatus = "CANCELLED"
	DetailedInoperable   DetailedStatus = "INOPERABLE"
	DetailedSkipped      DetailedStatus = "SKIPPED_SUSPENDED_ACCOUNT"
	DetailedFailedImport DetailedStatus = "FAILED_IMPORT"
)

// DriftStatus compares live resources with the stack's own template. It does
// not compare the stack's template with the stack set's.
type DriftStatus string

const (
	DriftDrifted    DriftStatus = "DRIFTED"
	DriftInSync     DriftStatus = "IN_SYNC"
	DriftNotChecked DriftStatus = "NOT_CHECKED"
	DriftUnknown    DriftStatus = "UNKNOWN"
)

// Instance is a stack instance. Lists of instances come without overrides: AWS
// tells those one instance at a time, so Overrides is nil until somebody asked.
type Instance struct {
	Target
	StackID        string         `json:"stackId,omitempty"` // "" if there is no stack
	OU             OUID           `json:"ou,omitempty"`
	Status         InstanceStatus `json:"status"`
	Detailed       DetailedStatus `json:"detailed"`
	Reason         string         `json:"reason,omitempty"`
	Drift          DriftStatus    `json:"drift"`
	LastDriftCheck time.Time      `json:"lastDriftCheck,omitzero"`
	LastOperation  string         `json:"lastOperation,omitempty"`
	// Divergence says how the stack's own template or parameters differ from its
	// stack set's, which AWS calls current and in sync; "" if they do not, as far
	// as is known. TemplateCheck is when that was looked at in the account.
	Divergence    string    `json:"divergence,omitempty"`
	TemplateCheck time.Time `json:"templateCheck,omitzero"`
	// Overrides is nil if not read, empty if read and there are none.
	Overrides []Parameter `json:"overrides,omitempty"`
}

// InstanceFilter narrows a list on AWS's side. The zero value lists all.
type InstanceFilter struct {
	Drift     DriftStatus
	Detailed  DetailedStatus
	Operation string // LAST_OPERATION_ID
	Account   AccountID
	Region    Region
}
