package template

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Parameter is a declared parameter with its constraints.
type Parameter struct {
	Key           string
	Type          string
	Default       *string // nil: none
	NoEcho        bool
	Description   string
	Constraint    string // ConstraintDescription
	AllowedValues []string

	pattern              *regexp.Regexp
	patternText          string
	minLength, maxLength *big.Rat
	minValue, maxValue   *big.Rat
}

// SSM reports whether values are names of Systems Manager parameters, and the
// type that the parameter's value has then.
func (p *Parameter) SSM() (inner string, ok bool) {
	inner, ok = strings.CutPrefix(p.Type, "AWS::SSM::Parameter::Value<")
	return strings.TrimSuffix(inner, ">"), ok
}

// List reports whether the value is a list, written with commas.
func (p *Parameter) List() bool {
	t := p.Type
	if inner, ok := p.SSM(); ok {
		t = inner
	}
	return t == "CommaDelimitedList" || strings.HasPrefix(t, "List<")
}

var (
	awsTypes = []string{"AWS::EC2::AvailabilityZone::Name", "AWS::EC2::Image::Id", "AWS::EC2::Instance::Id",
		"AWS::EC2::KeyPair::KeyName", "AWS::EC2::SecurityGroup::GroupName", "AWS::EC2::SecurityGroup::Id",
		"AWS::EC2::Subnet::Id", "AWS::EC2::VPC::Id", "AWS::EC2::Volume::Id", "AWS::Route53::HostedZone::Id"}
	parameterKeys = []string{"Type", "Default", "NoEcho", "Description", "ConstraintDescription", "AllowedValues",
		"AllowedPattern", "MinLength", "MaxLength", "MinValue", "MaxValue"}
)

func knownParameterType(t string) bool {
	if inner, ok := strings.CutPrefix(t, "AWS::SSM::Parameter::Value<"); ok {
		t, ok = strings.CutSuffix(inner, ">")
		return ok && (t == "String" || t == "CommaDelimitedList" || t == "List<String>" || knownAWSType(t))
	}
	return t == "String" || t == "Number" || t == "CommaDelimitedList" || t == "List<Number>" || t == "List<String>" ||
		t == "AWS::SSM::Parameter::Name" || knownAWSType(t)
}

func knownAWSType(t string) bool {
	if inner, ok := strings.CutPrefix(t, "List<"); ok {
		t = strings.TrimSuffix(inner, ">")
		return t != "AWS::EC2::KeyPair::KeyName" && slices.Contains(awsTypes, t)
	}
	return slices.Contains(awsTypes, t)
}

func (t *Template) readParameters(v any) error {
	m, err := section("Parameters", v)
	if err != nil {
		return err
	}
	if len(m.Keys) > maxParameters {
		return failf("Template format error: Number of parameters, %d, is greater than maximum allowed, %d", len(m.Keys), maxParameters)
	}
	for _, key := range m.Keys {
		p, err := readParameter(key, m.Values[key])
		if err != nil {
			return err
		}
		t.Parameters = append(t.Parameters, p)
		t.parameter[key] = p
	}
	return nil
}

func readParameter(key string, v any) (*Parameter, error) {
	if !alphanumeric().MatchString(key) {
		return nil, failf("Template format error: Parameter name %s is non alphanumeric.", key)
	}
	body, ok := v.(*Map)
	if !ok {
		return nil, failf("Template format error: Every Parameters object must contain a Type member.")
	}
	for _, k := range body.Keys {
		if !slices.Contains(parameterKeys, k) {
			return nil, failf("Invalid template parameter property '%s'", k)
		}
	}
	p := &Parameter{Key: key}
	if p.Type, ok = body.Values["Type"].(string); !ok {
		return nil, failf("Template format error: Every Parameters object must contain a Type member.")
	}
	if !knownParameterType(p.Type) {
		return nil, failf("Template format error: Unrecognized parameter type: %s", p.Type)
	}
	if err := p.readConstraints(body); err != nil {
		return nil, err
	}
	return p, p.readDefault(body)
}

func (p *Parameter) readConstraints(body *Map) error {
	p.Description, _ = Text(body.Values["Description"])
	p.Constraint, _ = Text(body.Values["ConstraintDescription"])
	echo, _ := Text(body.Values["NoEcho"])
	p.NoEcho = strings.EqualFold(echo, "true")
	if v, given := body.Values["AllowedValues"]; given {
		list, ok := v.([]any)
		if !ok {
			return failf("Template format error: Parameter '%s' AllowedValues must be a list.", p.Key)
		}
		for _, one := range list {
			s, _ := Text(one)
			p.AllowedValues = append(p.AllowedValues, s)
		}
	}
	if v, given := body.Values["AllowedPattern"]; given {
		p.patternText, _ = Text(v)
		// AWS speaks Java's dialect; a pattern that Go cannot read (look-around)
		// is not checked rather than refused.
		p.pattern, _ = regexp.Compile(`^(?:` + p.patternText + `)$`)
	}
	return p.readBounds(body)
}

func (p *Parameter) readBounds(body *Map) error {
	bounds := []struct {
		name string
		to   **big.Rat
	}{{"MinLength", &p.minLength}, {"MaxLength", &p.maxLength}, {"MinValue", &p.minValue}, {"MaxValue", &p.maxValue}}
	for _, b := range bounds {
		v, given := body.Values[b.name]
		if !given {
			continue
		}
		text, _ := Text(v)
		number, ok := parseNumber(text)
		if !ok {
			return failf("Template format error: Parameter '%s' %s must be a number.", p.Key, b.name)
		}
		*b.to = number
	}
	return nil
}

// readDefault takes the default value, which has to meet the constraints itself.
func (p *Parameter) readDefault(body *Map) error {
	v, given := body.Values["Default"]
	if !given {
		return nil
	}
	text, ok := Text(v)
	if !ok {
		return failf("Template format error: Every Default member must be a string.")
	}
	p.Default = &text
	if p.Check(text) != nil {
		return failf("Template format error: Parameter '%s' default value '%s' does not meet its constraints: %s", p.Key, text, p.Check(text))
	}
	return nil
}

const maxValueBytes = 4096

// Check refuses a value that the parameter's type or constraints do not allow.
// For a Systems Manager type the value is the name, which AWS checks alone.
func (p *Parameter) Check(value string) error {
	if len(value) > maxValueBytes {
		return failf("Parameter '%s' exceeds maximum length of %d.", p.Key, maxValueBytes)
	}
	for _, one := range p.parts(value) {
		if err := p.checkOne(one); err != nil {
			return err
		}
	}
	return p.checkLength(value)
}

// parts are the values that AllowedValues, patterns and bounds apply to.
func (p *Parameter) parts(value string) []string {
	if _, ssm := p.SSM(); ssm || !p.List() {
		return []string{value}
	}
	return splitList(value)
}

func splitList(value string) []string {
	parts := strings.Split(value, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

func (p *Parameter) checkOne(value string) error {
	if len(p.AllowedValues) > 0 && !slices.Contains(p.AllowedValues, value) {
		return p.violated("must be one of AllowedValues")
	}
	if p.pattern != nil && !p.pattern.MatchString(value) {
		return p.violated("must match pattern " + p.patternText)
	}
	if p.Type != "Number" && p.Type != "List<Number>" {
		return nil
	}
	number, ok := parseNumber(value)
	if !ok {
		return failf("Parameter '%s' must be a number.", p.Key)
	}
	if p.minValue != nil && number.Cmp(p.minValue) < 0 {
		return p.violated("must be a number not less than " + ratText(p.minValue))
	}
	if p.maxValue != nil && number.Cmp(p.maxValue) > 0 {
		return p.violated("must be a number not greater than " + ratText(p.maxValue))
	}
	return nil
}

func (p *Parameter) checkLength(value string) error {
	n := new(big.Rat).SetInt64(int64(len([]rune(value))))
	if p.minLength != nil && n.Cmp(p.minLength) < 0 {
		return p.violated(fmt.Sprintf("must contain at least %s characters", ratText(p.minLength)))
	}
	if p.maxLength != nil && n.Cmp(p.maxLength) > 0 {
		return p.violated(fmt.Sprintf("must contain at most %s characters", ratText(p.maxLength)))
	}
	return nil
}

// violated is the refusal: the author's description if there is one.
func (p *Parameter) violated(rule string) error {
	if p.Constraint != "" {
		return failf("Parameter '%s' failed to satisfy constraint: %s", p.Key, p.Constraint)
	}
	return failf("Parameter '%s' %s", p.Key, rule)
}

var decimal = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[-+]?[0-9]{1,40}(\.[0-9]{0,40})?$|^[-+]?\.[0-9]{1,40}$`)
})

func parseNumber(s string) (*big.Rat, bool) {
	if !decimal().MatchString(s) {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

func ratText(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	return strings.TrimRight(r.FloatString(10), "0")
}

// Values fills in defaults and checks given values against the declarations, as
// CreateStack does.
func (t *Template) Values(given map[string]string) (map[string]string, error) {
	if strange := t.undeclared(given); len(strange) > 0 {
		return nil, failf("Parameters: [%s] do not exist in the template", strings.Join(strange, ", "))
	}
	values := make(map[string]string, len(t.Parameters))
	var missing []string
	for _, p := range t.Parameters {
		v, ok := given[p.Key]
		switch {
		case ok:
			if err := p.Check(v); err != nil {
				return nil, err
			}
		case p.Default != nil:
			v = *p.Default
		default:
			missing = append(missing, p.Key)
		}
		values[p.Key] = v
	}
	if len(missing) > 0 {
		return nil, failf("Parameters: [%s] must have values", strings.Join(missing, ", "))
	}
	return values, nil
}

func (t *Template) undeclared(given map[string]string) []string {
	var strange []string
	for key := range given {
		if _, ok := t.parameter[key]; !ok {
			strange = append(strange, key)
		}
	}
	slices.Sort(strange)
	return strange
}
