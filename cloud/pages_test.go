package cloud

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/setmend/setmend/fleet"
)

var someCell = fleet.Cell{StackSet: "baseline", Target: fleet.Target{Account: "111122223333", Region: "eu-central-1"}}

// items is one list item that every one of the reads takes for its own.
const items = `<Summaries><member><StackSetName>n%[1]d</StackSetName><Account>11112222333%[1]d</Account><Region>eu-central-1</Region>` +
	`<OperationId>o%[1]d</OperationId><Status>RUNNING</Status><LogicalResourceId>L%[1]d</LogicalResourceId></member></Summaries>`

// book answers with these pages: each element is how many items it has, -1 is an
// error. The last has no token.
func book(pages ...int) func(question) answer {
	return func(q question) answer {
		n := 0
		fmt.Sscanf(q.Form.Get("NextToken"), "page-%d", &n)
		if pages[n] < 0 {
			return fault(403, "AccessDenied", "not this page")
		}
		body := "<Summaries/>"
		if pages[n] > 0 {
			body = fmt.Sprintf(items, n)
		}
		if n+1 < len(pages) {
			body += fmt.Sprintf("<NextToken>page-%d</NextToken>", n+1)
		}
		return xml(q.Action, body)
	}
}

func TestEveryListIsReadToItsMissingToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, read := range reads {
			a, s := against(t, book(1, 1, 1))
			if n, err := read(t.Context(), a, someCell); n != 3 || err != nil {
				t.Errorf("%s read %d items of 3 (%v)", name, n, err)
			}
			if len(s.asked) != 3 {
				t.Errorf("%s made %d calls for 3 pages", name, len(s.asked))
			}
		}
	})
}

func TestAnEmptyPageDoesNotEndAList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, read := range reads {
			if name == "Running" {
				continue // stops at a page of history, by contract
			}
			a, _ := against(t, book(0, 1, 0, 0, 1))
			if n, err := read(t.Context(), a, someCell); n != 2 || err != nil {
				t.Errorf("%s read %d items of 2 (%v)", name, n, err)
			}
		}
	})
}

func TestAPageThatFailsFailsTheWholeList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, read := range reads {
			for _, pages := range [][]int{{-1}, {1, -1}, {1, 1, -1}} {
				a, _ := against(t, book(pages...))
				n, err := read(t.Context(), a, someCell)
				wantKind(t, err, fleet.Denied)
				if n != 0 {
					t.Errorf("%s gave %d items with its error", name, n)
				}
			}
		}
	})
}

func TestAListThatGoesInCirclesIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := against(t, func(q question) answer {
			return xml(q.Action, fmt.Sprintf(items, 1)+"<NextToken>again</NextToken>")
		})
		_, err := a.StackSets(t.Context())
		wantKind(t, err, fleet.UnknownOutcome)
	})
}

func TestAnEmptyTokenEndsAList(t *testing.T) {
	a, s := against(t, func(q question) answer { return xml(q.Action, "<Summaries/><NextToken></NextToken>") })
	if _, err := a.StackSets(t.Context()); err != nil || len(s.asked) != 1 {
		t.Errorf("%d calls, %v", len(s.asked), err)
	}
}

func TestRunningStopsAtTheFirstPageOfHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := against(t, func(q question) answer {
			page, token := "SUCCEEDED", "history-2"
			switch q.Form.Get("NextToken") {
			case "":
				page, token = "QUEUED", "more"
			case "more":
				page, token = "STOPPING", "history"
			}
			return xml(q.Action, "<Summaries><member><OperationId>o</OperationId><Status>"+page+"</Status></member></Summaries><NextToken>"+token+"</NextToken>")
		})
		running, err := a.Running(t.Context(), "baseline")
		if err != nil || len(running) != 2 || len(s.asked) != 3 {
			t.Errorf("%d running after %d calls (%v), want 2 after 3", len(running), len(s.asked), err)
		}
	})
}

func TestRecentReadsNoMoreThanItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := against(t, book(1, 1, 1, 1))
		recent, err := a.Recent(t.Context(), "baseline", 2)
		if err != nil || len(recent) != 2 || len(s.asked) != 2 {
			t.Errorf("%d operations after %d calls (%v), want 2 after 2", len(recent), len(s.asked), err)
		}
		if size := s.asked[0].Form.Get("MaxResults"); size != "2" {
			t.Errorf("asked for pages of %s", size)
		}
		if recent, err := a.Recent(t.Context(), "baseline", 0); len(recent) != 0 || err != nil || len(s.asked) != 2 {
			t.Errorf("a limit of 0 reads %d operations with %d calls (%v)", len(recent), len(s.asked)-2, err)
		}
	})
}

func TestInstanceFiltersAreAWSsOwn(t *testing.T) {
	a, s := against(t, func(q question) answer { return xml(q.Action, "<Summaries/>") })
	_, err := a.Instances(t.Context(), "baseline", fleet.InstanceFilter{
		Drift: fleet.DriftDrifted, Detailed: fleet.DetailedFailed, Operation: "op-9", Account: "111122223333", Region: "us-east-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	form := s.last("ListStackInstances").Form
	for i := 1; i <= 3; i++ {
		prefix := fmt.Sprintf("Filters.member.%d.", i)
		got[form.Get(prefix+"Name")] = form.Get(prefix + "Values")
	}
	for name, want := range map[string]string{"DRIFT_STATUS": "DRIFTED", "DETAILED_STATUS": "FAILED", "LAST_OPERATION_ID": "op-9"} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	if form.Get("StackInstanceAccount") != "111122223333" || form.Get("StackInstanceRegion") != "us-east-1" {
		t.Errorf("account and region are not asked for: %v", form)
	}
}

// An answer that lacks what everything is keyed by must not become an instance
// of account "".
func TestAnInstanceWithoutAccountFailsTheList(t *testing.T) {
	a, _ := against(t, func(q question) answer {
		return xml(q.Action, "<Summaries><member><Region>eu-central-1</Region><Status>CURRENT</Status></member></Summaries>")
	})
	_, err := a.Instances(t.Context(), "baseline", fleet.InstanceFilter{})
	wantKind(t, err, fleet.UnknownOutcome)
}

func TestOverridesThatWereReadAreNeverNil(t *testing.T) {
	a, _ := against(t, func(q question) answer {
		return xml(q.Action, "<StackInstance><Account>111122223333</Account><Region>eu-central-1</Region><ParameterOverrides/></StackInstance>")
	})
	instance, err := a.Instance(t.Context(), someCell)
	if err != nil || instance.Overrides == nil || len(instance.Overrides) != 0 {
		t.Errorf("overrides %#v, %v", instance.Overrides, err)
	}
}

func TestAnAnswerAboutAnotherInstanceIsNotBelieved(t *testing.T) {
	a, _ := against(t, func(q question) answer {
		return xml(q.Action, "<StackInstance><Account>999999999999</Account><Region>eu-central-1</Region></StackInstance>")
	})
	_, err := a.Instance(t.Context(), someCell)
	wantKind(t, err, fleet.UnknownOutcome)
}
