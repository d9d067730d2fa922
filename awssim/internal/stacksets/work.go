package stacksets

import (
	"fmt"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

func (s *Service) between(span Span) time.Duration { return s.world.Between(span.Low, span.High) }

// later ends work that fails or ends without a stack operation.
func (s *Service) later(span Span, f func()) { s.world.After(s.between(span), f) }

// mark sets an instance's statuses and tells subscribers.
func (s *Service) mark(o *operation, i *instance, status, detailed, reason string) {
	i.status, i.reason = status, reason
	o.set.instances.setDetailed(i, detailed)
	s.instanceEvent(o, i)
}

// due marks an instance as waiting for the operation.
func (s *Service) due(o *operation, i *instance) {
	o.set.instances.setOperation(i, o)
	status := outdated
	if i.status == inoperable {
		status = inoperable
	}
	s.mark(o, i, status, pending, "User Initiated")
}

// called marks an instance that the operation will not come to any more.
func (s *Service) called(o *operation, r *result) {
	if i := r.instance; i != nil {
		s.mark(o, i, i.status, cancelled, r.reason)
	}
}

// suspended reports whether StackSets skips the account: since June 2023 it
// leaves out accounts that are suspended or closed.
func (s *Service) suspended(account string) bool {
	a, ok := s.org.Of(account).Account(account)
	return ok && (a.State == "SUSPENDED" || a.State == "PENDING_CLOSURE" || a.State == "CLOSED")
}

// skip ends work on an account that is suspended.
func (s *Service) skip(o *operation, r *result, done func(outcome)) {
	s.later(s.options.Check, func() {
		reason := s.options.SuspendedReason
		s.mark(o, r.instance, r.instance.status, skippedSuspended, reason)
		done(outcome{failed: s.options.SuspendedCountsAsFailure, reason: reason})
	})
}

// obstacle is why no stack operation can begin in a place, "" if it can. action
// is the CloudFormation action that it would begin with.
func (s *Service) obstacle(o *operation, p place, action string) string {
	if reason := s.missingRole(o, p.account); reason != "" {
		return reason
	}
	if s.regions[p] {
		return fmt.Sprintf("STS is not activated in this region for account:%s. Your account administrator can activate STS in this region using the IAM Console.", p.account)
	}
	member, _ := s.org.Of(p.account).Account(p.account)
	partition := s.world.Options.Partition
	caller := fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", partition, p.account, s.role(o.set, o.roles), roleSession)
	stack := fmt.Sprintf("arn:%s:cloudformation:%s:%s:stack/StackSet-%s-*/*", partition, p.region, p.account, o.set.name)
	clause := s.world.Access.Refusal(core.AccessRequest{
		Account: p.account, OUs: member.OUs, Region: p.region, Action: "cloudformation:" + action, Principal: caller, Resource: stack,
	})
	if clause == "" {
		return ""
	}
	return fmt.Sprintf("User: %s is not authorized to perform: cloudformation:%s on resource: %s %s", caller, action, stack, clause)
}

// missingRole is the reason text if StackSets cannot get into an account.
func (s *Service) missingRole(o *operation, account string) string {
	access := s.world.Access
	if o.set.serviceManaged() {
		_, member := s.org.Of(o.set.account).Account(account)
		switch {
		case !access.HasRole(account, orgMemberRole):
			return "DEFAULT_ROLE_CREATION_ERROR"
		case !member && !s.mayReachDeparted(o) || !access.HasRole(account, "stacksets-exec"):
			return fmt.Sprintf("Account %s should have '%s' role with trust relationship to Role '%s'.", account, s.role(o.set, o.roles), orgAdminRole)
		}
		return ""
	}
	admin := roleName(o.roles.administration)
	switch {
	case !access.HasRole(o.set.account, admin):
		return fmt.Sprintf("Account %s should have '%s' role with trust relationship to CloudFormation service.", o.set.account, admin)
	case !access.HasRole(account, o.roles.execution):
		return fmt.Sprintf("Account %s should have '%s' role with trust relationship to Role '%s'.", account, o.roles.execution, admin)
	}
	return ""
}

// mayReachDeparted reports whether an operation gets into accounts that left the
// organization: automatic deployment still deletes what it deployed there.
func (s *Service) mayReachDeparted(o *operation) bool {
	return s.options.DepartedReachable || o.auto != nil
}

// spec is the stack that an instance should have.
func (s *Service) spec(o *operation, i *instance, name string) core.StackSpec {
	d := o.set.definition
	return core.StackSpec{
		Account:      i.account,
		Region:       i.region,
		Name:         name,
		Template:     d.template,
		Parameters:   s.values(d, i.overrides),
		Tags:         d.tags,
		Capabilities: d.capabilities,
		Role:         s.role(o.set, o.roles),
	}
}

// gateFunction is the name that AWS looks for.
const gateFunction = "AWSCloudFormationStackSetAccountGate"

// pass asks the account gate of a place and keeps its answer in the result.
func (s *Service) pass(r *result) bool {
	var found bool
	if r.gate, found = s.gates[r.place]; !found {
		r.gate = gate{status: "SKIPPED"}
	}
	return r.gate.status != "FAILED"
}

// gateReason is the text of a result's gate; that of an absent function is made
// when it is asked for.
func (r *result) gateReason(partition string) string {
	if r.gate.status == "SKIPPED" && r.gate.reason == "" {
		return fmt.Sprintf("Function not found: arn:%s:lambda:%s:%s:function:%s", partition, r.region, r.account, gateFunction)
	}
	return r.gate.reason
}
