package sam

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/setmend/setmend/awssim/internal/template"
)

// The names of AWS's managed policies, each with its path, and SAM's policy
// templates: data of aws-sam-translator 1.110 (Apache-2.0), generated from it.
var (
	//go:embed managed_policies.txt.gz
	managedNames []byte
	//go:embed policy_templates.json.gz
	policyTemplateData []byte
)

var managedPaths = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for path := range strings.Lines(string(unzip(managedNames))) {
		path = strings.TrimSpace(path)
		out[path[strings.LastIndexByte(path, '/')+1:]] = path
	}
	return out
})

var policyTemplates = sync.OnceValue(func() object {
	v, err := template.Decode(string(unzip(policyTemplateData)))
	if err != nil {
		panic(err) // embedded data
	}
	return mapOf(v)
})

func unzip(data []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		panic(err) // embedded data
	}
	out, err := io.ReadAll(r)
	if err != nil {
		panic(err)
	}
	return out
}

// assumedBy is the trust policy for a service.
func assumedBy(service string) any {
	return obj("Version", "2012-10-17", "Statement", []any{obj("Action", []any{"sts:AssumeRole"}, "Effect", "Allow", "Principal", obj("Service", []any{service}))})
}

func statement(action, on any) any {
	return obj("Action", action, "Effect", "Allow", "Resource", clone(on))
}

func inlinePolicy(name string, statements ...any) object {
	return obj("PolicyName", name, "PolicyDocument", obj("Statement", statements))
}

// makeRole prepares the function's role.
func (f *lambda) makeRole() {
	p := f.properties
	var managed []any
	basic := "service-role/AWSLambdaBasicExecutionRole"
	if p.Get("DurableConfig") != nil {
		basic = "service-role/AWSLambdaBasicDurableExecutionRolePolicy"
	}
	managed = append(managed, f.t.managedARN(basic))
	if traced(f.t, p.Get("Tracing")) {
		managed = append(managed, f.t.managedARN(f.t.xray()))
	}
	if p.Get("VpcConfig") != nil {
		managed = append(managed, f.t.managedARN("service-role/AWSLambdaVPCAccessExecutionRole"))
	}
	var inline []any
	if dlq := mapOf(p.Get("DeadLetterQueue")); dlq != nil {
		inline = append(inline, obj("PolicyName", "DeadLetterQueuePolicy", "PolicyDocument", obj("Version", "2012-10-17",
			"Statement", []any{obj("Action", queueActions[textOf(dlq.Get("Type"))], "Resource", clone(dlq.Get("TargetArn")), "Effect", "Allow")})))
	}
	inline = append(inline, f.outcomes...)
	trust := p.Get("AssumeRolePolicyDocument")
	if trust == nil {
		trust = assumedBy("lambda.amazonaws.com")
	}
	f.role = f.roleProperties(trust, managed, inline, f.tags("lambda:createdBy"))
}

func (t *transformation) xray() string {
	if t.partial.Place().Partition == "aws" {
		return "AWSXrayWriteOnlyAccess"
	}
	return "AWSXRayDaemonWriteAccess"
}

// roleProperties are those of a role for a function or state machine, with its
// Policies.
func (r *resource) roleProperties(trust any, managed, inline, tags []any) object {
	for i, one := range listOf(r.properties.Get("Policies")) {
		document, arn, why := r.policy(one, r.id+"RolePolicy"+itoa(i))
		switch {
		case why == "" && document == nil && arn == nil:
			r.invalid("Policy at index %d in the 'Policies' property is not valid", i)
		case why != "":
			r.invalid("%s", why)
		case document != nil:
			inline = append(inline, document)
		case !slices.ContainsFunc(managed, func(v any) bool { return stable(v) == stable(arn) }):
			managed = append(managed, arn)
		}
	}
	out := obj("AssumeRolePolicyDocument", trust)
	if managed == nil {
		managed = []any{}
	}
	out.Set("ManagedPolicyArns", managed)
	if len(inline) > 0 {
		out.Set("Policies", inline)
	}
	pass(out, obj("Path", r.properties.Get("RolePath")), "Path")
	pass(out, r.properties, "PermissionsBoundary")
	out.Set("Tags", tags)
	return out
}

// policy reads one entry of Policies: an inline policy, or the ARN of a managed
// one; why it is refused if it is neither.
func (r *resource) policy(v any, name string) (inline, arn any, why string) {
	switch v := v.(type) {
	case string:
		return nil, r.t.managedPolicy(v), ""
	case object:
		if v.Get("Statement") != nil {
			return obj("PolicyName", name, "PolicyDocument", v), nil, ""
		}
		if len(v.Keys) != 1 {
			return nil, nil, ""
		}
		document, why := r.t.policyTemplate(v.Keys[0], v.Values[v.Keys[0]])
		if document == nil {
			return nil, nil, why
		}
		return obj("PolicyName", name, "PolicyDocument", document), nil, ""
	case *template.Func:
		if l, ok := v.Arg.([]any); ok && v.Name == "Fn::If" && len(l) == 3 {
			return r.conditionalPolicy(l, name)
		}
		return nil, v, ""
	}
	return nil, nil, ""
}

// conditionalPolicy reads Fn::If in Policies: both branches of one kind, or
// AWS::NoValue.
func (r *resource) conditionalPolicy(l []any, name string) (inline, arn any, why string) {
	out := []any{l[0], l[1], l[2]}
	document := false
	for i, branch := range l[1:] {
		if isNoValue(branch) {
			continue
		}
		one, managed, why := r.policy(branch, name)
		switch {
		case why != "":
			return nil, nil, why
		case one != nil:
			out[i+1], document = one, true
		case managed != nil:
			out[i+1] = managed
		default:
			return nil, nil, ""
		}
	}
	if document {
		return call("Fn::If", out), nil, ""
	}
	return nil, call("Fn::If", out), ""
}

// managedPolicy is the ARN of a policy given by name; what is no name of AWS's
// stays as it is.
func (t *transformation) managedPolicy(name string) any {
	if path, known := managedPaths()[name]; known {
		return t.managedARN(path)
	}
	return name
}

// policyTemplate makes a policy document of one of SAM's templates.
func (t *transformation) policyTemplate(name string, parameters any) (any, string) {
	one := mapOf(policyTemplates().Get(name))
	if one == nil {
		return nil, ""
	}
	given := mapOf(parameters)
	if given == nil {
		return nil, "Must specify valid parameter values for policy template '" + name + "'"
	}
	var missing []string
	for _, p := range listOf(one.Get("Parameters")) {
		if given.Get(textOf(p)) == nil {
			missing = append(missing, textOf(p))
		}
	}
	if len(missing) > 0 {
		return nil, "Following required parameters of template '" + name + "' don't have values: ['" + strings.Join(missing, "', '") + "']"
	}
	return fill(clone(one.Get("Definition")), given), ""
}

// fill replaces references to a policy template's parameters by their values.
func fill(v any, given object) any {
	switch v := v.(type) {
	case object:
		for _, k := range v.Keys {
			v.Values[k] = fill(v.Values[k], given)
		}
	case []any:
		for i := range v {
			v[i] = fill(v[i], given)
		}
	case *template.Func:
		if value := given.Get(textOf(v.Arg)); v.Name == "Ref" && value != nil {
			return clone(value)
		}
		v.Arg = fill(v.Arg, given)
	}
	return v
}

// allow adds an inline policy to the function's role, once.
func (f *lambda) allow(policy object) {
	policies := listOf(f.role.Get("Policies"))
	document := stable(policy.Get("PolicyDocument"))
	for _, p := range policies {
		if m := mapOf(p); m != nil && stable(m.Get("PolicyDocument")) == document {
			return
		}
	}
	f.role.Set("Policies", append(policies, policy))
}

// attach adds a managed policy to the function's role, once.
func (f *lambda) attach(path string) {
	arns := listOf(f.role.Get("ManagedPolicyArns"))
	if arn := any(f.t.managedARN(path)); !slices.Contains(arns, arn) {
		f.role.Set("ManagedPolicyArns", append(arns, arn))
	}
}

// assignRole gives the function its role: the given one, or the one that is
// made; with Fn::If and AWS::NoValue, either.
func (f *lambda) assignRole() {
	id := f.id + "Role"
	given := f.properties.Get("Role")
	if given == nil {
		f.function.Set("Role", getAtt(id, "Arn"))
		f.add(id, "AWS::IAM::Role", f.role)
		return
	}
	f.function.Set("Role", given)
	fn, _ := given.(*template.Func)
	if fn == nil || fn.Name != "Fn::If" {
		return
	}
	l, _ := fn.Arg.([]any)
	if len(l) != 3 {
		f.invalid("Malformed 'Role' property: Fn::If requires 3 arguments.")
		return
	}
	condition := textOf(l[0])
	switch {
	case isNoValue(l[1]) && isNoValue(l[2]):
		f.function.Set("Role", getAtt(id, "Arn"))
		f.add(id, "AWS::IAM::Role", f.role)
	case isNoValue(l[1]):
		f.function.Set("Role", call("Fn::If", []any{condition, getAtt(id, "Arn"), l[2]}))
		f.add(id, "AWS::IAM::Role", f.role).Set("Condition", condition)
	case isNoValue(l[2]):
		not := "NOT" + condition
		f.function.Set("Role", call("Fn::If", []any{condition, l[1], getAtt(id, "Arn")}))
		f.add(id, "AWS::IAM::Role", f.role).Set("Condition", not)
		f.t.condition(not, call("Fn::Not", []any{call("Condition", condition)}))
	}
}

// condition adds a condition to the template.
func (t *transformation) condition(name string, v any) {
	conditions := mapOf(t.root.Get("Conditions"))
	if conditions == nil {
		conditions = obj()
		t.root.Set("Conditions", conditions)
	}
	conditions.Set(name, v)
}
