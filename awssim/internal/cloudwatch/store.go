package cloudwatch

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// CloudWatch is the service in every account and region.
type CloudWatch struct {
	world   *core.World
	series  map[key]*series
	alarms  *core.Mirror[alarm] // by name: a view on the live alarms
	boards  *core.Mirror[dashboard]
	targets core.Deliverer     // of alarms' actions; nil: none
	ticking map[[2]string]bool // places whose alarms are evaluated every so often
}

// key is a metric in an account and region.
type key struct {
	account, region, namespace, name string
	dimensions                       string // canonical text
}

type series struct {
	key        key
	dimensions []Dimension
	points     []point // by time
	updated    time.Time
}

// point is the statistic set of a minute in one unit.
type point struct {
	at                   time.Time
	unit                 string
	sum, min, max, count float64
}

// Dimension is a name with a value.
type Dimension struct {
	Name  string `valid:"required,min=1,max=255"`
	Value string `valid:"required,min=1,max=1024"`
}

// New makes the service. Its alarms are a view on the live ones.
func New(w *core.World, store core.LiveStore) *CloudWatch {
	return &CloudWatch{world: w, series: map[key]*series{}, alarms: core.NewMirror(store, alarmType, takeAlarm),
		boards: core.NewMirror(store, dashboardType, takeDashboard), ticking: map[[2]string]bool{}}
}

// Service is the API. Today's Go and JavaScript SDKs speak CBOR, others JSON or
// the older Query protocol.
func (w *CloudWatch) Service() core.Service {
	return core.Service{
		Name:         "monitoring",
		Protocols:    []core.Protocol{core.RPCCBOR, core.JSON10, core.Query},
		Version:      "2010-08-01",
		Namespace:    "http://monitoring.amazonaws.com/doc/2010-08-01/",
		TargetPrefix: "GraniteServiceVersion20100801",
		InvalidCode:  "InvalidParameterValueException",
		Actions: map[string]core.Action{
			"PutMetricData":       core.Write(core.Do(w.putMetricData)),
			"ListMetrics":         core.Do(w.listMetrics),
			"GetMetricStatistics": core.Do(w.getMetricStatistics),
			"GetMetricData":       core.Do(w.getMetricData),
			"PutMetricAlarm":      core.Write(core.Do(w.putMetricAlarm)),
			"DescribeAlarms":      core.Do(w.describeAlarms),
			"DeleteAlarms":        core.Write(core.Do(w.deleteAlarms)),
			"EnableAlarmActions":  core.Write(core.Do(w.enableAlarmActions)),
			"DisableAlarmActions": core.Write(core.Do(w.disableAlarmActions)),
			"SetAlarmState":       core.Write(core.Do(w.setAlarmState)),
			"ListTagsForResource": core.Do(w.listTags),
			"TagResource":         core.Write(core.Do(w.tagResource)),
			"UntagResource":       core.Write(core.Do(w.untagResource)),
			"PutDashboard":        core.Write(core.Do(w.putDashboard)),
			"GetDashboard":        core.Do(w.getDashboard),
			"ListDashboards":      core.Do(w.listDashboards),
			"DeleteDashboards":    core.Write(core.Do(w.deleteDashboards)),
		},
	}
}

// Sum is the sum of a metric's values since a time, for tests and demos.
func (w *CloudWatch) Sum(account, region, namespace, name string, since time.Time) float64 {
	total := 0.0
	for k, s := range w.series {
		if k.account != account || k.region != region || k.namespace != namespace || k.name != name {
			continue
		}
		for _, p := range s.points {
			if !p.at.Before(since.Truncate(time.Minute)) {
				total += p.sum
			}
		}
	}
	return total
}

func keyOf(c *core.Call, namespace, name string, dimensions []Dimension) key {
	return key{c.Caller.Account, c.Region, namespace, name, canonical(dimensions)}
}

func canonical(dimensions []Dimension) string {
	sorted := slices.SortedFunc(slices.Values(dimensions), func(a, b Dimension) int { return cmp.Compare(a.Name, b.Name) })
	var b strings.Builder
	for _, d := range sorted {
		b.WriteString(d.Name + "\x00" + d.Value + "\x00")
	}
	return b.String()
}

// add merges a statistic set into its minute.
func (s *series) add(p point) {
	p.at = p.at.UTC().Truncate(time.Minute)
	i, found := slices.BinarySearchFunc(s.points, p, comparePoints)
	if !found {
		s.points = slices.Insert(s.points, i, p)
		return
	}
	s.points[i].merge(p)
}

func comparePoints(a, b point) int {
	return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.unit, b.unit))
}

func (p *point) merge(q point) {
	p.sum += q.sum
	p.count += q.count
	p.min = math.Min(p.min, q.min)
	p.max = math.Max(p.max, q.max)
}

// aggregate merges the points of [start, end) into periods, in order of time.
// An empty unit takes all, as CloudWatch does.
func (s *series) aggregate(start, end time.Time, period time.Duration, unit string) []point {
	var out []point
	for _, p := range s.points {
		if p.at.Before(start.Truncate(time.Minute)) || !p.at.Before(end) || unit != "" && p.unit != unit {
			continue
		}
		at := p.at.Truncate(period)
		if n := len(out); n > 0 && out[n-1].at.Equal(at) {
			out[n-1].merge(p)
			continue
		}
		p.at = at
		out = append(out, p)
	}
	return out
}

// statistic is one number of a point.
func (p point) statistic(name string) (float64, bool) {
	switch name {
	case "Sum":
		return p.sum, true
	case "Minimum":
		return p.min, true
	case "Maximum":
		return p.max, true
	case "SampleCount":
		return p.count, true
	case "Average":
		return p.sum / p.count, true
	}
	return 0, false
}

func invalid(format string, args ...any) *core.Error {
	return core.Errorf(http.StatusBadRequest, "InvalidParameterValueException", format, args...)
}
