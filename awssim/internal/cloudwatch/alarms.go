package cloudwatch

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

type alarm struct {
	putMetricAlarmInput
	live             core.Live
	updated, changed time.Time
	state            string
	why              string // the reason of SetAlarmState, "" once it was evaluated
}

type putMetricAlarmInput struct {
	AlarmName               string `valid:"required,min=1,max=255"`
	AlarmDescription        string
	ActionsEnabled          *bool
	OKActions               []string
	AlarmActions            []string
	InsufficientDataActions []string
	MetricName              string
	Namespace               string
	Statistic               string `valid:"enum=SampleCount|Average|Sum|Minimum|Maximum"`
	Dimensions              []Dimension
	Period                  *int32 `valid:"min=1"`
	Unit                    string
	EvaluationPeriods       *int32 `valid:"min=1"`
	DatapointsToAlarm       *int32 `valid:"min=1"`
	Threshold               *float64
	ComparisonOperator      string `valid:"enum=GreaterThanOrEqualToThreshold|GreaterThanThreshold|LessThanThreshold|LessThanOrEqualToThreshold"`
	TreatMissingData        string `valid:"enum=breaching|notBreaching|ignore|missing"`
	ExtendedStatistic       string
	Tags                    []tag
}

func (w *CloudWatch) putMetricAlarm(c *core.Call, in *putMetricAlarmInput) (*struct{}, error) {
	if in.MetricName == "" || in.Namespace == "" || in.Statistic == "" || in.Period == nil || in.Threshold == nil ||
		in.EvaluationPeriods == nil || in.ComparisonOperator == "" {
		return nil, core.Errorf(400, "ValidationException", "The embedded AWS has alarms on one metric: MetricName, Namespace, Statistic, Period, EvaluationPeriods, Threshold and ComparisonOperator are required.")
	}
	if in.ActionsEnabled == nil {
		on := true
		in.ActionsEnabled = &on
	}
	properties, err := in.properties()
	if err != nil {
		return nil, err
	}
	w.Changed(c.Caller.Account, c.Region)
	old, l := w.alarms.Get(c.Caller.Account, c.Region, in.AlarmName)
	if old == nil {
		_, _, err = w.alarms.Make(c.Caller.Account, c.Region, properties)
		return &struct{}{}, err
	}
	delete(properties, "Tags") // PutMetricAlarm does not change the tags of an alarm that is there
	if tags, had := l.Properties["Tags"]; had {
		properties["Tags"] = tags
	}
	_, err = w.alarms.Change(l, properties)
	return &struct{}{}, err
}

type describeAlarmsInput struct {
	AlarmNames      []string
	AlarmNamePrefix string
	StateValue      string `valid:"enum=OK|ALARM|INSUFFICIENT_DATA"`
	MaxRecords      *int32 `valid:"min=1,max=100"`
	NextToken       string
}

// metricAlarm is the structure of that name in the API: it has no tags.
type metricAlarm struct {
	putMetricAlarmInput
	Tags                               *struct{}
	AlarmArn                           string
	StateValue, StateReason            string
	StateUpdatedTimestamp              time.Time
	AlarmConfigurationUpdatedTimestamp time.Time
}

type describeAlarmsOutput struct {
	MetricAlarms []metricAlarm
	NextToken    string
}

// describeAlarms goes on after the alarm that the token names.
func (w *CloudWatch) describeAlarms(c *core.Call, in *describeAlarmsInput) (*describeAlarmsOutput, error) {
	size := 50
	if in.MaxRecords != nil {
		size = int(*in.MaxRecords)
	}
	out := &describeAlarmsOutput{MetricAlarms: []metricAlarm{}}
	at := w.alarms.At(c.Caller.Account, c.Region)
	for _, name := range slices.Sorted(maps.Keys(at)) {
		a := at[name]
		reason := w.evaluate(c, a)
		if name <= in.NextToken || !in.wants(a) {
			continue
		}
		if len(out.MetricAlarms) == size {
			out.NextToken = out.MetricAlarms[size-1].AlarmName
			break
		}
		out.MetricAlarms = append(out.MetricAlarms, metricAlarm{
			putMetricAlarmInput: a.putMetricAlarmInput,
			AlarmArn:            fmt.Sprintf("arn:%s:cloudwatch:%s:%s:alarm:%s", c.Options.Partition, c.Region, c.Caller.Account, name),
			StateValue:          a.state, StateReason: reason, StateUpdatedTimestamp: a.changed,
			AlarmConfigurationUpdatedTimestamp: a.updated,
		})
	}
	return out, nil
}

func (in *describeAlarmsInput) wants(a *alarm) bool {
	return (len(in.AlarmNames) == 0 || slices.Contains(in.AlarmNames, a.AlarmName)) &&
		strings.HasPrefix(a.AlarmName, in.AlarmNamePrefix) &&
		(in.StateValue == "" || in.StateValue == a.state)
}

// evaluate works an alarm's state out: it is in ALARM if enough of the latest
// periods breach the threshold, missing ones counting as they are to be treated.
func (w *CloudWatch) evaluate(c *core.Call, a *alarm) (reason string) {
	if a.Period == nil || a.EvaluationPeriods == nil || a.Threshold == nil || a.Statistic == "" {
		return "Unchecked: Initial alarm creation"
	}
	period := time.Duration(*a.Period) * time.Second
	end := c.Now().UTC().Truncate(period)
	start := end.Add(-period * time.Duration(*a.EvaluationPeriods))
	var points []point
	if s := w.series[keyOf(c, a.Namespace, a.MetricName, a.Dimensions)]; s != nil {
		points = s.aggregate(start, end, period, a.Unit)
	}
	breaching, missing := 0, int(*a.EvaluationPeriods)-len(points)
	for _, p := range points {
		if value, _ := p.statistic(a.Statistic); a.breaches(value) {
			breaching++
		}
	}
	if a.TreatMissingData == "breaching" {
		breaching += missing
	}
	needed := *a.EvaluationPeriods
	if a.DatapointsToAlarm != nil {
		needed = *a.DatapointsToAlarm
	}
	if len(points) == 0 && a.why != "" {
		return a.why // as it was set: nothing was reported since
	}
	a.why = ""
	was := a.state
	a.set(c.Now(), a.next(len(points), breaching, int(needed)))
	reason = fmt.Sprintf("Threshold Crossed: %d of the last %d datapoints breached the threshold (%g)", breaching, *a.EvaluationPeriods, *a.Threshold)
	if a.state != was {
		w.act(c.Caller.Account, c.Region, a, was, reason)
	}
	return fmt.Sprintf("Threshold Crossed: %d of the last %d datapoints breached the threshold (%g)", breaching, *a.EvaluationPeriods, *a.Threshold)
}

func (a *alarm) next(present, breaching, needed int) string {
	switch {
	case breaching >= needed:
		return "ALARM"
	case present > 0 || a.TreatMissingData == "notBreaching" || a.TreatMissingData == "breaching":
		return "OK"
	case a.TreatMissingData == "ignore":
		return a.state
	}
	return "INSUFFICIENT_DATA"
}

func (a *alarm) set(now time.Time, state string) {
	if state != a.state {
		a.state, a.changed = state, now
	}
}

func (a *alarm) breaches(value float64) bool {
	switch a.ComparisonOperator {
	case "GreaterThanOrEqualToThreshold":
		return value >= *a.Threshold
	case "GreaterThanThreshold":
		return value > *a.Threshold
	case "LessThanThreshold":
		return value < *a.Threshold
	}
	return value <= *a.Threshold
}

type deleteAlarmsInput struct {
	AlarmNames []string `valid:"required"`
}

func (w *CloudWatch) deleteAlarms(c *core.Call, in *deleteAlarmsInput) (*struct{}, error) {
	for _, name := range in.AlarmNames {
		if a, _ := w.alarms.Get(c.Caller.Account, c.Region, name); a == nil {
			return nil, core.Errorf(404, "ResourceNotFound", "Alarm %s does not exist.", name)
		}
	}
	for _, name := range in.AlarmNames {
		if a, l := w.alarms.Get(c.Caller.Account, c.Region, name); a != nil {
			if err := w.alarms.Delete(l); err != nil {
				return nil, err
			}
		}
	}
	return &struct{}{}, nil
}
