package stacksets

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// createStackSetInput is the input of CreateStackSet.
type createStackSetInput struct {
	StackSetName          string `valid:"required,min=1,max=128,pattern=[a-zA-Z][-a-zA-Z0-9]*"`
	Description           string `valid:"min=1,max=1024"`
	TemplateBody          string `valid:"min=1"`
	TemplateURL           string `valid:"min=1,max=5120"`
	StackId               string
	Parameters            []Parameter
	Capabilities          []string `each:"enum=CAPABILITY_IAM|CAPABILITY_NAMED_IAM|CAPABILITY_AUTO_EXPAND"`
	Tags                  []Tag    `valid:"max=50"`
	AdministrationRoleARN string   `valid:"min=20,max=2048"`
	ExecutionRoleName     string   `valid:"min=1,max=64,pattern=[a-zA-Z_0-9+=,.@-]+"`
	PermissionModel       string   `valid:"enum=SERVICE_MANAGED|SELF_MANAGED"`
	AutoDeployment        *AutoDeployment
	As
	ClientRequestToken string `valid:"min=1,max=128,pattern=[a-zA-Z0-9][-a-zA-Z0-9]*"`
	ManagedExecution   *ManagedExecution
}

type createStackSetOutput struct{ StackSetId string }

func (s *Service) createStackSet(c *core.Call, in *createStackSetInput) (*createStackSetOutput, error) {
	h, err := s.homeOf(c, in.As)
	if err != nil {
		return nil, err
	}
	if in.PermissionModel == serviceManaged {
		if err := s.mayManage(c, in.As); err != nil {
			return nil, err
		}
	} else if in.CallAs == callAsDelegate {
		return nil, core.Invalid("Delegated administrators can only create StackSets with SERVICE_MANAGED permission model")
	}
	if old := s.taken(h, in.StackSetName); old != nil {
		return s.createdBefore(old, in.ClientRequestToken)
	}
	template, err := s.templateFor(c, in)
	if err != nil {
		return nil, err
	}
	t, err := s.newSet(h, template, in)
	if err != nil {
		return nil, err
	}
	if len(s.shelf(h).active) >= s.options.MaxSets {
		return nil, limitExceeded("The limit of %d StackSets has been reached", s.options.MaxSets)
	}
	s.put(t)
	return &createStackSetOutput{t.stackSetID()}, nil
}

// createdBefore answers a second CreateStackSet of a name: the same request again
// is answered with the same id.
func (s *Service) createdBefore(old *set, token string) (*createStackSetOutput, error) {
	switch {
	case token == "" || token != old.token || old.deleted || s.options.RefuseRepeatedCreate:
		return nil, core.Errorf(http.StatusConflict, "NameAlreadyExistsException", "StackSet %s already exists", old.name)
	case old.changed:
		return nil, core.Errorf(http.StatusConflict, "CreatedButModifiedException", "StackSet %s was modified after it was created", old.name)
	}
	return &createStackSetOutput{old.stackSetID()}, nil
}

// taken is the set that has a name, perhaps a deleted one.
func (s *Service) taken(h home, name string) *set {
	if t := s.shelf(h).active[name]; t != nil || !s.options.DeletedNamesStayTaken {
		return t
	}
	for _, t := range s.shelf(h).sets {
		if t.name == name {
			return t
		}
	}
	return nil
}

// newSet makes a set of a template and a request, after every check.
func (s *Service) newSet(h home, template string, in *createStackSetInput) (*set, error) {
	t := &set{
		home:        h,
		partition:   s.world.Options.Partition,
		name:        strings.Clone(in.StackSetName),
		uuid:        s.world.UUID(),
		description: in.Description,
		model:       selfManaged,
		token:       in.ClientRequestToken,
		targets:     map[string]map[string]bool{},
		byID:        map[string]*operation{},
		instances:   newTable(),
	}
	if in.PermissionModel != "" {
		t.model = in.PermissionModel
	}
	var err error
	t.definition, err = s.define(t, template, in.Parameters, nil, in.Capabilities)
	if err != nil {
		return nil, err
	}
	if t.tags, err = tagMap(in.Tags); err != nil {
		return nil, err
	}
	if err := t.setRoles(s, in.AdministrationRoleARN, in.ExecutionRoleName); err != nil {
		return nil, err
	}
	if err := s.setAutoDeployment(t, in.AutoDeployment); err != nil {
		return nil, err
	}
	t.managed = in.ManagedExecution != nil && in.ManagedExecution.Active != nil && *in.ManagedExecution.Active
	return t, nil
}

func (s *Service) put(t *set) {
	h := s.shelf(t.home)
	h.sets = append(h.sets, t)
	h.active[t.name] = t
	h.ids[t.stackSetID()] = t
	s.arns[t.arn()] = t
}

// templateFor gets the text that a new set is made from: given, fetched, or that
// of the stack that is to be imported.
func (s *Service) templateFor(c *core.Call, in *createStackSetInput) (string, error) {
	if in.StackId != "" && in.TemplateBody == "" && in.TemplateURL == "" {
		stack, ok := s.stacks.Stack(in.StackId)
		if !ok {
			return "", core.Errorf(http.StatusNotFound, "StackNotFoundException", "Stack %s not found", in.StackId)
		}
		return stack.Template, nil
	}
	return s.template(c, in.TemplateBody, in.TemplateURL)
}

// largestTemplate are the limits of a template in a request and in S3, in bytes.
const (
	largestTemplateBody = 51_200
	largestTemplateURL  = 1 << 20
)

// template gets a template's text; exactly one source must be given.
func (s *Service) template(c *core.Call, body, url string) (string, error) {
	if (body == "") == (url == "") {
		return "", core.Invalid("Exactly one of TemplateBody or TemplateUrl must be specified")
	}
	if body != "" {
		if len(body) > largestTemplateBody {
			return "", core.Invalid("1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to %d", largestTemplateBody)
		}
		return strings.Clone(body), nil
	}
	text, err := s.fetch(c, url)
	if err == nil && len(text) > largestTemplateURL {
		err = core.Invalid("Template may not exceed %d bytes in size.", largestTemplateURL)
	}
	return text, err
}

// define checks a template with its parameters and makes a definition of them.
// previous are the values that UsePreviousValue means, nil for a new set.
func (s *Service) define(t *set, template string, parameters []Parameter, previous map[string]string, capabilities []string) (definition, error) {
	d := definition{template: template, capabilities: slices.Clone(capabilities)}
	summary, err := s.stacks.Summary(template)
	if err != nil {
		return d, err
	}
	if t.serviceManaged() && (summary.Nested || summary.Transforms) {
		return d, core.Invalid("StackSets with SERVICE_MANAGED permission model do not support templates with nested stacks, macros or transforms")
	}
	if missing := lacking(summary.Capabilities, capabilities); len(missing) > 0 {
		return d, core.Errorf(http.StatusBadRequest, "InsufficientCapabilitiesException", "Requires capabilities : %s", bracketed(missing))
	}
	if err := checkPrevious(parameters); err != nil {
		return d, err
	}
	if err := s.knownParameters(template, parameters); err != nil {
		return d, err
	}
	if d.parameters, err = given(parameters, previous); err != nil {
		return d, err
	}
	return d, s.stacks.CheckParameters(template, d.parameters)
}

// given are the values of a request's parameters.
func given(list []Parameter, previous map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for _, p := range list {
		switch {
		case p.ParameterValue != nil:
			out[strings.Clone(p.ParameterKey)] = strings.Clone(*p.ParameterValue)
		case p.usesPrevious() && previous == nil:
			return nil, core.Invalid("Invalid input for parameter key %s. Cannot specify usePreviousValue as true for a parameter key not in the previous template", p.ParameterKey)
		case p.usesPrevious():
			if value, had := previous[p.ParameterKey]; had {
				out[strings.Clone(p.ParameterKey)] = value
			}
		}
	}
	return out, nil
}

// lacking lists the capabilities that a template needs and a request lacks.
// CAPABILITY_NAMED_IAM includes CAPABILITY_IAM.
func lacking(needed, granted []string) []string {
	var missing []string
	for _, capability := range needed {
		if slices.Contains(granted, capability) ||
			capability == "CAPABILITY_IAM" && slices.Contains(granted, "CAPABILITY_NAMED_IAM") {
			continue
		}
		missing = append(missing, capability)
	}
	return missing
}

func bracketed(list []string) string { return "[" + strings.Join(list, ", ") + "]" }

// setRoles sets the roles of a self-managed set. One that a request leaves out is
// AWS's default again, also in an update.
func (t *set) setRoles(s *Service, administration, execution string) error {
	if t.serviceManaged() {
		if administration != "" || execution != "" {
			return core.Invalid("AdministrationRoleARN and ExecutionRoleName can not be specified for StackSets with SERVICE_MANAGED permission model")
		}
		return nil
	}
	t.administration, t.execution = administration, execution
	if administration == "" {
		t.administration = fmt.Sprintf("arn:%s:iam::%s:role/%s", s.world.Options.Partition, t.account, administrationRole)
	}
	if execution == "" {
		t.execution = executionRole
	}
	return nil
}
