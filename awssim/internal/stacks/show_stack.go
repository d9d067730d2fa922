package stacks

import (
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

type driftInformation struct {
	StackDriftStatus   string
	LastCheckTimestamp time.Time
}

type outputShape struct {
	OutputKey               string
	OutputValue             *string // an empty one is shown as such
	Description, ExportName string
}

type stackShape struct {
	StackId, StackName, Description, ChangeSetId string
	StackStatus, StackStatusReason               string
	Parameters                                   []Parameter
	Outputs                                      []outputShape
	Capabilities                                 []string
	Tags                                         []Tag
	NotificationARNs                             []string
	CreationTime, LastUpdatedTime, DeletionTime  time.Time
	TimeoutInMinutes                             *int32
	RoleARN                                      string
	DisableRollback                              bool
	EnableTerminationProtection                  *bool // absent of a deleted stack
	RetainExceptOnCreate                         *bool
	DeletionMode, ParentId, RootId               string
	RollbackConfiguration                        *RollbackConfiguration
	DeploymentConfig                             *DeploymentConfig
	DriftInformation                             *driftInformation
}

type describeStacksInput struct {
	StackName string `valid:"min=1"`
	NextToken string `valid:"min=1,max=1024"`
}

type describeStacksOutput struct {
	Stacks    []*stackShape
	NextToken string
}

func (e *Engine) describeStacks(c *core.Call, in *describeStacksInput) (*describeStacksOutput, error) {
	var all []*stack
	if in.StackName != "" {
		s, err := e.described(c, in.StackName)
		if err != nil {
			return nil, err
		}
		all = []*stack{s}
	} else {
		all = e.newestFirst(placeOf(c), func(s *stack) bool { return s.status != deleteComplete })
	}
	some, next, err := page(all, in.NextToken, pageSize)
	out := &describeStacksOutput{Stacks: []*stackShape{}, NextToken: next}
	for _, s := range some {
		out.Stacks = append(out.Stacks, e.shape(s))
	}
	return out, err
}

// newestFirst lists the stacks of a place that pass.
func (e *Engine) newestFirst(p place, pass func(*stack) bool) []*stack {
	var out []*stack
	for _, s := range slices.Backward(e.places[p]) {
		if pass(s) {
			out = append(out, s)
		}
	}
	return out
}

// shape spells a stack out. As AWS shows it, a stack has no reason in a state that
// needs none, and of a deleted one neither the protection nor the change set.
func (e *Engine) shape(s *stack) *stackShape {
	out := &stackShape{
		StackId: s.id, StackName: s.name, StackStatus: s.status, StackStatusReason: s.reason,
		CreationTime: s.created, LastUpdatedTime: s.updated, DeletionTime: s.deleted,
		NotificationARNs: []string{}, Tags: []Tag{},
		RollbackConfiguration: &RollbackConfiguration{}, DriftInformation: &driftInformation{},
	}
	out.DriftInformation.StackDriftStatus, out.DriftInformation.LastCheckTimestamp = s.driftStatus()
	if s.status != deleteComplete {
		out.EnableTerminationProtection = &s.protected
	}
	if m := s.more; m != nil {
		e.shapeMore(s, m, out)
	}
	if s.current == nil {
		return out
	}
	out.Description = s.current.template.Description
	out.Tags = append(out.Tags, s.current.tags...)
	out.Capabilities = slices.Clone(s.current.capabilities)
	if len(out.Capabilities) == 0 {
		out.Capabilities = nil
	}
	out.Parameters = e.shownParameters(s)
	for _, o := range e.outputsOf(s) {
		out.Outputs = append(out.Outputs, outputShape{o.Key, &o.Value, o.Description, o.Export})
	}
	return out
}

func (e *Engine) shapeMore(s *stack, m *more, out *stackShape) {
	out.RoleARN, out.DisableRollback, out.DeletionMode = m.role, m.keepFailed, m.deletionMode
	out.NotificationARNs = append(out.NotificationARNs, m.notify...)
	out.DeploymentConfig = m.config
	if m.rollback != nil {
		out.RollbackConfiguration = m.rollback
	}
	if m.timeout > 0 {
		out.TimeoutInMinutes = &m.timeout
	}
	if s.status != deleteComplete {
		out.ChangeSetId = m.executed
	}
	if m.retainNew {
		out.RetainExceptOnCreate = &m.retainNew
	}
	if m.parent != nil {
		out.ParentId, out.RootId = m.parent.id, m.parent.root().id
	}
}

// noEcho is what AWS shows instead of the value of a NoEcho parameter.
const noEcho = "****"

// shownParameters lists a stack's parameters as DescribeStacks shows them.
func (e *Engine) shownParameters(s *stack) []Parameter {
	return e.showParameters(s.current, func(name string) string {
		if s.more == nil {
			return ""
		}
		return s.more.resolved[ssmKey(name)]
	})
}

func (e *Engine) showParameters(d *deployment, resolve func(name string) string) []Parameter {
	var out []Parameter
	for _, p := range d.template.Parameters {
		shown := Parameter{ParameterKey: p.Key, ParameterValue: pointer(d.values[p.Key])}
		if p.NoEcho {
			shown.ParameterValue = pointer(noEcho)
		} else if isSSM(p) {
			shown.ResolvedValue = pointer(resolve(d.values[p.Key]))
		}
		out = append(out, shown)
	}
	return out
}

type stackSummary struct {
	StackId, StackName, TemplateDescription     string
	ParentId, RootId                            string
	CreationTime, LastUpdatedTime, DeletionTime time.Time
	StackStatus, StackStatusReason              string
	DriftInformation                            *driftInformation
}

type listStacksInput struct {
	StackStatusFilter []string
	NextToken         string `valid:"min=1,max=1024"`
}

type listStacksOutput struct {
	StackSummaries []*stackSummary
	NextToken      string
}

// remembered is how long a deleted stack is listed.
const remembered = 90 * 24 * time.Hour

func (e *Engine) listStacks(c *core.Call, in *listStacksInput) (*listStacksOutput, error) {
	for _, status := range in.StackStatusFilter {
		if !slices.Contains(statuses, status) {
			return nil, core.Invalid("1 validation error detected: Value '[%s]' at 'stackStatusFilter' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [%s]]",
				join(in.StackStatusFilter), strings.Join(statuses, ", "))
		}
	}
	all := e.newestFirst(placeOf(c), func(s *stack) bool {
		if len(in.StackStatusFilter) > 0 && !slices.Contains(in.StackStatusFilter, s.status) {
			return false
		}
		return s.status != deleteComplete || c.Now().Sub(s.deleted) < remembered
	})
	some, next, err := page(all, in.NextToken, pageSize)
	out := &listStacksOutput{StackSummaries: []*stackSummary{}, NextToken: next}
	for _, s := range some {
		out.StackSummaries = append(out.StackSummaries, s.summary())
	}
	return out, err
}

var statuses = []string{createInProgress, createFailed, createComplete, rollbackInProgress, rollbackFailed, rollbackComplete,
	deleteInProgress, deleteFailed, deleteComplete, updateInProgress, updateCleanup, updateComplete, updateFailed,
	updateRollbackInProgress, updateRollbackFailed, updateRollbackCleanup, updateRollbackComplete,
	reviewInProgress, "IMPORT_IN_PROGRESS", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_IN_PROGRESS", "IMPORT_ROLLBACK_FAILED", "IMPORT_ROLLBACK_COMPLETE"}

func (s *stack) summary() *stackSummary {
	out := &stackSummary{
		StackId: s.id, StackName: s.name, CreationTime: s.created, LastUpdatedTime: s.updated, DeletionTime: s.deleted,
		StackStatus: s.status, StackStatusReason: s.reason, DriftInformation: &driftInformation{},
	}
	out.DriftInformation.StackDriftStatus, out.DriftInformation.LastCheckTimestamp = s.driftStatus()
	if s.more != nil && s.more.parent != nil {
		out.ParentId, out.RootId = s.more.parent.id, s.more.parent.root().id
	}
	if s.current != nil {
		out.TemplateDescription = s.current.template.Description
	}
	return out
}
