package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An ownCall is an optimised integration that is no operation of an API: what it
// does is Step Functions' own.
type ownCall struct {
	do          func(*Bound, context.Context, json.RawMessage) (json.RawMessage, error)
	needed      []string // parameters
	others      []string
	permissions []string
	token       bool // has .waitForTaskToken
}

func ownCalls() map[string]ownCall {
	return map[string]ownCall{
		"http:invoke": {
			do: (*Bound).http, needed: []string{"ApiEndpoint", "Method"},
			others: []string{"Authentication", "InvocationConfig", "Headers", "QueryParameters", "RequestBody", "Transform"},
			permissions: []string{"states:InvokeHTTPEndpoint", "events:RetrieveConnectionCredentials",
				"secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"},
		},
		"apigateway:invoke": {
			do: (*Bound).gateway, needed: []string{"ApiEndpoint", "Method"},
			others:      []string{"Headers", "Stage", "Path", "QueryParameters", "RequestBody", "AllowNullValues", "AuthType"},
			permissions: []string{"execute-api:Invoke"}, token: true,
		},
		"elasticmapreduce:modifyInstanceFleetByName": {
			do: (*Bound).modifyFleet, needed: []string{"ClusterId", "InstanceFleetName", "InstanceFleet"},
			permissions: []string{"elasticmapreduce:ModifyInstanceFleet", "elasticmapreduce:ListInstanceFleets"},
		},
		"elasticmapreduce:modifyInstanceGroupByName": {
			do: (*Bound).modifyGroup, needed: []string{"ClusterId", "InstanceGroupName", "InstanceGroup"},
			permissions: []string{"elasticmapreduce:ModifyInstanceGroups", "elasticmapreduce:ListInstanceGroups"},
		},
	}
}

// own is the call of a resource; ok is false for all that is none.
func own(resource string) (call ownCall, ok bool) {
	name, isIntegration := parseResource(resource)
	if !isIntegration || name.sdk {
		return call, false
	}
	call, ok = ownCalls()[name.service+":"+name.action]
	return call, ok && (name.pattern == "" || name.pattern == ".waitForTaskToken" && call.token)
}

// check finds parameters that the call does not have, and those that are missing.
func (o ownCall) check(u Use) []Problem {
	if u.Parameters == nil {
		return nil
	}
	var problems []Problem
	name, _ := parseResource(u.Resource)
	known := slices.Sorted(slices.Values(append(slices.Clone(o.needed), o.others...)))
	for _, key := range slices.Sorted(maps.Keys(u.Parameters)) {
		if plain := strings.TrimSuffix(key, ".$"); !slices.Contains(known, plain) {
			problems = append(problems, Problem{Path: u.at(key), Message: fmt.Sprintf("%s:%s has no parameter %q", name.service, name.action, plain),
				Name: plain, Candidates: known})
		}
	}
	if len(problems) > 0 { // one that is misspelled is not missing
		return problems
	}
	for _, needed := range o.needed {
		_, given := u.Parameters[needed]
		_, path := u.Parameters[needed+".$"]
		if !given && !path {
			problems = append(problems, Problem{Path: u.at(""), Message: fmt.Sprintf("%s:%s needs the parameter %q", name.service, name.action, needed)})
		}
	}
	return problems
}
