package cover

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/setmend/setmend/fleet"
)

const (
	frankfurt = fleet.Region("eu-central-1")
	ireland   = fleet.Region("eu-west-1")
)

// member is the nth account.
func member(n int) fleet.AccountID { return fleet.AccountID(fmt.Sprintf("2%011d", n)) }

func at(n int, region fleet.Region) fleet.Target {
	return fleet.Target{Account: member(n), Region: region}
}

// anyTargets draws targets among a few accounts and regions, in any order and
// with repetitions.
func anyTargets(accounts, regions int) *rapid.Generator[[]fleet.Target] {
	return rapid.Custom(func(t *rapid.T) []fleet.Target {
		n := rapid.IntRange(1, accounts).Draw(t, "accounts")
		m := rapid.IntRange(1, regions).Draw(t, "regions")
		return rapid.SliceOf(rapid.Custom(func(t *rapid.T) fleet.Target {
			return fleet.Target{
				Account: member(rapid.IntRange(1, n).Draw(t, "account")),
				Region:  fleet.Region(fmt.Sprintf("r-%d", rapid.IntRange(1, m).Draw(t, "region"))),
			}
		})).Draw(t, "targets")
	})
}

// once are the targets sorted, each once.
func once(targets []fleet.Target) []fleet.Target {
	return slices.Compact(fleet.SortTargets(slices.Clone(targets)))
}

func TestBlocksHoldsExactlyTheTargetsEachOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		targets := anyTargets(12, 70).Draw(t, "targets")
		var covered []fleet.Target
		for _, block := range Blocks(targets) {
			if block.Cells() == 0 {
				t.Fatal("an empty block")
			}
			covered = append(covered, block.Targets()...)
		}
		if diff := cmp.Diff(once(targets), fleet.SortTargets(covered)); len(covered) > 0 && diff != "" || len(covered) != len(once(targets)) {
			t.Fatalf("targets and covered differ:\n%s", diff)
		}
	})
}

func TestBlocksDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		targets := anyTargets(6, 6).Draw(t, "targets")
		shuffled := rapid.Permutation(targets).Draw(t, "shuffled")
		if diff := cmp.Diff(Blocks(targets), Blocks(shuffled)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestBlocksKeepsItsBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		targets := anyTargets(30, 8).Draw(t, "targets")
		rows, columns := map[fleet.AccountID]string{}, map[fleet.Region]string{}
		for _, target := range once(targets) {
			rows[target.Account] += string(target.Region) + " "
			columns[target.Region] += string(target.Account) + " "
		}
		if got, bound := len(Blocks(targets)), min(distinct(rows), distinct(columns)); got > bound {
			t.Fatalf("%d blocks, want at most %d", got, bound)
		}
	})
}

func distinct[K comparable](m map[K]string) int {
	values := map[string]bool{}
	for _, v := range m {
		values[v] = true
	}
	return len(values)
}

func TestBlocksIsOptimalOnSmallCases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		targets := anyTargets(4, 4).Draw(t, "targets")
		if got, best := len(Blocks(targets)), optimum(targets); got != best {
			t.Fatalf("%d blocks, the optimum is %d", got, best)
		}
	})
}

// optimum finds the least number of blocks by trying all partitions: each cell
// in turn joins a block that stays rectangular in the end, or begins a new one.
// It shares nothing with Cover: no merging, no bound but the best so far.
func optimum(targets []fleet.Target) int {
	cells := once(targets)
	best := len(cells)
	var blocks [][]fleet.Target
	var place func(i int)
	place = func(i int) {
		if len(blocks) >= best {
			return
		}
		if i == len(cells) {
			if allRectangles(blocks) {
				best = len(blocks)
			}
			return
		}
		for k := range blocks {
			blocks[k] = append(blocks[k], cells[i])
			if withinTargets(blocks[k], cells) {
				place(i + 1)
			}
			blocks[k] = blocks[k][:len(blocks[k])-1]
		}
		blocks = append(blocks, []fleet.Target{cells[i]})
		place(i + 1)
		blocks = blocks[:len(blocks)-1]
	}
	if len(cells) > 0 {
		place(0)
	}
	return best
}

// product is the cross product of the targets' accounts and regions.
func product(targets []fleet.Target) map[fleet.Target]bool {
	all := map[fleet.Target]bool{}
	for _, a := range targets {
		for _, b := range targets {
			all[fleet.Target{Account: a.Account, Region: b.Region}] = true
		}
	}
	return all
}

func withinTargets(block, cells []fleet.Target) bool {
	for target := range product(block) {
		if !slices.Contains(cells, target) {
			return false
		}
	}
	return true
}

func allRectangles(blocks [][]fleet.Target) bool {
	for _, block := range blocks {
		if len(product(block)) != len(block) {
			return false
		}
	}
	return true
}

func TestBlocksSearchEndsWithinItsStepsUpToItsSide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := matrix{width: searchSide}
		for i := range searchSide {
			row := newBits(searchSide)
			for j := range searchSide {
				if rapid.Bool().Draw(t, "cell") {
					row.set(j)
				}
			}
			m.rows, m.names = append(m.rows, row), append(m.names, i)
		}
		s := &searcher{bound: m.rank(), limit: searchSide + 1, steps: searchSteps}
		s.descend(m.clone(), nil)
		if s.steps < 0 {
			t.Fatal("the search ran out of steps")
		}
	})
}

func TestBlocksOfShapesThatOccur(t *testing.T) {
	grid := func(accounts []int, regions ...fleet.Region) []fleet.Target {
		var targets []fleet.Target
		for _, n := range accounts {
			for _, region := range regions {
				targets = append(targets, at(n, region))
			}
		}
		return targets
	}
	many := func() []fleet.Target { // 40 kinds of accounts over nine regions
		var targets []fleet.Target
		for n := 1; n <= 40; n++ {
			for r := range 9 {
				if n*7919>>r&1 == 1 {
					targets = append(targets, at(n, fleet.Region(fmt.Sprintf("r-%d", r))))
				}
			}
		}
		return targets
	}
	tests := []struct {
		promise string
		targets []fleet.Target
		want    int
	}{
		{"accounts of many kinds are a call a region", many(), 9},
		{"nothing needs no call", nil, 0},
		{"a full grid is one call", grid([]int{1, 2, 3, 4}, frankfurt, ireland), 1},
		{"a grid with one hole is two", grid([]int{1, 2, 3, 4}, frankfurt, ireland)[1:], 2},
		{"accounts with their own region each are a call a region", append(grid([]int{1, 3}, frankfurt), grid([]int{2, 4}, ireland)...), 2},
		{"two full grids apart are two", append(grid([]int{1, 2}, frankfurt, ireland), grid([]int{3, 4}, "us-east-1", "us-west-2")...), 2},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			if got := len(Blocks(test.targets)); got != test.want {
				t.Errorf("%d calls, want %d", got, test.want)
			}
		})
	}
}

func BenchmarkBlocks100k(b *testing.B) {
	var targets []fleet.Target
	for i := range 20_000 {
		for r := range 16 {
			if (i*7+r*13)%3 != 0 {
				targets = append(targets, at(i, fleet.Region(fmt.Sprintf("region-%02d", r))))
			}
		}
	}
	b.ReportMetric(float64(len(targets)), "targets")
	for b.Loop() {
		Blocks(targets)
	}
}
