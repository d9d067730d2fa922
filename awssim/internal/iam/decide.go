package iam

import (
	"fmt"
	"strings"

	"github.com/setmend/setmend/awssim/internal/policy"
)

// Ask is a request that policies are held against.
type Ask struct {
	// Account and Role are the caller's; ARN is that of its session.
	Account, Role, ARN string
	Action             string
	Resources          []string // empty is "*"
	Keys               map[string]string
	// ResourcePolicy is the policy of the resource, ResourceAccount its account; "" for
	// none.
	ResourcePolicy, ResourceAccount string
}

// Known reports whether a role is there as a resource. One that is not, such as those
// that AWS or an administrator is taken to have made, has no policies to evaluate.
func (i *IAM) Known(account, name string) bool { return i.roleOf(account, name) != nil }

// Decide returns the clause that AWS's message ends with if a role's policies, its
// permissions boundary or the resource's policy do not allow a request, "" if they
// do.
func (i *IAM) Decide(a Ask) string {
	r := i.roleOf(a.Account, a.Role)
	if r == nil {
		return ""
	}
	resources := a.Resources
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	for _, resource := range resources {
		if why := i.decide(r, a, resource); why != "" {
			return why
		}
	}
	return ""
}

func (i *IAM) decide(r *role, a Ask, resource string) string {
	request := &policy.Request{Action: a.Action, Resource: resource, Keys: a.Keys}
	var identity []string
	for _, d := range i.inlineOf(a.Account, &r.holder, true) {
		identity = append(identity, d)
	}
	for _, arn := range i.attachedTo(a.Account, &r.holder, true) {
		identity = append(identity, i.documentOf(arn))
	}
	allowed, denied := i.evaluate(identity, request)
	if denied {
		return "with an explicit deny in an identity-based policy"
	}
	byResource := false
	if a.ResourcePolicy != "" {
		ok, no := i.resource(a, request)
		if no {
			return "with an explicit deny in a resource-based policy"
		}
		byResource = ok
	}
	sameAccount := a.ResourceAccount == "" || a.ResourceAccount == a.Account
	if r.boundary != "" && !(byResource && sameAccount) {
		within, denied := i.evaluate([]string{i.documentOf(r.boundary)}, request)
		switch {
		case denied:
			return "with an explicit deny in a permissions boundary"
		case !within:
			return fmt.Sprintf("because no permissions boundary allows the %s action", a.Action)
		}
	}
	switch {
	case sameAccount && (allowed || byResource):
		return ""
	case !sameAccount && allowed && (byResource || a.ResourcePolicy == ""):
		return ""
	case !sameAccount && allowed:
		return fmt.Sprintf("because no resource-based policy allows the %s action", a.Action)
	}
	return fmt.Sprintf("because no identity-based policy allows the %s action", a.Action)
}

// evaluate holds documents against a request.
func (i *IAM) evaluate(documents []string, r *policy.Request) (allowed, denied bool) {
	for _, text := range documents {
		d := i.document(text)
		if d == nil {
			continue
		}
		for _, s := range d.Statement {
			if !s.Applies(r) {
				continue
			}
			if s.Effect == "Deny" {
				return false, true
			}
			allowed = true
		}
	}
	return allowed, false
}

// resource holds the resource's policy against a request.
func (i *IAM) resource(a Ask, r *policy.Request) (allowed, denied bool) {
	d := i.document(a.ResourcePolicy)
	if d == nil {
		return false, false
	}
	who := policy.Caller{Account: a.Account, ARN: a.ARN, Role: roleARN(a.ARN)}
	for _, s := range d.Statement {
		if !s.Applies(r) || !s.Names(who) {
			continue
		}
		if s.Effect == "Deny" {
			return false, true
		}
		// A statement for the account as a whole leaves it to the account's policies
		// which of its roles may.
		if a.ResourceAccount != "" && a.ResourceAccount != a.Account || !s.Account(who) {
			allowed = true
		}
	}
	return allowed, false
}

// Admits reports whether a resource's policy lets a service do something, given the
// condition keys of the request.
func (i *IAM) Admits(text, service, action, resource string, keys map[string]string) bool {
	d := i.document(text)
	if d == nil {
		return false
	}
	allowed := false
	for _, s := range d.Statement {
		if !s.Names(policy.Caller{Service: service}) || !s.Applies(&policy.Request{Action: action, Resource: resource, Keys: keys}) {
			continue
		}
		if s.Effect == "Deny" {
			return false
		}
		allowed = true
	}
	return allowed
}

// Trusts reports whether a role's trust policy lets a caller assume it; known is false
// for a role that is no resource.
func (i *IAM) Trusts(account, name string, who policy.Caller, action string, keys map[string]string) (trusts, known bool) {
	r := i.roleOf(account, name)
	if r == nil {
		return false, false
	}
	d := i.document(r.trust)
	if d == nil {
		return false, true
	}
	for _, s := range d.Statement {
		if !s.Names(who) || !s.Applies(&policy.Request{Action: action, Keys: keys}) {
			continue
		}
		if s.Effect == "Deny" {
			return false, true
		}
		trusts = true
	}
	return trusts, true
}

// mostParsed bounds how many documents are kept parsed.
const mostParsed = 10_000

// document parses a document once, nil for what is none.
func (i *IAM) document(text string) *policy.Document {
	if d, known := i.parsed[text]; known {
		return d
	}
	if len(i.parsed) >= mostParsed {
		i.parsed = map[string]*policy.Document{}
	}
	d, err := policy.Read(text)
	if err != nil {
		d = nil
	}
	i.parsed[text] = d
	return d
}

// roleARN is the ARN of a session's role, "" for what is no session.
func roleARN(session string) string {
	parts := strings.Split(session, ":")
	if len(parts) != 6 || !strings.HasPrefix(parts[5], "assumed-role/") {
		return ""
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(parts[5], "assumed-role/"), "/")
	return "arn:" + parts[1] + ":iam::" + parts[4] + ":role/" + name
}
