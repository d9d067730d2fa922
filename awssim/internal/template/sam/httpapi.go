package sam

import (
	"strings"

	"github.com/setmend/setmend/awssim/internal/template"
)

// httpAPI, of an event, connects the function to a route of an HTTP API.
func (e *event) httpAPI() {
	p := e.properties
	path, method := textOf(p.Get("Path")), textOf(p.Get("Method"))
	if path == "" && method == "" {
		path, method = "$default", anyMethod
	}
	if path == "" || method == "" {
		e.invalid("Event is missing Path or Method.")
		return
	}
	_, a, ok := e.target("ApiId", "HttpApi")
	if !ok {
		return
	}
	called := path
	if path == "$default" {
		called = ""
	}
	if called == "" || !e.hasDefaultRoute(p.Get("ApiId")) {
		e.permission(e.id, "apigateway.amazonaws.com", "").Set("SourceArn", requestARN("${AWS::Partition}", p.Get("ApiId"), method, called))
	}
	if a.definition == nil {
		return
	}
	version, _ := template.Text(p.Get("PayloadFormatVersion"))
	if version == "" {
		version = "2.0"
	}
	operation := obj(integration, obj("httpMethod", "POST", "type", "aws_proxy", "uri", e.invocation("${AWS::Partition}"), "payloadFormatVersion", version), "responses", obj())
	if timeout := p.Get("TimeoutInMillis"); timeout != nil {
		mapOf(operation.Get(integration)).Set("timeoutInMillis", timeout)
	}
	if path == "$default" {
		operation.Set("isDefaultRoute", true)
	}
	var parameters []any
	for _, name := range pathVariable().FindAllString(path, -1) {
		parameters = append(parameters, obj("name", strings.Trim(name, "{}+"), "in", "path", "required", true))
	}
	if parameters != nil {
		operation.Set("parameters", parameters)
	}
	if !a.managed { // the template's own definition: only what it lacks
		paths := mapOf(a.definition.Get("paths"))
		if mapOf(mapOf(paths.Get(path)).Get(methodName(method))).Get(integration) != nil {
			return
		}
	}
	e.addOperation(a, path, method, operation)
	if settings := p.Get("RouteSettings"); settings != nil {
		routes := child(a.properties(), "RouteSettings")
		name := path
		if path != "$default" {
			m := strings.ToUpper(method)
			if m == strings.ToUpper(anyMethod) {
				m = "ANY"
			}
			name = m + " " + path
		}
		if routes.Get(name) == nil {
			routes.Set(name, settings)
		}
	}
}

// hasDefaultRoute reports whether the function also has the API's default route,
// whose permission covers all others.
func (e *event) hasDefaultRoute(api any) bool {
	events := mapOf(e.lambda.properties.Get("Events"))
	for _, name := range keysOf(events) {
		body := mapOf(events.Values[name])
		p := mapOf(body.Get("Properties"))
		if path := textOf(p.Get("Path")); body.Get("Type") == "HttpApi" && referred(p.Get("ApiId")) == referred(api) && (path == "$default" || path == "") {
			return true
		}
	}
	return false
}

// httpAPI makes an HTTP API with its stage and what its Auth and Domain need.
func (r *resource) httpAPI() {
	a, p := r.t.apis[r.id], r.properties
	out := obj()
	pass(out, p, "FailOnWarnings")
	switch {
	case a.given && p.Get("DefinitionUri") != nil:
		r.invalid("Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.")
		return
	case p.Get("DefinitionUri") != nil:
		location, ok := r.location("DefinitionUri", "Bucket", "Key", "Version")
		if !ok {
			return
		}
		out.Set("BodyS3Location", location)
	case a.managed && len(keysOf(mapOf(a.definition.Get("paths")))) == 0:
		r.invalid("'DefinitionUri' or 'DefinitionBody' are required properties of an 'AWS::Serverless::HttpApi'. Add a value for one of these properties or add a 'HttpApi' event to an 'AWS::Serverless::Function'.")
		return
	}
	if !r.httpCORS(a) || !r.apiAuth(a) {
		return
	}
	if a.definition != nil {
		r.t.conditionPaths(a)
		r.describe(a)
		out.Set("Body", a.definition)
	}
	r.main("AWS::ApiGatewayV2::Api", out)
	r.httpStage()
	r.domain(a)
}

// describe writes name, description and tags into the definition.
func (r *resource) describe(a *api) {
	p := r.properties
	if name := p.Get("Name"); name != nil {
		child(a.definition, "info").Set("title", name)
	}
	if text := p.Get("Description"); text != nil {
		child(a.definition, "info").Set("description", text)
	}
	if off := p.Get("DisableExecuteApiEndpoint"); off != nil {
		a.definition.Set("servers", []any{obj("x-amazon-apigateway-endpoint-configuration", obj("disableExecuteApiEndpoint", off))})
	}
	tags := mapOf(p.Get("Tags"))
	var list []any
	for _, k := range keysOf(tags) {
		list = append(list, obj("name", k, "x-amazon-apigateway-tag-value", clone(tags.Values[k])))
	}
	a.definition.Set("tags", append(append(listOf(a.definition.Get("tags")), list...), obj("name", "httpapi:createdBy", "x-amazon-apigateway-tag-value", "SAM")))
}

func (r *resource) httpCORS(a *api) bool {
	given := r.t.value(r.properties.Get("CorsConfiguration"))
	if given == nil || given == false {
		return true
	}
	if a.definition == nil {
		r.invalid("Cors works only with inline OpenApi specified in 'DefinitionBody' property.")
		return false
	}
	config := mapOf(given)
	if config == nil {
		config = obj("AllowOrigins", []any{"*"})
	}
	out := obj()
	for _, k := range config.Keys {
		name, known := map[string]string{"AllowOrigins": "allowOrigins", "AllowHeaders": "allowHeaders", "AllowMethods": "allowMethods",
			"ExposeHeaders": "exposeHeaders", "MaxAge": "maxAge", "AllowCredentials": "allowCredentials"}[k]
		if !known {
			r.invalid("Invalid key '%s' for 'Cors' property.", k)
			return false
		}
		out.Set(name, config.Values[k])
	}
	if a.definition.Get("x-amazon-apigateway-cors") == nil {
		a.definition.Set("x-amazon-apigateway-cors", out)
	}
	return true
}

func (r *resource) httpTags() object {
	tags := obj("httpapi:createdBy", "SAM")
	given := mapOf(clone(r.properties.Get("Tags")))
	pass(tags, given, keysOf(given)...)
	return tags
}

// httpStage makes the stage: $default unless it has a name.
func (r *resource) httpStage() {
	p := r.properties
	stage := obj("ApiId", ref(r.id), "AutoDeploy", true)
	pass(stage, p, "StageName", "StageVariables", "AccessLogSettings", "RouteSettings", "DefaultRouteSettings")
	stage.Set("Tags", r.httpTags())
	id := r.id + "ApiGatewayDefaultStage"
	if name := p.Get("StageName"); name == nil {
		stage.Set("StageName", "$default")
	} else if s, ok := name.(string); ok && alphanumeric(s) {
		id = r.id + s + "Stage"
	} else if s != "$default" {
		id = r.id + "Stage" + digest(s)
	}
	r.add(id, "AWS::ApiGatewayV2::Stage", stage)
	r.t.renamed[r.id+".Stage"] = id
}
