package sam

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/template"
)

// stateMachineEvents are the event sources of a state machine.
var stateMachineEvents = map[string]string{
	"Schedule":        "Schedule! Input Enabled State Name Description DeadLetterConfig RetryPolicy Target RoleArn",
	"ScheduleV2":      eventKinds["ScheduleV2"],
	"CloudWatchEvent": "EventBusName RuleName Pattern Input InputPath DeadLetterConfig RetryPolicy State Target InputTransformer",
	"EventBridgeRule": "EventBusName RuleName Pattern Input InputPath DeadLetterConfig RetryPolicy State Target InputTransformer",
	"Api":             "Path! Method! RestApiId Stage Auth UnescapeMappingTemplate",
}

// stateMachine makes a state machine, its role and its events.
func (r *resource) stateMachine() {
	p := r.properties
	out := obj()
	switch {
	case p.Get("Definition") != nil && p.Get("DefinitionUri") != nil:
		r.invalid("Specify either 'Definition' or 'DefinitionUri' property and not both.")
		return
	case p.Get("Definition") != nil:
		if !r.inlineDefinition(out) {
			return
		}
	case p.Get("DefinitionUri") != nil:
		location, ok := r.location("DefinitionUri", "Bucket", "Key", "Version")
		if !ok {
			return
		}
		out.Set("DefinitionS3Location", location)
		pass(out, p, "DefinitionSubstitutions")
	default:
		r.invalid("Either 'Definition' or 'DefinitionUri' property must be specified.")
		return
	}
	role := p.Get("Role")
	if role != nil && p.Get("Policies") != nil {
		r.invalid("Specify either 'Role' or 'Policies' (but not both at the same time) or neither of them.")
		return
	}
	if role == nil {
		var managed []any
		if tracing := mapOf(p.Get("Tracing")); tracing != nil && r.t.truthy(tracing.Get("Enabled")) {
			managed = append(managed, r.t.managedARN(r.t.xray()))
		}
		r.add(r.id+"Role", "AWS::IAM::Role", r.roleProperties(assumedBy("states.amazonaws.com"), managed, nil, r.tags("stateMachine:createdBy")))
		role = getAtt(r.id+"Role", "Arn")
	}
	out.Set("RoleArn", role)
	pass(out, obj("StateMachineName", p.Get("Name"), "StateMachineType", p.Get("Type"), "LoggingConfiguration", p.Get("Logging"), "TracingConfiguration", p.Get("Tracing")),
		"StateMachineName", "StateMachineType", "LoggingConfiguration", "TracingConfiguration")
	out.Set("Tags", r.tags("stateMachine:createdBy"))
	r.main("AWS::StepFunctions::StateMachine", out)
	r.publishMachine()
	r.machineEvents()
}

// inlineDefinition writes the definition as text, lines that Fn::Join puts
// together, with what functions yield as substitutions.
func (r *resource) inlineDefinition(out object) bool {
	substitutions := obj()
	n := 0
	definition := substituteFunctions(clone(r.properties.Get("Definition")), substitutions, &n)
	raw, err := json.Marshal(definition)
	if err != nil {
		r.invalid("Definition cannot be written as JSON: %s", err)
		return false
	}
	var plain any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if err := d.Decode(&plain); err != nil {
		r.invalid("Definition cannot be written as JSON: %s", err)
		return false
	}
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "    ")
	if err := e.Encode(plain); err != nil {
		r.invalid("Definition cannot be written as JSON: %s", err)
		return false
	}
	var lines []any
	for _, line := range strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n") {
		lines = append(lines, line)
	}
	out.Set("DefinitionString", call("Fn::Join", []any{"\n", lines}))
	given := mapOf(r.properties.Get("DefinitionSubstitutions"))
	all := obj()
	pass(all, given, keysOf(given)...)
	pass(all, substitutions, substitutions.Keys...)
	if len(all.Keys) > 0 {
		out.Set("DefinitionSubstitutions", all)
	}
	return true
}

// substituteFunctions replaces functions and dynamic references by names that
// are substituted on deployment, in order of the keys.
func substituteFunctions(v any, found object, n *int) any {
	take := func(v any) any {
		*n++
		name := fmt.Sprintf("definition_substitution_%d", *n)
		found.Set(name, v)
		return "${" + name + "}"
	}
	switch v := v.(type) {
	case *template.Func:
		return take(v)
	case string:
		if strings.HasPrefix(v, "{{resolve:") {
			return take(v)
		}
	case object:
		for _, k := range slices.Sorted(slices.Values(v.Keys)) {
			v.Values[k] = substituteFunctions(v.Values[k], found, n)
		}
	case []any:
		for i := range v {
			v[i] = substituteFunctions(v[i], found, n)
		}
	}
	return v
}

// publishMachine makes a version and an alias, if the machine wants one.
func (r *resource) publishMachine() {
	alias := r.t.value(r.properties.Get("AutoPublishAlias"))
	preference := mapOf(clone(r.properties.Get("DeploymentPreference")))
	if alias == nil {
		if preference != nil {
			r.invalid("'DeploymentPreference' requires 'AutoPublishAlias' property to be specified.")
		}
		return
	}
	name, ok := alias.(string)
	if !ok {
		r.invalid("'AutoPublishAlias' must be a string or a Ref to a template parameter")
		return
	}
	version := r.add(r.id+"Version", "AWS::StepFunctions::StateMachineVersion", obj("StateMachineArn", ref(r.id), "StateMachineRevisionId", getAtt(r.id, "StateMachineRevisionId")))
	for _, policy := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
		if version.Get(policy) == nil {
			version.Set(policy, "Retain")
		}
	}
	if preference == nil {
		preference = obj("Type", "ALL_AT_ONCE")
	}
	preference.Set("StateMachineVersionArn", ref(r.id+"Version"))
	r.add(r.id+"Alias"+name, "AWS::StepFunctions::StateMachineAlias", obj("Name", name, "DeploymentPreference", preference))
	r.t.renamed[r.id+".Alias"], r.t.renamed[r.id+".Version"] = r.id+"Alias"+name, r.id+"Version"
}

// machineEvents starts executions from the event sources.
func (r *resource) machineEvents() {
	target := ref(r.id)
	if alias, ok := r.t.value(r.properties.Get("AutoPublishAlias")).(string); ok && r.t.truthy(r.properties.Get("UseAliasAsEventTarget")) {
		target = ref(r.id + "Alias" + alias)
	}
	events := mapOf(r.properties.Get("Events"))
	for _, name := range keysOf(events) {
		body := mapOf(events.Values[name])
		m := &machineEvent{event{lambda: &lambda{resource: r}, name: name, id: r.id + name, properties: mapOf(body.Get("Properties"))}, target}
		if m.properties == nil {
			m.properties = obj()
		}
		m.connect(textOf(body.Get("Type")))
	}
}

// machineEvent is one event source of a state machine.
type machineEvent struct {
	event
	machine any
}

func (m *machineEvent) connect(kind string) {
	known, ok := stateMachineEvents[kind]
	if !ok {
		m.invalid("Event type '%s' is not supported", kind)
		return
	}
	if why := checkProperties(known, m.properties, kind); why != "" {
		m.invalid("%s", why)
		return
	}
	p := m.properties
	switch kind {
	case "ScheduleV2":
		m.scheduler(clone(m.machine), m.start(m.id))
	case "Schedule":
		state, ok := m.state()
		if ok {
			m.rule(obj("ScheduleExpression", p.Get("Schedule"), "State", state, "Name", p.Get("Name"), "Description", p.Get("Description")))
		}
	case "Api":
		m.api()
	default:
		m.rule(obj("EventBusName", p.Get("EventBusName"), "EventPattern", p.Get("Pattern"), "Name", p.Get("RuleName"), "State", p.Get("State")))
	}
}

func (m *machineEvent) start(prefix string) object {
	return inlinePolicy(prefix+"StartExecutionPolicy", statement("states:StartExecution", m.machine))
}

// startRole makes the role that starts executions, and returns its ARN.
func (m *machineEvent) startRole(service string) any {
	if given := m.properties.Get("RoleArn"); given != nil {
		return given
	}
	m.add(m.id+"Role", "AWS::IAM::Role", obj("AssumeRolePolicyDocument", assumedBy(service), "Policies", []any{m.start(m.id + "Role")},
		"PermissionsBoundary", m.resource.properties.Get("PermissionsBoundary")))
	return getAtt(m.id+"Role", "Arn")
}

func (m *machineEvent) rule(rule object) {
	more := obj("Arn", clone(m.machine))
	pass(more, m.properties, "Input", "InputPath", "InputTransformer")
	m.addRule(rule, "StepFunctionsTarget", more, m.startRole("events.amazonaws.com"))
}

func (m *machineEvent) api() {
	method, path := textOf(m.properties.Get("Method")), textOf(m.properties.Get("Path"))
	_, a, ok := m.target("RestApiId", "Api")
	if !ok {
		return
	}
	role := m.startRole("apigateway.amazonaws.com")
	if a == nil || !a.managed {
		return
	}
	request := `{"input": "$util.escapeJavaScript($input.json('$'))", "stateMachineArn": "${` + referred(m.machine) + `}"}`
	m.addOperation(a, path, method, obj(integration, obj("type", "aws", "httpMethod", "POST",
		"uri", sub("arn:${AWS::Partition}:apigateway:${AWS::Region}:states:action/StartExecution"),
		"responses", obj("200", obj("statusCode", "200"), "400", obj("statusCode", "400")), "credentials", role,
		"requestTemplates", obj("application/json", sub(request))),
		"responses", obj("200", obj("description", "OK"), "400", obj("description", "Bad Request"))))
}
