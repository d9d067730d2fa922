// Package ec2 is the part of Amazon EC2 that a program needs which restarts
// instances: it runs, finds, reboots, stops, starts and terminates them.
//
// An instance takes a while for each change of state. After a reboot its checks
// are initializing for as long as an operating system takes to start; what else
// depends on an instance, such as a load balancer, asks [EC2.Serves].
package ec2

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// How long instances take, on AWS and here.
const (
	launching = 20 * time.Second
	booting   = 90 * time.Second // until the status checks pass
	stopping  = 40 * time.Second
)

// EC2 is the service in every account and region.
type EC2 struct {
	world  *core.World
	places map[place][]*instance // in the order in which they were launched
}

type place struct{ account, region string }

type instance struct {
	id, image, kind, reservation string
	state                        string
	launched                     time.Time
	up                           time.Time // when its checks pass
	broken                       bool      // does not come up after its next start
	failed                       bool      // did not come up
	tags                         []Tag
	timer                        *core.Timer
}

// Tag is a key with a value.
type Tag struct {
	Key   string `wire:"key"`
	Value string `wire:"value"`
}

// New makes the service.
func New(w *core.World) *EC2 { return &EC2{world: w, places: map[place][]*instance{}} }

// Service is the API.
func (e *EC2) Service() core.Service {
	return core.Service{
		Name:        "ec2",
		Protocols:   []core.Protocol{core.EC2},
		Version:     "2016-11-15",
		Namespace:   "http://ec2.amazonaws.com/doc/2016-11-15/",
		InvalidCode: "InvalidParameterValue",
		Actions: map[string]core.Action{
			"RunInstances":           core.Write(core.Do(e.runInstances)),
			"DescribeInstances":      core.Do(e.describeInstances),
			"DescribeInstanceStatus": core.Do(e.describeInstanceStatus),
			"RebootInstances":        core.Write(core.Do(e.rebootInstances)),
			"StopInstances":          core.Write(core.Do(e.stopInstances)),
			"StartInstances":         core.Write(core.Do(e.startInstances)),
			"TerminateInstances":     core.Write(core.Do(e.terminateInstances)),
			"CreateTags":             core.Write(core.Do(e.createTags)),
		},
	}
}

// Break has an instance not come up after its next start or reboot: its checks
// stay impaired.
func (e *EC2) Break(account, region, id string) {
	if i := e.find(place{account, region}, id); i != nil {
		i.broken = true
	}
}

// Serves reports whether an instance answers requests: it is running, and has
// started up.
func (e *EC2) Serves(account, region, id string) bool {
	i := e.find(place{account, region}, id)
	return i != nil && i.state == running && !i.failed && !e.world.Now().Before(i.up)
}

// Has reports whether the instance exists.
func (e *EC2) Has(account, region, id string) bool { return e.find(place{account, region}, id) != nil }

// Running lists the instances that are running, in the order in which they were
// launched.
func (e *EC2) Running(account, region string) []string {
	var list []string
	for _, i := range e.places[place{account, region}] {
		if i.state == running {
			list = append(list, i.id)
		}
	}
	return list
}

func (e *EC2) find(at place, id string) *instance {
	for _, i := range e.places[at] {
		if i.id == id {
			return i
		}
	}
	return nil
}

// States of an instance.
const (
	pending    = "pending"
	running    = "running"
	stopped    = "stopped"
	terminated = "terminated"
)

var codes = map[string]int32{pending: 0, running: 16, "shutting-down": 32, terminated: 48, "stopping": 64, stopped: 80}

type tagSpecification struct {
	ResourceType string
	Tag          []requestTag
}

// requestTag is a tag in a request, where names begin with a capital.
type requestTag struct {
	Key   string `valid:"required,max=127"`
	Value string `valid:"max=256"`
}

type runInstancesInput struct {
	ImageId          string `valid:"required"`
	InstanceType     string
	MinCount         *int32 `valid:"required,min=1,max=500"`
	MaxCount         *int32 `valid:"required,min=1,max=500"`
	TagSpecification []tagSpecification
}

type reservation struct {
	ReservationID string         `wire:"reservationId"`
	OwnerID       string         `wire:"ownerId"`
	Instances     []instanceView `wire:"instancesSet" item:"item"`
}

type stateView struct {
	Code int32  `wire:"code"`
	Name string `wire:"name"`
}

type instanceView struct {
	InstanceID   string    `wire:"instanceId"`
	ImageID      string    `wire:"imageId"`
	State        stateView `wire:"instanceState"`
	InstanceType string    `wire:"instanceType"`
	LaunchTime   time.Time `wire:"launchTime"`
	Tags         []Tag     `wire:"tagSet" item:"item"`
}

func (e *EC2) runInstances(c *core.Call, in *runInstancesInput) (*reservation, error) {
	if *in.MinCount > *in.MaxCount {
		return nil, core.Errorf(400, "InvalidParameterValue", "MinCount must not be greater than MaxCount")
	}
	at := place{c.Caller.Account, c.Region}
	out := &reservation{ReservationID: e.id("r"), OwnerID: c.Caller.Account}
	for range *in.MaxCount {
		i := &instance{
			id: e.id("i"), image: in.ImageId, kind: in.InstanceType, reservation: out.ReservationID,
			state: pending, launched: c.Now(),
		}
		if i.kind == "" {
			i.kind = "t3.micro"
		}
		for _, s := range in.TagSpecification {
			if s.ResourceType == "instance" {
				i.tag(s.Tag)
			}
		}
		e.places[at] = append(e.places[at], i)
		e.boot(i, launching)
		out.Instances = append(out.Instances, i.view())
	}
	return out, nil
}

func (e *EC2) id(prefix string) string {
	return fmt.Sprintf("%s-0%016x", prefix, e.world.Random().Uint64())
}

// boot has an instance run after a while, and serve after another.
func (e *EC2) boot(i *instance, after time.Duration) {
	e.world.Cancel(i.timer)
	i.failed, i.broken = i.broken, false
	i.up = e.world.Now().Add(after + booting)
	i.timer = e.world.After(after, func() { i.state = running })
}

func (i *instance) tag(tags []requestTag) {
	for _, t := range tags {
		at := slices.IndexFunc(i.tags, func(old Tag) bool { return old.Key == t.Key })
		if at < 0 {
			i.tags = append(i.tags, Tag(t))
			continue
		}
		i.tags[at].Value = t.Value
	}
}

func (i *instance) view() instanceView {
	return instanceView{
		InstanceID: i.id, ImageID: i.image, State: stateView{codes[i.state], i.state}, InstanceType: i.kind, LaunchTime: i.launched, Tags: i.tags,
	}
}

type idsInput struct {
	InstanceID []string `wire:"InstanceId" valid:"required"`
}

// all finds the instances of a request; one that there is not refuses it whole.
func (e *EC2) all(c *core.Call, ids []string) ([]*instance, error) {
	var list []*instance
	var missing []string
	for _, id := range ids {
		i := e.find(place{c.Caller.Account, c.Region}, id)
		if i == nil {
			missing = append(missing, id)
			continue
		}
		list = append(list, i)
	}
	switch len(missing) {
	case 0:
		return list, nil
	case 1:
		return nil, core.Errorf(http.StatusBadRequest, "InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", missing[0])
	}
	return nil, core.Errorf(http.StatusBadRequest, "InvalidInstanceID.NotFound", "The instance IDs '%s' do not exist", strings.Join(missing, ", "))
}

type returned struct {
	Return bool `wire:"return"`
}

func (e *EC2) rebootInstances(c *core.Call, in *idsInput) (*returned, error) {
	list, err := e.all(c, in.InstanceID)
	if err != nil {
		return nil, err
	}
	for _, i := range list {
		if i.state != running {
			return nil, notIn(i, "running")
		}
	}
	for _, i := range list { // it stays running all the time
		i.failed, i.broken = i.broken, false
		i.up = c.Now().Add(booting)
	}
	return &returned{true}, nil
}

func notIn(i *instance, want string) error {
	return core.Errorf(http.StatusBadRequest, "IncorrectInstanceState", "The instance '%s' is not in the '%s' state.", i.id, want)
}

type change struct {
	InstanceID string    `wire:"instanceId"`
	Current    stateView `wire:"currentState"`
	Previous   stateView `wire:"previousState"`
}

type changesOutput struct {
	Instances []change `wire:"instancesSet" item:"item"`
}

// change moves instances to a state by way of another, and leaves those alone
// that are there.
func (e *EC2) change(c *core.Call, ids []string, via, to string, from ...string) (*changesOutput, error) {
	list, err := e.all(c, ids)
	if err != nil {
		return nil, err
	}
	for _, i := range list {
		if i.state != to && i.state != via && !slices.Contains(from, i.state) {
			return nil, notIn(i, from[0])
		}
	}
	out := &changesOutput{}
	for _, i := range list {
		was := i.state
		if slices.Contains(from, i.state) {
			i.state = via
			if to == running {
				e.boot(i, launching)
			} else {
				e.world.Cancel(i.timer)
				i.timer = e.world.After(stopping, func() { i.state = to })
			}
		}
		out.Instances = append(out.Instances, change{i.id, stateView{codes[i.state], i.state}, stateView{codes[was], was}})
	}
	return out, nil
}

func (e *EC2) stopInstances(c *core.Call, in *idsInput) (*changesOutput, error) {
	return e.change(c, in.InstanceID, "stopping", stopped, running, pending)
}

func (e *EC2) startInstances(c *core.Call, in *idsInput) (*changesOutput, error) {
	return e.change(c, in.InstanceID, pending, running, stopped)
}

func (e *EC2) terminateInstances(c *core.Call, in *idsInput) (*changesOutput, error) {
	return e.change(c, in.InstanceID, "shutting-down", terminated, running, pending, stopped, "stopping")
}

type createTagsInput struct {
	ResourceID []string     `wire:"ResourceId" valid:"required"`
	Tag        []requestTag `valid:"required"`
}

func (e *EC2) createTags(c *core.Call, in *createTagsInput) (*returned, error) {
	list, err := e.all(c, in.ResourceID)
	for _, i := range list {
		i.tag(in.Tag)
	}
	return &returned{err == nil}, err
}
