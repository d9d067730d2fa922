package policy

import (
	"encoding/json"
	"slices"
	"strings"
)

// Caller is who makes a request, as a Principal may name it. Role is the ARN of the
// role of a session, and Service the principal of an AWS service, "" for none.
type Caller struct{ Account, ARN, Role, Service, Federated string }

// Names reports whether a statement's Principal names the caller: everyone, its
// account, its own ARN or its role's, or its service.
func (s *Statement) Names(c Caller) bool {
	return names(s.Principal, c) && (len(s.NotPrincipal) == 0 || !names(s.NotPrincipal, c))
}

// Account reports whether a statement names the caller's account as a whole, which
// leaves it to the account's own policies who of it may do what.
func (s *Statement) Account(c Caller) bool {
	own := c
	own.ARN, own.Role, own.Service = "", "", ""
	return names(s.Principal, own)
}

func names(principal json.RawMessage, c Caller) bool {
	var wildcard string
	if json.Unmarshal(principal, &wildcard) == nil {
		return wildcard == "*"
	}
	var p struct{ AWS, Service, Federated Texts }
	if json.Unmarshal(principal, &p) != nil {
		return false
	}
	return slices.ContainsFunc(p.AWS, func(name string) bool {
		return name == "*" || name != "" && (name == c.Account || name == c.ARN || name == c.Role) ||
			strings.HasPrefix(name, "arn:") && strings.HasSuffix(name, ":iam::"+c.Account+":root")
	}) || c.Service != "" && slices.ContainsFunc(p.Service, func(name string) bool { return matches(name, c.Service) }) ||
		c.Federated != "" && slices.Contains(p.Federated, c.Federated)
}
