package stacks

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/catalogue"
	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/resource"
)

// The registry's public types: those of the catalogue. Private types, modules and
// hooks are not kept, so that their lists are empty.

type describeTypeInput struct {
	Type                string `valid:"enum=RESOURCE|MODULE|HOOK"`
	TypeName            string `valid:"min=10,max=204,pattern=[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}(::MODULE){0,1}"`
	Arn                 string `valid:"max=1024"`
	VersionId           string `valid:"min=1,max=128,pattern=[A-Za-z0-9-]+"`
	PublisherId         string `valid:"min=1,max=40,pattern=[0-9a-zA-Z]{12,40}"`
	PublicVersionNumber string `valid:"min=5"`
}

type describeTypeOutput struct {
	Arn, Type, TypeName, Description, Schema       string
	ProvisioningType, DeprecatedStatus, Visibility string
	IsDefaultVersion                               bool
}

// describeType describes a public type by its name or ARN. The schema is the
// catalogue's: without descriptions and handlers.
func (e *Engine) describeType(c *core.Call, in *describeTypeInput) (*describeTypeOutput, error) {
	name := in.TypeName
	switch {
	case in.Arn != "":
		name = strings.ReplaceAll(in.Arn[strings.LastIndexByte(in.Arn, '/')+1:], "-", "::")
	case name == "" || in.Type == "":
		return nil, core.Invalid("Either Arn or Type and TypeName must be specified")
	}
	document, known := catalogue.Document(name)
	if !known || in.Type != "" && in.Type != "RESOURCE" || in.Arn != "" && in.Arn != e.typeARN(c, name) {
		return nil, core.Errorf(http.StatusNotFound, "TypeNotFoundException", "The type '%s' cannot be found.", name)
	}
	schema, err := published(document)
	if err != nil {
		return nil, err
	}
	return &describeTypeOutput{Arn: e.typeARN(c, name), Type: "RESOURCE", TypeName: name, Description: describedAs(name), Schema: schema,
		ProvisioningType: provisioning(name), DeprecatedStatus: "LIVE", Visibility: "PUBLIC", IsDefaultVersion: true}, nil
}

func (e *Engine) typeARN(c *core.Call, name string) string {
	return "arn:" + e.world.Options.Partition + ":cloudformation:" + c.Region + "::type/resource/" + strings.ReplaceAll(name, "::", "-")
}

func describedAs(name string) string { return "Resource Type definition for " + name }

// published is a schema of the catalogue without what is the catalogue's own.
func published(document string) (string, error) {
	var schema map[string]any
	if err := json.Unmarshal([]byte(document), &schema); err != nil {
		return "", err
	}
	text, err := json.Marshal(withoutOwn(schema))
	return string(text), err
}

func withoutOwn(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, one := range v {
			if !strings.HasPrefix(k, "x-") {
				out[k] = withoutOwn(one)
			}
		}
		return out
	case []any:
		for i := range v {
			v[i] = withoutOwn(v[i])
		}
	}
	return v
}

// provisioning is a type's ProvisioningType: types that Cloud Control does not serve
// are not provisionable, and those of which no property can change are immutable.
func provisioning(name string) string {
	if resource.Find(name).Unsupported {
		return "NON_PROVISIONABLE"
	}
	t, ok := catalogue.Find(name)
	if !ok || t.Schema == nil || len(t.Schema.Properties) == 0 {
		return "FULLY_MUTABLE"
	}
	for property := range t.Schema.Properties {
		if !slices.Contains(t.CreateOnly, property) && !slices.Contains(t.ReadOnly, property) {
			return "FULLY_MUTABLE"
		}
	}
	return "IMMUTABLE"
}

type typeFilters struct {
	Category       string `valid:"enum=REGISTERED|ACTIVATED|THIRD_PARTY|AWS_TYPES"`
	PublisherId    string `valid:"min=1,max=40,pattern=[0-9a-zA-Z]{12,40}"`
	TypeNamePrefix string `valid:"min=1,max=204,pattern=([A-Za-z0-9]{2,64}::){0,2}([A-Za-z0-9]{2,64}:?){0,1}"`
}

type listTypesInput struct {
	Visibility       string `valid:"enum=PUBLIC|PRIVATE"`
	ProvisioningType string `valid:"enum=NON_PROVISIONABLE|IMMUTABLE|FULLY_MUTABLE"`
	DeprecatedStatus string `valid:"enum=LIVE|DEPRECATED"`
	Type             string `valid:"enum=RESOURCE|MODULE|HOOK"`
	Filters          *typeFilters
	MaxResults       *int32 `valid:"min=1,max=100"`
	NextToken        string `valid:"min=1,max=1024"`
}

type typeSummary struct{ Type, TypeName, TypeArn, Description, PublisherName string }

type listTypesOutput struct {
	TypeSummaries []*typeSummary
	NextToken     string
}

// listTypes lists the public types. Private ones, AWS's default, do not exist here.
func (e *Engine) listTypes(c *core.Call, in *listTypesInput) (*listTypesOutput, error) {
	names := []string{}
	if in.listsPublic() {
		for name := range catalogue.Names() {
			if in.lists(name) {
				names = append(names, name)
			}
		}
	}
	size := pageSize
	if in.MaxResults != nil {
		size = int(*in.MaxResults)
	}
	some, next, err := page(names, in.NextToken, size)
	if err != nil {
		return nil, err
	}
	out := &listTypesOutput{TypeSummaries: []*typeSummary{}, NextToken: next}
	for _, name := range some {
		out.TypeSummaries = append(out.TypeSummaries, &typeSummary{"RESOURCE", name, e.typeARN(c, name), describedAs(name), "AWS"})
	}
	return out, nil
}

func (in *listTypesInput) listsPublic() bool {
	return in.Visibility == "PUBLIC" && (in.Type == "" || in.Type == "RESOURCE") && in.DeprecatedStatus != "DEPRECATED" &&
		(in.Filters == nil || in.Filters.PublisherId == "" && (in.Filters.Category == "" || in.Filters.Category == "AWS_TYPES"))
}

func (in *listTypesInput) lists(name string) bool {
	return (in.Filters == nil || strings.HasPrefix(name, in.Filters.TypeNamePrefix)) && (in.ProvisioningType == "" || in.ProvisioningType == provisioning(name))
}
