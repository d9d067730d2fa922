package limits

import (
	"testing"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// stopped is a clock that the world's Advance alone moves.
type stopped struct{}

func (stopped) Now() time.Time { return time.Unix(1.8e9, 0) }

func (stopped) AfterFunc(time.Duration, func()) func() bool { return func() bool { return true } }

// calls counts how many of n calls in a row are let through.
func calls(l *Limits, w *core.World, account, service, action string, n int) int {
	passed := 0
	for range n {
		w.Serve(func() {
			c := &core.Call{World: w, Service: service, Action: action, Region: "us-east-1", Caller: core.Principal{Account: account}}
			if l.Allow(c) {
				passed++
			}
		})
	}
	return passed
}

func TestBucketsFillAtTheDocumentedRates(t *testing.T) {
	for _, c := range []struct {
		service, action string
		burst           int
		once, second    int // let through at once, and a second later
	}{
		{"cloudformation", "ListStackInstances", 0, 2, 2},
		{"cloudformation", "ListStackInstances", 5, 10, 2},
		{"cloudformation", "DescribeStacks", 0, 10, 10},
		{"cloudformation", "ImportStacksToStackSet", 0, 100, 100}, // has no documented rate
		{"organizations", "ListAccounts", 0, 12, 8},
		{"organizations", "ListRoots", 0, 2, 1},
		{"organizations", "CloseAccount", 0, 1, 0}, // one in twenty seconds
		{"ssm", "PutParameter", 0, 3, 3},
	} {
		w, l := core.NewWorld(core.Options{Clock: stopped{}}), New(c.burst)
		once := calls(l, w, "1", c.service, c.action, 100)
		w.Serve(func() { w.Advance(time.Second) })
		second := calls(l, w, "1", c.service, c.action, 100)
		if once != c.once || second != c.second {
			t.Errorf("%s:%s with burst %d: %d at once and %d a second later, want %d and %d", c.service, c.action, c.burst, once, second, c.once, c.second)
		}
	}
}

func TestGroupsAndOrganizationsShareABucket(t *testing.T) {
	w, l := core.NewWorld(core.Options{Clock: stopped{}}), New(0)
	if got := calls(l, w, "1", "organizations", "ListParents", 100); got != 8 {
		t.Errorf("%d of ListParents", got)
	}
	if got := calls(l, w, "1", "organizations", "ListAccountsForParent", 100); got != 0 {
		t.Errorf("%d of ListAccountsForParent, which shares the bucket", got)
	}
	if got := calls(l, w, "2", "organizations", "ListParents", 100); got != 2 {
		t.Errorf("%d by another account, of the organization's 10", got)
	}
}
