package cloudwatch

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

// alarmType is the resource type of alarms on metrics.
const alarmType = "AWS::CloudWatch::Alarm"

// takeAlarm makes an alarm of a live resource, or brings it up to date. Its state is
// no property and stays.
func takeAlarm(l core.Live, known *alarm) *alarm {
	a := &alarm{state: "INSUFFICIENT_DATA", changed: l.Made}
	if known != nil {
		a.state, a.changed, a.why = known.state, known.changed, known.why
	}
	a.live, a.updated = l, l.Changed
	p := l.Properties
	a.putMetricAlarmInput = putMetricAlarmInput{
		AlarmName: l.Identifier, AlarmDescription: property.Text(p["AlarmDescription"]), OKActions: property.Texts(p["OKActions"]), AlarmActions: property.Texts(p["AlarmActions"]),
		InsufficientDataActions: property.Texts(p["InsufficientDataActions"]), MetricName: property.Text(p["MetricName"]), Namespace: property.Text(p["Namespace"]),
		Statistic: property.Text(p["Statistic"]), ExtendedStatistic: property.Text(p["ExtendedStatistic"]), Unit: property.Text(p["Unit"]), ComparisonOperator: property.Text(p["ComparisonOperator"]),
		TreatMissingData: property.Text(p["TreatMissingData"]), Period: property.Int32(p["Period"]), EvaluationPeriods: property.Int32(p["EvaluationPeriods"]),
		DatapointsToAlarm: property.Int32(p["DatapointsToAlarm"]), Tags: tagsOf(p["Tags"]),
	}
	if f, err := strconv.ParseFloat(property.Text(p["Threshold"]), 64); err == nil {
		a.Threshold = &f
	}
	enabled := property.Text(p["ActionsEnabled"]) != "false"
	a.ActionsEnabled = &enabled
	list, _ := p["Dimensions"].([]any)
	for _, one := range list {
		if m, ok := one.(map[string]any); ok {
			a.Dimensions = append(a.Dimensions, Dimension{property.Text(m["Name"]), property.Text(m["Value"])})
		}
	}
	return a
}

// properties are what the alarm is as a live resource. What the request leaves out
// is left out.
func (in *putMetricAlarmInput) properties() (map[string]any, error) {
	raw, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("writing alarm %s: %w", in.AlarmName, err)
	}
	var out map[string]any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("writing alarm %s: %w", in.AlarmName, err)
	}
	maps.DeleteFunc(out, func(_ string, v any) bool {
		list, isList := v.([]any)
		return v == nil || v == "" || isList && len(list) == 0
	})
	return out, nil
}

type tag struct {
	Key   string `valid:"required,min=1,max=128"`
	Value string `valid:"max=256"`
}

func tagsOf(v any) []tag {
	list, _ := v.([]any)
	var out []tag
	for _, one := range list {
		if m, ok := one.(map[string]any); ok {
			out = append(out, tag{property.Text(m["Key"]), property.Text(m["Value"])})
		}
	}
	return out
}

type resourceInput struct {
	ResourceARN string `valid:"required,min=1,max=1024"`
}

type tagsOutput struct{ Tags []tag }

// tagged finds the alarm that an ARN names.
func (w *CloudWatch) tagged(c *core.Call, arn string) (*alarm, error) {
	_, name, isAlarm := strings.Cut(arn, ":alarm:")
	a, _ := w.alarms.Get(c.Caller.Account, c.Region, name)
	if !isAlarm || a == nil {
		return nil, core.Errorf(404, "ResourceNotFoundException", "Unknown resource: %s", arn)
	}
	return a, nil
}

func (w *CloudWatch) listTags(c *core.Call, in *resourceInput) (*tagsOutput, error) {
	a, err := w.tagged(c, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &tagsOutput{Tags: append([]tag{}, a.Tags...)}, nil
}

type tagInput struct {
	ResourceARN string `valid:"required,min=1,max=1024"`
	Tags        []tag  `valid:"required"`
}

func (w *CloudWatch) tagResource(c *core.Call, in *tagInput) (*struct{}, error) {
	a, err := w.tagged(c, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	next := slices.Clone(a.Tags)
	for _, t := range in.Tags {
		next = append(slices.DeleteFunc(next, func(old tag) bool { return old.Key == t.Key }), t)
	}
	return &struct{}{}, w.setTags(a, next)
}

type untagInput struct {
	ResourceARN string   `valid:"required,min=1,max=1024"`
	TagKeys     []string `valid:"required"`
}

func (w *CloudWatch) untagResource(c *core.Call, in *untagInput) (*struct{}, error) {
	a, err := w.tagged(c, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	next := slices.DeleteFunc(slices.Clone(a.Tags), func(t tag) bool { return slices.Contains(in.TagKeys, t.Key) })
	return &struct{}{}, w.setTags(a, next)
}

func (w *CloudWatch) setTags(a *alarm, tags []tag) error {
	properties := maps.Clone(a.live.Properties)
	list := []any{}
	for _, t := range tags {
		list = append(list, map[string]any{"Key": t.Key, "Value": t.Value})
	}
	if properties["Tags"] = list; len(list) == 0 {
		delete(properties, "Tags")
	}
	_, err := w.alarms.Change(a.live, properties)
	return err
}

type setStateInput struct {
	AlarmName       string `valid:"required,min=1,max=255"`
	StateValue      string `valid:"required,enum=OK|ALARM|INSUFFICIENT_DATA"`
	StateReason     string `valid:"required,max=1023"`
	StateReasonData string `valid:"max=4000"`
}

// setAlarmState sets a state that holds until the alarm is evaluated with data.
func (w *CloudWatch) setAlarmState(c *core.Call, in *setStateInput) (*struct{}, error) {
	a, _ := w.alarms.Get(c.Caller.Account, c.Region, in.AlarmName)
	if a == nil {
		return nil, core.Errorf(404, "ResourceNotFound", "Unknown")
	}
	was := a.state
	a.set(c.Now(), in.StateValue)
	a.why = in.StateReason
	if was != a.state {
		w.act(c.Caller.Account, c.Region, a, was, in.StateReason)
	}
	return &struct{}{}, nil
}
