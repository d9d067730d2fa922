package sam

import (
	"slices"
	"strings"
)

// globalProperties are what the Globals section may hold, by kind.
var globalProperties = map[string]string{
	"Function":     "Handler Runtime CodeUri DeadLetterQueue Description MemorySize Timeout VpcConfig Environment Tags PropagateTags Tracing KmsKeyArn AutoPublishAlias AutoPublishAliasAllProperties Layers DeploymentPreference RolePath PermissionsBoundary ReservedConcurrentExecutions ProvisionedConcurrencyConfig AssumeRolePolicyDocument EventInvokeConfig FileSystemConfigs CodeSigningConfigArn Architectures SnapStart EphemeralStorage FunctionUrlConfig RuntimeManagementConfig LoggingConfig RecursiveLoop SourceKMSKeyArn TenancyConfig DurableConfig CapacityProviderConfig FunctionScalingConfig PublishToLatestPublished VersionDeletionPolicy",
	"Api":          "Auth Name DefinitionUri CacheClusterEnabled CacheClusterSize MergeDefinitions Variables EndpointConfiguration MethodSettings BinaryMediaTypes MinimumCompressionSize Cors GatewayResponses AccessLogSetting CanarySetting TracingEnabled OpenApiVersion Domain AlwaysDeploy PropagateTags SecurityPolicy EndpointAccessMode",
	"HttpApi":      "Auth AccessLogSettings StageVariables Tags CorsConfiguration DefaultRouteSettings Domain RouteSettings FailOnWarnings PropagateTags",
	"SimpleTable":  "SSESpecification",
	"StateMachine": "PropagateTags",
	"LayerVersion": "PublishLambdaVersion",
}

var globalKinds = []string{"Function", "Api", "HttpApi", "SimpleTable", "StateMachine", "LayerVersion", "CapacityProvider", "WebSocketApi"}

// mergeGlobals merges the Globals section into the resources: objects are merged,
// lists joined, the resource's own scalars win. Implied APIs are merged later,
// when they are made.
func (t *transformation) mergeGlobals() error {
	v, given := t.root.Values["Globals"]
	if !given {
		return nil
	}
	globals := mapOf(v)
	if globals == nil {
		return failure("'Globals' section is invalid. It must be a non-empty dictionary")
	}
	for _, kind := range globals.Keys {
		if !slices.Contains(globalKinds, kind) {
			return failure("Number of errors found: 1. 'Globals' section is invalid. '%s' is not supported. Must be one of the following values - ['%s']", kind, strings.Join(globalKinds, "', '"))
		}
		supported := strings.Fields(globalProperties[kind])
		for _, k := range keysOf(mapOf(globals.Values[kind])) {
			if !slices.Contains(supported, k) && globalProperties[kind] != "" {
				return failure("Number of errors found: 1. 'Globals' section is invalid. '%s' is not a supported property of '%s'. Must be one of the following values - ['%s']", k, kind, strings.Join(supported, "', '"))
			}
		}
	}
	for _, id := range t.resources.Keys {
		body := mapOf(t.resources.Values[id])
		t.applyGlobals(body)
	}
	return nil
}

// applyGlobals merges the Globals of a resource's kind into it.
func (t *transformation) applyGlobals(body object) {
	kind, serverless := strings.CutPrefix(textOf(body.Get("Type")), prefix)
	defaults := mapOf(mapOf(t.root.Get("Globals")).Get(kind))
	if !serverless || defaults == nil {
		return
	}
	own := mapOf(body.Get("Properties"))
	if own == nil {
		own = obj()
	}
	ignore := listOf(body.Get("IgnoreGlobals"))
	if len(ignore) == 1 && ignore[0] == "*" {
		return
	}
	merged := obj()
	for _, k := range defaults.Keys {
		if !slices.Contains(ignore, any(k)) {
			merged.Set(k, clone(defaults.Values[k]))
		}
	}
	body.Set("Properties", merge(merged, own))
}

// merge lays a value over a default.
func merge(under, over any) any {
	a, isMap := under.(object)
	b, both := over.(object)
	if isMap && both {
		for _, k := range b.Keys {
			if was, has := a.Values[k]; has {
				a.Set(k, merge(was, b.Values[k]))
			} else {
				a.Set(k, b.Values[k])
			}
		}
		return a
	}
	x, isList := under.([]any)
	y, both := over.([]any)
	if isList && both {
		return append(slices.Clone(x), y...)
	}
	return over
}
