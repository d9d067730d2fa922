package plan

import (
	"fmt"
	"testing"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// hundredThousand is a fleet of 100,000 cells in 40 stack sets, 4 % of them
// drifted, 1 % failed, 1 % missing, in chains of dependencies five deep.
func hundredThousand() *fleet.Fleet {
	const accounts, sets = 834, 40
	f := newFleet(accounts)
	regions := []fleet.Region{frankfurt, ireland, "us-east-1"}
	for s := range sets {
		tags := []string{"mandatory=true", "selfhealing=true", "region=eu-central-1:eu-west-1:us-east-1"}
		if s%5 > 0 {
			tags = append(tags, fmt.Sprintf("dependson=set-%03d", s-1))
		}
		inventory := addSet(f, fleet.StackSetName(fmt.Sprintf("set-%03d", s)), tags...)
		inventory.StackSet.Exports, inventory.StackSet.Imports = s%5 < 4, s%5 > 0
		for i := 1; i <= accounts; i++ {
			for r, region := range regions {
				switch n := (s*7919 + i*31 + r*17) % 100; {
				case n < 4:
					deployed(inventory, at(i, region), drifted)
				case n == 4:
					deployed(inventory, at(i, region), failedFor("ResourceLogicalId:Bucket, ResourceStatusReason:Internal failure."))
				case n > 5:
					deployed(inventory, at(i, region))
				}
			}
		}
	}
	return f
}

func BenchmarkAssess100k(b *testing.B) {
	f := hundredThousand()
	for b.Loop() {
		Assess(f, policy.Default(), Memory{}, noon)
	}
}

func BenchmarkPlan100k(b *testing.B) {
	f := hundredThousand()
	a := Assess(f, policy.Default(), Memory{}, noon)
	b.ReportMetric(float64(len(a.Cells)), "cells")
	for b.Loop() {
		a.Plan(Options{})
	}
}
