package states

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

// machineType is the resource type of state machines.
const machineType = "AWS::StepFunctions::StateMachine"

// Objects is what Step Functions asks of S3.
type Objects interface {
	Read(bucket, key string) ([]byte, error)
}

// Neighbours are what Step Functions works with.
type Neighbours struct {
	Interpreter Interpreter // nil: executions are refused
	Objects     Objects
	Metrics     core.Reporter
	Transport   http.RoundTripper
}

// States is the service in every account and region.
type States struct {
	world      *core.World
	with       Neighbours
	machines   *core.Mirror[machine] // by ARN
	executions map[string]*execution // by ARN
	order      []*execution          // as they were started
	runners    map[string]Runner     // by state machine ARN and role
	ctx        context.Context
	stop       context.CancelFunc
}

// machine is a state machine as its live resource has it.
type machine struct {
	live                         core.Live
	arn, name, role, kind        string
	definition                   string
	revision                     string
	logging, tracing, encryption map[string]any
	tags                         map[string]string
}

// New makes the service as a view on live state machines.
func New(w *core.World, store core.LiveStore, with Neighbours) *States {
	s := &States{world: w, with: with, executions: map[string]*execution{}, runners: map[string]Runner{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.machines = core.NewMirror(store, machineType, s.take)
	return s
}

// Close gives up all executions.
func (s *States) Close() { s.stop() }

// Service is the API.
func (s *States) Service() core.Service {
	return core.Service{
		Name:         "states",
		Protocols:    []core.Protocol{core.JSON10},
		TargetPrefix: "AWSStepFunctions",
		Actions: map[string]core.Action{
			"CreateStateMachine":               core.Write(core.Do(s.createMachine)),
			"UpdateStateMachine":               core.Write(core.Do(s.updateMachine)),
			"DeleteStateMachine":               core.Write(core.Do(s.deleteMachine)),
			"DescribeStateMachine":             core.Do(s.describeMachine),
			"ListStateMachines":                core.Do(s.listMachines),
			"ValidateStateMachineDefinition":   core.Do(s.validate),
			"StartExecution":                   core.Write(core.Do(s.startExecution)),
			"StartSyncExecution":               core.Write(core.Await(s.startSync)),
			"DescribeExecution":                core.Do(s.describeExecution),
			"DescribeStateMachineForExecution": core.Do(s.describeForExecution),
			"ListExecutions":                   core.Do(s.listExecutions),
			"GetExecutionHistory":              core.Do(s.history),
			"StopExecution":                    core.Write(core.Await(s.stopExecution)),
			"SendTaskSuccess":                  core.Write(core.Await(s.sendSuccess)),
			"SendTaskFailure":                  core.Write(core.Await(s.sendFailure)),
			"SendTaskHeartbeat":                core.Write(core.Await(s.sendHeartbeat)),
			"ListTagsForResource":              core.Do(s.listTags),
			"TagResource":                      core.Write(core.Do(s.tagResource)),
			"UntagResource":                    core.Write(core.Do(s.untagResource)),
		},
	}
}

// take makes a state machine of a live resource, or brings it up to date.
func (s *States) take(l core.Live, known *machine) *machine {
	p := l.Properties
	m := &machine{live: l, arn: l.Identifier, role: property.Text(p["RoleArn"]), kind: cmp.Or(property.Text(p["StateMachineType"]), "STANDARD"),
		logging: property.Map(p["LoggingConfiguration"]), tracing: property.Map(p["TracingConfiguration"]), encryption: property.Map(p["EncryptionConfiguration"]), tags: property.Tags(p["Tags"])}
	m.name = m.arn[strings.LastIndexByte(m.arn, ':')+1:]
	m.definition = s.definitionOf(p)
	m.revision = s.world.UUID()
	if known != nil && known.definition == m.definition && known.role == m.role {
		m.revision = known.revision
	}
	return m
}

// definitionOf is the text of a definition, with its substitutions made.
func (s *States) definitionOf(p map[string]any) string {
	text := property.Text(p["DefinitionString"])
	if d := p["Definition"]; d != nil {
		text = property.JSON(d)
	}
	if at := property.Map(p["DefinitionS3Location"]); at != nil && text == "" {
		if body, err := s.with.Objects.Read(property.Text(at["Bucket"]), property.Text(at["Key"])); err == nil {
			text = string(body)
		}
	}
	substitutions := property.Map(p["DefinitionSubstitutions"])
	return substitution.ReplaceAllStringFunc(text, func(found string) string {
		if value, ok := substitutions[found[2:len(found)-1]]; ok {
			return property.Text(value)
		}
		return found
	})
}

var substitution = regexp.MustCompile(`\$\{[A-Za-z0-9_]+\}`)

func refuse(code, format string, args ...any) *core.Error {
	return core.Errorf(http.StatusBadRequest, code, format, args...)
}

// machine finds a state machine by its ARN.
func (s *States) machine(c *core.Call, arn string) (*machine, error) {
	a, ok := core.ParseARN(arn)
	if !ok || a.Service != "states" {
		return nil, refuse("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: %s'", arn)
	}
	parts := strings.SplitN(arn, ":", 8)
	if len(parts) == 8 { // a version or an alias
		arn = strings.Join(parts[:7], ":")
	}
	m, _ := s.machines.Get(a.Account, a.Region, arn)
	if m == nil || a.Account != c.Caller.Account {
		return nil, refuse("StateMachineDoesNotExist", "State Machine Does Not Exist: '%s'", arn)
	}
	return m, nil
}

type tag struct {
	Key   string `wire:"key" valid:"max=128"`
	Value string `wire:"value" valid:"max=256"`
}

type createInput struct {
	Name        string         `wire:"name" valid:"required,min=1,max=80"`
	Definition  string         `wire:"definition" valid:"required,min=1,max=1048576"`
	RoleArn     string         `wire:"roleArn" valid:"required,min=1,max=256"`
	Type        string         `wire:"type" valid:"enum=STANDARD|EXPRESS"`
	Logging     map[string]any `wire:"loggingConfiguration"`
	Tracing     map[string]any `wire:"tracingConfiguration"`
	Encryption  map[string]any `wire:"encryptionConfiguration"`
	Tags        []tag          `wire:"tags"`
	Publish     bool           `wire:"publish"`
	Description string         `wire:"versionDescription"`
}

type createOutput struct {
	StateMachineArn string    `wire:"stateMachineArn"`
	CreationDate    time.Time `wire:"creationDate"`
}

var machineName = regexp.MustCompile(`^[^\s<>{}\[\]?*"#%\\^|~` + "`" + `$&,;:/\x00-\x1f\x7f-\x9f]{1,80}$`)

// createMachine is idempotent: the same name with the same definition, role and type
// is the same state machine.
func (s *States) createMachine(c *core.Call, in *createInput) (*createOutput, error) {
	if !machineName.MatchString(in.Name) {
		return nil, refuse("InvalidName", "Invalid Name: '%s'", in.Name)
	}
	if a, ok := core.ParseARN(in.RoleArn); !ok || a.Service != "iam" {
		return nil, refuse("InvalidArn", "Invalid Role Arn: '%s'", in.RoleArn)
	}
	if err := s.check(in.Definition); err != nil {
		return nil, err
	}
	arn := fmt.Sprintf("arn:%s:states:%s:%s:stateMachine:%s", c.Options.Partition, c.Region, c.Caller.Account, in.Name)
	if m, _ := s.machines.Get(c.Caller.Account, c.Region, arn); m != nil {
		if m.definition != in.Definition || m.role != in.RoleArn || m.kind != cmp.Or(in.Type, "STANDARD") {
			return nil, refuse("StateMachineAlreadyExists", "State Machine Already Exists: '%s'", arn)
		}
		return &createOutput{m.arn, m.live.Made}, nil
	}
	p := map[string]any{"StateMachineName": in.Name, "DefinitionString": in.Definition, "RoleArn": in.RoleArn}
	p = property.With(p, "StateMachineType", in.Type)
	p = property.With(p, "LoggingConfiguration", in.Logging)
	p = property.With(p, "TracingConfiguration", in.Tracing)
	p = property.With(p, "EncryptionConfiguration", in.Encryption)
	tags := map[string]string{}
	for _, t := range in.Tags {
		tags[t.Key] = t.Value
	}
	m, _, err := s.machines.Make(c.Caller.Account, c.Region, property.With(p, "Tags", property.TagList(tags)))
	if exists := (*core.ExistsError)(nil); errors.As(err, &exists) {
		return nil, refuse("StateMachineAlreadyExists", "State Machine Already Exists: '%s'", arn)
	}
	if err != nil {
		return nil, err
	}
	return &createOutput{m.arn, m.live.Made}, nil
}

// check refuses a definition that is none.
func (s *States) check(definition string) error {
	problems := s.problems(definition)
	if len(problems) == 0 {
		return nil
	}
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = fmt.Sprintf("%s: %s at %s", p.Code, p.Message, p.Location)
	}
	return refuse("InvalidDefinition", "Invalid State Machine Definition: '%s'", strings.Join(texts, ", "))
}

// Problem is what is wrong with the definition in a state machine's properties, in
// AWS's words, "" if it can be run.
func (s *States) Problem(properties map[string]any) string {
	text := s.definitionOf(properties)
	if text == "" || strings.Contains(text, "${") {
		return ""
	}
	if refused, ok := s.check(text).(*core.Error); ok {
		return refused.Message
	}
	return ""
}

func (s *States) problems(definition string) []Diagnostic {
	var object map[string]any
	if json.Unmarshal([]byte(definition), &object) != nil {
		return []Diagnostic{{"ERROR", "INVALID_JSON_DESCRIPTION", "Could not parse JSON", "/"}}
	}
	if s.with.Interpreter == nil {
		return nil
	}
	return slices.DeleteFunc(s.with.Interpreter.Validate(definition), func(d Diagnostic) bool { return d.Severity != "ERROR" })
}

type machineInput struct {
	StateMachineArn string `wire:"stateMachineArn" valid:"required,min=1,max=256"`
	IncludedData    string `wire:"includedData"`
}

type machineShape struct {
	StateMachineArn string         `wire:"stateMachineArn"`
	Name            string         `wire:"name"`
	Status          string         `wire:"status"`
	Definition      string         `wire:"definition"`
	RoleArn         string         `wire:"roleArn"`
	Type            string         `wire:"type"`
	CreationDate    time.Time      `wire:"creationDate"`
	Logging         map[string]any `wire:"loggingConfiguration"`
	Tracing         map[string]any `wire:"tracingConfiguration"`
	Encryption      map[string]any `wire:"encryptionConfiguration"`
	RevisionID      string         `wire:"revisionId"`
}

func (s *States) describeMachine(c *core.Call, in *machineInput) (*machineShape, error) {
	m, err := s.machine(c, in.StateMachineArn)
	if err != nil {
		return nil, err
	}
	out := &machineShape{StateMachineArn: m.arn, Name: m.name, Status: "ACTIVE", Definition: m.definition, RoleArn: m.role, Type: m.kind, CreationDate: m.live.Made,
		Logging: lowered(m.logging), Tracing: lowered(m.tracing), Encryption: lowered(m.encryption), RevisionID: m.revision}
	if out.Logging == nil {
		out.Logging = map[string]any{"level": "OFF", "includeExecutionData": false}
	}
	if out.Tracing == nil {
		out.Tracing = map[string]any{"enabled": false}
	}
	if out.Encryption == nil {
		out.Encryption = map[string]any{"type": "AWS_OWNED_KEY"}
	}
	return out, nil
}

// lowered has the names of the API, which begin with a small letter, where a
// template's begin with a capital.
func lowered(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	out := map[string]any{}
	for k, v := range m {
		out[strings.ToLower(k[:1])+k[1:]] = loweredValue(v)
	}
	return out
}

func loweredValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return lowered(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = loweredValue(v[i])
		}
		return list
	}
	return v
}

type updateInput struct {
	StateMachineArn string         `wire:"stateMachineArn" valid:"required,min=1,max=256"`
	Definition      string         `wire:"definition" valid:"min=1,max=1048576"`
	RoleArn         string         `wire:"roleArn" valid:"min=1,max=256"`
	Logging         map[string]any `wire:"loggingConfiguration"`
	Tracing         map[string]any `wire:"tracingConfiguration"`
	Encryption      map[string]any `wire:"encryptionConfiguration"`
	Publish         bool           `wire:"publish"`
	Description     string         `wire:"versionDescription"`
}

type updateOutput struct {
	UpdateDate time.Time `wire:"updateDate"`
	RevisionID string    `wire:"revisionId"`
}

// updateMachine changes what executions run that are started from now on.
func (s *States) updateMachine(c *core.Call, in *updateInput) (*updateOutput, error) {
	m, err := s.machine(c, in.StateMachineArn)
	if err != nil {
		return nil, err
	}
	if in.Definition == "" && in.RoleArn == "" && in.Logging == nil && in.Tracing == nil && in.Encryption == nil {
		return nil, refuse("MissingRequiredParameter", "Either the definition, the role ARN, the LoggingConfiguration, the TracingConfiguration or the EncryptionConfiguration must be specified")
	}
	p := m.live.Properties
	if in.Definition != "" {
		if err := s.check(in.Definition); err != nil {
			return nil, err
		}
		p = property.With(p, "DefinitionString", in.Definition)
		for _, other := range []string{"Definition", "DefinitionS3Location", "DefinitionSubstitutions"} {
			delete(p, other)
		}
	}
	if in.RoleArn != "" {
		p = property.With(p, "RoleArn", in.RoleArn)
	}
	for name, value := range map[string]map[string]any{"LoggingConfiguration": in.Logging, "TracingConfiguration": in.Tracing, "EncryptionConfiguration": in.Encryption} {
		if value != nil {
			p = property.With(p, name, value)
		}
	}
	if m, err = s.machines.Change(m.live, p); err != nil {
		return nil, err
	}
	return &updateOutput{c.Now(), m.revision}, nil
}

// deleteMachine succeeds for one that is not there. Its executions end.
func (s *States) deleteMachine(c *core.Call, in *machineInput) (*struct{}, error) {
	m, err := s.machine(c, in.StateMachineArn)
	if refused, ok := err.(*core.Error); ok && refused.Code == "StateMachineDoesNotExist" {
		return &struct{}{}, nil
	}
	if err != nil {
		return nil, err
	}
	for _, x := range s.order {
		if x.machine == m.arn && x.status == running {
			s.abort(x, "", "")
		}
	}
	return &struct{}{}, s.machines.Delete(m.live)
}

type listMachinesInput struct {
	MaxResults *int32 `wire:"maxResults" valid:"min=0,max=1000"`
	NextToken  string `wire:"nextToken"`
}

type machineItem struct {
	StateMachineArn string    `wire:"stateMachineArn"`
	Name            string    `wire:"name"`
	Type            string    `wire:"type"`
	CreationDate    time.Time `wire:"creationDate"`
}

type listMachinesOutput struct {
	StateMachines []machineItem `wire:"stateMachines"`
	NextToken     string        `wire:"nextToken"`
}

func (s *States) listMachines(c *core.Call, in *listMachinesInput) (*listMachinesOutput, error) {
	here := s.machines.At(c.Caller.Account, c.Region)
	out := &listMachinesOutput{StateMachines: []machineItem{}}
	var arns []string
	arns, out.NextToken = property.Page(slices.Sorted(maps.Keys(here)), in.NextToken, pageSize(in.MaxResults))
	for _, arn := range arns {
		m := here[arn]
		out.StateMachines = append(out.StateMachines, machineItem{m.arn, m.name, m.kind, m.live.Made})
	}
	return out, nil
}

func pageSize(n *int32) int {
	if n == nil || *n == 0 {
		return 100
	}
	return int(*n)
}

type validateInput struct {
	Definition string `wire:"definition" valid:"required,min=1,max=1048576"`
	Type       string `wire:"type" valid:"enum=STANDARD|EXPRESS"`
	Severity   string `wire:"severity" valid:"enum=ERROR|WARNING"`
	MaxResults *int32 `wire:"maxResults" valid:"min=0,max=100"`
}

type diagnosticShape struct {
	Severity string `wire:"severity"`
	Code     string `wire:"code"`
	Message  string `wire:"message"`
	Location string `wire:"location"`
}

type validateOutput struct {
	Result      string            `wire:"result"`
	Diagnostics []diagnosticShape `wire:"diagnostics"`
	Truncated   bool              `wire:"truncated"`
}

func (s *States) validate(_ *core.Call, in *validateInput) (*validateOutput, error) {
	out := &validateOutput{Result: "OK", Diagnostics: []diagnosticShape{}}
	for _, d := range s.problems(in.Definition) {
		out.Result = "FAIL"
		out.Diagnostics = append(out.Diagnostics, diagnosticShape(d))
	}
	if most := pageSize(in.MaxResults); len(out.Diagnostics) > most {
		out.Diagnostics, out.Truncated = out.Diagnostics[:most], true
	}
	return out, nil
}

type resourceInput struct {
	ResourceArn string   `wire:"resourceArn" valid:"required,min=1,max=256"`
	Tags        []tag    `wire:"tags"`
	TagKeys     []string `wire:"tagKeys"`
}

type tagsOutput struct {
	Tags []tag `wire:"tags"`
}

func (s *States) tagged(c *core.Call, arn string) (*machine, error) {
	m, err := s.machine(c, arn)
	if refused, ok := err.(*core.Error); ok && refused.Code == "StateMachineDoesNotExist" {
		return nil, refuse("ResourceNotFound", "Resource not found: '%s'", arn)
	}
	return m, err
}

func (s *States) listTags(c *core.Call, in *resourceInput) (*tagsOutput, error) {
	m, err := s.tagged(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := &tagsOutput{Tags: []tag{}}
	for _, key := range slices.Sorted(maps.Keys(m.tags)) {
		out.Tags = append(out.Tags, tag{key, m.tags[key]})
	}
	return out, nil
}

func (s *States) tagResource(c *core.Call, in *resourceInput) (*struct{}, error) {
	m, err := s.tagged(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	tags := maps.Clone(m.tags)
	for _, t := range in.Tags {
		tags[t.Key] = t.Value
	}
	_, err = s.machines.Change(m.live, property.With(m.live.Properties, "Tags", property.TagList(tags)))
	return &struct{}{}, err
}

func (s *States) untagResource(c *core.Call, in *resourceInput) (*struct{}, error) {
	m, err := s.tagged(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	tags := maps.Clone(m.tags)
	for _, key := range in.TagKeys {
		delete(tags, key)
	}
	_, err = s.machines.Change(m.live, property.With(m.live.Properties, "Tags", property.TagList(tags)))
	return &struct{}{}, err
}
