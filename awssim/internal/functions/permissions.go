package functions

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

// permission is a statement of a function's policy, as its live resource has it.
type permission struct {
	live                                                             core.Live
	function, action, principal, sourceARN, sourceAccount, org, auth string
}

func takePermission(l core.Live, _ *permission) *permission {
	p := l.Properties
	return &permission{l, property.Text(p["FunctionName"]), property.Text(p["Action"]), property.Text(p["Principal"]), property.Text(p["SourceArn"]),
		property.Text(p["SourceAccount"]), property.Text(p["PrincipalOrgID"]), property.Text(p["FunctionUrlAuthType"])}
}

// permissionsOf lists the statements of a function's policy, by identifier.
func (f *Functions) permissionsOf(fn *function) []*permission {
	here := f.permissions.At(fn.account, fn.region)
	var out []*permission
	for _, id := range sortedKeys(here) {
		if refer(fn.account, fn.region, here[id].function).name == fn.name {
			out = append(out, here[id])
		}
	}
	return out
}

// sid is a statement's id: as it was given, or the physical id of a template's.
func (f *Functions) sid(fn *function, p *permission) string {
	if sid := f.of(fn.arn).sids[p.live.Identifier]; sid != "" {
		return sid
	}
	return p.live.ID
}

// statement is the statement of a permission, in the policy language.
func (f *Functions) statement(fn *function, p *permission) map[string]any {
	principal := map[string]any{"AWS": p.principal}
	switch {
	case strings.Contains(p.principal, "."):
		principal = map[string]any{"Service": p.principal}
	case len(p.principal) == 12:
		principal["AWS"] = "arn:" + f.world.Options.Partition + ":iam::" + p.principal + ":root"
	}
	out := map[string]any{"Sid": f.sid(fn, p), "Effect": "Allow", "Principal": principal, "Action": p.action,
		"Resource": withQualifier(fn.arn, refer(fn.account, fn.region, p.function).qualifier)}
	if p.principal == "*" {
		out["Principal"] = "*"
	}
	conditions := map[string]any{}
	if p.sourceARN != "" {
		conditions["ArnLike"] = map[string]any{"AWS:SourceArn": p.sourceARN}
	}
	equals := map[string]any{}
	for key, value := range map[string]string{"AWS:SourceAccount": p.sourceAccount, "aws:PrincipalOrgID": p.org, "lambda:FunctionUrlAuthType": p.auth} {
		if value != "" {
			equals[key] = value
		}
	}
	if len(equals) > 0 {
		conditions["StringEquals"] = equals
	}
	if len(conditions) > 0 {
		out["Condition"] = conditions
	}
	return out
}

// Policy is a function's policy as a document, "" if it has none.
func (f *Functions) Policy(arn string) string {
	a, ok := core.ParseARN(arn)
	if !ok {
		return ""
	}
	fn := f.find(refer(a.Account, a.Region, arn))
	if fn == nil {
		return ""
	}
	var statements []any
	for _, p := range f.permissionsOf(fn) {
		statements = append(statements, f.statement(fn, p))
	}
	if statements == nil {
		return ""
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Id": "default", "Statement": statements})
	if err != nil { // made of texts
		return ""
	}
	return string(text)
}

type permissionInput struct {
	FunctionName        string `valid:"required,min=1,max=140"`
	StatementId         string `valid:"required,min=1,max=100,pattern=([a-zA-Z0-9-_]+)"`
	Action              string `valid:"pattern=(lambda:[*]|lambda:[a-zA-Z]+|[*])"`
	Principal           string
	SourceArn           string `valid:"pattern=arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:([a-z]{2}(-gov)?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)"`
	SourceAccount       string `valid:"max=12,pattern=\\d{12}"`
	EventSourceToken    string
	Qualifier           string
	RevisionId          string
	PrincipalOrgID      string `valid:"min=12,max=34"`
	FunctionUrlAuthType string `valid:"enum=NONE|AWS_IAM"`
}

type permissionOutput struct{ Statement string }

func (f *Functions) addPermission(c *core.Call, in *permissionInput) (*permissionOutput, error) {
	fn, err := f.changeable(c, in.FunctionName, in.RevisionId)
	switch {
	case err != nil:
		return nil, err
	case in.Action == "" || in.Principal == "":
		return nil, invalid("1 validation error detected: Value null at 'principal' failed to satisfy constraint: Member must not be null")
	case slices.ContainsFunc(f.permissionsOf(fn), func(p *permission) bool { return f.sid(fn, p) == in.StatementId }):
		return nil, refuse(409, "ResourceConflictException", "The statement id (%s) provided already exists. Please provide a new statement id, or remove the existing statement.", in.StatementId)
	}
	p := map[string]any{"FunctionName": withQualifier(fn.arn, in.Qualifier), "Action": in.Action, "Principal": in.Principal}
	for name, value := range map[string]string{"SourceArn": in.SourceArn, "SourceAccount": in.SourceAccount, "EventSourceToken": in.EventSourceToken,
		"PrincipalOrgID": in.PrincipalOrgID, "FunctionUrlAuthType": in.FunctionUrlAuthType} {
		p = property.With(p, name, value)
	}
	made, l, err := f.permissions.Make(fn.account, fn.region, p)
	if err != nil {
		return nil, err
	}
	f.of(fn.arn).sids[l.Identifier] = in.StatementId
	return &permissionOutput{property.JSON(f.statement(fn, made))}, nil
}

type policyOutput struct{ Policy, RevisionId string }

func (f *Functions) getPolicy(c *core.Call, in *functionInput) (*policyOutput, error) {
	fn, _, err := f.function(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	policy := f.Policy(fn.arn)
	if policy == "" {
		return nil, notFound("The resource you requested does not exist.")
	}
	return &policyOutput{policy, f.of(fn.arn).revision}, nil
}

func (f *Functions) removePermission(c *core.Call, in *permissionInput) (*struct{}, error) {
	fn, err := f.changeable(c, in.FunctionName, in.RevisionId)
	if err != nil {
		return nil, err
	}
	for _, p := range f.permissionsOf(fn) {
		if f.sid(fn, p) == in.StatementId {
			delete(f.of(fn.arn).sids, p.live.Identifier)
			return &struct{}{}, f.permissions.Delete(p.live)
		}
	}
	return nil, notFound("Statement " + in.StatementId + " is not found in resource policy.")
}
