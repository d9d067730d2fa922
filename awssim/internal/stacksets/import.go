package stacksets

import (
	"net/http"
	"slices"

	"github.com/setmend/setmend/awssim/internal/core"
)

// How many stacks one import may name, in the request and through S3.
const (
	maxImport    = 10
	maxImportURL = 200
)

type importStacksInput struct {
	StackSetName          string `valid:"required"`
	StackIds              []string
	StackIdsUrl           string   `valid:"min=1,max=5120,pattern=(s3://|http(s?)://).+"`
	OrganizationalUnitIds []string `each:"pattern=(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})"`
	OperationPreferences  *Preferences
	OperationId           string `valid:"min=1,max=128,pattern=[a-zA-Z0-9][-a-zA-Z0-9]*"`
	As
}

// importStacks takes existing stacks into the set as instances. AWS does not say
// what Action such an operation shows; see Options.ImportAction.
func (s *Service) importStacks(c *core.Call, in *importStacksInput) (*operationOutput, error) {
	t, err := s.lookUpActive(c, in.As, in.StackSetName)
	if err != nil {
		return nil, err
	}
	if err := s.free(t, in.OperationPreferences); err != nil {
		return nil, err
	}
	ids, err := s.importIDs(c, in)
	if err != nil {
		return nil, err
	}
	targets, err := s.importTargets(t, ids, in.OrganizationalUnitIds)
	if err != nil {
		return nil, err
	}
	o := s.newOperation(t, s.options.ImportAction, in.OperationId, in.OperationPreferences, in)
	o.work = adopt{}
	o.scope = map[place]bool{}
	for _, each := range targets {
		o.scope[each.place] = true
	}
	o.plan = func() []target { t.changed = true; return targets }
	return s.answer(o, s.accept(o))
}

func (s *Service) importIDs(c *core.Call, in *importStacksInput) ([]string, error) {
	ids, most := in.StackIds, maxImport
	if (len(ids) == 0) == (in.StackIdsUrl == "") {
		return nil, core.Invalid("Exactly one of StackIds or StackIdsUrl must be specified")
	}
	if in.StackIdsUrl != "" {
		text, err := s.fetch(c, in.StackIdsUrl)
		if err != nil {
			return nil, err
		}
		ids, most = fields(text), maxImportURL
	}
	if ids = distinct(ids); len(ids) > most {
		return nil, limitExceeded("At most %d stacks can be imported in one operation", most)
	}
	return ids, nil
}

// importTargets looks the stacks up and maps each to its nearest listed OU.
func (s *Service) importTargets(t *set, ids, ous []string) ([]target, error) {
	if t.serviceManaged() {
		if err := s.checkOUs(t, &DeploymentTargets{OrganizationalUnitIds: ous}); err != nil {
			return nil, err
		}
	} else if len(ous) > 0 {
		return nil, core.Invalid("OrganizationalUnitIds can not be specified for StackSets with SELF_MANAGED permission model")
	}
	var out []target
	for _, id := range ids {
		stack, ok := s.stacks.Stack(id)
		if !ok || stack.Status == "" {
			return nil, stackNotFound(id)
		}
		if stack.NoEcho {
			return nil, core.Invalid("Stack %s has NoEcho parameters and can not be imported", id)
		}
		if other := s.owner(id); other != nil && other != t {
			return nil, invalidOperation("Stack %s belongs to StackSet %s", id, other.stackSetID())
		}
		each := target{place: place{stack.Account, stack.Region}, stackID: stack.ID}
		if t.serviceManaged() {
			if each.ou = s.nearestListed(stack.Account, ous); each.ou == "" {
				return nil, stackNotFound(id)
			}
		}
		out = append(out, each)
	}
	return out, nil
}

func stackNotFound(id string) *core.Error {
	return core.Errorf(http.StatusNotFound, "StackNotFoundException", "Stack %s not found", id)
}

// nearestListed is the deepest of the OUs that an account is in.
func (s *Service) nearestListed(account string, ous []string) string {
	member, _ := s.org.Of(account).Account(account)
	for _, ou := range slices.Backward(member.OUs) {
		if slices.Contains(ous, ou) {
			return ou
		}
	}
	return ""
}

// owner is the set that a stack is an instance of.
func (s *Service) owner(stackID string) *set {
	stack, _ := s.stacks.Stack(stackID)
	p := place{stack.Account, stack.Region}
	for _, t := range s.arns {
		if i := t.instances.at[p]; i != nil && i.stackID == stackID {
			return t
		}
	}
	return nil
}

// adopt makes an instance of a stack that exists. The instance's overrides are
// what the stack's parameters differ by from the set's.
type adopt struct{}

func (adopt) accept(s *Service, o *operation, r *result) {
	r.instance = o.set.instances.at[r.place]
	if r.instance == nil {
		r.instance = o.set.instances.add(r.place)
	}
	r.instance.ou = r.ou
	s.due(o, r.instance)
}

func (adopt) cancel(s *Service, o *operation, r *result) { s.called(o, r) }

func (a adopt) begin(s *Service, o *operation, r *result, done func(outcome)) {
	i := r.instance
	if s.suspended(i.account) {
		s.skip(o, r, done)
		return
	}
	s.mark(o, i, i.status, running, i.reason)
	s.later(s.options.Check, func() {
		if reason := a.obstacle(s, o, r); reason != "" {
			s.mark(o, i, inoperable, failedImport, reason)
			done(outcome{failed: true, reason: reason})
			return
		}
		stack, _ := s.stacks.Stack(r.stackID)
		i.stackID = stack.ID
		i.overrides = s.differing(o.set.definition, stack.Parameters)
		s.mark(o, i, current, succeeded, "")
		done(outcome{})
	})
}

// obstacle is why a stack cannot be taken in.
func (adopt) obstacle(s *Service, o *operation, r *result) string {
	if reason := s.obstacle(o, r.place, "DescribeStacks"); reason != "" {
		return reason
	}
	if !s.pass(r) {
		return "AccountGate check failed"
	}
	if i := r.instance; i.stackID != "" && i.stackID != r.stackID {
		return "A stack instance with another stack exists in this account and Region"
	}
	if stack, ok := s.stacks.Stack(r.stackID); !ok || stack.Status == "" {
		return "Failed to get stack status"
	}
	return ""
}

// differing are the values by which a stack's parameters differ from a set's.
func (s *Service) differing(d definition, values map[string]string) overrides {
	declared, err := s.declared(d.template)
	if err != nil {
		return nil
	}
	defaults := s.effective(d)
	var out overrides
	for key, value := range values {
		if own, ok := defaults[key]; declared[key] && (!ok || own != value) {
			if out == nil {
				out = overrides{}
			}
			out[key] = value
		}
	}
	return out
}
