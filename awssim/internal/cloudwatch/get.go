package cloudwatch

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Limits of reading: points of one GetMetricStatistics, metrics of one page.
const (
	maxDatapoints = 1440
	metricsPage   = 500
)

// Metric is the structure of that name in the API.
type Metric struct {
	Namespace, MetricName string
	Dimensions            []Dimension
}

type dimensionFilter struct {
	Name  string `valid:"required"`
	Value string
}

type listMetricsInput struct {
	Namespace, MetricName string
	Dimensions            []dimensionFilter
	RecentlyActive        string `valid:"enum=PT3H"`
	NextToken             string
}

type listMetricsOutput struct {
	Metrics   []Metric
	NextToken string
}

func (w *CloudWatch) listMetrics(c *core.Call, in *listMetricsInput) (*listMetricsOutput, error) {
	out := &listMetricsOutput{Metrics: []Metric{}}
	for _, s := range w.sorted() {
		name := fmt.Sprintf("%s/%s/%x", s.key.namespace, s.key.name, s.key.dimensions)
		if !s.listed(c, in) || name <= in.NextToken {
			continue
		}
		if len(out.Metrics) == metricsPage {
			break
		}
		out.Metrics = append(out.Metrics, Metric{s.key.namespace, s.key.name, append([]Dimension{}, s.dimensions...)})
		if len(out.Metrics) == metricsPage {
			out.NextToken = name
		}
	}
	return out, nil
}

func (s *series) listed(c *core.Call, in *listMetricsInput) bool {
	k := s.key
	here := k.account == c.Caller.Account && k.region == c.Region
	named := (in.Namespace == "" || in.Namespace == k.namespace) && (in.MetricName == "" || in.MetricName == k.name)
	active := in.RecentlyActive == "" || c.Now().Sub(s.updated) <= 3*time.Hour
	for _, f := range in.Dimensions {
		if !slices.ContainsFunc(s.dimensions, func(d Dimension) bool { return d.Name == f.Name && (f.Value == "" || f.Value == d.Value) }) {
			return false
		}
	}
	return here && named && active
}

func (w *CloudWatch) sorted() []*series {
	var list []*series
	for _, s := range w.series {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *series) int {
		x, y := a.key, b.key
		return cmp.Or(strings.Compare(x.namespace, y.namespace), strings.Compare(x.name, y.name), strings.Compare(x.dimensions, y.dimensions),
			strings.Compare(x.account, y.account), strings.Compare(x.region, y.region))
	})
	return list
}

type getMetricStatisticsInput struct {
	Namespace          string `valid:"required,min=1,max=255"`
	MetricName         string `valid:"required,min=1,max=255"`
	Dimensions         []Dimension
	StartTime, EndTime *time.Time `valid:"required"`
	Period             *int32     `valid:"required,min=1"`
	Statistics         []string   `each:"enum=SampleCount|Average|Sum|Minimum|Maximum"`
	ExtendedStatistics []string
	Unit               string
}

type datapoint struct {
	Timestamp                                   time.Time
	SampleCount, Average, Sum, Minimum, Maximum *float64
	Unit                                        string
}

type getMetricStatisticsOutput struct {
	Label      string
	Datapoints []datapoint
}

func (w *CloudWatch) getMetricStatistics(c *core.Call, in *getMetricStatisticsInput) (*getMetricStatisticsOutput, error) {
	period := time.Duration(*in.Period) * time.Second
	switch {
	case len(in.ExtendedStatistics) > 0:
		return nil, invalid("The embedded AWS has no extended statistics.")
	case len(in.Statistics) == 0:
		return nil, invalid("The parameter Statistics is required.")
	case !in.StartTime.Before(*in.EndTime):
		return nil, invalid("The parameter StartTime must be less than the parameter EndTime.")
	case in.EndTime.Sub(*in.StartTime)/period > maxDatapoints:
		return nil, invalid("You have requested up to %d datapoints, which exceeds the limit of %d.", in.EndTime.Sub(*in.StartTime)/period, maxDatapoints)
	}
	out := &getMetricStatisticsOutput{Label: in.MetricName, Datapoints: []datapoint{}}
	s := w.series[keyOf(c, in.Namespace, in.MetricName, in.Dimensions)]
	if s == nil {
		return out, nil
	}
	for _, p := range s.aggregate(*in.StartTime, *in.EndTime, period, in.Unit) {
		out.Datapoints = append(out.Datapoints, p.datapoint(in.Statistics))
	}
	return out, nil
}

func (p point) datapoint(statistics []string) datapoint {
	d := datapoint{Timestamp: p.at, Unit: p.unit}
	fields := map[string]**float64{"SampleCount": &d.SampleCount, "Average": &d.Average, "Sum": &d.Sum, "Minimum": &d.Minimum, "Maximum": &d.Maximum}
	for _, name := range statistics {
		if value, ok := p.statistic(name); ok {
			*fields[name] = &value
		}
	}
	return d
}

type metricStat struct {
	Metric *Metric `valid:"required"`
	Period *int32  `valid:"required,min=1"`
	Stat   string  `valid:"required"`
	Unit   string
}

type metricDataQuery struct {
	Id         string `valid:"required,min=1,max=255"`
	MetricStat *metricStat
	Expression string
	Label      string
	ReturnData *bool
}

type getMetricDataInput struct {
	MetricDataQueries  []metricDataQuery `valid:"required"`
	StartTime, EndTime *time.Time        `valid:"required"`
	ScanBy             string            `valid:"enum=TimestampDescending|TimestampAscending"`
	MaxDatapoints      *int32
	NextToken          string
}

type metricDataResult struct {
	Id, Label  string
	Timestamps []time.Time
	Values     []float64
	StatusCode string
}

type getMetricDataOutput struct {
	MetricDataResults []metricDataResult
	NextToken         string
}

func (w *CloudWatch) getMetricData(c *core.Call, in *getMetricDataInput) (*getMetricDataOutput, error) {
	out := &getMetricDataOutput{MetricDataResults: []metricDataResult{}}
	for _, q := range in.MetricDataQueries {
		if q.MetricStat == nil {
			return nil, core.Errorf(400, "ValidationException", "The embedded AWS has no metric math: query %s needs a MetricStat.", q.Id)
		}
		if q.ReturnData != nil && !*q.ReturnData {
			continue
		}
		result, err := w.query(c, q, in)
		if err != nil {
			return nil, err
		}
		out.MetricDataResults = append(out.MetricDataResults, result)
	}
	return out, nil
}

func (w *CloudWatch) query(c *core.Call, q metricDataQuery, in *getMetricDataInput) (metricDataResult, error) {
	m := q.MetricStat
	out := metricDataResult{Id: q.Id, Label: cmp.Or(q.Label, m.Metric.MetricName), Timestamps: []time.Time{}, Values: []float64{}, StatusCode: "Complete"}
	if _, ok := (point{count: 1}).statistic(m.Stat); !ok {
		return out, core.Errorf(400, "ValidationException", "The embedded AWS has no statistic %s.", m.Stat)
	}
	s := w.series[keyOf(c, m.Metric.Namespace, m.Metric.MetricName, m.Metric.Dimensions)]
	if s == nil {
		return out, nil
	}
	points := s.aggregate(*in.StartTime, *in.EndTime, time.Duration(*m.Period)*time.Second, m.Unit)
	if in.ScanBy != "TimestampAscending" {
		slices.Reverse(points)
	}
	for _, p := range points {
		value, _ := p.statistic(m.Stat)
		out.Timestamps = append(out.Timestamps, p.at)
		out.Values = append(out.Values, value)
	}
	return out, nil
}
