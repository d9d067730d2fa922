package sam

import (
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/template"
)

// restAPI makes a REST API with its deployment, its stage and what its Auth,
// Cors and Domain need.
func (r *resource) restAPI() {
	a, p := r.t.apis[r.id], r.properties
	if a.given && p.Get("DefinitionUri") != nil {
		r.invalid("Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.")
		return
	}
	out := obj()
	pass(out, p, "Name", "Description", "MinimumCompressionSize", "FailOnWarnings", "Mode", "ApiKeySourceType", "Policy", "SecurityPolicy", "EndpointAccessMode")
	var source any
	if p.Get("DefinitionUri") != nil {
		location, ok := r.location("DefinitionUri", "Bucket", "Key", "Version")
		if !ok {
			return
		}
		out.Set("BodyS3Location", location)
		source = location
	}
	if types := p.Get("BinaryMediaTypes"); types != nil {
		out.Set("BinaryMediaTypes", clone(r.t.value(types)))
	}
	r.endpoint(out)
	if !r.cors(a) || !r.apiAuth(a) || !r.definition(a) {
		return
	}
	if a.definition != nil {
		r.t.conditionPaths(a)
		r.postprocess(a)
		out.Set("Body", a.definition)
		source = a.definition
	}
	r.main("AWS::ApiGateway::RestApi", out)
	r.stage(a, source)
	r.domain(a)
	r.usagePlan(a)
}

// endpoint sets where the API is reached.
func (r *resource) endpoint(out object) {
	given := r.properties.Get("EndpointConfiguration")
	switch config := given.(type) {
	case nil:
		if r.t.partial.Place().Partition != "aws" { // no edge there
			out.Set("EndpointConfiguration", obj("Types", []any{"REGIONAL"}))
			out.Set("Parameters", obj("endpointConfigurationTypes", "REGIONAL"))
		}
	case object:
		types := obj()
		if kind := config.Get("Type"); kind != nil {
			types.Set("Types", []any{kind})
			out.Set("Parameters", obj("endpointConfigurationTypes", kind))
		}
		pass(types, obj("VpcEndpointIds", config.Get("VPCEndpointIds"), "IpAddressType", config.Get("IpAddressType")), "VpcEndpointIds", "IpAddressType")
		out.Set("EndpointConfiguration", types)
	default:
		out.Set("EndpointConfiguration", obj("Types", []any{given}))
		out.Set("Parameters", obj("endpointConfigurationTypes", clone(given)))
	}
}

// definition writes gateway responses, models and the endpoint's switch into the
// API's definition.
func (r *resource) definition(a *api) bool {
	p := r.properties
	for _, name := range []string{"GatewayResponses", "Models", "DisableExecuteApiEndpoint"} {
		if p.Get(name) != nil && a.definition == nil {
			r.invalid("%s works only with inline Swagger specified in 'DefinitionBody' property.", name)
			return false
		}
	}
	responses := mapOf(p.Get("GatewayResponses"))
	for _, kind := range keysOf(responses) {
		given, one := mapOf(responses.Values[kind]), obj("responseTemplates", obj())
		headers := mapOf(mapOf(given.Get("ResponseParameters")).Get("Headers"))
		parameters := obj()
		for _, h := range keysOf(headers) {
			parameters.Set("gatewayresponse.header."+h, headers.Values[h])
		}
		if len(parameters.Keys) > 0 {
			one.Set("responseParameters", parameters)
		}
		pass(one, obj("responseTemplates", given.Get("ResponseTemplates"), "statusCode", given.Get("StatusCode")), "responseTemplates", "statusCode")
		child(a.definition, "x-amazon-apigateway-gateway-responses").Set(kind, one)
	}
	models := mapOf(p.Get("Models"))
	for _, name := range keysOf(models) {
		model := mapOf(clone(models.Values[name]))
		if model != nil && model.Get("type") == nil {
			r.invalid("Model with name '%s' is missing 'type'.", name)
			return false
		}
		child(a.definition, "definitions").Set(strings.ToLower(name), model)
	}
	if off := p.Get("DisableExecuteApiEndpoint"); off != nil {
		child(a.definition, "x-amazon-apigateway-endpoint-configuration").Set("disableExecuteApiEndpoint", off)
	}
	if types := p.Get("BinaryMediaTypes"); types != nil && a.definition != nil {
		var list []any
		for _, one := range listOf(r.t.value(types)) {
			if s, ok := one.(string); ok {
				one = strings.ReplaceAll(s, "~1", "/")
			}
			list = append(list, one)
		}
		a.definition.Set("x-amazon-apigateway-binary-media-types", list)
	}
	return true
}

// postprocess brings the definition to the wanted version of OpenAPI.
func (r *resource) postprocess(a *api) {
	version, _ := template.Text(r.properties.Get("OpenApiVersion"))
	if !strings.HasPrefix(version, "3.") || a.definition.Get("swagger") == nil {
		return
	}
	a.definition.Delete("swagger")
	a.definition.Set("openapi", version)
	if schemes := a.definition.Get("securityDefinitions"); schemes != nil {
		a.definition.Delete("securityDefinitions")
		child(a.definition, "components").Set("securitySchemes", schemes)
	}
	if models := a.definition.Get("definitions"); models != nil {
		a.definition.Delete("definitions")
		child(a.definition, "components").Set("schemas", models)
	}
}

// cors adds an OPTIONS method to every path.
func (r *resource) cors(a *api) bool {
	given := r.properties.Get("Cors")
	if given == nil {
		return true
	}
	if a.definition == nil {
		r.invalid("Cors works only with inline Swagger specified in 'DefinitionBody' property.")
		return false
	}
	config := mapOf(given)
	if config == nil {
		config = obj("AllowOrigin", given)
	}
	for _, k := range config.Keys {
		if !slices.Contains([]string{"AllowMethods", "AllowHeaders", "AllowOrigin", "MaxAge", "AllowCredentials"}, k) {
			r.invalid("Invalid key '%s' for 'Cors' property.", k)
			return false
		}
	}
	origin := config.Get("AllowOrigin")
	if origin == nil {
		origin = "'*'"
	}
	if r.t.truthy(config.Get("AllowCredentials")) && origin == "'*'" {
		r.invalid("Unable to add Cors configuration because 'AllowCredentials' can not be true when 'AllowOrigin' is \"'*'\" or not set")
		return false
	}
	paths := mapOf(a.definition.Get("paths"))
	for _, path := range keysOf(paths) {
		methods := mapOf(paths.Values[path])
		if methods == nil || methods.Get("options") != nil {
			continue
		}
		version, _ := template.Text(r.properties.Get("OpenApiVersion"))
		methods.Set("options", corsOperation(methods, config, origin, strings.HasPrefix(version, "3.")))
	}
	return true
}

func corsOperation(methods, config object, origin any, version3 bool) object {
	kind := func(name string) object {
		if version3 {
			return obj("schema", obj("schema", obj("type", name)))
		}
		return obj("type", name)
	}
	headers := obj("Access-Control-Allow-Origin", kind("string"))
	values := obj("method.response.header.Access-Control-Allow-Origin", clone(origin))
	set := func(name string, v any) {
		if v != nil {
			headers.Set(name, kind("string"))
			values.Set("method.response.header."+name, clone(v))
		}
	}
	allowed := config.Get("AllowMethods")
	if allowed == nil {
		allowed = allowedMethods(methods)
	}
	set("Access-Control-Allow-Headers", config.Get("AllowHeaders"))
	set("Access-Control-Allow-Methods", allowed)
	if set("Access-Control-Max-Age", config.Get("MaxAge")); config.Get("MaxAge") != nil {
		headers.Set("Access-Control-Max-Age", kind("integer"))
	}
	if s, _ := template.Text(config.Get("AllowCredentials")); s == "true" {
		set("Access-Control-Allow-Credentials", "'true'")
	}
	out := obj("summary", "CORS support")
	if !version3 {
		out.Set("consumes", []any{"application/json"})
		out.Set("produces", []any{"application/json"})
	}
	rest := obj(integration, obj("type", "mock", "requestTemplates", obj("application/json", "{\n  \"statusCode\" : 200\n}\n"),
		"responses", obj("default", obj("statusCode", "200", "responseTemplates", obj("application/json", "{}\n"), "responseParameters", values))),
		"responses", obj("200", obj("description", "Default response for CORS method", "headers", headers)))
	pass(out, rest, rest.Keys...)
	return out
}

func allowedMethods(methods object) string {
	names := []string{"OPTIONS"}
	for _, m := range methods.Keys {
		if m == anyMethod {
			return "'DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT'"
		}
		names = append(names, strings.ToUpper(m))
	}
	slices.Sort(names)
	return "'" + strings.Join(slices.Compact(names), ",") + "'"
}

// stage makes the deployment and the stage.
func (r *resource) stage(a *api, source any) {
	p := r.properties
	id := r.id + "Deployment"
	deployment := obj("RestApiId", ref(r.id))
	if p.Get("OpenApiVersion") == nil {
		deployment.Set("StageName", "Stage")
	}
	if source != nil {
		hash := digest(source)
		deployment.Set("Description", "RestApi deployment id: "+hash)
		id += hash
	}
	r.add(id, "AWS::ApiGateway::Deployment", deployment)
	name, _ := p.Get("StageName").(string)
	a.stage = r.id + name + "Stage"
	if !alphanumeric(name) {
		a.stage = r.id + "Stage" + digest(name)
	}
	stage := obj("DeploymentId", ref(id), "RestApiId", ref(r.id))
	pass(stage, p, "StageName", "CacheClusterEnabled", "CacheClusterSize", "Variables", "MethodSettings", "AccessLogSetting", "CanarySetting", "TracingEnabled")
	if tags := mapOf(p.Get("Tags")); tags != nil {
		stage.Set("Tags", tagList(tags))
	}
	r.add(a.stage, "AWS::ApiGateway::Stage", stage)
	r.t.renamed[r.id+".Stage"], r.t.renamed[r.id+".Deployment"] = a.stage, id
}

// usagePlan makes the API's usage plan and key, or joins the shared one.
func (r *resource) usagePlan(a *api) {
	if a.plan == nil {
		return
	}
	switch a.plan.Get("CreateUsagePlan") {
	case "NONE":
	case "SHARED":
		r.t.usagePlans = append(r.t.usagePlans, a)
	case "PER_API":
		plan, key := r.id+"UsagePlan", r.id+"ApiKey"
		out := obj("ApiStages", []any{obj("ApiId", ref(r.id), "Stage", ref(a.stage))})
		pass(out, a.plan, "UsagePlanName", "Description", "Quota", "Tags", "Throttle")
		r.add(plan, "AWS::ApiGateway::UsagePlan", out).Set("DependsOn", []any{r.id})
		r.add(key, "AWS::ApiGateway::ApiKey", obj("Enabled", true, "StageKeys", []any{obj("RestApiId", ref(r.id), "StageName", ref(a.stage))})).Set("DependsOn", []any{plan})
		r.add(plan+"Key", "AWS::ApiGateway::UsagePlanKey", obj("KeyId", ref(key), "KeyType", "API_KEY", "UsagePlanId", ref(plan))).Set("DependsOn", []any{key})
		for _, what := range []string{"UsagePlan", "ApiKey", "UsagePlanKey"} {
			r.t.renamed[r.id+"."+what] = r.id + what
		}
	default:
		r.invalid("'CreateUsagePlan' accepts one of ['SHARED', 'PER_API', 'NONE'].")
	}
}

// sharedUsagePlan makes the one usage plan of the APIs that share it.
func (t *transformation) sharedUsagePlan() {
	if len(t.usagePlans) == 0 {
		return
	}
	var stages, keys, needs []any
	out := obj()
	for _, a := range t.usagePlans {
		stages = append(stages, obj("ApiId", ref(a.id), "Stage", ref(a.stage)))
		keys = append(keys, obj("RestApiId", ref(a.id), "StageName", ref(a.stage)))
		needs = append(needs, a.id)
		pass(out, a.plan, "UsagePlanName", "Description", "Quota", "Tags", "Throttle")
	}
	out.Set("ApiStages", stages)
	t.resources.Set("ServerlessUsagePlan", obj("Type", "AWS::ApiGateway::UsagePlan", "DependsOn", needs, "Properties", out))
	t.resources.Set("ServerlessApiKey", obj("Type", "AWS::ApiGateway::ApiKey", "DependsOn", []any{"ServerlessUsagePlan"}, "Properties", obj("Enabled", true, "StageKeys", keys)))
	t.resources.Set("ServerlessUsagePlanKey", obj("Type", "AWS::ApiGateway::UsagePlanKey", "DependsOn", []any{"ServerlessApiKey"},
		"Properties", obj("KeyId", ref("ServerlessApiKey"), "KeyType", "API_KEY", "UsagePlanId", ref("ServerlessUsagePlan"))))
}
