package stacks

import (
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/resource"
	"github.com/setmend/setmend/awssim/internal/template"
)

type getTemplateInput struct {
	StackName     string
	ChangeSetName string
	TemplateStage string `valid:"enum=Original|Processed"`
}

type getTemplateOutput struct {
	TemplateBody    string
	StagesAvailable []string
}

func (e *Engine) getTemplate(c *core.Call, in *getTemplateInput) (*getTemplateOutput, error) {
	stages := []string{"Original", "Processed"}
	if in.ChangeSetName != "" {
		set, err := e.changeSetFor(c, in.StackName, in.ChangeSetName)
		if err != nil {
			return nil, err
		}
		return &getTemplateOutput{bodyOf(set.deployment, in.TemplateStage), stages}, nil
	}
	s, err := e.described(c, in.StackName)
	if err != nil {
		return nil, err
	}
	if s.current == nil {
		return &getTemplateOutput{StagesAvailable: stages}, nil
	}
	return &getTemplateOutput{bodyOf(s.current, in.TemplateStage), stages}, nil
}

// bodyOf is a deployment's template: as submitted, which is the default, or as
// its transforms made it.
func bodyOf(d *deployment, stage string) string {
	if stage == "Processed" && d.template.Processed != "" {
		return d.template.Processed
	}
	return d.template.Text
}

type parameterConstraints struct{ AllowedValues []string }

type parameterDeclaration struct {
	ParameterKey         string
	DefaultValue         *string
	ParameterType        string
	NoEcho               bool
	Description          string
	ParameterConstraints *parameterConstraints
}

type identifierSummary struct {
	ResourceType                            string
	LogicalResourceIds, ResourceIdentifiers []string
}

type summaryInput struct {
	TemplateBody *string
	TemplateURL  *string `valid:"min=1,max=5120"`
	StackName    string
	StackSetName string
	CallAs       string `valid:"enum=SELF|DELEGATED_ADMIN"`
}

type summaryOutput struct {
	Parameters                  []*parameterDeclaration
	Description                 string
	Capabilities                []string
	CapabilitiesReason          string
	ResourceTypes               []string
	Version                     string
	Metadata                    string
	DeclaredTransforms          []string
	ResourceIdentifierSummaries []*identifierSummary
}

func (e *Engine) getTemplateSummary(c *core.Call, in *summaryInput) (*summaryOutput, error) {
	t, err := e.summarized(c, in)
	if err != nil {
		return nil, err
	}
	out := &summaryOutput{Description: t.Description, Version: t.Version, DeclaredTransforms: t.Transforms, Parameters: []*parameterDeclaration{}}
	out.Capabilities, out.CapabilitiesReason = capabilities(t)
	for _, p := range t.Parameters {
		out.Parameters = append(out.Parameters, &parameterDeclaration{p.Key, p.Default, p.Type, p.NoEcho, p.Description,
			&parameterConstraints{AllowedValues: slices.Clip(p.AllowedValues)}})
	}
	if t.Metadata != nil {
		out.Metadata = resource.JSON(t.Metadata)
	}
	for _, r := range t.Resources {
		out.addType(r)
	}
	return out, nil
}

// addType lists a resource under its type.
func (out *summaryOutput) addType(r *template.Resource) {
	if !slices.Contains(out.ResourceTypes, r.Type) {
		out.ResourceTypes = append(out.ResourceTypes, r.Type)
	}
	i := slices.IndexFunc(out.ResourceIdentifierSummaries, func(s *identifierSummary) bool { return s.ResourceType == r.Type })
	if i >= 0 {
		s := out.ResourceIdentifierSummaries[i]
		s.LogicalResourceIds = append(s.LogicalResourceIds, r.LogicalID)
		return
	}
	if name := typeOf(r).NameProperty; name != "" {
		out.ResourceIdentifierSummaries = append(out.ResourceIdentifierSummaries,
			&identifierSummary{r.Type, []string{r.LogicalID}, []string{name}})
	}
}

// summarized finds the template that a summary is asked of.
func (e *Engine) summarized(c *core.Call, in *summaryInput) (*template.Template, error) {
	if in.StackName != "" {
		s, err := e.existing(c, in.StackName)
		if err != nil {
			return nil, err
		}
		if s.current == nil {
			return nil, core.Invalid("Stack [%s] does not exist", in.StackName)
		}
		return s.current.template, nil
	}
	if in.StackSetName != "" {
		if e.options.StackSetTemplate == nil {
			return nil, core.Errorf(404, "StackSetNotFoundException", "StackSet %s not found", in.StackSetName)
		}
		body, err := e.options.StackSetTemplate(c, in.StackSetName, in.CallAs)
		if err != nil {
			return nil, err
		}
		return e.parse(body)
	}
	source := source{TemplateBody: in.TemplateBody, TemplateURL: in.TemplateURL}
	body, err := source.text(e, placeOf(c), nil)
	if err != nil {
		return nil, err
	}
	return e.parse(body)
}

// capabilities lists what a template needs to be allowed, and why.
func capabilities(t *template.Template) (needed []string, reason string) {
	needed, types := requiredCapabilities(t)
	if len(types) > 0 {
		reason = "The following resource(s) require capabilities: [" + strings.Join(types, ", ") + "]"
	}
	return needed, reason
}

type validateInput struct {
	TemplateBody *string
	TemplateURL  *string `valid:"min=1,max=5120"`
}

type templateParameter struct {
	ParameterKey string
	DefaultValue *string
	NoEcho       bool
	Description  string
}

type validateOutput struct {
	Parameters         []*templateParameter
	Description        string
	Capabilities       []string
	CapabilitiesReason string
	DeclaredTransforms []string
}

func (e *Engine) validateTemplate(c *core.Call, in *validateInput) (*validateOutput, error) {
	source := source{TemplateBody: in.TemplateBody, TemplateURL: in.TemplateURL}
	body, err := source.text(e, placeOf(c), nil)
	if err != nil {
		return nil, err
	}
	t, err := e.parse(body)
	if err != nil {
		return nil, err
	}
	out := &validateOutput{Description: t.Description, Parameters: []*templateParameter{}, DeclaredTransforms: t.Transforms}
	out.Capabilities, out.CapabilitiesReason = capabilities(t)
	for _, p := range t.Parameters {
		out.Parameters = append(out.Parameters, &templateParameter{p.Key, p.Default, p.NoEcho, p.Description})
	}
	return out, nil
}
