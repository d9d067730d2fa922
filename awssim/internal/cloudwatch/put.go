package cloudwatch

import (
	"math"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Limits of PutMetricData (CloudWatch quotas).
const (
	maxData       = 1000
	maxDimensions = 30
	maxValues     = 150
	oldest        = 14 * 24 * time.Hour
	newest        = 2 * time.Hour
)

type statisticSet struct {
	SampleCount, Sum, Minimum, Maximum *float64 `valid:"required"`
}

type datum struct {
	MetricName        string `valid:"required,min=1,max=255"`
	Dimensions        []Dimension
	Timestamp         *time.Time
	Value             *float64
	StatisticValues   *statisticSet
	Values, Counts    []float64
	Unit              string
	StorageResolution *int32
}

type entityData struct{ MetricData []datum }

type putMetricDataInput struct {
	Namespace        string `valid:"required,min=1,max=255"`
	MetricData       []datum
	EntityMetricData []entityData
}

// putMetricData takes all data in or none.
func (w *CloudWatch) putMetricData(c *core.Call, in *putMetricDataInput) (*struct{}, error) {
	if strings.HasPrefix(in.Namespace, "AWS/") {
		return nil, invalid("The value AWS/ for parameter Namespace is invalid: it is reserved for AWS services.")
	}
	data := in.MetricData
	for _, e := range in.EntityMetricData {
		data = append(data, e.MetricData...)
	}
	if len(data) == 0 || len(data) > maxData {
		return nil, invalid("The parameter MetricData must have between 1 and %d members.", maxData)
	}
	for _, d := range data {
		if err := d.check(c.Now()); err != nil {
			return nil, err
		}
	}
	for _, d := range data {
		w.add(c, in.Namespace, d)
	}
	return &struct{}{}, nil
}

func (d datum) check(now time.Time) error {
	given := 0
	for _, has := range []bool{d.Value != nil, d.StatisticValues != nil, len(d.Values) > 0} {
		if has {
			given++
		}
	}
	switch {
	case given != 1:
		return invalid("The parameters MetricData.member.N.Value, .Values and .StatisticValues are mutually exclusive and you have specified %d of them.", given)
	case len(d.Dimensions) > maxDimensions:
		return invalid("The collection MetricData.member.N.Dimensions must not have a size greater than %d.", maxDimensions)
	case len(d.Values) > maxValues || len(d.Counts) > 0 && len(d.Counts) != len(d.Values):
		return invalid("The parameters MetricData.member.N.Values and MetricData.member.N.Counts must be of the same size, at most %d.", maxValues)
	case d.Value != nil && (math.IsNaN(*d.Value) || math.IsInf(*d.Value, 0)):
		return invalid("The value for the parameter MetricData.member.N.Value is not supported: it must be a number.")
	case d.Timestamp != nil && (d.Timestamp.Before(now.Add(-oldest)) || d.Timestamp.After(now.Add(newest))):
		return invalid("The parameter MetricData.member.N.Timestamp must specify a time within the past two weeks and the next two hours.")
	}
	return nil
}

func (w *CloudWatch) add(c *core.Call, namespace string, d datum) {
	k := keyOf(c, namespace, d.MetricName, d.Dimensions)
	s := w.series[k]
	if s == nil {
		s = &series{key: k, dimensions: d.Dimensions}
		w.series[k] = s
	}
	s.updated = c.Now()
	for _, p := range d.points(c.Now()) {
		s.add(p)
	}
}

func (d datum) points(now time.Time) []point {
	at := now
	if d.Timestamp != nil {
		at = *d.Timestamp
	}
	unit := d.Unit
	if unit == "" {
		unit = "None"
	}
	if set := d.StatisticValues; set != nil {
		return []point{{at, unit, *set.Sum, *set.Minimum, *set.Maximum, *set.SampleCount}}
	}
	values, counts := d.Values, d.Counts
	if d.Value != nil {
		values = []float64{*d.Value}
	}
	var out []point
	for i, v := range values {
		n := 1.0
		if len(counts) > 0 {
			n = counts[i]
		}
		out = append(out, point{at, unit, v * n, v, v, n})
	}
	return out
}
