package cloudcontrol

import (
	"net/http"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/resource"
	"github.com/setmend/setmend/awssim/internal/stacks"
	"github.com/setmend/setmend/awssim/internal/template"
)

type updateInput struct {
	TypeName      string `valid:"required,min=10,max=196"`
	Identifier    string `valid:"required,min=1,max=1024"`
	PatchDocument string `valid:"required,min=1,max=262144"`
	ClientToken   string `valid:"min=1,max=128"`
	RoleArn       string `valid:"min=20,max=2048"`
	TypeVersionId string
}

func (cc *CloudControl) updateResource(c *core.Call, in *updateInput) (*progressOutput, error) {
	if err := checkType(in.TypeName); err != nil {
		return nil, err
	}
	patch, err := readPatch(in.PatchDocument)
	if err != nil {
		return nil, core.Errorf(http.StatusBadRequest, "InvalidRequestException", "Invalid patch document: %s", err)
	}
	l, ok := cc.resources.Find(c.Caller.Account, c.Region, in.TypeName, in.Identifier)
	if !ok {
		return nil, notFound(in.TypeName, in.Identifier)
	}
	changed, bad := patched(l, patch)
	if bad != nil {
		return nil, core.Errorf(http.StatusBadRequest, bad.code+"Exception", "%s", bad.message)
	}
	if why := resource.Find(l.Type).InvalidModel(changed); why != "" && resource.Find(l.Type).InvalidModel(l.Properties) == "" {
		return nil, core.Errorf(http.StatusBadRequest, "ValidationException", "%s", why)
	}
	arn := callerARN(c, in.RoleArn)
	r := &request{typ: in.TypeName, identifier: in.Identifier, operation: "UPDATE", what: "UPDATE " + in.TypeName + " " + in.Identifier + " " + in.PatchDocument}
	return cc.begin(c, r, in.ClientToken, func() outcome { return cc.update(r, arn, patch) })
}

// update carries an update out, on the resource as it is by then.
func (cc *CloudControl) update(r *request, arn string, patch []operation) outcome {
	l, bad := cc.reach(r, arn, resource.Find(r.typ).Update)
	if bad != nil {
		return outcome{problem: bad}
	}
	properties, bad := patched(l, patch)
	if bad != nil {
		return outcome{problem: bad}
	}
	if err := cc.resources.ChangeLive(l, properties); err != nil {
		return outcome{problem: &problem{"InternalFailure", err.Error()}}
	}
	l, _ = cc.resources.Find(r.account, r.region, r.typ, r.identifier)
	return outcome{identifier: l.Identifier, model: resource.JSON(l.Model)}
}

// reach finds the resource that a request is about, unless something forbids it.
func (cc *CloudControl) reach(r *request, arn, action string) (stacks.Live, *problem) {
	l, ok := cc.resources.Find(r.account, r.region, r.typ, r.identifier)
	if !ok {
		return l, &problem{"NotFound", notFound(r.typ, r.identifier).Message}
	}
	if why := cc.resources.Denied(r.account, r.region, arn, action, l.ID); why != "" {
		return l, &problem{"AccessDenied", why}
	}
	if why := cc.resources.Obstacle(l); why != "" {
		return l, &problem{"GeneralServiceException", why}
	}
	return l, nil
}

// patched applies a patch to a resource's model and answers the properties to
// set. Read-only properties and those that only a replacement changes must stay.
func patched(l stacks.Live, patch []operation) (map[string]any, *problem) {
	t := resource.Find(l.Type)
	before := clone(l.Model)
	for _, path := range t.WriteOnly { // can be set, though not read
		p, _, _ := strings.Cut(path, "/")
		if v, ok := l.Properties[p]; ok {
			before[p] = template.Clone(v)
		}
	}
	after, err := apply(clone(before), patch)
	if err != nil {
		return nil, &problem{"InvalidRequest", "Invalid patch update: " + err.Error()}
	}
	var fixed []string
	for _, p := range fixedProperties(t, l, before, after) {
		fixed = append(fixed, "/properties/"+p)
	}
	if len(fixed) > 0 {
		return nil, &problem{"NotUpdatable", "Invalid patch update: createOnlyProperties " + resource.JSON(fixed) + " cannot be updated"}
	}
	return written(t, l, before, after), nil
}

// fixedProperties lists what an update cannot change.
func fixedProperties(t *resource.Type, l stacks.Live, before, after map[string]any) []string {
	var out []string
	for p := range before {
		_, declared := l.Properties[p]
		if !template.Equal(before[p], after[p]) && (t.ReplacedBy(p, before[p], after[p], l.Properties) || t.ReadOnly(p) && !declared) {
			out = append(out, p)
		}
	}
	for p := range after {
		if _, had := before[p]; !had && t.ReplacedBy(p, nil, after[p], l.Properties) {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}

// written is the resource's properties with what a patch changed of its model:
// what it left alone stays as it was declared, not as it is read.
func written(t *resource.Type, l stacks.Live, before, after map[string]any) map[string]any {
	out := clone(l.Properties)
	for p, v := range after {
		if !template.Equal(before[p], v) && !t.ReadOnly(p) {
			out[p] = v
		}
	}
	for p := range before {
		if _, still := after[p]; !still {
			delete(out, p)
		}
	}
	return out
}

func clone(m map[string]any) map[string]any {
	out, ok := template.Clone(m).(map[string]any)
	if !ok || out == nil {
		return map[string]any{}
	}
	return out
}

type deleteInput struct {
	TypeName      string `valid:"required,min=10,max=196"`
	Identifier    string `valid:"required,min=1,max=1024"`
	ClientToken   string `valid:"min=1,max=128"`
	RoleArn       string `valid:"min=20,max=2048"`
	TypeVersionId string
}

func (cc *CloudControl) deleteResource(c *core.Call, in *deleteInput) (*progressOutput, error) {
	if err := checkType(in.TypeName); err != nil {
		return nil, err
	}
	if _, ok := cc.resources.Find(c.Caller.Account, c.Region, in.TypeName, in.Identifier); !ok {
		return nil, notFound(in.TypeName, in.Identifier)
	}
	arn := callerARN(c, in.RoleArn)
	r := &request{typ: in.TypeName, identifier: in.Identifier, operation: "DELETE", what: "DELETE " + in.TypeName + " " + in.Identifier}
	return cc.begin(c, r, in.ClientToken, func() outcome {
		l, bad := cc.reach(r, arn, resource.Find(r.typ).Delete)
		if bad != nil {
			return outcome{problem: bad}
		}
		if err := cc.resources.DeleteLive(l); err != nil {
			return outcome{problem: &problem{"InternalFailure", err.Error()}}
		}
		return outcome{identifier: r.identifier}
	})
}

type createInput struct {
	TypeName      string `valid:"required,min=10,max=196"`
	DesiredState  string `valid:"required,min=1,max=262144"`
	ClientToken   string `valid:"min=1,max=128"`
	RoleArn       string `valid:"min=20,max=2048"`
	TypeVersionId string
}

func (cc *CloudControl) createResource(c *core.Call, in *createInput) (*progressOutput, error) {
	if err := checkType(in.TypeName); err != nil {
		return nil, err
	}
	desired, err := readJSON(in.DesiredState)
	properties, isObject := desired.(map[string]any)
	if err != nil || !isObject {
		return nil, core.Errorf(http.StatusBadRequest, "InvalidRequestException", "DesiredState must be a JSON object")
	}
	if why := resource.Find(in.TypeName).InvalidModel(properties); why != "" {
		return nil, core.Errorf(http.StatusBadRequest, "ValidationException", "%s", why)
	}
	arn := callerARN(c, in.RoleArn)
	r := &request{typ: in.TypeName, operation: "CREATE", what: "CREATE " + in.TypeName + " " + in.DesiredState}
	return cc.begin(c, r, in.ClientToken, func() outcome { return cc.create(r, arn, properties) })
}

func (cc *CloudControl) create(r *request, arn string, properties map[string]any) outcome {
	if why := cc.resources.Denied(r.account, r.region, arn, resource.Find(r.typ).Create, "*"); why != "" {
		return outcome{problem: &problem{"AccessDenied", why}}
	}
	l, err := cc.resources.Make(r.account, r.region, r.typ, properties)
	if err != nil {
		return outcome{problem: &problem{"AlreadyExists", err.Error()}}
	}
	return outcome{identifier: l.Identifier, model: resource.JSON(l.Model)}
}
