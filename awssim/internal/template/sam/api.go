package sam

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// api is a serverless API of the template: what its events add to it.
type api struct {
	id         string
	http       bool
	body       object           // the resource
	definition object           // the OpenAPI document, nil if it is in S3
	managed    bool             // SAM writes the definition
	given      bool             // the template has the definition
	conditions []any            // those of the functions whose events made it, nil for one without
	stage      string           // logical id of the stage, for the shared usage plan
	plan       object           // its UsagePlan
	byPath     map[string][]any // the conditions of each path's methods
}

func (a *api) properties() object { return mapOf(a.body.Get("Properties")) }

const (
	impliedREST = "ServerlessRestApi"
	impliedHTTP = "ServerlessHttpApi"
)

// findAPIs collects the template's APIs and adds those that events imply.
func (t *transformation) findAPIs() {
	for _, id := range t.resources.Keys {
		body := mapOf(t.resources.Values[id])
		if typ := body.Get("Type"); body != nil && (typ == prefix+"Api" || typ == prefix+"HttpApi") {
			t.takeAPI(id, body)
		}
	}
	for _, id := range slices.Clone(t.resources.Keys) {
		body := mapOf(t.resources.Values[id])
		if typ := body.Get("Type"); body == nil || typ != prefix+"Function" && typ != prefix+"StateMachine" {
			continue
		}
		events := mapOf(mapOf(body.Get("Properties")).Get("Events"))
		for _, name := range keysOf(events) {
			t.implied(mapOf(events.Values[name]), body.Get("Condition"))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(t.apis)) {
		t.conditionOf(t.apis[id])
	}
}

func (t *transformation) takeAPI(id string, body object) *api {
	p := mapOf(body.Get("Properties"))
	if p == nil {
		p = obj()
		body.Set("Properties", p)
	}
	a := &api{id: id, http: body.Get("Type") == prefix+"HttpApi", body: body, definition: mapOf(p.Get("DefinitionBody"))}
	a.given = a.definition != nil
	if p.Get("DefinitionBody") == nil && p.Get("DefinitionUri") == nil {
		a.managed, a.definition = true, skeleton(a.http)
	}
	t.apis[id] = a
	return a
}

// skeleton is the definition of an API without paths.
func skeleton(http bool) object {
	info := obj("version", "1.0", "title", ref("AWS::StackName"))
	if http {
		return obj("openapi", "3.0.1", "info", info, "paths", obj())
	}
	return obj("swagger", "2.0", "info", info, "paths", obj())
}

// implied adds the API that an event without one goes to.
func (t *transformation) implied(event object, condition any) {
	kind, reference, id := textOf(event.Get("Type")), "RestApiId", impliedREST
	switch kind {
	case "Api":
	case "HttpApi":
		reference, id = "ApiId", impliedHTTP
	default:
		return
	}
	p := mapOf(event.Get("Properties"))
	if p == nil {
		p = obj()
		event.Set("Properties", p)
	}
	if p.Get(reference) == nil {
		p.Set(reference, ref(id))
	}
	if referred(p.Get(reference)) != id {
		return
	}
	if t.apis[id] == nil {
		body := obj("Type", prefix+"Api", "Properties", obj("StageName", "Prod"))
		if kind == "HttpApi" {
			body = obj("Type", prefix+"HttpApi", "Properties", obj())
		}
		t.applyGlobals(body)
		t.resources.Set(id, body)
		t.takeAPI(id, body)
	}
	t.apis[id].conditions = append(t.apis[id].conditions, condition)
}

// conditionOf makes an implied API as conditional as the functions it is for.
func (t *transformation) conditionOf(a *api) {
	names := distinct(a.conditions)
	if len(names) == 0 || a.body.Get("Condition") != nil {
		return
	}
	if len(names) == 1 {
		a.body.Set("Condition", names[0])
		return
	}
	a.body.Set("Condition", a.id+"Condition")
	t.condition(a.id+"Condition", anyOf(names))
}

// anyOf holds if one of the conditions holds; Fn::Or takes ten at most.
func anyOf(names []string) any {
	var list []any
	for i, name := range names {
		if i == 9 && len(names) > 10 {
			list = append(list, anyOf(names[i:]))
			break
		}
		list = append(list, call("Condition", name))
	}
	if len(list) == 1 {
		return list[0]
	}
	return call("Fn::Or", list)
}

// target is the API that an event names.
func (e *event) target(property, kind string) (string, *api, bool) {
	given := e.properties.Get(property)
	id := textOf(given)
	if functionOf(given) == "Ref" {
		id = referred(given)
	}
	if a := e.t.apis[id]; a != nil && a.http == (kind == "HttpApi") {
		return id, a, true
	}
	if body := mapOf(e.t.resources.Get(id)); body != nil && e.t.apis[id] == nil && kind == "Api" {
		return id, nil, true // an API that is not SAM's
	}
	e.invalid("%s must be a valid reference to an '%s%s' resource in same template.", property, prefix, kind)
	return "", nil, false
}

var pathVariable = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{[a-zA-Z0-9._+-]+\}`) })

// requestARN is the ARN of calls of a method of an API.
func requestARN(partition string, api any, method, path string) any {
	path = pathVariable().ReplaceAllString(path, "*")
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	if m := strings.ToLower(method); m == "any" || m == anyMethod {
		method = "*"
	}
	return sub("arn:"+partition+":execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/${__Stage__}/"+strings.ToUpper(method)+path,
		"__ApiId__", clone(api), "__Stage__", "*")
}

const (
	anyMethod   = "x-amazon-apigateway-any-method"
	integration = "x-amazon-apigateway-integration"
)

func methodName(s string) string {
	if s = strings.ToLower(s); s == "any" {
		return anyMethod
	}
	return s
}

// api connects the function to a method of a REST API.
func (e *event) api() {
	method, path := textOf(e.properties.Get("Method")), textOf(e.properties.Get("Path"))
	_, a, ok := e.target("RestApiId", "Api")
	if !ok {
		return
	}
	suffix := "Stage"
	if a != nil {
		if s, ok := a.properties().Get("StageName").(string); ok {
			suffix = s
		}
	}
	e.permission(e.id, "apigateway.amazonaws.com", suffix).Set("SourceArn", requestARN(e.t.partial.Place().Partition, e.properties.Get("RestApiId"), method, path))
	if a == nil || a.definition == nil || !a.managed && !e.t.truthy(a.properties().Get("MergeDefinitions")) {
		return
	}
	uri := e.invocation(e.t.partial.Place().Partition)
	operation := obj(integration, obj("httpMethod", "POST", "type", "aws_proxy", "uri", uri), "responses", obj())
	if timeout := e.properties.Get("TimeoutInMillis"); timeout != nil {
		mapOf(operation.Get(integration)).Set("timeoutInMillis", timeout)
	}
	if e.requests(a, operation) {
		e.addOperation(a, path, method, operation)
	}
}

// addOperation adds a method to an API's definition.
func (e *event) addOperation(a *api, path, method string, operation object) {
	paths := mapOf(a.definition.Get("paths"))
	if paths == nil {
		paths = obj()
		a.definition.Set("paths", paths)
	}
	methods := mapOf(paths.Get(path))
	if methods == nil {
		methods = obj()
		paths.Set(path, methods)
	}
	name := methodName(method)
	if old := mapOf(methods.Get(name)); old.Get(integration) != nil {
		quote := `"`
		if a.http {
			quote = "'"
		}
		e.invalid("API method %s%s%s defined multiple times for path %s%s%s.", quote, strings.ToLower(method), quote, quote, path, quote)
		return
	}
	if !e.authorize(a, operation, path, method) {
		return
	}
	if old := mapOf(methods.Get(name)); old != nil {
		operation, _ = merge(old, operation).(object)
	}
	c := e.attributes.Get("Condition")
	if a.byPath == nil {
		a.byPath = map[string][]any{}
	}
	a.byPath[path] = append(a.byPath[path], c)
	if c != nil {
		methods.Set(name, call("Fn::If", []any{c, operation, ref("AWS::NoValue")}))
		return
	}
	methods.Set(name, operation)
}

// eachOperation calls f for every method of an API that has an integration.
func (a *api) eachOperation(f func(path, method string, operation object)) {
	paths := mapOf(a.definition.Get("paths"))
	for _, path := range keysOf(paths) {
		methods := mapOf(paths.Values[path])
		for _, method := range slices.Clone(keysOf(methods)) {
			v := methods.Values[method]
			if m := mapOf(unconditional(v)); m != nil && m.Get(integration) != nil {
				f(path, method, m)
			}
		}
	}
}

// conditionPaths makes the paths whose methods are all conditional so too.
func (t *transformation) conditionPaths(a *api) {
	paths := mapOf(a.definition.Get("paths"))
	for _, path := range keysOf(paths) {
		names := distinct(a.byPath[path])
		if len(names) == 0 || !a.managed {
			continue
		}
		name := names[0]
		if len(names) > 1 {
			name = a.id + strings.NewReplacer("/", "SLASH", "{", "OB", "}", "CB").Replace(path) + "PathCondition"
			t.condition(name, anyOf(names))
		}
		paths.Set(path, call("Fn::If", []any{name, paths.Values[path], ref("AWS::NoValue")}))
	}
}

// distinct lists conditions in order, each once; none if one is missing.
func distinct(conditions []any) []string {
	names := []string{}
	for _, c := range conditions {
		s := textOf(c)
		if s == "" {
			return nil
		}
		if !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	slices.Sort(names)
	return names
}

// unconditional is the value in the first branch of Fn::If.
func unconditional(v any) any {
	if functionOf(v) != "Fn::If" {
		return v
	}
	l := listOf(argument(v))
	if len(l) != 3 {
		return v
	}
	return l[1]
}
