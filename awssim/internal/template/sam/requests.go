package sam

import (
	"strings"
)

// requests writes what a method of a REST API takes: RequestModel and
// RequestParameters.
func (e *event) requests(a *api, operation object) bool {
	var parameters []any
	if model := mapOf(e.properties.Get("RequestModel")); model != nil {
		name := textOf(model.Get("Model"))
		if mapOf(a.properties().Get("Models")).Get(name) == nil {
			e.invalid("Unable to set RequestModel [%s] on API method [%s] for path [%s] because it wasn't defined in the API's Models.", name, strings.ToLower(textOf(e.properties.Get("Method"))), textOf(e.properties.Get("Path")))
			return false
		}
		name = strings.ToLower(name)
		if strings.HasPrefix(textOf(a.properties().Get("OpenApiVersion")), "3.") {
			operation.Set("requestBody", obj("content", obj("application/json", obj("schema", obj("$ref", "#/components/schemas/"+name))), "required", model.Get("Required")))
		} else {
			parameters = append(parameters, obj("in", "body", "name", name, "schema", obj("$ref", "#/definitions/"+name), "required", model.Get("Required")))
		}
		e.validator(a, operation, model)
	}
	for _, one := range listOf(e.properties.Get("RequestParameters")) {
		name, required, caching := textOf(one), any(false), any(false)
		if m := mapOf(one); m != nil && len(m.Keys) == 1 {
			name = m.Keys[0]
			settings := mapOf(m.Values[name])
			if v := settings.Get("Required"); v != nil {
				required = v
			}
			if v := settings.Get("Caching"); v != nil {
				caching = v
			}
		}
		place, key, ok := requestParameter(name)
		if !ok {
			e.invalid("Invalid value for 'RequestParameters' property. Keys must be in the format 'method.request.[querystring|path|header].{value}', e.g 'method.request.header.Authorization'.")
			return false
		}
		parameter := obj("name", key, "in", place, "required", required, "type", "string")
		if e.t.truthy(caching) {
			invocation := mapOf(operation.Get(integration))
			invocation.Set("cacheKeyParameters", append(listOf(invocation.Get("cacheKeyParameters")), name))
		}
		parameters = append(parameters, parameter)
	}
	if parameters != nil {
		operation.Set("parameters", parameters)
	}
	return true
}

// requestParameter takes method.request.place.name apart.
func requestParameter(s string) (place, name string, ok bool) {
	rest, ok := strings.CutPrefix(s, "method.request.")
	place, name, found := strings.Cut(rest, ".")
	switch place {
	case "querystring":
		place = "query"
	case "path", "header":
	default:
		return "", "", false
	}
	return place, name, ok && found && name != ""
}

// validator has API Gateway validate requests.
func (e *event) validator(a *api, operation, model object) {
	body, parameters := model.Get("ValidateBody"), model.Get("ValidateParameters")
	if body == nil && parameters == nil {
		return
	}
	b, p := e.t.truthy(body), e.t.truthy(parameters)
	name := map[[2]bool]string{{true, true}: "body-and-params", {true, false}: "body-only", {false, true}: "params-only", {false, false}: "no-validation"}[[2]bool{b, p}]
	child(a.definition, "x-amazon-apigateway-request-validators").Set(name, obj("validateRequestBody", b, "validateRequestParameters", p))
	operation.Set("x-amazon-apigateway-request-validator", name)
}
