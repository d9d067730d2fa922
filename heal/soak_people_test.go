package heal_test

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/setmend/setmend/fleet"
)

// person is somebody with the CloudFormation console of an account.
type person struct{ *cloudformation.Client }

// asPerson is a person in the management account, who does not try again.
func (s *soak) asPerson() person { return s.personIn(management, home) }

func (s *soak) personIn(account, region string) person {
	return person{cloudformation.New(cloudformation.Options{Region: region, HTTPClient: &http.Client{Transport: s.aws.Transport()},
		Credentials: credentials.NewStaticCredentialsProvider(account, "secret", ""), Retryer: aws.NopRetryer{}})}
}

// targets are how a call names a cell's account.
func (s *soak) targets(c fleet.Cell) ([]string, *cfn.DeploymentTargets) {
	set := s.set(c.StackSet)
	if !set.service {
		return []string{string(c.Account)}, nil
	}
	return nil, &cfn.DeploymentTargets{OrganizationalUnitIds: s.ous[:1], Accounts: []string{string(c.Account)},
		AccountFilterType: cfn.AccountFilterTypeIntersection}
}

func (p person) remove(s *soak, c fleet.Cell, retain bool) error {
	accounts, targets := s.targets(c)
	_, err := p.DeleteStackInstances(s.t.Context(), &cloudformation.DeleteStackInstancesInput{StackSetName: aws.String(string(c.StackSet)),
		Accounts: accounts, DeploymentTargets: targets, Regions: []string{string(c.Region)}, RetainStacks: aws.Bool(retain)})
	return err
}

// override gives an instance other overrides.
func (p person) override(s *soak, c fleet.Cell, overrides map[string]string) (string, error) {
	accounts, targets := s.targets(c)
	list := []cfn.Parameter{}
	for _, key := range slices.Sorted(maps.Keys(overrides)) {
		list = append(list, cfn.Parameter{ParameterKey: aws.String(key), ParameterValue: aws.String(overrides[key])})
	}
	out, err := p.UpdateStackInstances(s.t.Context(), &cloudformation.UpdateStackInstancesInput{StackSetName: aws.String(string(c.StackSet)),
		Accounts: accounts, DeploymentTargets: targets, Regions: []string{string(c.Region)}, ParameterOverrides: list})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.OperationId), nil
}

func (s *soak) deleteStack(c fleet.Cell) {
	id, ok := s.aws.StackOf(string(c.StackSet), string(c.Account), string(c.Region))
	if !ok {
		return
	}
	_, err := s.personIn(string(c.Account), string(c.Region)).DeleteStack(s.t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String(id)})
	s.tolerate(err)
}

func (s *soak) protect(c *soakCell) {
	id, ok := s.aws.StackOf(string(c.StackSet), string(c.Account), string(c.Region))
	if !ok {
		return
	}
	_, err := s.personIn(string(c.Account), string(c.Region)).UpdateTerminationProtection(s.t.Context(),
		&cloudformation.UpdateTerminationProtectionInput{StackName: aws.String(id), EnableTerminationProtection: aws.Bool(true)})
	s.tolerate(err)
}

// startForeign has somebody detect drift, slowly, or update an instance.
func (s *soak) startForeign() {
	set := pickOne(s.dice, s.sets...)
	s.note("somebody detects drift on %s", set.name)
	_, err := s.asPerson().DetectStackSetDrift(s.t.Context(), &cloudformation.DetectStackSetDriftInput{StackSetName: aws.String(set.name),
		OperationPreferences: &cfn.StackSetOperationPreferences{MaxConcurrentCount: aws.Int32(int32(s.dice.between(1, 5))), FailureToleranceCount: aws.Int32(100)}})
	s.tolerate(err)
}

// deeds are what people do while setmend heals.
var deeds = []struct {
	name string
	do   func(s *soak, c *soakCell)
}{
	{"gives other overrides", (*soak).reoverride},
	{"gives other overrides", (*soak).reoverride},
	{"gives other overrides", (*soak).reoverride},
	{"changes a resource", func(s *soak, c *soakCell) { s.wrongs(c, "property changed"); s.byHand(c.Cell, "change") }},
	{"deletes a resource", func(s *soak, c *soakCell) { s.wrongs(c, "resource deleted"); s.byHand(c.Cell, "delete") }},
	{"deletes the stack", func(s *soak, c *soakCell) {
		if set := s.set(c.StackSet); !set.exports && !set.imports {
			s.wrongs(c, "stack deleted by hand")
			s.deleteStack(c.Cell)
			s.mark(c, func(c *soakCell) { delete(s.witness.down, c.Cell) }) // that was not setmend's doing
		}
	}},
	{"updates the stack set", (*soak).updateTheSet},
	{"deletes the instance", func(s *soak, c *soakCell) {
		err := s.asPerson().remove(s, c.Cell, false)
		s.tolerate(err)
		if refused(err) {
			return
		}
		s.wrongs(c, "deleted by a person")
		s.mark(c, func(c *soakCell) { c.unsure = true })
	}},
	{"suspends the account", func(s *soak, c *soakCell) { s.changeAccount(s.member(c), "suspend") }},
	{"reactivates the account", func(s *soak, c *soakCell) { s.changeAccount(s.member(c), "activate") }},
	{"moves the account", func(s *soak, c *soakCell) { s.changeAccount(s.member(c), "move") }},
	{"takes the account out", func(s *soak, c *soakCell) { s.changeAccount(s.member(c), "leave") }},
	{"detects drift", func(s *soak, _ *soakCell) { s.startForeign() }},
	{"protects the stack", func(s *soak, c *soakCell) {
		s.protect(c)
		s.mark(c, func(c *soakCell) { c.obstacle = "termination protection" })
	}},
}

// refused reports whether AWS has said no. After any other error, a lost answer
// above all, it may have been done.
func refused(err error) bool {
	var response *smithyhttp.ResponseError
	return errors.As(err, &response) && response.HTTPStatusCode() < 500
}

// wrongs notes that something is wrong with a cell from now on.
func (s *soak) wrongs(c *soakCell, what string) {
	s.mark(c, func(c *soakCell) {
		c.wrong, c.since, c.times = strings.TrimSpace(c.wrong+" "+what), time.Now(), c.times+1
	})
}

func (s *soak) member(c *soakCell) *member {
	i := slices.IndexFunc(s.members, func(m *member) bool { return m.id == string(c.Account) })
	return s.members[i]
}

// reoverride is what setmend must not undo: if AWS has begun it, the instance has
// the new overrides from then on.
func (s *soak) reoverride(c *soakCell) {
	p := s.asPerson()
	overrides := map[string]string{"Owner": "somebody-" + string(c.Account[10:])}
	if s.dice.chance(0.3) {
		overrides["Retention"] = "90000"
	}
	_, err := p.override(s, c.Cell, overrides)
	begun := maps.Equal(s.truth()[c.Cell].Overrides, overrides) // even if the answer was lost
	if err != nil && !begun {
		s.note("  refused: %.80s", err)
		return
	}
	s.wrongs(c, "updated by a person")
	if !begun {
		s.mark(c, func(c *soakCell) { c.unsure = true }) // it comes after whatever runs, or finds nothing any more
		return
	}
	s.mark(c, func(c *soakCell) { c.overrides = overrides })
	s.note("  accepted: %v", overrides)
}

// updateTheSet gives the stack set another template. AWS updates every instance.
func (s *soak) updateTheSet(c *soakCell) {
	set := s.set(c.StackSet)
	_, err := s.asPerson().UpdateStackSet(s.t.Context(), &cloudformation.UpdateStackSetInput{StackSetName: aws.String(set.name),
		TemplateBody:         aws.String(strings.Replace(set.template, "Default: platform", "Default: landing-zone", 1)),
		OperationPreferences: &cfn.StackSetOperationPreferences{MaxConcurrentCount: aws.Int32(10), FailureToleranceCount: aws.Int32(int32(s.dice.between(0, 50)))}})
	s.tolerate(err)
	if refused(err) {
		return
	}
	for _, cell := range set.cells {
		s.wrongs(cell, "set updated")
	}
}
