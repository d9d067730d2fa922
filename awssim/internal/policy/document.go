package policy

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Document is a service or resource control policy, or a resource policy, read for
// evaluation.
type Document struct {
	Version   string
	Statement Statements
}

// Statement is one statement of a policy document.
type Statement struct {
	Sid          string
	Effect       string
	Action       Texts
	NotAction    Texts
	Resource     Texts
	NotResource  Texts
	Principal    json.RawMessage
	NotPrincipal json.RawMessage
	Condition    Conditions
}

// Read reads a policy document. It fails for what AWS's editor refuses: no
// JSON object, a key that the language does not have, a statement without effect or
// action, an action that names no service.
func Read(content string) (*Document, error) {
	decoder := json.NewDecoder(strings.NewReader(content))
	decoder.DisallowUnknownFields()
	var d Document
	if err := decoder.Decode(&d); err != nil {
		return nil, fmt.Errorf("reading the policy document: %w", err)
	}
	if d.Version != "" && d.Version != "2012-10-17" && d.Version != "2008-10-17" {
		return nil, fmt.Errorf("the version %q is none of the policy language", d.Version)
	}
	if len(d.Statement) == 0 {
		return nil, fmt.Errorf("the policy document has no statement")
	}
	for _, s := range d.Statement {
		if err := s.check(); err != nil {
			return nil, err
		}
	}
	return &d, nil
}

func (s *Statement) check() error {
	switch {
	case s.Effect != "Allow" && s.Effect != "Deny":
		return fmt.Errorf("the effect %q is neither Allow nor Deny", s.Effect)
	case (len(s.Action) == 0) == (len(s.NotAction) == 0):
		return fmt.Errorf("a statement must have one of Action and NotAction")
	case len(s.Resource) > 0 && len(s.NotResource) > 0:
		return fmt.Errorf("a statement must not have both Resource and NotResource")
	}
	for _, action := range append(append(Texts{}, s.Action...), s.NotAction...) {
		if service, name, ok := strings.Cut(action, ":"); action != "*" && (!ok || service == "" || name == "") {
			return fmt.Errorf("the action %q names no service", action)
		}
	}
	return s.Condition.check()
}

// Applies reports whether a statement is about a request.
func (s *Statement) Applies(r *Request) bool {
	switch {
	case len(s.Action) > 0 && !s.Action.MatchFold(r.Action),
		len(s.NotAction) > 0 && s.NotAction.MatchFold(r.Action),
		r.Resource != "" && len(s.Resource) > 0 && !s.Resource.Match(r.Resource),
		r.Resource != "" && len(s.NotResource) > 0 && s.NotResource.Match(r.Resource):
		return false
	}
	return s.Condition.hold(r)
}

// Texts is one string or a list of them, as policy documents allow.
type Texts []string

// UnmarshalJSON takes either form, and numbers and booleans as conditions have them.
func (t *Texts) UnmarshalJSON(b []byte) error {
	var list []any
	var one any
	if err := json.Unmarshal(b, &one); err != nil {
		return fmt.Errorf("reading a value of a policy document: %w", err)
	}
	list, several := one.([]any)
	if !several {
		list = []any{one}
	}
	*t = nil
	for _, each := range list {
		switch each := each.(type) {
		case string:
			*t = append(*t, each)
		case bool, float64:
			*t = append(*t, fmt.Sprint(each))
		default:
			return fmt.Errorf("reading a value of a policy document: %T is no text", each)
		}
	}
	return nil
}

// Match reports whether one of the patterns matches, MatchFold whether one does in
// any case, as for actions.
func (t Texts) Match(s string) bool {
	for _, pattern := range t {
		if matches(pattern, s) {
			return true
		}
	}
	return false
}

func (t Texts) MatchFold(s string) bool {
	for _, pattern := range t {
		if matches(strings.ToLower(pattern), strings.ToLower(s)) {
			return true
		}
	}
	return false
}

// matches reports whether a pattern with * and ? matches the whole of a text.
func matches(pattern, s string) bool {
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p, i = p+1, i+1
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// Statements is one statement or a list of them.
type Statements []*Statement

// UnmarshalJSON takes either form, strictly.
func (s *Statements) UnmarshalJSON(b []byte) error {
	text := strings.TrimSpace(string(b))
	if !strings.HasPrefix(text, "[") {
		text = "[" + text + "]"
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode((*[]*Statement)(s))
}
