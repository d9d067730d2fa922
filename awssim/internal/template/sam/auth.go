package sam

import (
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/template"
)

// authorize sets the security of one method, from the event's Auth.
func (e *event) authorize(a *api, operation object, path, method string) bool {
	auth := mapOf(e.properties.Get("Auth"))
	if auth == nil {
		return true
	}
	apiAuth := mapOf(a.properties().Get("Auth"))
	name := textOf(e.t.value(auth.Get("Authorizer")))
	authorizers := mapOf(apiAuth.Get("Authorizers"))
	switch {
	case name == "" || name == "AWS_IAM":
	case name == "NONE":
		if apiAuth.Get("DefaultAuthorizer") == nil {
			e.invalid("Unable to set Authorizer on API method [%s] for path [%s] because 'NONE' is only a valid value when a DefaultAuthorizer on the API is specified.", strings.ToLower(method), path)
			return false
		}
	case authorizers == nil:
		e.invalid("Unable to set Authorizer [%s] on API method [%s] for path [%s] because the related API does not define any Authorizers.", name, strings.ToLower(method), path)
		return false
	case authorizers.Get(name) == nil:
		e.invalid("Unable to set Authorizer [%s] on API method [%s] for path [%s] because it wasn't defined in the API's Authorizers.", name, strings.ToLower(method), path)
		return false
	}
	if name != "" {
		scopes := auth.Get("AuthorizationScopes")
		if scopes == nil {
			scopes = mapOf(authorizers.Get(name)).Get("AuthorizationScopes")
		}
		operation.Set("security", []any{obj(name, orEmpty(scopes))})
		if credentials := invokeRole(auth.Get("InvokeRole"), e.t); name == "AWS_IAM" && !a.http {
			mapOf(operation.Get(integration)).Set("credentials", credentials)
		}
	}
	if key := auth.Get("ApiKeyRequired"); key != nil && e.t.truthy(key) {
		operation.Set("security", append(listOf(operation.Get("security")), obj("api_key", []any{})))
		apiKeySecurity(a)
	}
	if policy := mapOf(auth.Get("ResourcePolicy")); policy != nil {
		resourcePolicy(a, policy)
	}
	return true
}

func orEmpty(v any) any {
	if v == nil {
		return []any{}
	}
	return v
}

// invokeRole is the role that API Gateway calls a function with, as IAM's
// authorization needs it.
func invokeRole(given any, t *transformation) any {
	if given == nil || given == "CALLER_CREDENTIALS" {
		return "arn:" + t.partial.Place().Partition + ":iam::*:user/*"
	}
	if given == "NONE" {
		return nil
	}
	return given
}

// security is where an API's definition has its security schemes.
func (a *api) security() object {
	if a.definition.Get("openapi") == nil {
		return child(a.definition, "securityDefinitions")
	}
	return child(child(a.definition, "components"), "securitySchemes")
}

// child is an object's member, made if it is not there.
func child(m object, name string) object {
	c := mapOf(m.Get(name))
	if c == nil {
		c = obj()
		m.Set(name, c)
	}
	return c
}

func apiKeySecurity(a *api) {
	a.security().Set("api_key", obj("type", "apiKey", "name", "x-api-key", "in", "header"))
}

// apiAuth writes the API's own Auth into its definition, and the permissions of
// its Lambda authorizers.
func (r *resource) apiAuth(a *api) bool {
	auth := mapOf(r.t.value(r.properties.Get("Auth")))
	if auth == nil {
		return true
	}
	if a.definition == nil {
		r.invalid("Auth works only with inline Swagger specified in 'DefinitionBody' property.")
		return false
	}
	authorizers := mapOf(auth.Get("Authorizers"))
	for _, name := range keysOf(authorizers) {
		one := mapOf(authorizers.Values[name])
		if one == nil {
			r.invalid("Property 'Auth.Authorizers.%s' should be a map.", name)
			return false
		}
		if !r.authorizer(a, name, one) {
			return false
		}
	}
	byDefault := textOf(r.t.value(auth.Get("DefaultAuthorizer")))
	if byDefault == "AWS_IAM" || r.usesIAM(a) || r.t.truthy(auth.Get("EnableIamAuthorizer")) {
		a.security().Set("AWS_IAM", obj("x-amazon-apigateway-authtype", "awsSigv4", "type", "apiKey", "name", "Authorization", "in", "header"))
	}
	if byDefault != "" {
		if byDefault != "AWS_IAM" && authorizers.Get(byDefault) == nil {
			r.invalid("Unable to set DefaultAuthorizer because '%s' was not defined in 'Authorizers'.", byDefault)
			return false
		}
		scopes := orEmpty(mapOf(authorizers.Get(byDefault)).Get("AuthorizationScopes"))
		a.eachOperation(func(_, method string, operation object) {
			security := listOf(operation.Get("security"))
			if slices.ContainsFunc(security, func(v any) bool { return len(keysOf(mapOf(v))) > 0 && mapOf(v).Keys[0] != "api_key" }) {
				if !a.http && !r.t.truthy(auth.Get("ApiKeyRequired")) {
					operation.Set("security", slices.DeleteFunc(security, func(v any) bool { return mapOf(v).Get("NONE") != nil }))
				}
				return
			}
			operation.Set("security", append([]any{obj(byDefault, clone(scopes))}, security...))
			if byDefault == "AWS_IAM" && !a.http && method != "options" && mapOf(operation.Get(integration)).Get("credentials") == nil {
				if role := invokeRole(auth.Get("InvokeRole"), r.t); role != nil {
					mapOf(operation.Get(integration)).Set("credentials", role)
				}
			}
		})
	}
	if r.t.truthy(auth.Get("ApiKeyRequired")) {
		apiKeySecurity(a)
		a.eachOperation(func(_, _ string, operation object) {
			security := listOf(operation.Get("security"))
			if !slices.ContainsFunc(security, func(v any) bool { return mapOf(v).Get("api_key") != nil }) {
				operation.Set("security", append(security, obj("api_key", []any{})))
			}
		})
	}
	if policy := mapOf(auth.Get("ResourcePolicy")); policy != nil {
		resourcePolicy(a, policy)
	}
	a.plan = mapOf(auth.Get("UsagePlan"))
	return true
}

// usesIAM reports whether a method is authorized by IAM.
func (r *resource) usesIAM(a *api) bool {
	used := false
	a.eachOperation(func(_, _ string, operation object) {
		for _, one := range listOf(operation.Get("security")) {
			used = used || mapOf(one).Get("AWS_IAM") != nil
		}
	})
	return used
}

// authorizer writes one authorizer into an API's definition.
func (r *resource) authorizer(a *api, name string, config object) bool {
	identity := mapOf(config.Get("Identity"))
	header := textOf(identity.Get("Header"))
	if header == "" {
		header = "Authorization"
	}
	uri := func() any {
		return sub("arn:"+r.t.partial.Place().Partition+":apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${__FunctionArn__}/invocations", "__FunctionArn__", config.Get("FunctionArn"))
	}
	switch {
	case config.Get("JwtConfiguration") != nil:
		jwt := obj()
		given := mapOf(config.Get("JwtConfiguration"))
		for _, k := range keysOf(given) {
			jwt.Set(strings.ToLower(k[:1])+k[1:], given.Values[k])
		}
		a.security().Set(name, obj("type", "oauth2", "x-amazon-apigateway-authorizer", obj("jwtConfiguration", jwt, "identitySource", config.Get("IdentitySource"), "type", "jwt")))
		return true
	case config.Get("UserPoolArn") != nil:
		authorizer := obj("type", "cognito_user_pools", "providerARNs", listOf(config.Get("UserPoolArn")))
		pass(authorizer, obj("identityValidationExpression", identity.Get("ValidationExpression")), "identityValidationExpression")
		a.security().Set(name, obj("in", "header", "type", "apiKey", "name", header, "x-amazon-apigateway-authtype", "cognito_user_pools", "x-amazon-apigateway-authorizer", authorizer))
		return true
	case config.Get("FunctionArn") == nil:
		r.invalid("%s Authorizer must define either 'UserPoolArn' or 'FunctionArn'.", name)
		return false
	}
	kind := "token"
	if a.http || config.Get("FunctionPayloadType") == "REQUEST" {
		kind, header = "request", "Unused"
	}
	authorizer := obj("type", kind, "authorizerUri", uri(), "authorizerResultTtlInSeconds", identity.Get("ReauthorizeEvery"))
	if role := config.Get("FunctionInvokeRole"); role != nil && role != "NONE" {
		authorizer.Set("authorizerCredentials", role)
	}
	if sources := identitySources(identity, a.http); len(sources) > 0 {
		if a.http {
			authorizer.Set("identitySource", sources)
		} else if kind == "request" {
			authorizer.Set("identitySource", joined(sources))
		}
	}
	if kind == "token" {
		pass(authorizer, obj("identityValidationExpression", identity.Get("ValidationExpression")), "identityValidationExpression")
	}
	scheme := obj("type", "apiKey", "name", header, "in", "header", "x-amazon-apigateway-authorizer", authorizer)
	if a.http {
		if config.Get("AuthorizerPayloadFormatVersion") == nil {
			r.invalid("%s Lambda Authorizer must define 'AuthorizerPayloadFormatVersion'.", name)
			return false
		}
		authorizer.Set("authorizerPayloadFormatVersion", config.Get("AuthorizerPayloadFormatVersion"))
		pass(authorizer, obj("enableSimpleResponses", config.Get("EnableSimpleResponses")), "enableSimpleResponses")
	} else {
		scheme.Set("x-amazon-apigateway-authtype", "custom")
	}
	a.security().Set(name, scheme)
	partition := r.t.partial.Place().Partition
	if a.http {
		partition = "${AWS::Partition}"
	}
	if allowed := config.Get("EnableFunctionDefaultPermissions"); !a.http && config.Get("FunctionInvokeRole") == nil && (allowed == nil || r.t.truthy(allowed)) || a.http && r.t.truthy(allowed) {
		r.add(r.id+name+"AuthorizerPermission", "AWS::Lambda::Permission", obj("Action", "lambda:InvokeFunction", "FunctionName", clone(config.Get("FunctionArn")),
			"Principal", "apigateway.amazonaws.com", "SourceArn", sub("arn:"+partition+":execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/authorizers/*", "__ApiId__", ref(r.id))))
	}
	return true
}

func identitySources(identity object, http bool) []any {
	prefixes := [][2]string{{"Headers", "method.request.header."}, {"QueryStrings", "method.request.querystring."}, {"StageVariables", "stageVariables."}, {"Context", "context."}}
	if http {
		prefixes = [][2]string{{"Headers", "$request.header."}, {"QueryStrings", "$request.querystring."}, {"StageVariables", "$stageVariables."}, {"Context", "$context."}}
	}
	var out []any
	for _, p := range prefixes {
		for _, one := range listOf(identity.Get(p[0])) {
			out = append(out, p[1]+textOf(one))
		}
	}
	return out
}

func joined(list []any) string {
	var out []string
	for _, one := range list {
		s, _ := template.Text(one)
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

// resourcePolicy writes an API's resource policy: its own statements, and those
// that the lists of accounts, addresses and endpoints expand to.
func resourcePolicy(a *api, config object) {
	policy := child(a.definition, "x-amazon-apigateway-policy")
	policy.Set("Version", "2012-10-17")
	statements := listOf(policy.Get("Statement"))
	had := len(statements)
	add := func(effect string, principal any, condition any) {
		statements = append(statements, obj("Effect", effect, "Principal", principal, "Action", "execute-api:Invoke", "Resource", []any{"execute-api:/*"}, "Condition", condition))
	}
	if l := config.Get("AwsAccountWhitelist"); l != nil {
		add("Allow", obj("AWS", l), nil)
	}
	if l := config.Get("AwsAccountBlacklist"); l != nil {
		add("Deny", obj("AWS", l), nil)
	}
	for _, one := range []struct{ list, operator, key string }{
		{"IpRangeWhitelist", "NotIpAddress", "aws:SourceIp"}, {"IpRangeBlacklist", "IpAddress", "aws:SourceIp"},
		{"SourceVpcWhitelist", "StringNotEquals", "aws:SourceVpce"}, {"SourceVpcBlacklist", "StringEquals", "aws:SourceVpce"},
		{"IntrinsicVpcWhitelist", "StringNotEquals", "aws:SourceVpc"}, {"IntrinsicVpcBlacklist", "StringEquals", "aws:SourceVpc"},
		{"IntrinsicVpceWhitelist", "StringNotEquals", "aws:SourceVpce"}, {"IntrinsicVpceBlacklist", "StringEquals", "aws:SourceVpce"},
	} {
		if l := config.Get(one.list); l != nil {
			add("Deny", "*", obj(one.operator, obj(one.key, l)))
		}
	}
	if len(statements) > had {
		statements = append([]any{obj("Effect", "Allow", "Principal", "*", "Action", "execute-api:Invoke", "Resource", []any{"execute-api:/*"})}, statements...)
	}
	policy.Set("Statement", append(statements, listOf(config.Get("CustomStatements"))...))
}
