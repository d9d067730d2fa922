package events

import (
	"slices"

	"github.com/setmend/setmend/awssim/internal/core"
)

// target is the Target structure of the API, as far as it is kept.
type target struct {
	Id               string `valid:"required,min=1,max=64,pattern=[.\\-_A-Za-z0-9]+"`
	Arn              string `valid:"required,min=1,max=1600"`
	RoleArn          string
	Input            string `valid:"max=8192"`
	InputPath        string `valid:"max=256"`
	InputTransformer *transformer
	RetryPolicy      *retryPolicy
	DeadLetterConfig *deadLetter
	SqsParameters    *sqsParameters
}

type retryPolicy struct {
	MaximumRetryAttempts     *int32 `valid:"min=0,max=185"`
	MaximumEventAgeInSeconds *int32 `valid:"min=60,max=86400"`
}

type deadLetter struct {
	Arn string `valid:"max=1600"`
}

type sqsParameters struct{ MessageGroupId string }

type transformer struct {
	InputPathsMap map[string]string
	InputTemplate string `valid:"required,min=1,max=8192"`
}

type putTargetsInput struct {
	Rule         string `valid:"required"`
	EventBusName string
	Targets      []target `valid:"required,min=1,max=100"`
}

type failedEntry struct{ TargetId, ErrorCode, ErrorMessage string }

type targetsOutput struct {
	FailedEntryCount int32
	FailedEntries    []failedEntry
}

// putTargets adds targets, each in place of one with the same id. It fails target
// by target.
func (e *EventBridge) putTargets(c *core.Call, in *putTargetsInput) (*targetsOutput, error) {
	r, err := e.rule(c, in.EventBusName, in.Rule)
	if err != nil {
		return nil, err
	}
	out := &targetsOutput{FailedEntries: []failedEntry{}}
	targets := slices.Clone(r.targets)
	for _, t := range in.Targets {
		switch i := slices.IndexFunc(targets, func(old target) bool { return old.Id == t.Id }); {
		case inputs(t) > 1:
			return nil, refuse("ValidationException", "Only one of Input, InputPath, or InputTransformer must be provided for target %s.", t.Id)
		case i >= 0:
			targets[i] = t
		case len(targets) >= maxTargets:
			out.FailedEntries = append(out.FailedEntries, failedEntry{t.Id, "LimitExceededException", "The requested resource exceeds the maximum number allowed."})
		default:
			targets = append(targets, t)
		}
	}
	out.FailedEntryCount = int32(len(out.FailedEntries))
	return out, e.writeTargets(r, targets)
}

func inputs(t target) int {
	n := 0
	for _, given := range []bool{t.Input != "", t.InputPath != "", t.InputTransformer != nil} {
		if given {
			n++
		}
	}
	return n
}

type removeTargetsInput struct {
	Rule         string `valid:"required"`
	EventBusName string
	Ids          []string `valid:"required,min=1,max=100"`
	Force        bool
}

func (e *EventBridge) removeTargets(c *core.Call, in *removeTargetsInput) (*targetsOutput, error) {
	r, err := e.rule(c, in.EventBusName, in.Rule)
	if err != nil {
		return nil, err
	}
	out := &targetsOutput{FailedEntries: []failedEntry{}}
	targets := slices.Clone(r.targets)
	for _, id := range in.Ids {
		i := slices.IndexFunc(targets, func(t target) bool { return t.Id == id })
		if i < 0 {
			out.FailedEntries = append(out.FailedEntries, failedEntry{id, "ResourceNotFoundException", "Rule does not have a target with this id."})
			continue
		}
		targets = slices.Delete(targets, i, i+1)
	}
	out.FailedEntryCount = int32(len(out.FailedEntries))
	return out, e.writeTargets(r, targets)
}

type listTargetsInput struct {
	Rule         string `valid:"required"`
	EventBusName string
	NextToken    string
	Limit        *int32 `valid:"min=1,max=100"`
}

type listTargetsOutput struct {
	Targets   []target
	NextToken string
}

// listTargetsByRule answers all at once: a rule has at most maxTargets.
func (e *EventBridge) listTargetsByRule(c *core.Call, in *listTargetsInput) (*listTargetsOutput, error) {
	r, err := e.rule(c, in.EventBusName, in.Rule)
	if err != nil {
		return nil, err
	}
	return &listTargetsOutput{Targets: append([]target{}, r.targets...)}, nil
}

type ruleNamesInput struct {
	TargetArn    string `valid:"required"`
	EventBusName string
	NextToken    string
	Limit        *int32 `valid:"min=1,max=100"`
}

type ruleNamesOutput struct {
	RuleNames []string
	NextToken string
}

func (e *EventBridge) listRuleNamesByTarget(c *core.Call, in *ruleNamesInput) (*ruleNamesOutput, error) {
	here, err := e.bus(c, in.EventBusName)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, name := range sortedKeys(here) {
		for _, t := range here[name].targets {
			if t.Arn == in.TargetArn {
				names = append(names, name)
				break
			}
		}
	}
	names, next := pageAfter(names, in.NextToken, in.Limit)
	return &ruleNamesOutput{RuleNames: names, NextToken: next}, nil
}
