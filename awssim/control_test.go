package awssim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// post calls the control endpoint from an address and decodes its answer.
func post(t *testing.T, a *AWS, from, method, name, body string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(method, "http://localhost:4599/_sim/"+name, strings.NewReader(body))
	r.RemoteAddr = from
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	out := map[string]any{}
	if w.Code == http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			t.Fatalf("%s %s answers %s", method, name, w.Body)
		}
	}
	return w.Code, out
}

func TestTheControlEndpointIsForItsOwnMachine(t *testing.T) {
	a, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]int{"127.0.0.1:5000": 200, "[::1]:5000": 200, "10.0.0.9:5000": 403} {
		if got, _ := post(t, a, from, "GET", "", ""); got != want {
			t.Errorf("a request from %s is answered %d", from, got)
		}
	}
	for _, change := range []func(r *http.Request){
		func(r *http.Request) { r.Header.Set("Origin", "http://evil.example.com") },
		func(r *http.Request) { r.Host = "evil.example.com" }, // a name that leads here
	} {
		r := httptest.NewRequest("POST", "http://localhost:4599/_sim/reset", nil)
		r.RemoteAddr = "127.0.0.1:5000"
		change(r)
		w := httptest.NewRecorder()
		if a.ServeHTTP(w, r); w.Code != http.StatusForbidden {
			t.Errorf("a web page's request is answered %d", w.Code)
		}
	}
}

func TestTheControlEndpointControls(t *testing.T) {
	const here = "127.0.0.1:5000"
	bubble(t, Options{Unthrottled: true}, func(t *testing.T, a *AWS, ou string) {
		fill(t, a, ou, time.Sleep)
		for _, c := range []struct {
			method, name, body string
			want               int
		}{
			{"POST", "advance", `{"by": "1h"}`, 200},
			{"POST", "advance", `{"by": "soon"}`, 400},
			{"POST", "faults", `{"faults": [{"call": "*:ListStackSets", "do": "throttle"}]}`, 200},
			{"POST", "faults", `{"faults": [{"call": "nonsense", "do": "throttle"}]}`, 400},
			{"POST", "drift", `{"stackSet": "net", "account": "200000000000", "region": "us-east-1", "resource": "Topic", "property": "/DisplayName", "value": "x"}`, 200},
			{"POST", "drift", `{"stackSet": "net", "account": "200000000001", "region": "us-east-1", "resource": "Topic"}`, 200},
			{"POST", "drift", `{"stackSet": "net", "account": "999999999999", "region": "us-east-1", "resource": "Topic"}`, 400},
			{"POST", "change", `{"do": "lose-role", "account": "200000000000", "role": "admin"}`, 200},
			{"POST", "explode", ``, 404},
		} {
			if got, _ := post(t, a, here, c.method, c.name, c.body); got != c.want {
				t.Errorf("%s %s %s is answered %d", c.method, c.name, c.body, got)
			}
		}
		if err := list(once(a, managementAccount)); codeOf(err) != "Throttling" {
			t.Errorf("with the fault in force: %v", err)
		}
		if got := driftedInstances(t, a); len(got) != 2 {
			t.Errorf("drifted: %v", got)
		}
		if now := a.Now(); time.Until(now) != time.Hour {
			t.Errorf("the world is at %s", now)
		}
	})
}

func TestASnapshotLoadedIsTheSameWorld(t *testing.T) {
	bubble(t, Options{Unthrottled: true}, func(t *testing.T, a *AWS, ou string) {
		fill(t, a, ou, time.Sleep)
		a.Lock()
		a.Access().AddSCP(SCP{Target: ou, Action: "config:*"})
		a.Access().RemoveRole("200000000003", "setmend-member")
		if err := a.Organization().Suspend("200000000004"); err != nil {
			t.Fatal(err)
		}
		a.Unlock()
		for _, c := range []Change{
			{Do: "drift", StackSet: "net", Account: "200000000005", Region: "eu-west-1", Resource: "Topic", Property: "/DisplayName", Value: "by hand"},
			{Do: "delete-resource", StackSet: "net", Account: "200000000006", Region: "eu-west-1", Resource: "Topic"},
		} {
			if err := a.Apply(c); err != nil {
				t.Fatal(err)
			}
		}
		first, err := json.Marshal(a.Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		other, err := New(Options{Seed: 99})
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequest("POST", "http://localhost/_sim/load", bytes.NewReader(first))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := other.Transport().RoundTrip(r)
		if err != nil || answer.StatusCode != http.StatusOK {
			text, _ := io.ReadAll(answer.Body)
			t.Fatalf("loading: %v, %s", err, text)
		}
		second, err := json.Marshal(other.Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(first), string(second)); diff != "" {
			t.Error(diff)
		}
		want := []string{"200000000005 eu-west-1", "200000000006 eu-west-1"}
		if diff := cmp.Diff(want, driftedInstances(t, other)); diff != "" {
			t.Error("drifted in the loaded world:", diff)
		}
	})
}

func TestALoadedWorldIsNoEarlierThanItsSnapshot(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, a *AWS, _ string) {
		a.Advance(48 * time.Hour)
		other, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Load(a.Snapshot()); err != nil {
			t.Fatal(err)
		}
		if ahead := time.Until(other.Now()); ahead != 48*time.Hour {
			t.Errorf("the loaded world is %s ahead", ahead)
		}
		earlier := a.Snapshot()
		earlier.Time = time.Time{}
		if err := other.Load(earlier); err != nil {
			t.Fatal(err)
		}
		if back := time.Until(other.Now()); back < 0 {
			t.Errorf("the loaded world is %s back", -back)
		}
	})
}

func TestASnapshotThatContradictsItselfChangesNothing(t *testing.T) {
	bubble(t, Options{Unthrottled: true}, func(t *testing.T, a *AWS, ou string) {
		fill(t, a, ou, time.Sleep)
		before := a.Snapshot()
		broken := a.Snapshot()
		broken.StackSets[0].Instances = append(broken.StackSets[0].Instances, broken.StackSets[0].Instances[0])
		if err := a.Load(broken); err == nil {
			t.Error("an instance that stands twice was loaded")
		}
		if diff := cmp.Diff(before, a.Snapshot()); diff != "" {
			t.Error(diff)
		}
	})
}
