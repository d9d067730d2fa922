// Package scheduler is Amazon EventBridge Scheduler: schedules, a view on the live
// resources, that fire in the world's time and deliver to a target. Universal targets
// (aws-sdk) are given up as failed deliveries.
package scheduler

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/events"
	"github.com/setmend/setmend/awssim/internal/property"
)

// scheduleType is the resource type of schedules.
const scheduleType = "AWS::Scheduler::Schedule"

// Scheduler is the service in every account and region.
type Scheduler struct {
	world     *core.World
	schedules *core.Mirror[schedule]
	targets   core.Deliverer
	metrics   core.Reporter
}

// schedule is a schedule as its live resource has it.
type schedule struct {
	live              core.Live
	name, arn, group  string
	expression        string
	zone              *time.Location
	enabled           bool
	start, end        time.Time
	target            map[string]any
	deleteAfter, gone bool
	tick              *core.Timer
}

// New makes the service as a view on live schedules.
func New(w *core.World, store core.LiveStore, targets core.Deliverer, metrics core.Reporter) *Scheduler {
	s := &Scheduler{world: w, targets: targets, metrics: metrics}
	s.schedules = core.NewMirror(store, scheduleType, s.take)
	return s
}

// Changed has the schedules of a place looked at, which a stack may have made.
func (s *Scheduler) Changed(account, region string) {
	s.world.After(0, func() { s.schedules.At(account, region) })
}

// Service is the API.
func (s *Scheduler) Service() core.Service {
	const one = "/schedules/{Name}"
	return core.Service{
		Name: "scheduler", Protocols: []core.Protocol{core.RESTJSON},
		Actions: map[string]core.Action{
			"CreateSchedule": core.Write(core.Do(s.create)), "UpdateSchedule": core.Write(core.Do(s.update)), "DeleteSchedule": core.Write(core.Do(s.delete)),
			"GetSchedule": core.Do(s.get), "ListSchedules": core.Do(s.list), "ListScheduleGroups": core.Do(s.listGroups),
		},
		Routes: []core.Route{
			{Method: "POST", Path: one, Action: "CreateSchedule"}, {Method: "PUT", Path: one, Action: "UpdateSchedule"}, {Method: "DELETE", Path: one, Action: "DeleteSchedule"},
			{Method: "GET", Path: one, Action: "GetSchedule"}, {Method: "GET", Path: "/schedules", Action: "ListSchedules"}, {Method: "GET", Path: "/schedule-groups", Action: "ListScheduleGroups"},
		},
	}
}

func (s *Scheduler) take(l core.Live, known *schedule) *schedule {
	p := l.Properties
	x := &schedule{live: l, name: l.ID, group: orDefault(property.Text(p["GroupName"])), expression: property.Text(p["ScheduleExpression"]), zone: time.UTC,
		enabled: property.Text(p["State"]) != "DISABLED", target: property.Map(p["Target"])}
	x.arn = fmt.Sprintf("arn:%s:scheduler:%s:%s:schedule/%s/%s", s.world.Options.Partition, l.Region, l.Account, x.group, x.name)
	if zone, err := time.LoadLocation(property.Text(p["ScheduleExpressionTimezone"])); err == nil {
		x.zone = zone
	}
	x.start, x.end = timeOf(p["StartDate"]), timeOf(p["EndDate"])
	x.deleteAfter = property.Text(p["ActionAfterCompletion"]) == "DELETE"
	if known != nil {
		known.gone = true
		s.world.Cancel(known.tick)
	}
	s.arm(x, s.world.Now())
	return x
}

func timeOf(v any) time.Time {
	t, err := time.Parse(time.RFC3339, property.Text(v))
	if err != nil {
		return time.Time{}
	}
	return t
}

func orDefault(group string) string {
	if group == "" {
		return "default"
	}
	return group
}

// next is when a schedule is due after a time, zero if never again.
func (x *schedule) next(after time.Time) (time.Time, error) {
	if at, once := strings.CutPrefix(x.expression, "at("); once {
		t, err := time.ParseInLocation("2006-01-02T15:04:05", strings.TrimSuffix(at, ")"), x.zone)
		if err != nil {
			return time.Time{}, fmt.Errorf("it is no at(yyyy-mm-ddThh:mm:ss)")
		}
		if !t.After(after) {
			t = time.Time{}
		}
		return t, nil
	}
	if after.Before(x.start) {
		after = x.start.Add(-time.Second)
	}
	t, err := events.Next(x.expression, x.zone, after)
	if !x.end.IsZero() && t.After(x.end) {
		t = time.Time{}
	}
	return t, err
}

// arm has a schedule fire when it is next due.
func (s *Scheduler) arm(x *schedule, after time.Time) {
	at, err := x.next(after)
	if err != nil || at.IsZero() {
		return
	}
	s.world.KeepMoving()
	x.tick = s.world.After(at.Sub(s.world.Now()), func() {
		if now, _ := s.schedules.Get(x.live.Account, x.live.Region, x.live.Identifier); now != x || x.gone {
			return
		}
		if x.enabled {
			s.fire(x, at)
		}
		s.arm(x, at)
		if last, _ := x.next(at); last.IsZero() && x.deleteAfter {
			_ = s.schedules.Delete(x.live) // one that is gone is as good
		}
	})
}

// fire delivers to a schedule's target.
func (s *Scheduler) fire(x *schedule, at time.Time) {
	account, region := x.live.Account, x.live.Region
	input := property.Text(x.target["Input"])
	for name, value := range map[string]string{"aws.scheduler.schedule-arn": x.arn, "aws.scheduler.scheduled-time": at.UTC().Format(time.RFC3339),
		"aws.scheduler.execution-id": s.world.UUID(), "aws.scheduler.attempt-number": "1"} {
		input = strings.ReplaceAll(input, "<"+name+">", value)
	}
	d := core.Delivery{Target: property.Text(x.target["Arn"]), Payload: []byte(input), Account: account, Region: region, Source: "scheduler.amazonaws.com", SourceARN: x.arn,
		Role: property.Text(x.target["RoleArn"]), Group: property.Text(property.Map(x.target["SqsParameters"])["MessageGroupId"])}
	policy := property.Map(x.target["RetryPolicy"])
	s.metric(x, "InvocationAttemptCount")
	events.RetriesOf(property.Int32(policy["MaximumRetryAttempts"]), property.Int32(policy["MaximumEventAgeInSeconds"])).Send(s.world, s.targets, d, at, func(f events.Failure) {
		s.metric(x, "TargetErrorCount")
		to := property.Text(property.Map(x.target["DeadLetterConfig"])["Arn"])
		if to == "" {
			return
		}
		attributes := f.Attributes()
		attributes["SCHEDULE_ARN"], attributes["TARGET_ARN"], attributes["SCHEDULED_TIME"] = x.arn, d.Target, at.UTC().Format(time.RFC3339)
		s.targets.Deliver(core.Delivery{Target: to, Payload: d.Payload, Account: account, Region: region, Source: d.Source, SourceARN: x.arn, Role: d.Role, Attributes: attributes}, func(error) {
			s.metric(x, "InvocationsSentToDeadLetterCount")
		})
	})
}

func (s *Scheduler) metric(x *schedule, name string) {
	s.metrics.Report(x.live.Account, x.live.Region, "AWS/Scheduler", name, "Count", 1, [2]string{"ScheduleGroup", x.group})
}

type input struct {
	Name                       string `valid:"required,min=1,max=64,pattern=[0-9a-zA-Z-_.]+"`
	GroupName                  string `wire:"GroupName"`
	Group                      string `wire:"groupName"`
	ScheduleExpression         string `valid:"min=1,max=256"`
	ScheduleExpressionTimezone string
	State                      string `valid:"enum=ENABLED|DISABLED"`
	Description                string `valid:"max=512"`
	StartDate, EndDate         *time.Time
	ActionAfterCompletion      string `valid:"enum=NONE|DELETE"`
	KmsKeyArn, ClientToken     string
	FlexibleTimeWindow, Target map[string]any
}

type output struct{ ScheduleArn string }

func refuse(status int, code, format string, args ...any) *core.Error {
	return core.Errorf(status, code, format, args...)
}

// properties are what a request makes of a schedule.
func (in *input) properties() (map[string]any, error) {
	if in.ScheduleExpression == "" || in.Target == nil || in.FlexibleTimeWindow == nil {
		return nil, refuse(400, "ValidationException", "ScheduleExpression, FlexibleTimeWindow and Target are required.")
	}
	if _, err := time.LoadLocation(in.ScheduleExpressionTimezone); err != nil {
		return nil, refuse(400, "ValidationException", "Invalid Schedule Expression Timezone: %s.", in.ScheduleExpressionTimezone)
	}
	if _, err := (&schedule{expression: in.ScheduleExpression, zone: time.UTC}).next(time.Time{}); err != nil {
		return nil, refuse(400, "ValidationException", "Invalid Schedule Expression %s: %v.", in.ScheduleExpression, err)
	}
	if _, ok := core.ParseARN(property.Text(in.Target["Arn"])); !ok || property.Text(in.Target["RoleArn"]) == "" {
		return nil, refuse(400, "ValidationException", "Provided Arn is not in correct format.")
	}
	p := map[string]any{"Name": in.Name, "ScheduleExpression": in.ScheduleExpression, "FlexibleTimeWindow": in.FlexibleTimeWindow, "Target": in.Target}
	for name, value := range map[string]string{"GroupName": in.GroupName, "ScheduleExpressionTimezone": in.ScheduleExpressionTimezone, "State": in.State, "Description": in.Description,
		"ActionAfterCompletion": in.ActionAfterCompletion, "KmsKeyArn": in.KmsKeyArn} {
		p = property.With(p, name, value)
	}
	for name, at := range map[string]*time.Time{"StartDate": in.StartDate, "EndDate": in.EndDate} {
		if at != nil {
			p[name] = at.UTC().Format(time.RFC3339)
		}
	}
	return p, nil
}

func (s *Scheduler) create(c *core.Call, in *input) (*output, error) {
	p, err := in.properties()
	if err != nil {
		return nil, err
	}
	x, _, err := s.schedules.Make(c.Caller.Account, c.Region, p)
	if exists := (*core.ExistsError)(nil); errors.As(err, &exists) {
		return nil, refuse(http.StatusConflict, "ConflictException", "Schedule %s already exists.", in.Name)
	}
	if err != nil {
		return nil, err
	}
	return &output{x.arn}, nil
}

func (s *Scheduler) schedule(c *core.Call, name string) (*schedule, error) {
	if x, _ := s.schedules.Get(c.Caller.Account, c.Region, name); x != nil {
		return x, nil
	}
	return nil, refuse(http.StatusNotFound, "ResourceNotFoundException", "Schedule %s does not exist.", name)
}

// update replaces a schedule whole: what is not given has its default again.
func (s *Scheduler) update(c *core.Call, in *input) (*output, error) {
	x, err := s.schedule(c, in.Name)
	if err != nil {
		return nil, err
	}
	p, err := in.properties()
	if err != nil {
		return nil, err
	}
	if x, err = s.schedules.Change(x.live, p); err != nil {
		return nil, err
	}
	return &output{x.arn}, nil
}

func (s *Scheduler) delete(c *core.Call, in *input) (*struct{}, error) {
	x, err := s.schedule(c, in.Name)
	if err != nil {
		return nil, err
	}
	return &struct{}{}, s.schedules.Delete(x.live)
}

type shape struct {
	Arn, GroupName, Name, ScheduleExpression, ScheduleExpressionTimezone, State, Description, ActionAfterCompletion string
	StartDate, EndDate, CreationDate, LastModificationDate                                                          time.Time
	FlexibleTimeWindow, Target                                                                                      map[string]any
}

func (x *schedule) shape() *shape {
	p := x.live.Properties
	out := &shape{Arn: x.arn, GroupName: x.group, Name: x.name, ScheduleExpression: x.expression, ScheduleExpressionTimezone: x.zone.String(), State: "ENABLED",
		Description: property.Text(p["Description"]), ActionAfterCompletion: "NONE", StartDate: x.start, EndDate: x.end, CreationDate: x.live.Made, LastModificationDate: x.live.Changed,
		FlexibleTimeWindow: property.Map(p["FlexibleTimeWindow"]), Target: maps.Clone(x.target)}
	if !x.enabled {
		out.State = "DISABLED"
	}
	if x.deleteAfter {
		out.ActionAfterCompletion = "DELETE"
	}
	if out.Target["RetryPolicy"] == nil {
		out.Target["RetryPolicy"] = map[string]any{"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
	}
	return out
}

func (s *Scheduler) get(c *core.Call, in *input) (*shape, error) {
	x, err := s.schedule(c, in.Name)
	if err != nil {
		return nil, err
	}
	return x.shape(), nil
}

type listInput struct {
	ScheduleGroup, NamePrefix, State, NextToken string
	MaxResults                                  *int32 `valid:"min=1,max=100"`
}

type item struct {
	Arn, GroupName, Name, State        string
	CreationDate, LastModificationDate time.Time
	Target                             map[string]any
}

type listOutput struct {
	Schedules []item
	NextToken string
}

func (s *Scheduler) list(c *core.Call, in *listInput) (*listOutput, error) {
	here := s.schedules.At(c.Caller.Account, c.Region)
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(here)), func(name string) bool {
		x := here[name]
		return !strings.HasPrefix(name, in.NamePrefix) || in.ScheduleGroup != "" && x.group != in.ScheduleGroup || in.State != "" && x.shape().State != in.State
	})
	most := 100
	if in.MaxResults != nil {
		most = int(*in.MaxResults)
	}
	out := &listOutput{Schedules: []item{}}
	names, out.NextToken = property.Page(names, in.NextToken, most)
	for _, name := range names {
		x := here[name].shape()
		out.Schedules = append(out.Schedules, item{x.Arn, x.GroupName, x.Name, x.State, x.CreationDate, x.LastModificationDate, map[string]any{"Arn": x.Target["Arn"]}})
	}
	return out, nil
}

type group struct{ Arn, Name, State string }

type groupsOutput struct{ ScheduleGroups []group }

// listGroups knows the default group.
func (s *Scheduler) listGroups(c *core.Call, _ *struct{}) (*groupsOutput, error) {
	return &groupsOutput{[]group{{fmt.Sprintf("arn:%s:scheduler:%s:%s:schedule-group/default", c.Options.Partition, c.Region, c.Caller.Account), "default", "ACTIVE"}}}, nil
}
