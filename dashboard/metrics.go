package dashboard

import (
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// metrics are what /metrics tells: gauges of the latest report, and counters
// over the runs that this process has seen end, each counted once.
type metrics struct {
	registry *prometheus.Registry
	handler  http.Handler

	mutex sync.Mutex      // guards what follows, and keeps a scrape of one piece
	seen  map[string]bool // run ids

	cells, setCells           *prometheus.GaugeVec
	attention, guards         prometheus.Gauge
	dataTime, underWay        prometheus.Gauge
	done, planned             prometheus.Gauge
	runs, heals, calls, saved *prometheus.CounterVec
	writes, throttled         prometheus.Counter
	runTime                   prometheus.Histogram
	operationTime             *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), seen: map[string]bool{},
		cells:     gauges("setmend_cells", "Cells of the fleet by verdict, as of the latest report.", "verdict"),
		setCells:  gauges("setmend_stack_set_cells", "Cells of a stack set by verdict, as of the latest report.", "stack_set", "verdict"),
		attention: gauge("setmend_attention_cells", "Cells that need a person, as of the latest report."),
		guards:    gauge("setmend_guards_tripped", "Guards that stop work until a person accepts, as of the latest report."),
		dataTime:  gauge("setmend_data_timestamp_seconds", "When the fleet was last read."),
		underWay:  gauge("setmend_run_under_way", "1 while a run is under way; 0 if none is, or it was cut off."),
		done:      gauge("setmend_run_done", "Of what the present stage of the run under way is for, how much has ended."),
		planned:   gauge("setmend_run_planned", "How much the present stage of the run under way is for."),
		runs:      counters("setmend_runs_total", "Runs that ended.", "result"),
		heals:     counters("setmend_heals_total", "Cells that a remedy was taken on; a redeployment counts once, a drift detection does not.", "remedy", "outcome"),
		calls:     counters("setmend_api_calls_total", "AWS API calls, repeated ones included.", "action"),
		saved:     counters("setmend_overrides_total", "Instances whose overrides were saved, restored and lost.", "state"),
		writes:    prometheus.NewCounter(prometheus.CounterOpts{Name: "setmend_api_writes_total", Help: "AWS API calls that change something."}),
		throttled: prometheus.NewCounter(prometheus.CounterOpts{Name: "setmend_api_throttled_total", Help: "AWS API calls that were refused for rate."}),
		runTime: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "setmend_run_duration_seconds", Help: "How long runs took, by the clock they ran on.",
			Buckets: []float64{10, 30, 60, 300, 900, 1800, 3600, 7200, 14400, 28800}}),
		operationTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "setmend_operation_duration_seconds", Help: "How long stack set operations took.",
			Buckets: []float64{10, 30, 60, 120, 300, 600, 1800, 3600, 7200}}, []string{"action"}),
	}
	m.registry.MustRegister(m.cells, m.setCells, m.attention, m.guards, m.dataTime, m.underWay, m.done, m.planned, m.runs, m.heals, m.calls, m.saved,
		m.writes, m.throttled, m.runTime, m.operationTime, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return m
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
}

func gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

// observe counts a run that has ended, once. A mere reading is not a run, and neither
// is one that is under way or was cut off: it counts when it ends.
func (m *metrics) observe(r *report.Report) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if r == nil || r.Run.Ended.IsZero() || r.Run.Result == "" || r.Run.Engine == "read" || m.seen[r.Run.ID] {
		return
	}
	m.seen[r.Run.ID] = true
	m.runs.WithLabelValues(string(r.Run.Result)).Inc()
	m.runTime.Observe(runSeconds(r.Run))
	m.writes.Add(float64(r.API.Writes))
	m.throttled.Add(float64(r.API.Throttled))
	for action, calls := range r.API.ByAction {
		m.calls.WithLabelValues(action).Add(float64(calls))
	}
	m.saved.WithLabelValues("saved").Add(float64(r.Overrides.Saved))
	m.saved.WithLabelValues("restored").Add(float64(r.Overrides.Restored))
	m.saved.WithLabelValues("lost").Add(float64(r.Overrides.Lost))
	for _, d := range deedsOf(r) {
		m.heals.WithLabelValues(string(d.Remedy), string(d.Outcome)).Add(float64(d.Cells))
	}
	for _, action := range r.Actions {
		m.operation(action)
	}
}

// operation observes how long one operation took. One that was merely decided, or whose
// end is not known, is not observed.
func (m *metrics) operation(action report.Action) {
	if !action.Started.IsZero() && !action.Ended.IsZero() {
		m.operationTime.WithLabelValues(string(action.Action)).Observe(action.Ended.Sub(action.Started).Seconds())
	}
}

// runSeconds prefers the clock that the run itself went by.
func runSeconds(run report.Run) float64 {
	if run.VirtualSeconds > 0 {
		return run.VirtualSeconds
	}
	return run.Ended.Sub(run.Started).Seconds()
}

// show sets the gauges to a report.
func (m *metrics) show(r *report.Report) {
	m.setCells.Reset()
	for verdict, cells := range byVerdict(tallyOf(r).after) {
		m.cells.WithLabelValues(string(verdict)).Set(float64(cells))
	}
	for _, set := range r.StackSets {
		for verdict, cells := range byVerdict(set.After) {
			m.setCells.WithLabelValues(string(set.Name), string(verdict)).Set(float64(cells))
		}
	}
	stopping := 0
	for _, trip := range r.Guards {
		if trip.InEffect() {
			stopping++
		}
	}
	m.guards.Set(float64(stopping))
	m.attention.Set(float64(len(r.Attention)))
	if !r.DataAt.IsZero() {
		m.dataTime.Set(float64(r.DataAt.Unix()))
	}
	m.underWay.Set(0)
	if underWay(r) && r.Run.CutOff.IsZero() {
		m.underWay.Set(1)
	}
	m.done.Set(float64(r.Run.Progress.Done))
	m.planned.Set(float64(r.Run.Progress.Planned))
}

func byVerdict(c plan.Counts) map[plan.Verdict]int {
	return map[plan.Verdict]int{plan.Healthy: c.Healthy, plan.NotChecked: c.NotChecked, plan.Outdated: c.Outdated, plan.Drifted: c.Drifted, plan.Missing: c.Missing,
		plan.Orphan: c.Orphan, plan.Failed: c.Failed, plan.Inoperable: c.Inoperable, plan.Blocked: c.Blocked, plan.Quarantined: c.Quarantined}
}

// serveMetrics answers before the first run too, with the counters at zero: a
// scraper must be able to tell that from a server that is down.
func (s *Server) serveMetrics(w http.ResponseWriter, r *http.Request) {
	report, err := s.config.Source.Latest(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.metrics.observe(report)
	s.metrics.mutex.Lock()
	defer s.metrics.mutex.Unlock()
	if report != nil {
		s.metrics.show(report)
	}
	s.metrics.handler.ServeHTTP(w, r)
}
