// Package elb is the part of Elastic Load Balancing (version 2) that a program
// needs which takes instances out of service and puts them back: target groups,
// their targets, and the health of those.
//
// A target that is registered is initial until its health checks have passed, and
// one that is deregistered drains for the group's delay. Whether checks pass is
// the instance's affair.
package elb

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Instances is what target groups ask of EC2.
type Instances interface {
	Has(account, region, id string) bool
	Serves(account, region, id string) bool
}

// ELB is the service in every account and region.
type ELB struct {
	world     *core.World
	instances Instances
	groups    map[string]*group // by ARN
}

type group struct {
	arn, name, account, region, protocol, vpc string
	port                                      int32
	interval                                  time.Duration // of health checks
	threshold                                 int           // of checks that pass, until a target is healthy
	delay                                     time.Duration // of deregistration
	targets                                   map[targetKey]*target
}

type targetKey struct {
	id   string
	port int32
}

type target struct {
	registered time.Time
	draining   time.Time // until then; zero while it is registered
}

// New makes the service.
func New(w *core.World, instances Instances) *ELB {
	return &ELB{world: w, instances: instances, groups: map[string]*group{}}
}

// Service is the API.
func (e *ELB) Service() core.Service {
	return core.Service{
		Name:        "elasticloadbalancing",
		Protocols:   []core.Protocol{core.Query},
		Version:     "2015-12-01",
		Namespace:   "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
		InvalidCode: "ValidationError",
		Actions: map[string]core.Action{
			"CreateTargetGroup":             core.Write(core.Do(e.createTargetGroup)),
			"DeleteTargetGroup":             core.Write(core.Do(e.deleteTargetGroup)),
			"DescribeTargetGroups":          core.Do(e.describeTargetGroups),
			"ModifyTargetGroupAttributes":   core.Write(core.Do(e.modifyAttributes)),
			"DescribeTargetGroupAttributes": core.Do(e.describeAttributes),
			"RegisterTargets":               core.Write(core.Do(e.registerTargets)),
			"DeregisterTargets":             core.Write(core.Do(e.deregisterTargets)),
			"DescribeTargetHealth":          core.Do(e.describeTargetHealth),
		},
	}
}

type createTargetGroupInput struct {
	Name                       string `valid:"required,max=32,pattern=[A-Za-z0-9][A-Za-z0-9-]*"`
	Protocol                   string `valid:"enum=HTTP|HTTPS|TCP|TLS|UDP|TCP_UDP"`
	Port                       *int32 `valid:"min=1,max=65535"`
	VpcId                      string
	HealthCheckIntervalSeconds *int32 `valid:"min=5,max=300"`
	HealthyThresholdCount      *int32 `valid:"min=2,max=10"`
	TargetType                 string `valid:"enum=instance|ip|lambda|alb"`
}

type targetGroup struct {
	TargetGroupArn, TargetGroupName, Protocol, VpcId, TargetType string

	Port                       int32
	HealthCheckIntervalSeconds int32
	HealthyThresholdCount      int32
}

type targetGroups struct {
	TargetGroups []targetGroup
	NextMarker   string
}

func (e *ELB) createTargetGroup(c *core.Call, in *createTargetGroupInput) (*targetGroups, error) {
	if in.TargetType != "" && in.TargetType != "instance" {
		return nil, core.Errorf(400, "InvalidConfigurationRequest", "The embedded AWS has target groups of instances only.")
	}
	for _, g := range e.groups {
		if g.account == c.Caller.Account && g.region == c.Region && g.name == in.Name {
			return nil, core.Errorf(400, "DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings", in.Name)
		}
	}
	g := &group{
		name: in.Name, account: c.Caller.Account, region: c.Region, protocol: cmp.Or(in.Protocol, "HTTP"), vpc: in.VpcId,
		port: 80, interval: 30 * time.Second, threshold: 5, delay: 300 * time.Second, targets: map[targetKey]*target{},
	}
	if in.Port != nil {
		g.port = *in.Port
	}
	if in.HealthCheckIntervalSeconds != nil {
		g.interval = time.Duration(*in.HealthCheckIntervalSeconds) * time.Second
	}
	if in.HealthyThresholdCount != nil {
		g.threshold = int(*in.HealthyThresholdCount)
	}
	g.arn = fmt.Sprintf("arn:%s:elasticloadbalancing:%s:%s:targetgroup/%s/%016x", c.Options.Partition, c.Region, c.Caller.Account, in.Name, e.world.Random().Uint64())
	e.groups[g.arn] = g
	return &targetGroups{TargetGroups: []targetGroup{g.view()}}, nil
}

func (g *group) view() targetGroup {
	return targetGroup{
		TargetGroupArn: g.arn, TargetGroupName: g.name, Protocol: g.protocol, VpcId: g.vpc, TargetType: "instance", Port: g.port,
		HealthCheckIntervalSeconds: int32(g.interval / time.Second), HealthyThresholdCount: int32(g.threshold),
	}
}

// group finds a group of the caller's.
func (e *ELB) group(c *core.Call, arn string) (*group, error) {
	g := e.groups[arn]
	if g == nil || g.account != c.Caller.Account || g.region != c.Region {
		return nil, core.Errorf(http.StatusBadRequest, "TargetGroupNotFound", "One or more target groups not found")
	}
	return g, nil
}

type groupInput struct {
	TargetGroupArn string `valid:"required"`
}

func (e *ELB) deleteTargetGroup(c *core.Call, in *groupInput) (*struct{}, error) {
	if g, err := e.group(c, in.TargetGroupArn); err == nil { // deleting one that is gone is fine
		delete(e.groups, g.arn)
	}
	return &struct{}{}, nil
}

type describeTargetGroupsInput struct {
	TargetGroupArns []string
	Names           []string
	PageSize        *int32 `valid:"min=1,max=400"`
	Marker          string
}

// describeTargetGroups returns the page after the group that the marker names.
func (e *ELB) describeTargetGroups(c *core.Call, in *describeTargetGroupsInput) (*targetGroups, error) {
	for _, arn := range in.TargetGroupArns {
		if _, err := e.group(c, arn); err != nil {
			return nil, err
		}
	}
	size := 400
	if in.PageSize != nil {
		size = int(*in.PageSize)
	}
	out := &targetGroups{TargetGroups: []targetGroup{}}
	found := map[string]bool{}
	for _, arn := range slices.Sorted(maps.Keys(e.groups)) {
		g := e.groups[arn]
		if g.account != c.Caller.Account || g.region != c.Region ||
			len(in.TargetGroupArns) > 0 && !slices.Contains(in.TargetGroupArns, arn) || len(in.Names) > 0 && !slices.Contains(in.Names, g.name) {
			continue
		}
		found[g.name] = true
		if arn <= in.Marker {
			continue
		}
		if len(out.TargetGroups) == size {
			out.NextMarker = out.TargetGroups[size-1].TargetGroupArn
			break
		}
		out.TargetGroups = append(out.TargetGroups, g.view())
	}
	for _, name := range in.Names {
		if !found[name] && out.NextMarker == "" {
			return nil, core.Errorf(http.StatusBadRequest, "TargetGroupNotFound", "One or more target groups not found")
		}
	}
	return out, nil
}

// delayAttribute is how long a target drains, in seconds.
const delayAttribute = "deregistration_delay.timeout_seconds"

type attribute struct {
	Key, Value string
}

type modifyAttributesInput struct {
	TargetGroupArn string      `valid:"required"`
	Attributes     []attribute `valid:"required"`
}

type attributesOutput struct{ Attributes []attribute }

func (e *ELB) modifyAttributes(c *core.Call, in *modifyAttributesInput) (*attributesOutput, error) {
	g, err := e.group(c, in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	for _, a := range in.Attributes {
		seconds, err := strconv.Atoi(a.Value)
		if a.Key != delayAttribute || err != nil || seconds < 0 || seconds > 3600 {
			return nil, core.Errorf(400, "ValidationError", "The embedded AWS has the attribute %s, of 0 to 3600 seconds; '%s' of '%s' is not valid", delayAttribute, a.Value, a.Key)
		}
		g.delay = time.Duration(seconds) * time.Second
	}
	return g.attributes(), nil
}

func (e *ELB) describeAttributes(c *core.Call, in *groupInput) (*attributesOutput, error) {
	g, err := e.group(c, in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	return g.attributes(), nil
}

func (g *group) attributes() *attributesOutput {
	return &attributesOutput{[]attribute{{delayAttribute, strconv.Itoa(int(g.delay / time.Second))}}}
}

type targetDescription struct {
	Id   string `valid:"required"`
	Port *int32 `valid:"min=1,max=65535"`
}

type targetsInput struct {
	TargetGroupArn string              `valid:"required"`
	Targets        []targetDescription `valid:"required"`
}

func (g *group) key(t targetDescription) targetKey {
	if t.Port != nil {
		return targetKey{t.Id, *t.Port}
	}
	return targetKey{t.Id, g.port}
}

func (e *ELB) registerTargets(c *core.Call, in *targetsInput) (*struct{}, error) {
	g, err := e.group(c, in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	for _, t := range in.Targets {
		if !strings.HasPrefix(t.Id, "i-") || !e.instances.Has(g.account, g.region, t.Id) {
			return nil, core.Errorf(400, "InvalidTarget", "The following targets are not in a running state and cannot be registered: '%s'", t.Id)
		}
	}
	for _, t := range in.Targets {
		old := g.targets[g.key(t)]
		if old == nil || !old.draining.IsZero() {
			g.targets[g.key(t)] = &target{registered: c.Now()}
		}
	}
	return &struct{}{}, nil
}

func (e *ELB) deregisterTargets(c *core.Call, in *targetsInput) (*struct{}, error) {
	g, err := e.group(c, in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	for _, t := range in.Targets {
		if old := g.targets[g.key(t)]; old != nil && old.draining.IsZero() {
			old.draining = c.Now().Add(g.delay)
		}
	}
	return &struct{}{}, nil
}

type healthInput struct {
	TargetGroupArn string `valid:"required"`
	Targets        []targetDescription
}

type health struct{ State, Reason, Description string }

type healthDescription struct {
	Target          targetOut
	HealthCheckPort string
	TargetHealth    health
}

type targetOut struct {
	Id   string
	Port int32
}

type healthOutput struct{ TargetHealthDescriptions []healthDescription }

func (e *ELB) describeTargetHealth(c *core.Call, in *healthInput) (*healthOutput, error) {
	g, err := e.group(c, in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	keys := slices.SortedFunc(maps.Keys(g.targets), func(a, b targetKey) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.port, b.port))
	})
	if in.Targets != nil {
		keys = nil
		for _, t := range in.Targets {
			keys = append(keys, g.key(t))
		}
	}
	out := &healthOutput{TargetHealthDescriptions: []healthDescription{}}
	for _, k := range keys {
		h := e.health(c, g, k)
		if in.Targets == nil && h.State == unused {
			continue
		}
		out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, healthDescription{targetOut{k.id, k.port}, strconv.Itoa(int(k.port)), h})
	}
	return out, nil
}

const unused = "unused"

// health is a target's, by how long ago it was registered or taken out, and by
// whether its instance answers.
func (e *ELB) health(c *core.Call, g *group, k targetKey) health {
	t := g.targets[k]
	switch {
	case t == nil, !t.draining.IsZero() && !c.Now().Before(t.draining):
		return health{unused, "Target.NotRegistered", "Target is not registered to the target group"}
	case !t.draining.IsZero():
		return health{"draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"}
	case c.Now().Before(t.registered.Add(g.interval)):
		return health{"initial", "Elb.RegistrationInProgress", "Target registration is in progress"}
	case !e.instances.Serves(g.account, g.region, k.id):
		return health{"unhealthy", "Target.Timeout", "Request timed out"}
	}
	return health{State: "healthy"}
}
