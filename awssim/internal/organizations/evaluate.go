package organizations

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	policydoc "github.com/setmend/setmend/awssim/internal/policy"
)

// globalServices are signed for us-east-1 wherever they are called from; that is
// their aws:RequestedRegion.
var globalServices = []string{"account", "aws-portal", "budgets", "ce", "cloudfront", "globalaccelerator", "iam", "organizations", "route53", "shield", "support"}

// refusal evaluates the service control policies above an account, and returns the
// clause that AWS's message ends with if they refuse the request. Every level from
// the root down must allow the request, and none may deny it. The management account
// is exempt.
func (o *Organization) refusal(r core.AccessRequest) string {
	m := o.members[r.Account]
	if m == nil || r.Account == o.management || !o.enabled[scp] || o.unrestricted() {
		return ""
	}
	asked := o.request(r, m)
	allowed := true
	for _, target := range append(slices.Clone(m.unit.path), r.Account) {
		here := false
		for _, p := range o.attachedTo(target, scp) {
			for _, s := range p.document.Statement {
				if !s.Applies(asked) {
					continue
				}
				if s.Effect == "Deny" {
					return "with an explicit deny in a service control policy"
				}
				here = true
			}
		}
		allowed = allowed && here
	}
	if !allowed {
		return fmt.Sprintf("because no service control policy allows the %s action", r.Action)
	}
	return ""
}

// unrestricted reports whether every target has FullAWSAccess and no other service
// control policy is attached anywhere: then nothing needs to be evaluated. The answer
// is kept until attachments change.
func (o *Organization) unrestricted() bool {
	if o.allOpen == nil {
		open := true
		for _, p := range o.policies {
			if p.kind == scp && p.id != fullAWSAccess && len(p.targets) > 0 {
				open = false
			}
		}
		if full := o.policies[fullAWSAccess]; full == nil || len(full.targets) < len(o.units)+len(o.members) {
			open = false
		}
		o.allOpen = &open
	}
	return *o.allOpen
}

// attachedTo returns the policies of a type that are attached to a target, by id.
func (o *Organization) attachedTo(target, kind string) []*policy {
	var list []*policy
	for _, id := range sortedKeys(o.policies) {
		if p := o.policies[id]; p.kind == kind && p.targets[target] {
			list = append(list, p)
		}
	}
	return list
}

// sessionARN is the ARN of an assumed role's session.
var sessionARN = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^arn:([a-z-]+):sts::([0-9]{12}):assumed-role/([^/]+)/`)
})

// request gathers the condition keys of a request. aws:PrincipalARN of a session is
// its role's ARN.
func (o *Organization) request(r core.AccessRequest, m *member) *policydoc.Request {
	region := r.Region
	if service, _, _ := strings.Cut(r.Action, ":"); slices.Contains(globalServices, service) {
		region = "us-east-1"
	}
	keys := map[string]string{
		"aws:principalaccount":      r.Account,
		"aws:principalorgid":        o.id,
		"aws:principalorgpaths":     o.id + "/" + strings.Join(m.unit.path, "/") + "/",
		"aws:principalisawsservice": "false",
		"aws:viaawsservice":         "false",
		"aws:securetransport":       "true",
		"aws:currenttime":           o.world.Now().UTC().Format(time.RFC3339),
		"aws:epochtime":             fmt.Sprint(o.world.Now().Unix()),
	}
	if region != "" {
		keys["aws:requestedregion"] = region
	}
	if principal := r.Principal; principal != "" {
		if parts := sessionARN().FindStringSubmatch(principal); parts != nil {
			principal = fmt.Sprintf("arn:%s:iam::%s:role/%s", parts[1], parts[2], parts[3])
			keys["aws:principaltype"] = "AssumedRole"
		}
		keys["aws:principalarn"] = principal
	}
	return &policydoc.Request{Action: r.Action, Resource: r.Resource, Keys: keys}
}
