package stacks

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Actions are CloudFormation's stack actions, by name.
func (e *Engine) Actions() map[string]core.Action {
	return map[string]core.Action{
		"CreateStack":                 core.Write(core.Do(e.createStack)),
		"UpdateStack":                 core.Write(core.Do(e.updateStack)),
		"DeleteStack":                 core.Write(core.Do(e.deleteStack)),
		"CancelUpdateStack":           core.Write(core.Do(e.cancelUpdateStack)),
		"ContinueUpdateRollback":      core.Write(core.Do(e.continueUpdateRollback)),
		"RollbackStack":               core.Write(core.Do(e.rollbackStack)),
		"SignalResource":              core.Write(core.Do(e.signalResource)),
		"DescribeEvents":              core.Do(e.describeEvents),
		"DescribeAccountLimits":       core.Do(e.describeAccountLimits),
		"EstimateTemplateCost":        core.Do(e.estimateTemplateCost),
		"DescribeType":                core.Do(e.describeType),
		"ListTypes":                   core.Do(e.listTypes),
		"SetStackPolicy":              core.Write(core.Do(e.setStackPolicy)),
		"GetStackPolicy":              core.Do(e.getStackPolicy),
		"UpdateTerminationProtection": core.Write(core.Do(e.updateTerminationProtection)),

		"DescribeStacks":         core.Do(e.describeStacks),
		"ListStacks":             core.Do(e.listStacks),
		"DescribeStackResource":  core.Do(e.describeStackResource),
		"DescribeStackResources": core.Do(e.describeStackResources),
		"ListStackResources":     core.Do(e.listStackResources),
		"DescribeStackEvents":    core.Do(e.describeStackEvents),
		"ListExports":            core.Do(e.listExports),
		"ListImports":            core.Do(e.listImports),
		"GetTemplate":            core.Do(e.getTemplate),
		"GetTemplateSummary":     core.Do(e.getTemplateSummary),
		"ValidateTemplate":       core.Do(e.validateTemplate),

		"CreateChangeSet":   core.Write(core.Do(e.createChangeSet)),
		"DescribeChangeSet": core.Do(e.describeChangeSet),
		"ExecuteChangeSet":  core.Write(core.Do(e.executeChangeSet)),
		"DeleteChangeSet":   core.Write(core.Do(e.deleteChangeSet)),
		"ListChangeSets":    core.Do(e.listChangeSets),

		"DetectStackDrift":                  core.Write(core.Do(e.detectStackDrift)),
		"DescribeStackDriftDetectionStatus": core.Do(e.describeStackDriftDetectionStatus),
		"DetectStackResourceDrift":          core.Write(core.Do(e.detectStackResourceDrift)),
		"DescribeStackResourceDrifts":       core.Do(e.describeStackResourceDrifts),
	}
}

func placeOf(c *core.Call) place { return place{c.Caller.Account, c.Region} }

// callerActor is whom CloudFormation acts as for a caller: the role handed over,
// or the caller.
func callerActor(c *core.Call, role string) (actor, error) {
	if role == "" {
		return actor{c.Caller.ARN}, nil
	}
	name := role[strings.LastIndexByte(role, '/')+1:]
	if !c.World.Access.HasRole(c.Caller.Account, name) {
		return actor{}, core.Invalid("Role %s is invalid or cannot be assumed", role)
	}
	return actor{c.World.RolePrincipal(c.Caller.Account, name, "AWSCloudFormation").ARN}, nil
}

// existing finds a stack for an action on it; a deleted one only by its id.
func (e *Engine) existing(c *core.Call, nameOrID string) (*stack, error) {
	if s, ok := e.find(placeOf(c), nameOrID); ok {
		return s, nil
	}
	return nil, core.Invalid("Stack [%s] does not exist", nameOrID)
}

// described finds a stack for DescribeStacks, which words it differently.
func (e *Engine) described(c *core.Call, nameOrID string) (*stack, error) {
	if s, ok := e.find(placeOf(c), nameOrID); ok {
		return s, nil
	}
	return nil, core.Invalid("Stack with id %s does not exist", nameOrID)
}

const pageSize = 100

// page cuts a page out of a list. Tokens hold the offset.
func page[T any](list []T, token string, size int) ([]T, string, error) {
	from := 0
	if token != "" {
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err == nil {
			from, err = strconv.Atoi(string(raw))
		}
		if err != nil || from < 0 || from > len(list) {
			return nil, "", core.Errorf(http.StatusBadRequest, "ValidationError", "The specified NextToken is invalid")
		}
	}
	to := min(from+size, len(list))
	if to == len(list) {
		return list[from:to], "", nil
	}
	return list[from:to], base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to))), nil
}

func yes(b *bool) bool { return b != nil && *b }

func pointer[T any](v T) *T { return &v }
