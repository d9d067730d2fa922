package stacksets

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/setmend/setmend/awssim/internal/core"
)

// updateStackSetInput is the input of UpdateStackSet.
type updateStackSetInput struct {
	StackSetName          string `valid:"required"`
	Description           string `valid:"min=1,max=1024"`
	TemplateBody          string `valid:"min=1"`
	TemplateURL           string `valid:"min=1,max=5120"`
	UsePreviousTemplate   *bool
	Parameters            []Parameter
	Capabilities          []string `each:"enum=CAPABILITY_IAM|CAPABILITY_NAMED_IAM|CAPABILITY_AUTO_EXPAND"`
	Tags                  []Tag    `valid:"max=50"`
	OperationPreferences  *Preferences
	AdministrationRoleARN string `valid:"min=20,max=2048"`
	ExecutionRoleName     string `valid:"min=1,max=64,pattern=[a-zA-Z_0-9+=,.@-]+"`
	DeploymentTargets     *DeploymentTargets
	PermissionModel       string `valid:"enum=SERVICE_MANAGED|SELF_MANAGED"`
	AutoDeployment        *AutoDeployment
	OperationId           string   `valid:"min=1,max=128,pattern=[a-zA-Z0-9][-a-zA-Z0-9]*"`
	Accounts              []string `each:"pattern=[0-9]{12}"`
	Regions               []string `each:"pattern=[a-zA-Z0-9-]{1,128}"`
	As
	ManagedExecution *ManagedExecution
}

type operationOutput struct{ OperationId string }

// updateStackSet changes a stack set's definition, for good even if the operation
// fails, and deploys it: to the instances named, or to all.
func (s *Service) updateStackSet(c *core.Call, in *updateStackSetInput) (*operationOutput, error) {
	t, err := s.lookUpActive(c, in.As, in.StackSetName)
	if err != nil {
		return nil, err
	}
	if err := s.free(t, in.OperationPreferences); err != nil {
		return nil, err
	}
	next, err := s.revised(c, t, in)
	if err != nil {
		return nil, err
	}
	chosen, err := s.updateTargets(c, t, in)
	if err != nil {
		return nil, err
	}
	o := s.newOperation(t, actionUpdate, in.OperationId, in.OperationPreferences, in)
	o.echo = in.DeploymentTargets
	o.work = &deploy{}
	o.plan = func() []target {
		s.replace(t, next)
		return t.updatable(chosen)
	}
	return s.answer(o, s.accept(o))
}

// revised is a copy of the set with what an update changes of it.
func (s *Service) revised(c *core.Call, t *set, in *updateStackSetInput) (*set, error) {
	next := *t
	if in.PermissionModel != "" && in.PermissionModel != t.model {
		if t.instances.len() > 0 {
			return nil, core.Invalid("PermissionModel can not be changed while the StackSet has stack instances")
		}
		next.model = in.PermissionModel
		if next.serviceManaged() {
			if err := s.mayManage(c, in.As); err != nil {
				return nil, err
			}
		}
	}
	if in.Description != "" {
		next.description = in.Description
	}
	if err := s.reviseDefinition(c, t, &next, in); err != nil {
		return nil, err
	}
	if in.AutoDeployment != nil {
		if in.DeploymentTargets != nil || in.Regions != nil {
			return nil, core.Invalid("If you specify AutoDeployment, don't specify DeploymentTargets or Regions")
		}
		if err := s.setAutoDeployment(&next, in.AutoDeployment); err != nil {
			return nil, err
		}
	}
	return &next, s.reviseManaged(t, &next, in)
}

func (s *Service) reviseDefinition(c *core.Call, t, next *set, in *updateStackSetInput) error {
	template, err := s.updateTemplate(c, t, in)
	if err != nil {
		return err
	}
	parameters, capabilities := in.Parameters, in.Capabilities
	if s.options.OmittedParametersStay {
		parameters = s.withPrevious(t, template, parameters)
	}
	if s.options.CapabilitiesStay {
		capabilities = append(slices.Clone(capabilities), t.capabilities...)
	}
	if next.definition, err = s.define(next, template, parameters, s.effective(t.definition), capabilities); err != nil {
		return err
	}
	next.tags = t.tags
	if in.Tags != nil {
		if next.tags, err = tagMap(in.Tags); err != nil {
			return err
		}
	}
	return next.setRoles(s, in.AdministrationRoleARN, in.ExecutionRoleName)
}

// withPrevious adds the set's own values of parameters that a list does not name.
func (s *Service) withPrevious(t *set, template string, list []Parameter) []Parameter {
	declared, err := s.declared(template)
	if err != nil {
		return list // the template is refused in a moment
	}
	list = slices.Clone(list)
	for _, p := range parameterList(t.parameters) {
		named := slices.ContainsFunc(list, func(given Parameter) bool { return given.ParameterKey == p.ParameterKey })
		if declared[p.ParameterKey] && !named {
			list = append(list, p)
		}
	}
	return list
}

// updateTemplate gets the template of an update: exactly one source again, the
// previous template being one.
func (s *Service) updateTemplate(c *core.Call, t *set, in *updateStackSetInput) (string, error) {
	if in.UsePreviousTemplate == nil || !*in.UsePreviousTemplate {
		return s.template(c, in.TemplateBody, in.TemplateURL)
	}
	if in.TemplateBody != "" || in.TemplateURL != "" {
		return "", core.Invalid("Exactly one of TemplateBody, TemplateUrl or UsePreviousTemplate must be specified")
	}
	return t.template, nil
}

// effective are a definition's values with the template's defaults.
func (s *Service) effective(d definition) map[string]string {
	out := map[string]string{}
	if summary, err := s.stacks.Summary(d.template); err == nil {
		for _, p := range summary.Parameters {
			if p.Default != nil {
				out[p.Key] = *p.Default
			}
		}
	}
	for key, value := range d.parameters {
		out[key] = value
	}
	return out
}

// reviseManaged changes managed execution. It fails while operations run or wait,
// and for a request that gives a template or parameters besides, even if these are
// what the set has (seen: terraform-provider-aws#35031, rain#748).
func (s *Service) reviseManaged(t, next *set, in *updateStackSetInput) error {
	m := in.ManagedExecution
	if m == nil || m.Active == nil || *m.Active == t.managed {
		return nil
	}
	if in.TemplateBody != "" || in.TemplateURL != "" || len(in.Parameters) > 0 {
		return invalidOperation("Cannot update ManagedExecution while updating StackSet Template or Parameters")
	}
	if len(t.active) > 0 {
		return core.Errorf(http.StatusBadRequest, s.options.ToggleCode, "ManagedExecution can not be changed while operations are running or queued on StackSet %s", t.stackSetID())
	}
	next.managed = *m.Active
	return nil
}

// updateTargets are the instances that an update names, nil for all.
func (s *Service) updateTargets(c *core.Call, t *set, in *updateStackSetInput) ([]place, error) {
	if in.Accounts == nil && in.DeploymentTargets == nil && in.Regions == nil {
		return nil, nil
	}
	if in.Regions == nil || in.Accounts == nil && in.DeploymentTargets == nil {
		return nil, core.Invalid("Accounts and Regions must be specified together")
	}
	regions, err := s.regionList(in.Regions)
	if err != nil {
		return nil, err
	}
	chosen, err := s.choose(c, t, in.Accounts, in.DeploymentTargets, false)
	if err != nil {
		return nil, err
	}
	return t.existing(chosen, regions)
}

// replace puts a revised set into effect. Where stacks made of it would differ,
// every instance becomes outdated first.
func (s *Service) replace(t, next *set) {
	outdates := !t.definition.same(next.definition)
	if t.template != next.template && !s.options.KeepRemovedOverrides {
		s.dropRemovedOverrides(t, next.template)
	}
	t.description, t.definition, t.model = next.description, next.definition, next.model
	t.auto, t.managed, t.changed = next.auto, next.managed, true
	if !outdates {
		return
	}
	// Those that the update does not name stay PENDING, though nothing is pending
	// (seen: cloudformation-coverage-roadmap#1751).
	for _, i := range t.instances.all() {
		if i.status == current {
			i.status, i.reason = outdated, ""
			t.instances.setDetailed(i, pending)
		}
	}
}

// dropRemovedOverrides forgets overrides of parameters that a template has not.
func (s *Service) dropRemovedOverrides(t *set, template string) {
	declared, err := s.declared(template)
	if err != nil {
		return
	}
	for _, i := range t.instances.all() {
		i.overrides = i.overrides.only(declared)
	}
}

// updatable lists the targets of an update: the places chosen, or all. Either
// way INOPERABLE instances are left out.
func (t *set) updatable(chosen []place) []target {
	var out []target
	if chosen == nil {
		for _, i := range t.instances.all() {
			if i.status != inoperable {
				out = append(out, target{place: i.place, ou: i.ou, instance: i})
			}
		}
		return out
	}
	for _, p := range chosen {
		if i := t.instances.at[p]; i != nil && i.status != inoperable {
			out = append(out, target{place: p, ou: i.ou, instance: i})
		}
	}
	return out
}

// newOperation makes an operation of a request; a nil request cannot be repeated.
func (s *Service) newOperation(t *set, action, id string, prefs *Preferences, request any) *operation {
	o := &operation{set: t, id: id, action: action, prefs: prefs}
	if id == "" {
		o.id = s.world.UUID()
	}
	if s.options.IdempotentOperationIDs && request != nil {
		if text, err := json.Marshal(request); err == nil {
			o.request = action + string(text)
		}
	}
	return o
}

// answer gives the operation's id, also to a request that is repeated.
func (s *Service) answer(o *operation, err error) (*operationOutput, error) {
	if again, ok := err.(repeated); ok {
		return &operationOutput{again.operation.id}, nil
	}
	if err != nil {
		return nil, err
	}
	return &operationOutput{o.id}, nil
}

// free refuses early what could not run: AWS looks for a running operation
// before it looks at what the request is for.
func (s *Service) free(t *set, prefs *Preferences) error {
	if err := prefs.check(); err != nil {
		return err
	}
	if len(t.active) > 0 && !t.managed {
		return inProgress(t)
	}
	return nil
}
