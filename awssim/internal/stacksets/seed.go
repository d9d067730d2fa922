package stacksets

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Spec describes a stack set that a world is filled with.
type Spec struct {
	Name        string            `json:"name"`
	ID          string            `json:"id,omitempty"` // the UUID part of the StackSetId; "" makes one
	Description string            `json:"description,omitempty"`
	Template    string            `json:"template"`
	Parameters  map[string]string `json:"parameters,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	// Capabilities that the template needs are granted; these are added.
	Capabilities []string `json:"capabilities,omitempty"`
	// PermissionModel is SELF_MANAGED unless set.
	PermissionModel       string `json:"permissionModel,omitempty"`
	AdministrationRoleARN string `json:"administrationRoleArn,omitempty"`
	ExecutionRoleName     string `json:"executionRoleName,omitempty"`
	// AutoDeploy turns automatic deployment on. RetainOnRemoval keeps stacks of
	// accounts that leave. DependsOn are names or ARNs of sets seeded before.
	AutoDeploy      bool     `json:"autoDeploy,omitempty"`
	RetainOnRemoval bool     `json:"retainOnRemoval,omitempty"`
	DependsOn       []string `json:"dependsOn,omitempty"`
	// ManagedExecution lets operations queue.
	ManagedExecution bool `json:"managedExecution,omitempty"`
	// Targets are the regions by OU that the set is deployed to, for automatic
	// deployment. Seeding instances with an OU adds to them.
	Targets map[string][]string `json:"targets,omitempty"`
	// Account and Region are the home: the management account, or the default
	// account without an organization, and us-east-1 unless set.
	Account string `json:"account,omitempty"`
	Region  string `json:"region,omitempty"`
}

// InstanceSeed describes an instance that a world is filled with. The zero value
// is a healthy one.
type InstanceSeed struct {
	Overrides map[string]string `json:"overrides,omitempty"`
	// Status is CURRENT unless set; Detailed goes with it: SUCCEEDED, FAILED for
	// OUTDATED, INOPERABLE for INOPERABLE.
	Status   string `json:"status,omitempty"`
	Detailed string `json:"detailed,omitempty"`
	Reason   string `json:"reason,omitempty"`
	// Drift is NOT_CHECKED unless set; Checked is when that was found.
	Drift   string    `json:"drift,omitempty"`
	Checked time.Time `json:"checked,omitzero"`
	// OU is the OU or root that it was deployed through. For service-managed sets
	// it is the account's parent unless set.
	OU string `json:"ou,omitempty"`
	// NoStack leaves the instance without a stack, as after a failed create.
	NoStack bool `json:"noStack,omitempty"`
	// Template, if set, is what the stack was made from, unlike the set's.
	Template string `json:"template,omitempty"`
	// Live are the resources of its stack that somebody changed by hand.
	Live []LiveChange `json:"live,omitempty"`
	// StackID, if set, is an existing stack to use.
	StackID string `json:"-"`
}

// LiveChange is how a live resource differs from its template.
type LiveChange struct {
	Resource   string         `json:"resource"` // logical id
	Deleted    bool           `json:"deleted,omitempty"`
	Properties map[string]any `json:"properties,omitempty"` // all of them; or else:
	Set        map[string]any `json:"set,omitempty"`        // some, by JSON pointer such as /Tags/0/Value
	Remove     []string       `json:"remove,omitempty"`     // JSON pointers
}

// Seed makes a stack set at once, without an operation.
func (s *Service) Seed(spec Spec) (arn string, err error) {
	summary, err := s.stacks.Summary(spec.Template)
	if err != nil {
		return "", fmt.Errorf("seeding stack set %s: %w", spec.Name, err)
	}
	in := &createStackSetInput{
		StackSetName:          spec.Name,
		Description:           spec.Description,
		Capabilities:          both(summary.Capabilities, spec.Capabilities),
		Parameters:            parameterList(spec.Parameters),
		AdministrationRoleARN: spec.AdministrationRoleARN,
		ExecutionRoleName:     spec.ExecutionRoleName,
		PermissionModel:       spec.PermissionModel,
		ManagedExecution:      &ManagedExecution{Active: &spec.ManagedExecution},
	}
	h := s.homeFor(spec.Account, spec.Region)
	if s.shelf(h).active[spec.Name] != nil {
		return "", fmt.Errorf("seeding stack set %s: it exists", spec.Name)
	}
	if spec.PermissionModel == serviceManaged {
		in.AutoDeployment = s.autoSpec(h, spec)
	}
	t, err := s.newSet(h, spec.Template, in)
	if err != nil {
		return "", fmt.Errorf("seeding stack set %s: %w", spec.Name, err)
	}
	if spec.ID != "" {
		t.uuid = spec.ID
	}
	t.tags = maps.Clone(spec.Tags)
	for ou, regions := range spec.Targets {
		t.addTargets([]string{ou}, regions)
	}
	s.put(t)
	return t.arn(), nil
}

func (s *Service) homeFor(account, region string) home {
	if account == "" {
		account = s.world.Options.Account
		if s.org.Exists() {
			account = s.org.Management()
		}
	}
	if region == "" {
		region = "us-east-1"
	}
	return home{account, region}
}

func (s *Service) autoSpec(h home, spec Spec) *AutoDeployment {
	out := &AutoDeployment{Enabled: &spec.AutoDeploy}
	if spec.AutoDeploy {
		out.RetainStacksOnAccountRemoval = &spec.RetainOnRemoval
	}
	for _, name := range spec.DependsOn {
		if known := s.shelf(h).active[name]; known != nil {
			name = known.arn()
		}
		out.DependsOn = append(out.DependsOn, name)
	}
	return out
}

// SeedInstance makes an instance at once, with its stack.
func (s *Service) SeedInstance(name, account, region string, seed InstanceSeed) error {
	t, err := s.seeded(name)
	if err != nil {
		return err
	}
	p := place{account, region}
	if t.instances.at[p] != nil {
		return fmt.Errorf("seeding an instance of %s at %s in %s: it exists", name, account, region)
	}
	i := &instance{place: p, overrides: maps.Clone(seed.Overrides)}
	if i.stackID, err = s.seedStack(t, i, seed); err != nil {
		return fmt.Errorf("seeding an instance of %s at %s in %s: %w", name, account, region, err)
	}
	made := t.instances.add(p)
	made.stackID, made.overrides = i.stackID, i.overrides
	s.seedState(t, made, seed)
	return nil
}

// seedStack makes the instance's stack, or takes the one that is named.
func (s *Service) seedStack(t *set, i *instance, seed InstanceSeed) (string, error) {
	if seed.NoStack || seed.StackID != "" {
		return seed.StackID, nil
	}
	o := &operation{set: t, roles: t.definition}
	spec := s.spec(o, i, fmt.Sprintf("StackSet-%s-%s", t.name, s.world.UUID()))
	if seed.Template != "" {
		spec.Template = seed.Template
	}
	return s.stacks.Seed(spec)
}

func (s *Service) seedState(t *set, i *instance, seed InstanceSeed) {
	i.status, i.reason, i.ou, i.checked = seed.Status, seed.Reason, seed.OU, seed.Checked
	if i.status == "" {
		i.status = current
	}
	detailed := seed.Detailed
	if detailed == "" {
		detailed = map[string]string{current: succeeded, outdated: failed, inoperable: inoperable}[i.status]
	}
	t.instances.setDetailed(i, detailed)
	if seed.Drift != "" {
		t.instances.setDrift(i, seed.Drift)
	}
	if member, ok := s.org.Of(t.account).Account(i.account); ok && i.ou == "" && t.serviceManaged() && len(member.OUs) > 0 {
		i.ou = member.OUs[len(member.OUs)-1]
	}
	if i.ou != "" && t.serviceManaged() && t.nearest([]string{i.ou}, i.region) == "" && seed.OU != "" {
		t.addTargets([]string{i.ou}, []string{i.region})
	}
}

// seeded finds an active set by ARN or id, or by a name that only one home has.
func (s *Service) seeded(name string) (*set, error) {
	if strings.HasPrefix(name, "arn:") {
		if t := s.byARN(name); t != nil {
			return t, nil
		}
		return nil, fmt.Errorf("stack set %s does not exist", name)
	}
	var found *set
	for _, h := range s.homes {
		t := h.active[name]
		if byID := h.ids[name]; byID != nil && !byID.deleted {
			t = byID
		}
		if t != nil {
			if found != nil {
				return nil, fmt.Errorf("stack set %s exists in several places: name it by ARN", name)
			}
			found = t
		}
	}
	if found == nil {
		return nil, fmt.Errorf("stack set %s does not exist", name)
	}
	return found, nil
}

// SetGate makes an account gate function in a place answer SUCCEEDED or FAILED;
// "" takes the function away.
func (s *Service) SetGate(account, region, status, reason string) {
	if status == "" {
		delete(s.gates, place{account, region})
		return
	}
	s.gates[place{account, region}] = gate{status, reason}
}

// DisableRegion makes a region one that an account has not opted into.
func (s *Service) DisableRegion(account, region string, disabled bool) {
	s.regions[place{account, region}] = disabled
}

// OnLanding has f called after every instance that an operation deployed.
func (s *Service) OnLanding(f func(Landing)) { s.landed = append(s.landed, f) }

// StackOf is the id of an instance's stack.
func (s *Service) StackOf(name, account, region string) (string, bool) {
	t, err := s.seeded(name)
	if err != nil {
		return "", false
	}
	i := t.instances.at[place{account, region}]
	if i == nil || i.stackID == "" {
		return "", false
	}
	return i.stackID, true
}

// both are two lists of capabilities, each once and in order.
func both(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}
