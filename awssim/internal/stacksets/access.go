package stacksets

import (
	"github.com/setmend/setmend/awssim/internal/core"
)

// The service principals of trusted access and of delegated administrators.
const (
	trustedPrincipal   = "stacksets.cloudformation.amazonaws.com"
	memberPrincipal    = "member.org.stacksets.cloudformation.amazonaws.com"
	callAsDelegate     = "DELEGATED_ADMIN"
	notAdministrator   = "You must be the management account or delegated admin account of an organization before operating a SERVICE_MANAGED stack set"
	notDelegate        = "Account used is not a delegated administrator"
	accessNotActivated = "You must enable organizations access to operate a service managed stack set"
)

// As is the field CallAs, which nearly every input has.
type As struct {
	CallAs string `valid:"enum=SELF|DELEGATED_ADMIN"`
}

// homeOf is where the stack sets are that a caller means. Those that a delegated
// administrator makes live in the management account.
func (s *Service) homeOf(c *core.Call, as As) (home, error) {
	if as.CallAs != callAsDelegate {
		return home{c.Caller.Account, c.Region}, nil
	}
	org := s.org.Of(c.Caller.Account)
	if !org.Exists() || !org.DelegatedAdministrator(c.Caller.Account, memberPrincipal) {
		return home{}, core.Invalid("%s", notDelegate)
	}
	return home{org.Management(), c.Region}, nil
}

// lookUp finds a set by its name or id. Deleted sets are found by id only.
func (s *Service) lookUp(c *core.Call, as As, name string) (*set, error) {
	h, err := s.homeOf(c, as)
	if err != nil {
		return nil, err
	}
	shelf := s.homes[h]
	if shelf == nil {
		return nil, notFound(name)
	}
	t := shelf.active[name]
	if t == nil {
		t = shelf.ids[name]
	}
	if t == nil || as.CallAs == callAsDelegate && !t.serviceManaged() {
		return nil, notFound(name)
	}
	return t, nil
}

// lookUpActive finds a set that can still be changed.
func (s *Service) lookUpActive(c *core.Call, as As, name string) (*set, error) {
	t, err := s.lookUp(c, as, name)
	if err == nil && t.deleted {
		err = notFound(name)
	}
	if err == nil && t.serviceManaged() {
		err = s.mayManage(c, as)
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// mayManage checks what service-managed stack sets need.
func (s *Service) mayManage(c *core.Call, as As) error {
	switch org := s.org.Of(c.Caller.Account); {
	case !org.Exists():
		return core.Invalid("%s", notAdministrator)
	case as.CallAs != callAsDelegate && c.Caller.Account != org.Management():
		return core.Invalid("%s", notAdministrator)
	case !org.TrustedAccess(memberPrincipal):
		return core.Invalid("%s", accessNotActivated)
	}
	return nil
}

type nothing struct{}

// activateAccess turns trusted access on. Only the management account can.
func (s *Service) activateAccess(c *core.Call, _ *nothing) (*nothing, error) {
	if err := s.isManagement(c); err != nil {
		return nil, err
	}
	s.org.Of(c.Caller.Account).SetTrustedAccess(memberPrincipal, true)
	s.org.Of(c.Caller.Account).SetTrustedAccess(trustedPrincipal, true)
	return &nothing{}, nil
}

// deactivateAccess turns trusted access off. It takes the dependencies between
// stack sets with it, for good.
func (s *Service) deactivateAccess(c *core.Call, _ *nothing) (*nothing, error) {
	if err := s.isManagement(c); err != nil {
		return nil, err
	}
	if !s.org.Of(c.Caller.Account).TrustedAccess(memberPrincipal) {
		return nil, invalidOperation("Organizations access is not activated")
	}
	s.org.Of(c.Caller.Account).SetTrustedAccess(memberPrincipal, false)
	s.org.Of(c.Caller.Account).SetTrustedAccess(trustedPrincipal, false)
	for _, t := range s.arns {
		if t.account == c.Caller.Account {
			t.auto.dependsOn = nil
		}
	}
	return &nothing{}, nil
}

func (s *Service) isManagement(c *core.Call) error {
	if org := s.org.Of(c.Caller.Account); !org.Exists() || c.Caller.Account != org.Management() {
		return invalidOperation("You must be the management account of an organization to change organizations access")
	}
	return nil
}

type describeAccessOutput struct{ Status string }

// describeAccess tells whether trusted access is on. DISABLED_PERMANENTLY is what
// the model has for an organization that cannot have it; there is none here.
func (s *Service) describeAccess(c *core.Call, in *As) (*describeAccessOutput, error) {
	if _, err := s.homeOf(c, *in); err != nil {
		return nil, err
	}
	if !s.org.Of(c.Caller.Account).Exists() {
		return nil, invalidOperation("The account is not a member of an organization")
	}
	if s.org.Of(c.Caller.Account).TrustedAccess(memberPrincipal) {
		return &describeAccessOutput{"ENABLED"}, nil
	}
	return &describeAccessOutput{"DISABLED"}, nil
}
