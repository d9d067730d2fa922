package ssm

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Limits of Parameter Store (Systems Manager quotas).
const (
	standardBytes = 4096
	advancedBytes = 8192
	maxLevels     = 15
	standardCount = 10_000
	advancedCount = 100_000
)

var parameterName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z0-9_.\-/]+$`) })

type putParameterInput struct {
	Name           string `valid:"required,min=1,max=2048"`
	Value          string `valid:"required,min=1"`
	Description    string `valid:"max=1024"`
	Type           string `valid:"enum=String|StringList|SecureString"`
	KeyId          string `valid:"min=1,max=256"`
	Overwrite      bool
	AllowedPattern string `valid:"max=1024"`
	Tags           []tag
	Tier           string `valid:"enum=Standard|Advanced|Intelligent-Tiering"`
	Policies       string `valid:"min=1,max=4096"`
	DataType       string `valid:"max=128"`
}

type putParameterOutput struct {
	Version int64
	Tier    string
}

func (s *Store) putParameter(c *core.Call, in *putParameterInput) (*putParameterOutput, error) {
	if err := checkName(in.Name); err != nil {
		return nil, err
	}
	p, l := s.live.Get(c.Caller.Account, c.Region, in.Name)
	if err := checkPut(p, in); err != nil {
		return nil, err
	}
	tier, err := tierFor(p, in, len(s.here(c)))
	if err != nil {
		return nil, err
	}
	next := s.nextVersion(c, p, in, tier)
	if err := check(next); err != nil {
		return nil, err
	}
	if p == nil {
		p = &parameter{name: in.Name, tags: map[string]string{}}
	}
	if err := p.makeRoom(); err != nil {
		return nil, err
	}
	setTags(p.tags, in.Tags)
	if p, err = s.write(c, p, l, next, in.Policies); err != nil {
		return nil, err
	}
	s.publish(c, p, map[bool]string{true: "Create", false: "Update"}[next.number == 1])
	return &putParameterOutput{Version: next.number, Tier: tier}, nil
}

func checkName(name string) error {
	lower := strings.ToLower(strings.TrimPrefix(name, "/"))
	switch {
	case strings.HasPrefix(lower, "aws") || strings.HasPrefix(lower, "ssm"):
		return refuse("ValidationException", "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).")
	case !parameterName().MatchString(name):
		return refuse("ValidationException", "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_")
	case strings.Contains(name, "/") && !strings.HasPrefix(name, "/"):
		return refuse("ValidationException", "Parameter name must be a fully qualified name.")
	case strings.Count(name, "/") > maxLevels:
		return refuse("HierarchyLevelLimitExceededException", "A hierarchy can have a maximum of %d levels.", maxLevels)
	}
	return nil
}

func checkPut(p *parameter, in *putParameterInput) error {
	switch {
	case p != nil && !in.Overwrite:
		return refuse("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	case p == nil && in.Type == "":
		return refuse("ValidationException", "A parameter type is required when you create a parameter.")
	case in.Overwrite && len(in.Tags) > 0 && p != nil:
		return refuse("ValidationException", "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag.")
	case in.Policies != "" && in.Tier == standard:
		return refuse("InvalidPolicyTypeException", "Parameter policies are supported for advanced-tier parameters only.")
	}
	return nil
}

// tierFor is the tier that the parameter will have. Advanced never goes back to
// Standard; Intelligent-Tiering is Advanced where the value or the count needs it.
func tierFor(p *parameter, in *putParameterInput, count int) (string, error) {
	tier, has := in.Tier, p != nil && p.tier == advanced
	needs := len(in.Value) > standardBytes || in.Policies != "" || p == nil && count >= standardCount
	switch {
	case tier == standard && has:
		return "", refuse("ValidationException", "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter.")
	case tier == intelligent && needs || has:
		tier = advanced
	case tier == "" || tier == intelligent:
		tier = standard
	}
	switch {
	case tier == standard && len(in.Value) > standardBytes:
		return "", refuse("ValidationException", "Standard tier parameters support a maximum parameter value of %d characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html", standardBytes)
	case len(in.Value) > advancedBytes:
		return "", refuse("ValidationException", "Advanced tier parameters support a maximum parameter value of %d characters.", advancedBytes)
	case p == nil && (tier == standard && count >= standardCount || count >= advancedCount):
		return "", refuse("ParameterLimitExceeded", "You have exceeded the number of parameters for this AWS account.")
	}
	return tier, nil
}

// nextVersion carries what the request leaves out over from the version before.
func (s *Store) nextVersion(c *core.Call, p *parameter, in *putParameterInput, tier string) version {
	v := version{number: 1, kind: in.Type, dataType: in.DataType, keyID: in.KeyId, allowedPattern: in.AllowedPattern}
	if p != nil {
		old := p.latest()
		v.number = old.number + 1
		v.kind = cmp.Or(in.Type, old.kind)
		v.keyID = cmp.Or(in.KeyId, old.keyID)
	}
	if v.kind == SecureString {
		v.keyID = cmp.Or(v.keyID, "alias/aws/ssm")
	} else {
		v.keyID = ""
	}
	v.dataType = cmp.Or(v.dataType, "text")
	v.value, v.description, v.tier = in.Value, in.Description, tier
	v.user, v.modified = c.Caller.ARN, c.Now()
	return v
}

func check(v version) error {
	if v.allowedPattern == "" {
		return nil
	}
	pattern, err := regexp.Compile(v.allowedPattern)
	if err != nil {
		return refuse("InvalidAllowedPatternException", "The request doesn't meet the regular expression requirement: %s", v.allowedPattern)
	}
	if !pattern.MatchString(v.value) {
		return refuse("ParameterPatternMismatchException", "Parameter value, cannot be validated against allowedPattern: %s", v.allowedPattern)
	}
	return nil
}

// write makes the version the live parameter's.
func (s *Store) write(c *core.Call, p *parameter, l core.Live, v version, policies string) (*parameter, error) {
	properties := p.properties(&v, l.Properties)
	if policies != "" {
		properties["Policies"] = policies
	}
	s.pending = &v
	defer func() { s.pending = nil }()
	var err error
	if len(p.versions) == 0 {
		p, _, err = s.live.Make(c.Caller.Account, c.Region, properties)
	} else {
		p, err = s.live.Change(l, properties)
	}
	if err != nil {
		return nil, refuse("InternalServerError", "writing parameter %s: %v", properties["Name"], err)
	}
	return p, nil
}

// makeRoom drops the oldest version where the limit is reached. It fails if that one
// has a label.
func (p *parameter) makeRoom() error {
	if len(p.versions) < keptVersions {
		return nil
	}
	if len(p.versions[0].labels) > 0 {
		return refuse("ParameterMaxVersionLimitExceeded", "You attempted to create a new version of %s by calling the PutParameter API with the overwrite flag. Version %d, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.", p.name, p.versions[0].number)
	}
	p.versions = slices.Delete(p.versions, 0, 1)
	return nil
}

// publish tells EventBridge of a change (Systems Manager user guide, "Parameter
// Store events").
func (s *Store) publish(c *core.Call, p *parameter, operation string) {
	if !s.world.Listening() {
		return
	}
	s.world.Publish(core.Event{
		Source: "aws.ssm", DetailType: "Parameter Store Change",
		Account: c.Caller.Account, Region: c.Region,
		Resources: []string{s.arn(c, p.name)},
		Detail:    map[string]any{"operation": operation, "name": p.name, "type": p.latest().kind, "description": p.latest().description},
	})
}

type labelInput struct {
	Name             string `valid:"required,min=1,max=2048"`
	ParameterVersion *int64
	Labels           []string `valid:"required,min=1,max=10"`
}

type labelOutput struct {
	InvalidLabels    []string
	ParameterVersion int64
}

var label = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z_.\-][a-zA-Z0-9_.\-]{0,99}$`) })

// labelParameterVersion puts labels on a version, taking them off any other.
func (s *Store) labelParameterVersion(c *core.Call, in *labelInput) (*labelOutput, error) {
	ref := in.Name
	if in.ParameterVersion != nil {
		ref += fmt.Sprintf(":%d", *in.ParameterVersion)
	}
	p, v, _, err := s.find(c, ref)
	if err != nil {
		return nil, err
	}
	out := &labelOutput{InvalidLabels: []string{}, ParameterVersion: v.number}
	for _, l := range in.Labels {
		if !label().MatchString(l) || strings.HasPrefix(strings.ToLower(l), "aws") || strings.HasPrefix(strings.ToLower(l), "ssm") {
			out.InvalidLabels = append(out.InvalidLabels, l)
			continue
		}
		for i := range p.versions {
			p.versions[i].labels = slices.DeleteFunc(p.versions[i].labels, func(old string) bool { return old == l })
		}
		v.labels = append(v.labels, l)
	}
	return out, nil
}
