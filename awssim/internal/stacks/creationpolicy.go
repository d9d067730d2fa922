package stacks

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/template"
)

// creationPolicy is what a resource waits for before it counts as created
// (CloudFormation user guide, "CreationPolicy attribute").
type creationPolicy struct {
	count   int // signals that are waited for
	need    int // of them that must be successes
	percent int
	timeout time.Duration
}

// creationPolicyOf evaluates a resource's CreationPolicy; nil where it has none, or
// waits for nothing.
func (e *Engine) creationPolicyOf(v *view, r *template.Resource) *creationPolicy {
	declared, err := v.binding.CreationPolicy(r)
	if err != nil || declared == nil {
		return nil
	}
	signal, waits := declared["ResourceSignal"].(map[string]any)
	if !waits {
		return nil
	}
	p := &creationPolicy{count: 1, percent: 100, timeout: 5 * time.Minute}
	if n, err := strconv.Atoi(textOf(signal["Count"])); err == nil {
		p.count = n
	}
	if d, ok := isoDuration(textOf(signal["Timeout"])); ok {
		p.timeout = d
	}
	group, _ := declared["AutoScalingCreationPolicy"].(map[string]any)
	if n, err := strconv.Atoi(textOf(group["MinSuccessfulInstancesPercent"])); err == nil && n >= 0 && n <= 100 {
		p.percent = n
	}
	if p.need = (p.count*p.percent + 99) / 100; p.need == 0 {
		return nil
	}
	return p
}

// isoDuration reads PT1H30M5S; false if the text is no such duration.
func isoDuration(text string) (time.Duration, bool) {
	rest, ok := strings.CutPrefix(text, "PT")
	if !ok || rest == "" || strings.Trim(rest, "0123456789HMS") != "" {
		return 0, false
	}
	d, err := time.ParseDuration(strings.ToLower(rest))
	return d, err == nil
}

// awaitSignals runs the part of an operation in which a new resource waits for the
// signals of its CreationPolicy.
func (e *Engine) awaitSignals(s *stack, op *operation, r *template.Resource, p *creationPolicy, done func(string)) {
	key := resourceKey{s.id, r.LogicalID}
	run := op.part(r.LogicalID)
	one := &waiting{count: p.count, signals: map[string]string{}}
	one.end = func(why string) {
		e.world.Cancel(one.timer)
		delete(e.waits, key)
		done(why)
	}
	one.take = func(id, status string) {
		one.signals[id] = status
		reason := fmt.Sprintf("Received %s signal with UniqueId %s", status, id)
		run.told = append(run.told, toldAt{e.world.Now(), reason})
		e.version++
		successes, failures := one.tally()
		switch {
		case successes >= p.need:
			one.end("")
		case failures > p.count-p.need && r.Type == "AWS::EC2::Instance":
			one.end(reason)
		case failures > p.count-p.need:
			one.end(fmt.Sprintf("Received %d FAILURE signal(s) out of %d.  Unable to satisfy %d%% MinSuccessfulInstancesPercent requirement", failures, p.count, p.percent))
		}
	}
	one.timer = e.world.After(p.timeout, func() {
		successes, _ := one.tally()
		one.end(fmt.Sprintf("Failed to receive %d resource signal(s) within the specified duration", p.need-successes))
	})
	e.waits[key] = one
	if !signalsByItself(op.deployment.template) {
		return
	}
	e.world.After(min(byItself, p.timeout/2), func() {
		for range p.count {
			if e.waits[key] == one {
				e.signal(one, "i-0"+strings.ReplaceAll(e.world.UUID(), "-", "")[:16], "SUCCESS")
			}
		}
	})
}

// signalsByItself reports whether something in the template would signal in AWS: user
// data or metadata that run cfn-signal. Nothing runs in the embedded AWS, so that is
// taken to succeed; a template without waits for SignalResource.
func signalsByItself(t *template.Template) bool {
	return strings.Contains(t.Text, "cfn-signal") || strings.Contains(t.Text, "signal-resource")
}

// tally counts the signals that have come.
func (one *waiting) tally() (successes, failures int) {
	for _, status := range one.signals {
		if status == "SUCCESS" {
			successes++
		} else {
			failures++
		}
	}
	return successes, failures
}
