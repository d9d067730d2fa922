package awssim

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/stacks"
	"github.com/setmend/setmend/awssim/internal/wire"
)

// setType is the resource type of stack sets.
const setType = "AWS::CloudFormation::StackSet"

// setMaker makes the stack sets that templates declare, through StackSets' own
// actions: as the stack's account, in its region.
type setMaker struct {
	aws *AWS
	// paper are the ids of service-managed sets that were declared in a world whose
	// organization does not let StackSets in: see Options.DeclaredSetsNeedAccess.
	paper map[string]bool
}

var _ stacks.Maker = setMaker{}

// document is a JSON object.
type document = map[string]any

// ask calls an action of CloudFormation for a stack. Inputs and outputs are the
// API's, as JSON documents.
func (m setMaker) ask(r stacks.Request, action string, in document) (document, error) {
	call := &core.Call{World: m.aws.world, Service: "cloudformation", Action: action, Region: r.Region, RequestID: m.aws.world.UUID(),
		Caller: core.Principal{Account: r.Account, ARN: r.ARN}}
	if callAs, ok := r.Properties["CallAs"]; ok {
		in["CallAs"] = callAs
	}
	out, err := m.aws.stackSets.Actions()[action].Invoke(call, func(to any) error { return refill(in, to) })
	if err != nil {
		return nil, err
	}
	answer := document{}
	return answer, refill(out, &answer)
}

// refill turns one shape into another by way of JSON.
func refill(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return fmt.Errorf("writing %T as JSON: %w", from, err)
	}
	if err := json.Unmarshal(text, to); err != nil {
		return core.Invalid("Model validation failed: %s", err)
	}
	return nil
}

// why words an action's refusal as a resource handler does.
func why(err error) string {
	refused := wire.AsError(err)
	return fmt.Sprintf("Resource handler returned message: \"%s (Service: CloudFormation, Status Code: %d)\" (HandlerErrorCode: %s)", refused.Message, refused.Status, handlerCode(refused.Code))
}

func handlerCode(code string) string {
	switch code {
	case "NameAlreadyExistsException", "AlreadyExistsException":
		return "AlreadyExists"
	case "StackSetNotFoundException":
		return "NotFound"
	case "LimitExceededException":
		return "ServiceLimitExceeded"
	case "AccessDenied", "AccessDeniedException":
		return "AccessDenied"
	case "OperationInProgressException":
		return "ResourceConflict"
	}
	return "InvalidRequest"
}

// definition are the properties that CreateStackSet and UpdateStackSet take.
func (m setMaker) definition(r stacks.Request, names ...string) document {
	in := document{"StackSetName": r.Properties["StackSetName"]}
	for _, name := range names {
		if v, ok := r.Properties[name]; ok {
			in[name] = v
		}
	}
	if tags := m.tags(r); len(tags) > 0 {
		in["Tags"] = tags
	}
	return stringly(in)
}

// stringly makes texts of the scalars in a parameter's or a tag's value.
func stringly(in document) document {
	for _, name := range []string{"Parameters", "Tags"} {
		list, _ := in[name].([]any)
		out := []any{}
		for _, one := range list {
			pair, _ := one.(map[string]any)
			next := map[string]any{}
			for k, v := range pair {
				switch v := v.(type) {
				case string:
					next[k] = v
				default:
					next[k] = fmt.Sprint(v)
				}
			}
			out = append(out, next)
		}
		if len(list) > 0 {
			in[name] = out
		}
	}
	return in
}

// tags are the set's own and the stack's.
func (m setMaker) tags(r stacks.Request) []any {
	own, _ := r.Properties["Tags"].([]any)
	out := slices.Clone(own)
	for _, t := range r.Tags {
		if !slices.ContainsFunc(own, func(v any) bool { tag, _ := v.(map[string]any); return tag["Key"] == t.Key }) {
			out = append(out, map[string]any{"Key": t.Key, "Value": t.Value})
		}
	}
	return out
}

func (m setMaker) Make(r stacks.Request, done func(string, map[string]any, string)) {
	out, err := m.ask(r, "CreateStackSet", m.definition(r, "Description", "TemplateBody", "TemplateURL", "Parameters", "Capabilities",
		"AdministrationRoleARN", "ExecutionRoleName", "PermissionModel", "AutoDeployment", "ManagedExecution"))
	if err != nil && m.onPaper(r, err) {
		id := fmt.Sprintf("%v:%s", r.Properties["StackSetName"], m.aws.world.UUID())
		m.paper[id] = true
		done(id, map[string]any{"StackSetId": id}, "")
		return
	}
	if err != nil {
		done("", nil, why(err))
		return
	}
	id, _ := out["StackSetId"].(string)
	m.bring(r, nil, cellsOf(r.Properties), func(problem string) {
		done(id, map[string]any{"StackSetId": id}, problem)
	})
}

// onPaper reports whether a set that was refused is to be data only: it is
// service-managed, and there is no organization that lets StackSets in.
func (m setMaker) onPaper(r stacks.Request, refused error) bool {
	if m.aws.options.DeclaredSetsNeedAccess || r.Properties["PermissionModel"] != "SERVICE_MANAGED" {
		return false
	}
	says := wire.AsError(refused).Message
	return strings.Contains(says, "organizations access") || strings.Contains(says, "delegated admin account of an organization")
}

// Change updates the set's definition, then its instances: those that are gone from
// the template first, as the resource's handler does.
func (m setMaker) Change(r stacks.Request, id string, before map[string]any, done func(string, map[string]any, string)) {
	end := func(problem string) { done(id, map[string]any{"StackSetId": id}, problem) }
	if m.paper[id] {
		end("")
		return
	}
	now, was := cellsOf(r.Properties), cellsOf(before)
	if sameDefinition(before, r.Properties) {
		m.bring(r, was, now, end)
		return
	}
	in := m.definition(r, "Description", "TemplateBody", "TemplateURL", "Parameters", "Capabilities", "AdministrationRoleARN",
		"ExecutionRoleName", "AutoDeployment", "ManagedExecution", "OperationPreferences")
	if reflect.DeepEqual(before["ManagedExecution"], r.Properties["ManagedExecution"]) {
		delete(in, "ManagedExecution")
	}
	m.operation(r, "UpdateStackSet", in, func(problem string) {
		if problem != "" {
			end(problem)
			return
		}
		m.bring(r, was, now, end)
	})
}

// sameDefinition reports whether two declarations differ in their instances only.
func sameDefinition(a, b map[string]any) bool {
	a, b = maps.Clone(a), maps.Clone(b)
	for _, m := range []map[string]any{a, b} {
		delete(m, "StackInstancesGroup")
		delete(m, "OperationPreferences")
		delete(m, "CallAs")
	}
	return reflect.DeepEqual(a, b)
}

// Unmake deletes the instances that the template declares, then the set.
func (m setMaker) Unmake(r stacks.Request, id string, done func(string)) {
	if m.paper[id] {
		delete(m.paper, id)
		done("")
		return
	}
	m.bring(r, cellsOf(r.Properties), nil, func(problem string) {
		if problem != "" {
			done(problem)
			return
		}
		_, err := m.ask(r, "DeleteStackSet", document{"StackSetName": r.Properties["StackSetName"]})
		if err != nil && wire.AsError(err).Code != "StackSetNotFoundException" {
			done(why(err))
			return
		}
		done("")
	})
}

// Live is the set as StackSets describes it, of what the template sets.
func (m setMaker) Live(r stacks.Request, id string) (map[string]any, bool) {
	if m.paper[id] {
		return r.Properties, true
	}
	out, err := m.ask(r, "DescribeStackSet", document{"StackSetName": r.Properties["StackSetName"]})
	if err != nil {
		return nil, wire.AsError(err).Code != "StackSetNotFoundException"
	}
	set, _ := out["StackSet"].(document)
	live := maps.Clone(r.Properties)
	for _, name := range []string{"Description", "AdministrationRoleARN", "ExecutionRoleName", "PermissionModel", "Capabilities", "Parameters", "AutoDeployment"} {
		if want, asked := live[name]; asked {
			live[name] = shaped(want, set[name])
		}
	}
	if _, asked := live["Tags"]; asked {
		live["Tags"] = set["Tags"]
	}
	return live, true
}

// shaped cuts a live value down to what the template asks of it: AWS fills in more.
func shaped(want, live any) any {
	switch want := want.(type) {
	case map[string]any:
		have, ok := live.(map[string]any)
		if !ok {
			return live
		}
		out := map[string]any{}
		for k, v := range want {
			if one, there := have[k]; there {
				out[k] = shaped(v, one)
			}
		}
		return out
	case []any:
		have, ok := live.([]any)
		if !ok || len(have) != len(want) {
			return live
		}
		out := make([]any, len(want))
		for i := range want {
			out[i] = shaped(want[i], have[i])
		}
		return out
	}
	return live
}

// cell is one target of a declaration in one region.
type cell struct{ kind, target, region, filter string }

// cellsOf lists where a declaration wants instances, with the parameters that are
// overridden there as JSON.
func cellsOf(properties map[string]any) map[cell]string {
	out := map[cell]string{}
	groups, _ := properties["StackInstancesGroup"].([]any)
	for _, one := range groups {
		group, _ := one.(map[string]any)
		targets, _ := group["DeploymentTargets"].(map[string]any)
		overrides, err := json.Marshal(group["ParameterOverrides"])
		if err != nil { // properties come out of JSON
			continue
		}
		kind := "OrganizationalUnitIds"
		ids, _ := targets[kind].([]any)
		filter, _ := targets["AccountFilterType"].(string)
		accounts, _ := targets["Accounts"].([]any)
		if len(ids) == 0 {
			kind, ids, accounts = "Accounts", accounts, nil
		}
		if len(accounts) > 0 {
			filter += " " + strings.Join(textsOf(accounts), ",")
		}
		regions, _ := group["Regions"].([]any)
		for _, id := range textsOf(ids) {
			for _, region := range textsOf(regions) {
				out[cell{kind, id, region, filter}] = string(overrides)
			}
		}
	}
	return out
}

func textsOf(list []any) []string {
	out := make([]string, 0, len(list))
	for _, one := range list {
		out = append(out, fmt.Sprint(one))
	}
	return out
}

// batch is one operation on instances: targets × regions of one kind.
type batch struct {
	action, kind, filter, overrides string
	targets, regions                []string
}

// bring runs the operations that lead from one set of cells to another, one after
// another.
func (m setMaker) bring(r stacks.Request, was, now map[cell]string, done func(string)) {
	gone, added, changed := map[cell]string{}, map[cell]string{}, map[cell]string{}
	for c, overrides := range was {
		if _, still := now[c]; !still {
			gone[c] = overrides
		}
	}
	for c, overrides := range now {
		switch before, had := was[c]; {
		case !had:
			added[c] = overrides
		case before != overrides:
			changed[c] = overrides
		}
	}
	all := batches("DeleteStackInstances", gone)
	all = append(all, batches("CreateStackInstances", added)...)
	m.runAll(r, append(all, batches("UpdateStackInstances", changed)...), done)
}

// batches groups cells into as few operations as cover exactly them.
func batches(action string, cells map[cell]string) []batch {
	type row struct{ kind, target, filter, overrides string }
	regions := map[row][]string{}
	for c, overrides := range cells {
		if action == "DeleteStackInstances" {
			overrides = ""
		}
		key := row{c.kind, c.target, c.filter, overrides}
		regions[key] = append(regions[key], c.region)
	}
	groups := map[string]*batch{}
	for key, list := range regions {
		slices.Sort(list)
		id := strings.Join([]string{key.kind, key.filter, key.overrides, strings.Join(list, ",")}, "\x00")
		if groups[id] == nil {
			groups[id] = &batch{action: action, kind: key.kind, filter: key.filter, overrides: key.overrides, regions: list}
		}
		groups[id].targets = append(groups[id].targets, key.target)
	}
	var out []batch
	for _, id := range slices.Sorted(maps.Keys(groups)) {
		slices.Sort(groups[id].targets)
		out = append(out, *groups[id])
	}
	return out
}

func (m setMaker) runAll(r stacks.Request, all []batch, done func(string)) {
	if len(all) == 0 {
		done("")
		return
	}
	m.operation(r, all[0].action, m.input(r, &all[0]), func(problem string) {
		if problem != "" {
			done(problem)
			return
		}
		m.runAll(r, all[1:], done)
	})
}

func (m setMaker) input(r stacks.Request, b *batch) document {
	in := document{"StackSetName": r.Properties["StackSetName"], "Regions": b.regions}
	filter, accounts, _ := strings.Cut(b.filter, " ")
	switch {
	case b.kind == "Accounts" && r.Properties["PermissionModel"] != "SERVICE_MANAGED":
		in["Accounts"] = b.targets
	default:
		targets := document{b.kind: b.targets}
		if filter != "" {
			targets["AccountFilterType"] = filter
		}
		if accounts != "" {
			targets["Accounts"] = strings.Split(accounts, ",")
		}
		in["DeploymentTargets"] = targets
	}
	if preferences, ok := r.Properties["OperationPreferences"]; ok {
		in["OperationPreferences"] = preferences
	}
	switch {
	case b.action == "DeleteStackInstances":
		in["RetainStacks"] = false
	case b.overrides != "" && b.overrides != "null":
		in["ParameterOverrides"] = json.RawMessage(b.overrides)
	}
	return in
}

// operation begins a stack set operation and waits for its end.
func (m setMaker) operation(r stacks.Request, action string, in document, done func(string)) {
	out, err := m.ask(r, action, in)
	if err != nil {
		if code := wire.AsError(err).Code; action == "DeleteStackInstances" && (code == "StackInstanceNotFoundException" || code == "StackSetNotFoundException") {
			done("")
			return
		}
		done(why(err))
		return
	}
	id, _ := out["OperationId"].(string)
	m.await(r, id, done)
}

// poll is how often the resource's handler looks after its operation.
const poll = 5 * time.Second

func (m setMaker) await(r stacks.Request, id string, done func(string)) {
	out, err := m.ask(r, "DescribeStackSetOperation", document{"StackSetName": r.Properties["StackSetName"], "OperationId": id})
	if err != nil {
		done(why(err))
		return
	}
	operation, _ := out["StackSetOperation"].(document)
	switch operation["Status"] {
	case "SUCCEEDED":
		done("")
	case "FAILED", "STOPPED":
		reason, _ := operation["StatusReason"].(string)
		done(fmt.Sprintf("Resource handler returned message: \"Operation %s ended with status %v. %s\" (HandlerErrorCode: InternalFailure)", id, operation["Status"], reason))
	default:
		m.aws.world.After(poll, func() { m.await(r, id, done) })
	}
}
