package stacksets_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"pgregory.net/rapid"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/stacksets"
)

// What holds for every operation, whatever its preferences and failures: the
// documented bounds of tolerance and concurrency, and that the results account
// for every target.
func TestOperationsKeepTheirBounds(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		regions := []string{"us-east-1", "eu-west-1", "us-west-2"}[:rapid.IntRange(1, 3).Draw(r, "regions")]
		n := rapid.IntRange(1, 12).Draw(r, "accounts")
		tolerance := rapid.Int32Range(0, 12).Draw(r, "tolerance")
		most := rapid.Int32Range(1, 14).Draw(r, "most")
		soft := rapid.Bool().Draw(r, "soft")
		parallel := rapid.Bool().Draw(r, "parallel")
		fails := map[string]bool{}
		for _, account := range accounts(n) {
			for _, region := range regions {
				fails[account+region] = rapid.IntRange(0, 3).Draw(r, "fails") == 0
			}
		}
		w := newWorld(t, stacksets.Options{})
		w.stacks.ends = func(_ string, spec core.StackSpec) core.StackResult {
			return core.StackResult{OK: !fails[spec.Account+spec.Region]}
		}
		w.create("net", "params:")
		prefs := &types.StackSetOperationPreferences{FailureToleranceCount: &tolerance, MaxConcurrentCount: &most, ConcurrencyMode: types.ConcurrencyModeStrictFailureTolerance}
		if soft {
			prefs.ConcurrencyMode = types.ConcurrencyModeSoftFailureTolerance
		}
		if parallel {
			prefs.RegionConcurrencyType = types.RegionConcurrencyTypeParallel
		}
		id := w.deploy("net", accounts(n), regions, prefs)
		status := w.ended("net", id)
		checkBounds(r, w, id, status, n, len(regions), int(tolerance), int(most), soft, parallel)
	})
}

func checkBounds(r *rapid.T, w *world, id string, status types.StackSetOperationStatus, accounts, regions, tolerance, most int, soft, parallel bool) {
	failures, cancelled := map[string]int{}, map[string]int{}
	list := w.resultList("net", id)
	for _, result := range list {
		switch result.Status {
		case "FAILED":
			failures[*result.Region]++
		case "CANCELLED":
			cancelled[*result.Region]++
		case "PENDING", "RUNNING":
			r.Errorf("%s in %s is %s after the end", *result.Account, *result.Region, result.Status)
		}
	}
	if len(list) != accounts*regions {
		r.Errorf("%d results for %d targets", len(list), accounts*regions)
	}
	exceeded := false
	for region, n := range failures {
		exceeded = exceeded || n > tolerance
		if most := tolerance + 1; !soft && n > most {
			r.Errorf("%d failures in %s: strict tolerance of %d overshot", n, region, tolerance)
		}
	}
	if exceeded != (status == types.StackSetOperationStatusFailed) {
		r.Errorf("failures %v with tolerance %d end %s", failures, tolerance, status)
	}
	if !exceeded && len(cancelled) > 0 {
		r.Errorf("cancelled %v though no region failed", cancelled)
	}
	limit := most
	if !soft {
		limit = min(most, tolerance+1)
	}
	if parallel {
		limit *= regions
	}
	if w.stacks.peak > limit {
		r.Errorf("%d at once, at most %d allowed", w.stacks.peak, limit)
	}
}

// Lists with every filter and page size agree with what describing each instance
// tells, after any history of deployments, failures and removals.
func TestFiltersAgreeWithTheInstances(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t, stacksets.Options{})
		w.create("net", "params:")
		for range rapid.IntRange(1, 6).Draw(r, "steps") {
			step(r, w)
		}
		all := w.instances("net")
		for _, detailed := range []string{"SUCCEEDED", "FAILED", "INOPERABLE"} {
			got := w.instances("net", types.StackInstanceFilter{Name: "DETAILED_STATUS", Values: &detailed})
			want := 0
			for _, line := range all {
				if len(line) > len(detailed) && line[len(line)-len(detailed)-1:] == "/"+detailed {
					want++
				}
			}
			if len(got) != want {
				r.Errorf("%d of %v are %s, the filter lists %v", want, all, detailed, got)
			}
		}
	})
}

// step does one random thing to the set.
func step(r *rapid.T, w *world) {
	from := rapid.IntRange(0, 7).Draw(r, "from")
	some := accounts(from + rapid.IntRange(1, 4).Draw(r, "accounts"))[from:]
	modulus := rapid.IntRange(1, 4).Draw(r, "failing")
	w.stacks.ends = func(_ string, spec core.StackSpec) core.StackResult {
		return core.StackResult{OK: modulus == 1 || int(spec.Account[11])%modulus != 0}
	}
	if rapid.Bool().Draw(r, "deploy") {
		w.ended("net", w.deploy("net", some, []string{home}, all))
		return
	}
	var there []string
	held := map[string]bool{}
	for _, line := range w.instances("net") {
		var account, rest string
		fmt.Sscan(line, &account, &rest)
		held[account12(account)] = true
	}
	for _, account := range some {
		if held[account] {
			there = append(there, account)
		}
	}
	if len(there) > 0 {
		w.remove("net", there, []string{home}, *aws.Bool(modulus == 3))
	}
}
