package lambdahandler

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

type key struct{}

// invocation is what is known of one invocation. It is in the handler's context.
type invocation struct {
	function, request string
	log               *slog.Logger

	mu      sync.Mutex // guards all below
	place   string
	metrics []metric
}

type metric struct {
	name, unit string
	value      float64
	dimensions [][2]string
}

func of(ctx context.Context) *invocation {
	i, _ := ctx.Value(key{}).(*invocation)
	return i
}

func (i *invocation) where() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.place
}

// Logger returns the invocation's logger; outside of one, slog's default.
func Logger(ctx context.Context) *slog.Logger {
	if i := of(ctx); i != nil {
		return i.log
	}
	return slog.Default()
}

// At records where the handler is, for the error of one that is stopped. Outside of
// an invocation it does nothing.
func At(ctx context.Context, format string, args ...any) {
	if i := of(ctx); i != nil {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.place = fmt.Sprintf(format, args...)
	}
}

// Metric records a value that is emitted when the invocation ends, under the
// dimensions given as names and values in turn, and once more without any, so that
// an alarm can look at all of them. The unit is CloudWatch's, such as Count, Percent or
// Seconds. Outside of an invocation it does nothing.
func Metric(ctx context.Context, name string, value float64, unit string, dimensions ...string) {
	i := of(ctx)
	if i == nil {
		return
	}
	m := metric{name: name, unit: unit, value: value}
	for n := 0; n+1 < len(dimensions); n += 2 {
		m.dimensions = append(m.dimensions, [2]string{dimensions[n], dimensions[n+1]})
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.metrics = append(i.metrics, m)
}

// metrics emits what the invocation recorded, and how it went itself.
func (w *wrapped) metrics(i *invocation, start time.Time, err error) {
	failed, cold := 0.0, 0.0
	if err != nil {
		failed = 1
	}
	if w.cold {
		cold = 1
	}
	w.cold = false
	if w.Namespace == "" {
		return
	}
	own := [][2]string{{"Function", w.function}}
	i.mu.Lock()
	list := append(i.metrics, metric{"Duration", "Milliseconds", float64(w.Now().Sub(start).Milliseconds()), own},
		metric{"Errors", "Count", failed, own}, metric{"ColdStart", "Count", cold, own})
	i.mu.Unlock()
	for _, m := range list {
		line, err := json.Marshal(w.embedded(i, m))
		if err != nil { // a value that JSON does not know
			i.log.Error("emitting a metric", "metric", m.name, "error", err)
			continue
		}
		_, _ = w.Out.Write(append(line, '\n')) // a log that cannot be written has no place to say so
	}
}

// embedded is a metric in the embedded metric format, whose dimensions are sets of
// names, each value a member of the line.
func (w *wrapped) embedded(i *invocation, m metric) map[string]any {
	line := map[string]any{m.name: m.value, "function": w.function, "request": i.request}
	names := []string{}
	for _, d := range m.dimensions {
		names = append(names, d[0])
		line[d[0]] = d[1]
	}
	sets := [][]string{names}
	if len(names) > 0 && names[0] != "Function" {
		sets = append(sets, []string{})
	}
	line["_aws"] = map[string]any{"Timestamp": w.Now().UnixMilli(), "CloudWatchMetrics": []any{map[string]any{
		"Namespace": w.Namespace, "Dimensions": sets, "Metrics": []any{map[string]any{"Name": m.name, "Unit": m.unit}}}}}
	return line
}
