package stacksets

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Tag is the Tag structure of the API.
//
// AWS's tags hold letters, digits, spaces and _.:/=+-@, and so no comma. The model
// states the lengths only; the pattern is that of the tagging services.
type Tag struct {
	Key   string `valid:"required,min=1,max=128,pattern=[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*"`
	Value string `valid:"required,min=1,max=256,pattern=[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*"`
}

// AutoDeployment is the structure of that name of the API.
type AutoDeployment struct {
	Enabled                      *bool
	RetainStacksOnAccountRemoval *bool
	DependsOn                    []string
}

// ManagedExecution is the structure of that name of the API.
type ManagedExecution struct{ Active *bool }

// DriftDetails is the StackSetDriftDetectionDetails structure of the API.
type DriftDetails struct {
	DriftStatus                   string
	DriftDetectionStatus          string
	LastDriftCheckTimestamp       time.Time
	TotalStackInstancesCount      int
	DriftedStackInstancesCount    int
	InSyncStackInstancesCount     int
	InProgressStackInstancesCount int
	FailedStackInstancesCount     int
}

func (d driftSummary) details() *DriftDetails {
	status := d.status
	if status == "" {
		status = notChecked
	}
	return &DriftDetails{
		DriftStatus:                   status,
		DriftDetectionStatus:          d.detection,
		LastDriftCheckTimestamp:       d.checked,
		TotalStackInstancesCount:      d.total,
		DriftedStackInstancesCount:    d.drifted,
		InSyncStackInstancesCount:     d.inSync,
		InProgressStackInstancesCount: d.inProgress(),
		FailedStackInstancesCount:     d.failed,
	}
}

// StackSet is the structure of that name of the API.
type StackSet struct {
	StackSetName                  string
	StackSetId                    string
	Description                   string
	Status                        string
	TemplateBody                  string
	Parameters                    []Parameter
	Capabilities                  []string
	Tags                          []Tag
	StackSetARN                   string
	AdministrationRoleARN         string
	ExecutionRoleName             string
	StackSetDriftDetectionDetails *DriftDetails
	AutoDeployment                *AutoDeployment
	PermissionModel               string
	OrganizationalUnitIds         []string
	ManagedExecution              *ManagedExecution
	Regions                       []string
}

func (s *Service) describe(t *set) *StackSet {
	out := &StackSet{
		StackSetName:                  t.name,
		StackSetId:                    t.stackSetID(),
		Description:                   t.description,
		Status:                        t.status(),
		TemplateBody:                  t.template,
		Parameters:                    s.parameterShapes(t.definition),
		Capabilities:                  listOf(t.capabilities),
		Tags:                          tagShapes(t.tags),
		StackSetARN:                   t.arn(),
		StackSetDriftDetectionDetails: t.drift.details(),
		AutoDeployment:                t.autoShape(),
		PermissionModel:               t.model,
		OrganizationalUnitIds:         listOf(t.ous()),
		ManagedExecution:              t.managedShape(),
		Regions:                       listOf(slices.Sorted(maps.Keys(t.instances.regions))),
	}
	out.AdministrationRoleARN, out.ExecutionRoleName = s.rolesOf(t, t.definition)
	return out
}

func (t *set) status() string {
	if t.deleted {
		return "DELETED"
	}
	return "ACTIVE"
}

// autoShape is shown for service-managed sets only.
func (t *set) autoShape() *AutoDeployment {
	if !t.serviceManaged() {
		return nil
	}
	out := &AutoDeployment{Enabled: &t.auto.enabled, DependsOn: t.auto.dependsOn}
	if t.auto.enabled {
		out.RetainStacksOnAccountRemoval = &t.auto.retain
	}
	return out
}

func (t *set) managedShape() *ManagedExecution { return &ManagedExecution{Active: &t.managed} }

// parameterShapes lists every parameter of the template that has a value. Values
// of NoEcho parameters are never shown.
func (s *Service) parameterShapes(d definition) []Parameter {
	out := []Parameter{}
	summary, err := s.stacks.Summary(d.template)
	if err != nil {
		return out
	}
	for _, p := range summary.Parameters {
		value, given := d.parameters[p.Key]
		if !given && p.Default != nil {
			value, given = *p.Default, true
		}
		if p.NoEcho {
			value = "****"
		}
		if given {
			out = append(out, Parameter{ParameterKey: p.Key, ParameterValue: &value})
		}
	}
	return out
}

func tagShapes(tags map[string]string) []Tag {
	out := []Tag{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, Tag{key, tags[key]})
	}
	return out
}

// tagMap refuses keys that AWS reserves.
func tagMap(tags []Tag) (map[string]string, error) {
	out := make(map[string]string, len(tags))
	for _, tag := range tags {
		if strings.HasPrefix(strings.ToLower(tag.Key), "aws:") {
			return nil, core.Invalid("aws: prefixed tag key names are not allowed for external use.")
		}
		out[strings.Clone(tag.Key)] = strings.Clone(tag.Value)
	}
	return out, nil
}

// listOf is a list that is sent even if empty.
func listOf(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// StackSetSummary is the structure of that name of the API.
type StackSetSummary struct {
	StackSetName            string
	StackSetId              string
	Description             string
	Status                  string
	AutoDeployment          *AutoDeployment
	PermissionModel         string
	DriftStatus             string
	LastDriftCheckTimestamp time.Time
	ManagedExecution        *ManagedExecution
}

func (t *set) summary() StackSetSummary {
	return StackSetSummary{
		StackSetName:            t.name,
		StackSetId:              t.stackSetID(),
		Description:             t.description,
		Status:                  t.status(),
		AutoDeployment:          t.autoShape(),
		PermissionModel:         t.model,
		DriftStatus:             t.drift.details().DriftStatus,
		LastDriftCheckTimestamp: t.drift.checked,
		ManagedExecution:        t.managedShape(),
	}
}

// DetailedStatus is the StackInstanceComprehensiveStatus structure of the API.
type DetailedStatus struct{ DetailedStatus string }

// StackInstanceSummary is the structure of that name of the API.
type StackInstanceSummary struct {
	StackSetId              string
	Region                  string
	Account                 string
	StackId                 string
	Status                  string
	StatusReason            string
	StackInstanceStatus     *DetailedStatus
	OrganizationalUnitId    *string // an empty text for self-managed instances, not absent
	DriftStatus             string
	LastDriftCheckTimestamp time.Time
	LastOperationId         string
}

// StackInstance is the structure of that name of the API.
type StackInstance struct {
	StackInstanceSummary
	ParameterOverrides []Parameter
}

func (t *set) instanceSummary(i *instance) StackInstanceSummary {
	out := StackInstanceSummary{
		StackSetId:              t.stackSetID(),
		Region:                  i.region,
		Account:                 i.account,
		StackId:                 i.stackID,
		Status:                  i.status,
		StatusReason:            i.reason,
		StackInstanceStatus:     &DetailedStatus{i.detailed},
		OrganizationalUnitId:    &i.ou,
		DriftStatus:             i.drift,
		LastDriftCheckTimestamp: i.checked,
	}
	if i.operation != nil {
		out.LastOperationId = i.operation.id
	}
	return out
}

// overrideShapes lists an instance's overrides by key; NoEcho values are hidden.
func (s *Service) overrideShapes(d definition, o overrides) []Parameter {
	hidden := map[string]bool{}
	if summary, err := s.stacks.Summary(d.template); err == nil {
		for _, p := range summary.Parameters {
			hidden[p.Key] = p.NoEcho
		}
	}
	out := []Parameter{}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		value := o[key]
		if hidden[key] {
			value = "****"
		}
		out = append(out, Parameter{ParameterKey: key, ParameterValue: &value})
	}
	return out
}

// StatusDetails is the StackSetOperationStatusDetails structure of the API.
type StatusDetails struct{ FailedStackInstancesCount int }

// OperationSummary is the StackSetOperationSummary structure of the API.
type OperationSummary struct {
	OperationId          string
	Action               string
	Status               string
	CreationTimestamp    time.Time
	EndTimestamp         time.Time
	StatusReason         string
	StatusDetails        *StatusDetails
	OperationPreferences *Preferences
}

// Operation is the StackSetOperation structure of the API.
type Operation struct {
	OperationSummary
	StackSetId                    string
	RetainStacks                  *bool
	AdministrationRoleARN         string
	ExecutionRoleName             string
	DeploymentTargets             *DeploymentTargets
	StackSetDriftDetectionDetails *DriftDetails
}

func (o *operation) summary() OperationSummary {
	return OperationSummary{
		OperationId:          o.id,
		Action:               o.action,
		Status:               o.status,
		CreationTimestamp:    o.created,
		EndTimestamp:         o.ended,
		StatusReason:         o.reason,
		StatusDetails:        &StatusDetails{o.failures},
		OperationPreferences: o.prefs.echo(),
	}
}

func (s *Service) describeShape(o *operation) *Operation {
	out := &Operation{
		OperationSummary:  o.summary(),
		StackSetId:        o.set.stackSetID(),
		RetainStacks:      o.retain,
		DeploymentTargets: o.echo,
	}
	roles := o.roles
	if roles.execution == "" { // it has not started
		roles = o.set.definition
	}
	out.AdministrationRoleARN, out.ExecutionRoleName = s.rolesOf(o.set, roles)
	if o.action == actionDrift {
		out.StackSetDriftDetectionDetails = s.driftDetails(o)
	}
	return out
}

// driftDetails are an operation's live counts.
func (s *Service) driftDetails(o *operation) *DriftDetails {
	d := o.drift.details()
	if !s.options.DriftStatusOnOperation {
		d.DriftDetectionStatus = ""
	} else if !o.finished() {
		d.DriftDetectionStatus = "IN_PROGRESS"
	}
	return d
}

// AccountGateResult is the structure of that name of the API.
type AccountGateResult struct{ Status, StatusReason string }

// ResultSummary is the StackSetOperationResultSummary structure of the API.
type ResultSummary struct {
	Account              string
	Region               string
	Status               string
	StatusReason         string
	AccountGateResult    *AccountGateResult
	OrganizationalUnitId *string
}

func (r *result) summary(partition string) ResultSummary {
	out := ResultSummary{
		Account:              r.account,
		Region:               r.region,
		Status:               r.status,
		StatusReason:         r.reason,
		OrganizationalUnitId: &r.ou,
	}
	if r.gate.status != "" {
		out.AccountGateResult = &AccountGateResult{r.gate.status, r.gateReason(partition)}
	}
	return out
}
