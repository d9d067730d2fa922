package stacks

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/template"
)

// stackPolicy says which resources an update may touch (CloudFormation user guide,
// "Prevent updates to stack resources"). What no statement allows is denied.
type stackPolicy struct {
	body       string
	statements []policyStatement
}

type policyStatement struct {
	deny       bool
	actions    []string
	resources  []string
	except     bool     // the resources are those of NotResource
	types      []string // of the condition on ResourceType; nil: any
	typesMatch bool     // the condition is StringLike rather than StringEquals
}

const largestPolicy = 16384

// readPolicy reads a policy that is given in the request or in S3; nil if neither.
func (e *Engine) readPolicy(p place, body, url *string) (*stackPolicy, error) {
	switch {
	case body != nil && url != nil:
		return nil, core.Invalid("You cannot specify both StackPolicyURL and StackPolicyBody")
	case body != nil:
		return parsePolicy(*body)
	case url != nil:
		if e.options.Templates == nil {
			return nil, core.Invalid("StackPolicyURL must be a supported URL.")
		}
		text, err := e.options.Templates(p.account, p.region, *url)
		if err != nil {
			return nil, core.Invalid("S3 error: %s", err)
		}
		if len(text) > largestPolicy {
			return nil, core.Invalid("Stack policy may not exceed %d bytes in size.", largestPolicy)
		}
		return parsePolicy(text)
	}
	return nil, nil
}

func errPolicy(why string) error { return core.Invalid("Error validating stack policy: %s", why) }

// parsePolicy reads a policy. One without statements, {}, is what a stack that
// never had a policy has.
func parsePolicy(body string) (*stackPolicy, error) {
	var document struct {
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(body), &document); err != nil {
		return nil, errPolicy("Invalid stack policy")
	}
	out := &stackPolicy{body: body}
	if document.Statement == nil {
		return out, nil
	}
	var many []map[string]any
	if json.Unmarshal(document.Statement, &many) != nil {
		var one map[string]any
		if json.Unmarshal(document.Statement, &one) != nil {
			return nil, errPolicy("Invalid stack policy")
		}
		many = []map[string]any{one}
	}
	for _, raw := range many {
		st, err := readStatement(raw)
		if err != nil {
			return nil, err
		}
		out.statements = append(out.statements, st)
	}
	return out, nil
}

func readStatement(raw map[string]any) (policyStatement, error) {
	var st policyStatement
	switch raw["Effect"] {
	case "Allow":
	case "Deny":
		st.deny = true
	default:
		return st, errPolicy("Invalid stack policy")
	}
	st.actions = stringsOf(raw["Action"])
	for _, action := range st.actions {
		if action != "*" && !strings.HasPrefix(action, "Update:") {
			return st, errPolicy("Invalid stack policy")
		}
	}
	if principal := stringsOf(raw["Principal"]); len(principal) != 1 || principal[0] != "*" {
		return st, errPolicy("Invalid stack policy")
	}
	if st.resources = stringsOf(raw["Resource"]); st.resources == nil {
		st.resources, st.except = stringsOf(raw["NotResource"]), true
	}
	if len(st.actions) == 0 || len(st.resources) == 0 && !st.except {
		return st, errPolicy("Invalid stack policy")
	}
	conditions, _ := raw["Condition"].(map[string]any)
	for operator, operands := range conditions {
		types, _ := operands.(map[string]any)
		if operator != "StringEquals" && operator != "StringLike" || types["ResourceType"] == nil {
			return st, errPolicy(fmt.Sprintf("Unsupported condition %s", operator))
		}
		st.types, st.typesMatch = stringsOf(types["ResourceType"]), operator == "StringLike"
	}
	return st, nil
}

// stringsOf is a list of texts, which may be given as one.
func stringsOf(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, one := range v {
			if s, ok := one.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// refusal is why the policy does not let an update do the action to a resource,
// "" if it does.
func (p *stackPolicy) refusal(action string, r *template.Resource) string {
	if len(p.statements) == 0 {
		return ""
	}
	why := "Action not allowed by stack policy"
	for i := range p.statements {
		st := &p.statements[i]
		if !st.covers(action, r) {
			continue
		}
		if st.deny {
			return fmt.Sprintf("Action denied by stack policy: Statement [#%d] does not allow [%s] for resource [LogicalResourceId/%s];", i+1, action, r.LogicalID)
		}
		why = ""
	}
	return why
}

func (st *policyStatement) covers(action string, r *template.Resource) bool {
	if !matchesAny(st.actions, action, true) || matchesAny(st.resources, "LogicalResourceId/"+r.LogicalID, true) == st.except {
		return false
	}
	return st.types == nil || matchesAny(st.types, r.Type, st.typesMatch)
}

func matchesAny(patterns []string, text string, wild bool) bool {
	for _, pattern := range patterns {
		if pattern == text || pattern == "*" {
			return true
		}
		// A slash is a character like others here, a colon none of a pattern's.
		plain := strings.NewReplacer("/", "\x00").Replace
		if ok, err := path.Match(plain(pattern), plain(text)); wild && err == nil && ok {
			return true
		}
	}
	return false
}

// setPolicy gives a stack a policy; nil leaves it its own.
func (s *stack) setPolicy(p *stackPolicy) {
	if p != nil {
		s.extra().policy = p
	}
}

// forbidden is the first change that the stack's policy, or the one that is given
// for this update only, does not allow.
func (s *stack) forbidden(c *comparison, during *stackPolicy) *failure {
	p := during
	if p == nil && s.more != nil {
		p = s.more.policy
	}
	if p == nil || s.current == nil {
		return nil
	}
	for i := range c.changes {
		one := &c.changes[i]
		action := "Update:Modify"
		switch {
		case one.action == add || one.action == sync:
			continue
		case one.action == remove:
			action = "Update:Delete"
		case one.replace:
			action = "Update:Replace"
		}
		if why := p.refusal(action, one.resource); why != "" {
			return &failure{one.resource.LogicalID, one.resource.Type, why}
		}
	}
	return nil
}

type setPolicyInput struct {
	StackName       string  `valid:"required,min=1"`
	StackPolicyBody *string `valid:"min=1,max=16384"`
	StackPolicyURL  *string `valid:"min=1,max=5120"`
}

func (e *Engine) setStackPolicy(c *core.Call, in *setPolicyInput) (*struct{}, error) {
	s, err := e.existing(c, in.StackName)
	if err != nil {
		return nil, err
	}
	policy, err := e.readPolicy(s.place, in.StackPolicyBody, in.StackPolicyURL)
	if err != nil {
		return nil, err
	}
	s.setPolicy(policy)
	return &struct{}{}, nil
}

type getPolicyInput struct {
	StackName string `valid:"required,min=1"`
}

type getPolicyOutput struct{ StackPolicyBody string }

func (e *Engine) getStackPolicy(c *core.Call, in *getPolicyInput) (*getPolicyOutput, error) {
	s, err := e.existing(c, in.StackName)
	if err != nil {
		return nil, err
	}
	out := &getPolicyOutput{}
	if s.more != nil && s.more.policy != nil {
		out.StackPolicyBody = s.more.policy.body
	}
	return out, nil
}
