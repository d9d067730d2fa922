package otto

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim"
)

// foreignSet is the set that somebody else works on when the scenario begins, and
// foreignLasts how long that takes.
const (
	foreignSet       = "budget-alarm"
	foreignOperation = "detect-drift-from-the-console"
	foreignLasts     = 10 * time.Minute
)

// earlier is the template from before the last update.
func (s *set) earlier() string {
	return strings.ReplaceAll(Template(s.name), s.before[0], s.before[1])
}

// tags are the set's, as its owners wrote them. AWS allows no commas in values, so
// colons divide lists.
func (s *set) tags() map[string]string {
	tags := map[string]string{
		"mandatory":   strconv.FormatBool(s.mandatory),
		"selfhealing": strconv.FormatBool(!s.keeps),
		"region":      strings.Join(s.regions, ":"),
		"team":        "platform",
	}
	if s.dependsOn != "" {
		tags["dependson"] = s.dependsOn
	}
	if s.collides != "" {
		tags["antidependson"] = s.collides
	}
	return tags
}

// seed puts the stack sets and their instances into the world.
func (b *builder) seed() error {
	for i := range sets {
		if err := b.aws.SeedStackSet(b.spec(&sets[i])); err != nil {
			return err
		}
	}
	for _, c := range b.cells {
		if c.absent {
			continue
		}
		c.seed.Overrides = c.overrides
		if c.set.service {
			c.seed.OU = b.targetOU(c)
		}
		if err := b.aws.SeedInstance(c.StackSet, c.Account, c.Region, c.seed); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) spec(s *set) awssim.StackSetSpec {
	spec := awssim.StackSetSpec{
		Name: s.name, Description: s.about, Template: Template(s.name), Tags: s.tags(),
		PermissionModel: "SELF_MANAGED", ManagedExecution: s.managed, Account: b.aws.Account(), Region: HomeRegion,
	}
	if s.service {
		spec.PermissionModel = "SERVICE_MANAGED"
		spec.AutoDeploy = s.auto
		spec.Targets = map[string][]string{}
		for _, path := range s.targets() {
			spec.Targets[b.ous[path]] = s.regions
		}
	}
	return spec
}

// targets are the paths of the OUs that a service-managed set is deployed to; ""
// is the root.
func (s *set) targets() []string {
	if len(s.within) == 0 {
		return []string{""}
	}
	return s.within
}

// targetOU is the OU that a service-managed instance was deployed through.
func (b *builder) targetOU(c *cell) string {
	for _, path := range c.set.targets() {
		if path == "" || c.account.in([]string{path}) {
			return b.ous[path]
		}
	}
	return ""
}

// meddle does what people do: change resources by hand, protect stacks, deny an
// account something, and start an operation of their own.
func (b *builder) meddle() error {
	if err := b.changeResources(); err != nil {
		return err
	}
	if err := b.protectStacks(); err != nil {
		return err
	}
	if err := b.denyActions(); err != nil {
		return err
	}
	b.undoHeals()
	return b.startForeign()
}

func (b *builder) changeResources() error {
	for _, c := range b.cells {
		if c.change.resource == "" {
			continue
		}
		id, ok := b.aws.StackOf(c.StackSet, c.Account, c.Region)
		if !ok {
			return fmt.Errorf("changing a resource of %v: it has no stack", c.Cell)
		}
		if err := b.byHand(id, c.change); err != nil {
			return fmt.Errorf("changing a resource of %v: %w", c.Cell, err)
		}
	}
	return nil
}

func (b *builder) byHand(stackID string, made change) error {
	b.aws.Lock()
	defer b.aws.Unlock()
	if made.pointer == "" {
		return b.aws.Stacks().DeleteResource(stackID, made.resource)
	}
	return b.aws.Stacks().SetProperty(stackID, made.resource, made.pointer, made.value)
}

// protectStacks turns termination protection on in the accounts whose teams did.
func (b *builder) protectStacks() error {
	for _, c := range b.cells {
		if c.problem == nil || c.problem.Kind != Protected {
			continue
		}
		id, _ := b.aws.StackOf(c.StackSet, c.Account, c.Region)
		err := b.request(c.Account, c.Region, url.Values{
			"Action": {"UpdateTerminationProtection"}, "StackName": {id}, "EnableTerminationProtection": {"true"},
		})
		if err != nil {
			return fmt.Errorf("protecting the stack of %v: %w", c.Cell, err)
		}
	}
	return nil
}

func (b *builder) denyActions() error {
	i := slices.IndexFunc(b.cells, func(c *cell) bool { return c.problem != nil && c.problem.Kind == Denied })
	b.aws.Lock()
	defer b.aws.Unlock()
	if err := b.aws.Organization().Deny(b.cells[i].Account, "no-guardduty", deniedAction); err != nil {
		return fmt.Errorf("denying %s: %w", deniedAction, err)
	}
	return nil
}

// undoHeals has the flapping instance drift again after whatever is done to its
// stack, at once: some tool of the account's own does that.
func (b *builder) undoHeals() {
	i := slices.IndexFunc(b.cells, func(c *cell) bool { return c.problem != nil && c.problem.Kind == Flapping })
	c, engine := b.cells[i], b.aws.Stacks()
	b.aws.Lock()
	defer b.aws.Unlock()
	engine.OnEnd(func(s awssim.StackInfo) {
		if s.Account == c.Account && s.Region == c.Region && strings.HasPrefix(s.Name, "StackSet-"+c.StackSet+"-") {
			// It fails only for a stack that is gone: then there is nothing to undo.
			_ = engine.SetProperty(s.ID, c.change.resource, c.change.pointer, c.change.value)
		}
	})
}

// driftCheckTakes is about how long one instance's drift check takes.
const driftCheckTakes = 35 * time.Second

// startForeign has somebody detect drift from the console, with so many at a time
// that it takes about foreignLasts.
func (b *builder) startForeign() error {
	instances := 0
	for _, c := range b.cells {
		if c.StackSet == foreignSet && !c.absent {
			instances++
		}
	}
	atOnce := max(1, time.Duration(instances)*driftCheckTakes/foreignLasts)
	err := b.request(b.aws.Account(), HomeRegion, url.Values{
		"Action": {"DetectStackSetDrift"}, "StackSetName": {foreignSet}, "OperationId": {foreignOperation},
		"OperationPreferences.MaxConcurrentCount":    {strconv.Itoa(int(atOnce))},
		"OperationPreferences.FailureToleranceCount": {strconv.Itoa(instances)},
	})
	if err != nil {
		return fmt.Errorf("starting somebody else's operation: %w", err)
	}
	b.truth.Foreign, b.truth.Operation, b.truth.Until = foreignSet, foreignOperation, b.now.Add(foreignLasts)
	return nil
}

// request sends a request to CloudFormation as an account.
func (b *builder) request(account, region string, form url.Values) error {
	form.Set("Version", "2010-05-15")
	r, err := http.NewRequest(http.MethodPost, "https://cloudformation."+region+".amazonaws.com/", strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("making the request: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s/%s/cloudformation/aws4_request, SignedHeaders=host, Signature=unchecked",
		account, b.now.UTC().Format("20060102"), region))
	answer, err := b.aws.Transport().RoundTrip(r)
	if err != nil {
		return fmt.Errorf("sending the request: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s is answered with %s", form.Get("Action"), answer.Status)
	}
	return nil
}
