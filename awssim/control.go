package awssim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/wire"
)

// controlPath is where the embedded AWS itself is controlled, beside AWS's APIs.
const controlPath = "/_sim/"

// controlAction is something that can be done through the control endpoint.
type controlAction struct {
	help string
	run  func(a *AWS, body []byte) (any, error)
}

// controls are the control endpoint's actions by method and name.
var controls = map[string]controlAction{
	"GET stats":       {"count the calls by action", func(a *AWS, _ []byte) (any, error) { return a.Stats(), nil }},
	"GET writes":      {"list the calls to change something", func(a *AWS, _ []byte) (any, error) { return a.Writes(), nil }},
	"GET faults":      {"list the faults in force with their counts", func(a *AWS, _ []byte) (any, error) { return a.Faults(), nil }},
	"POST faults":     {"put a fault plan (YAML or JSON) in force", (*AWS).controlInject},
	"DELETE faults":   {"take all faults out of force", func(a *AWS, _ []byte) (any, error) { a.ClearFaults(); return done, nil }},
	"POST reset":      {"make everything as it was at the start", func(a *AWS, _ []byte) (any, error) { return done, a.Reset() }},
	"POST advance":    {`move time forward: {"by": "10m"}`, (*AWS).controlAdvance},
	"GET snapshot":    {"write down organization, stack sets and instances", func(a *AWS, _ []byte) (any, error) { return a.Snapshot(), nil }},
	"POST load":       {"start over from a snapshot", (*AWS).controlLoad},
	"POST drift":      {`change a live resource: {"stackSet", "account", "region", "resource", "property", "value"}; without property it is deleted`, (*AWS).controlDrift},
	"POST change":     {`make a change as in a fault plan: {"do": "suspend", "account": "..."}`, (*AWS).controlChange},
	"POST resetstats": {"forget what was counted", func(a *AWS, _ []byte) (any, error) { a.ResetStats(); return done, nil }},
}

// done is the answer of actions that have none of their own.
var done = map[string]string{"status": "done"}

func isControl(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, controlPath) }

// control serves the control endpoint. It wants no credentials, and so answers
// callers on this machine only, and no web page: a browser adds an Origin.
func (a *AWS) control(r *http.Request) *wire.Answer {
	if !local(r) {
		return plain(http.StatusForbidden, "the embedded AWS is controlled from its own machine only")
	}
	name := strings.TrimSpace(r.Method + " " + strings.Trim(strings.TrimPrefix(r.URL.Path, controlPath), "/"))
	action, ok := controls[name]
	if name == http.MethodGet {
		action, ok = controlAction{run: controlHelp}, true
	}
	if !ok {
		return plain(http.StatusNotFound, "there is no "+name+"; GET "+controlPath+" lists what there is")
	}
	body, err := io.ReadAll(io.LimitReader(bodyOf(r), largestObject+1))
	if err != nil || len(body) > largestObject {
		return plain(http.StatusBadRequest, "the request body is too large or was cut off")
	}
	out, err := action.run(a, body)
	if err != nil {
		return plain(http.StatusBadRequest, err.Error())
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return plain(http.StatusInternalServerError, err.Error())
	}
	return &wire.Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: append(text, '\n')}
}

// local reports whether a request comes from this machine, by this machine's
// name for itself, and from no web page. Requests in process have no address.
func local(r *http.Request) bool {
	if r.Header.Get("Origin") != "" {
		return false
	}
	if r.RemoteAddr == "" {
		return true
	}
	return loopback(r.RemoteAddr) && loopback(r.Host)
}

func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// controlHelp lists what can be done.
func controlHelp(*AWS, []byte) (any, error) {
	out := map[string]string{}
	for name, action := range controls {
		out[name] = action.help
	}
	return out, nil
}

func (a *AWS) controlInject(body []byte) (any, error) {
	plan, err := ParseFaults(body)
	if err != nil {
		return nil, err
	}
	return done, a.Inject(plan)
}

func (a *AWS) controlAdvance(body []byte) (any, error) {
	var in struct{ By string }
	if err := unmarshal(body, &in); err != nil {
		return nil, err
	}
	by, err := time.ParseDuration(in.By)
	if err != nil || by < 0 {
		return nil, fmt.Errorf("advancing by %q: it must be a duration such as 10m", in.By)
	}
	a.Advance(by)
	return map[string]time.Time{"now": a.Now()}, nil
}

func (a *AWS) controlLoad(body []byte) (any, error) {
	s, err := ParseSnapshot(body)
	if err != nil {
		return nil, err
	}
	return done, a.Load(s)
}

func (a *AWS) controlDrift(body []byte) (any, error) {
	var c Change
	if err := unmarshal(body, &c); err != nil {
		return nil, err
	}
	c.Do = "drift"
	if c.Property == "" {
		c.Do = "delete-resource"
	}
	return done, a.Apply(c)
}

func (a *AWS) controlChange(body []byte) (any, error) {
	var c Change
	if err := unmarshal(body, &c); err != nil {
		return nil, err
	}
	return done, a.Apply(c)
}

// unmarshal reads a JSON body strictly.
func unmarshal(body []byte, v any) error {
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the request: %w", err)
	}
	return nil
}
