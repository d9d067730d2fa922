package rollout_test

import (
	"strings"
	"testing"

	"github.com/setmend/setmend/rollout"
)

func TestBadFilesAreRefusedWithTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "line 1: the file is empty",
		"version: 2\nstrategy: parallel": "line 1: version 2",
		"version: 1\nstrategy: fast":     `line 2: strategy "fast"`,
		"version: 1\n\nstratgy: fast":    `line 3: unknown field "stratgy"`,
		"version: 1\nstrategy: parallel\nphases:\n  - rest: true":                                                "line 4: phases are for the strategy phased",
		"version: 1\nonFailure: explode\nstrategy: parallel":                                                     `line 2: onFailure "explode"`,
		"version: 1\nphases:\n  - name: a\n    accounts: ['12']":                                                 `line 3: account "12" has not the form`,
		"version: 1\nphases:\n  - name: a\n    percentage: 10\n  - name: a\n    rest: true":                      "line 5: two phases are called",
		"version: 1\nphases:\n  - name: a":                                                                       "line 3: the phase chooses nothing",
		"version: 1\nphases:\n  - rest: true\n  - percentage: 10":                                                "line 3: the phase for the rest must be the last",
		"version: 1\nphases:\n  - percentage: 60\n  - percentage: 50":                                            "line 4: the percentages add up to 110",
		"version: 1\nphases:\n  - ous: [workloads]":                                                              `line 3: "workloads" has not the form`,
		"version: 1\nphases:\n  - percentage: 10\n    regions: [moon]":                                           `line 3: "moon" is no region's name`,
		"version: 1\nphases:\n  - accounts: ['111111111111']\n  - accounts: ['111111111111']":                    "line 4: account 111111111111 is in the phase",
		"version: 1\nphases:\n  - rest: true\n    gates:\n      - successRate: 101":                              "line 5: a successRate of 101 % can never be reached",
		"version: 1\nphases:\n  - rest: true\n    gates:\n      - {}":                                            "line 5: the gate asks nothing",
		"version: 1\nphases:\n  - rest: true\n    gates:\n      - {driftFree: true, approval: x}":                "line 5: one gate asks for driftFree and approval",
		"version: 1\nstrategy: balanced\ngates:\n  - {driftFree: true, timeout: 1h}":                             "line 4: timeout is for a command or an approval",
		"version: 1\nstrategy: balanced\npreferences:\n  maxConcurrentPercentage: 0":                             "line 4: preferences: maxConcurrentPercentage 0 must be from 1 to 100",
		"version: 1\nstrategy: balanced\npreferences: {failureToleranceCount: 1, failureTolerancePercentage: 2}": "line 3: preferences: a tolerance is a count or a percentage",
	} {
		if _, err := rollout.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestAFileSaysWhatItMeans(t *testing.T) {
	f, err := rollout.Parse([]byte(`
version: 1
onFailure: rollback
gates: [{noNewFailures: true}]
phases:
  - name: pilot
    percentage: 10
    bake: 30m
    gates:
      - alarms: [Errors*]
      - {approval: "Looks well?", timeout: 2d}
  - rest: true
`))
	if err != nil {
		t.Fatal(err)
	}
	if f.Strategy != rollout.Phased || f.OnFailure != rollout.RollBackOnFailure || f.Phases[0].Line != 6 || f.Phases[0].Gates[1].Line != 11 || f.Phases[1].Name != "phase 2" {
		t.Errorf("%+v", f)
	}
}
