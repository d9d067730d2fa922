package stacks

import (
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/resource"
)

type changeShape struct {
	Type           string
	ResourceChange *resourceChangeShape
}

type resourceChangeShape struct {
	PolicyAction, Action                                   string
	LogicalResourceId, PhysicalResourceId, ResourceType    string
	Replacement, ChangeSetId                               string
	Scope                                                  []string
	ResourceDriftStatus                                    string
	ResourceDriftIgnoredAttributes                         []*ignoredShape
	Details                                                []*changeDetail
	BeforeContext, AfterContext, PreviousDeploymentContext string
}

type ignoredShape struct{ Path, Reason string }

type changeDetail struct {
	Target                                  *changeTarget
	Evaluation, ChangeSource, CausingEntity string
}

type changeTarget struct {
	Attribute, Name, RequiresRecreation string
	Path                                string
	BeforeValue, AfterValue             *string
	BeforeValueFrom, AfterValueFrom     string
	Drift                               *liveDrift
	AttributeChangeType                 string
}

type liveDrift struct {
	PreviousValue, ActualValue string
	DriftDetectionTimestamp    time.Time
}

type describeChangeSetInput struct {
	ChangeSetName         string `valid:"required,min=1,max=1600"`
	StackName             string
	NextToken             string `valid:"min=1,max=1024"`
	IncludePropertyValues *bool
}

type describeChangeSetOutput struct {
	ChangeSetName, ChangeSetId, StackId, StackName string
	Description                                    string
	Parameters                                     []Parameter
	CreationTime                                   time.Time
	ExecutionStatus, Status, StatusReason          string
	StackDriftStatus                               string
	NotificationARNs                               []string
	RollbackConfiguration                          *RollbackConfiguration
	DeploymentConfig                               *DeploymentConfig
	ParentChangeSetId, RootChangeSetId             string
	ImportExistingResources                        *bool
	Capabilities                                   []string
	Tags                                           []Tag
	Changes                                        []*changeShape
	NextToken                                      string
	IncludeNestedStacks                            bool
	OnStackFailure                                 string
	DeploymentMode                                 string
}

func (e *Engine) describeChangeSet(c *core.Call, in *describeChangeSetInput) (*describeChangeSetOutput, error) {
	set, err := e.changeSetFor(c, in.StackName, in.ChangeSetName)
	if err != nil {
		return nil, err
	}
	some, next, err := page(e.showChanges(set, yes(in.IncludePropertyValues)), in.NextToken, pageSize)
	if err != nil {
		return nil, err
	}
	out := e.describeHead(set)
	out.NextToken = next
	for _, one := range some {
		out.Changes = append(out.Changes, &changeShape{"Resource", one})
	}
	return out, nil
}

// showChanges spells all changes of a change set out.
func (e *Engine) showChanges(set *changeSet, values bool) []*resourceChangeShape {
	out := []*resourceChangeShape{}
	if set.revert {
		shower := changeShower{engine: e, set: set, values: values}
		for i := range set.changes {
			out = append(out, shower.show(&set.changes[i]))
		}
		return out
	}
	for _, one := range set.told {
		if shape := e.showTold(&one, values); shape != nil {
			if child := set.children[shape.LogicalResourceId]; child != nil {
				shape.ChangeSetId = child.id
			}
			out = append(out, shape)
		}
	}
	return out
}

func (e *Engine) describeHead(set *changeSet) *describeChangeSetOutput {
	out := &describeChangeSetOutput{
		ChangeSetName: set.name, ChangeSetId: set.id, StackId: set.stack.id, StackName: set.stack.name, Description: set.description,
		CreationTime: set.created, ExecutionStatus: set.execution, Status: set.status, StatusReason: set.reason,
		NotificationARNs: append([]string{}, set.settings.NotificationARNs...), RollbackConfiguration: &RollbackConfiguration{},
		Capabilities: append([]string{}, set.deployment.capabilities...), Tags: set.deployment.tags,
		Changes: []*changeShape{}, OnStackFailure: set.onFailure, IncludeNestedStacks: set.nested,
		ImportExistingResources: set.importExisting, DeploymentConfig: set.settings.DeploymentConfig,
		Parameters: e.showParameters(set.deployment, func(name string) string {
			value, _ := e.parameter(set.stack.place, name)
			return value
		}),
	}
	if len(out.Tags) == 0 {
		out.Tags = nil
	}
	if set.settings.RollbackConfiguration != nil {
		out.RollbackConfiguration = set.settings.RollbackConfiguration
	}
	if set.parent != nil {
		out.ParentChangeSetId, out.RootChangeSetId = set.parent.id, set.parent.root().id
	}
	if set.revert {
		out.DeploymentMode = "REVERT_DRIFT"
		out.StackDriftStatus = "IN_SYNC"
		if slices.ContainsFunc(set.changes, func(c change) bool { return c.drift == "MODIFIED" || c.drift == "DELETED" }) {
			out.StackDriftStatus = "DRIFTED"
		}
	}
	return out
}

// changeShower spells the changes of a drift-aware change set out; values tells
// whether with property values.
type changeShower struct {
	engine *Engine
	set    *changeSet
	values bool
}

func (w *changeShower) show(c *change) *resourceChangeShape {
	out := &resourceChangeShape{
		Action: string(c.action), LogicalResourceId: c.resource.LogicalID, PhysicalResourceId: c.oldID,
		ResourceType: c.resource.Type, Scope: []string{}, Details: []*changeDetail{}, ResourceDriftStatus: c.drift,
	}
	if c.drift == "" && c.before != nil {
		out.ResourceDriftStatus = "UNSUPPORTED"
	}
	for _, one := range c.ignored {
		out.ResourceDriftIgnoredAttributes = append(out.ResourceDriftIgnoredAttributes, &ignoredShape{one.path, one.reason})
	}
	switch c.action {
	case modify, sync:
		w.modification(c, out)
	case remove:
		out.PolicyAction = policyAction(c.resource.DeletionPolicy)
	}
	if w.values {
		w.contexts(c, out)
	}
	return out
}

func (w *changeShower) modification(c *change, out *resourceChangeShape) {
	out.Replacement = "False"
	if c.replace {
		out.Replacement = "True"
		out.PolicyAction = "ReplaceAnd" + policyAction(c.resource.UpdateReplacePolicy)
	}
	for _, p := range c.properties {
		out.Scope = []string{"Properties"}
		out.Details = append(out.Details, w.details(c, &p)...)
	}
}

func policyAction(policy string) string {
	switch policy {
	case "Retain", "RetainExceptOnCreate":
		return "Retain"
	case "Snapshot":
		return "Snapshot"
	}
	return "Delete"
}

// details tells what changes of a property, by its parts if values are wanted.
func (w *changeShower) details(c *change, p *propertyChange) []*changeDetail {
	base := changeTarget{Attribute: "Properties", Name: p.name, RequiresRecreation: "Never"}
	if p.recreates {
		base.RequiresRecreation = "Always"
	}
	because := w.cause(c, p)
	if p.sync {
		because = cause{source: "NoModification"}
		base.AttributeChangeType = "SyncWithActual"
	}
	if !w.values {
		return []*changeDetail{because.detail(&base)}
	}
	var out []*changeDetail
	for _, one := range w.parts(c, p) {
		target := base
		target.Path = "/Properties" + one.Path
		w.fillTarget(c, p, one, &target)
		if c.secret[p.name] {
			target.hide()
		}
		out = append(out, because.detail(&target))
	}
	return out
}

// parts are the differences between what is before and what is desired.
func (w *changeShower) parts(c *change, p *propertyChange) []resource.Difference {
	from, had := p.before, p.hadBefore
	if c.drift != "" && !p.sync {
		from, had = p.actual, p.inLive
	}
	left, right := map[string]any{}, map[string]any{}
	if had {
		left[p.name] = from
	}
	if p.hasAfter {
		right[p.name] = p.after
	}
	if len(left) == 0 {
		return []resource.Difference{{Path: "/" + p.name, Actual: resource.Render(p.after), Expected: "null", Type: "ADD"}}
	}
	if found := (&resource.Type{}).Diff(nil, left, right); len(found) > 0 {
		return found
	}
	return []resource.Difference{{Path: "/" + p.name, Expected: resource.Render(from), Actual: resource.Render(p.after), Type: "NOT_EQUAL"}}
}

// fillTarget tells the values before and after, and of drift-aware change sets
// where they come from.
func (w *changeShower) fillTarget(c *change, p *propertyChange, d resource.Difference, target *changeTarget) {
	if d.Type != "ADD" {
		target.BeforeValue = pointer(d.Expected)
	}
	if d.Type != "REMOVE" {
		target.AfterValue = pointer(d.Actual)
	}
	if target.AttributeChangeType == "" {
		target.AttributeChangeType = map[string]string{"ADD": "Add", "REMOVE": "Remove", "NOT_EQUAL": "Modify"}[d.Type]
	}
	target.BeforeValueFrom, target.AfterValueFrom = "PREVIOUS_DEPLOYMENT_STATE", "TEMPLATE"
	if c.drift == "" {
		return
	}
	if !p.sync {
		target.BeforeValueFrom = "ACTUAL_STATE"
	}
	if p.drifted {
		at := strings.TrimPrefix(target.Path, "/Properties")
		target.Drift = &liveDrift{valueAt(c.before, at), valueAt(c.live, at), w.set.created}
	}
}

// hide replaces the values of a secret property.
func (t *changeTarget) hide() {
	for _, v := range []**string{&t.BeforeValue, &t.AfterValue} {
		if *v != nil {
			*v = pointer(noEcho)
		}
	}
	if t.Drift != nil {
		t.Drift.PreviousValue, t.Drift.ActualValue = noEcho, noEcho
	}
}

// valueAt renders what is at a pointer, "null" if nothing.
func valueAt(document map[string]any, at string) string {
	v, err := resource.Get(document, at)
	if err != nil {
		return "null"
	}
	return resource.Render(v)
}

// contexts adds the whole properties before, after and as previously deployed.
func (w *changeShower) contexts(c *change, out *resourceChangeShape) {
	wrap := func(p map[string]any) string {
		if p == nil {
			return ""
		}
		return resource.JSON(map[string]any{"Properties": withoutSecrets(p, c.secret)})
	}
	out.BeforeContext = wrap(c.before)
	if c.drift != "" {
		out.BeforeContext = wrap(c.live)
		out.PreviousDeploymentContext = wrap(c.before)
	}
	if c.action != remove {
		out.AfterContext = wrap(c.after)
	}
}

type listChangeSetsInput struct {
	StackName string `valid:"required,min=1"`
	NextToken string `valid:"min=1,max=1024"`
}

type changeSetSummary struct {
	StackId, StackName, ChangeSetId, ChangeSetName string
	ExecutionStatus, Status, StatusReason          string
	CreationTime                                   time.Time
	Description                                    string
	IncludeNestedStacks                            bool
}

type listChangeSetsOutput struct {
	Summaries []*changeSetSummary
	NextToken string
}

func (e *Engine) listChangeSets(c *core.Call, in *listChangeSetsInput) (*listChangeSetsOutput, error) {
	s, err := e.existing(c, in.StackName)
	if err != nil {
		return nil, err
	}
	all := []*changeSetSummary{}
	if s.more != nil {
		for _, set := range s.more.sets {
			all = append(all, &changeSetSummary{s.id, s.name, set.id, set.name, set.execution, set.status, set.reason, set.created, set.description, set.nested})
		}
	}
	some, next, err := page(all, in.NextToken, pageSize)
	return &listChangeSetsOutput{some, next}, err
}
