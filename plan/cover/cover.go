// Package cover finds the fewest StackSets calls that reach exactly a given set of
// targets. A call takes accounts × regions, the whole cross product.
package cover

import (
	"slices"

	"github.com/setmend/setmend/fleet"
)

// Block is accounts × regions.
type Block struct {
	Accounts []fleet.AccountID `json:"accounts"`
	Regions  []fleet.Region    `json:"regions"`
}

// Blocks splits targets into blocks, each of which is one StackSets call: all of
// its accounts in all of its regions. Together the blocks hold exactly the given
// targets, each of them once, and they are as few as could be found. The result
// depends on the set of targets only, not on their order or repetition.
//
// A target in two blocks would be operated on twice, so this is a partition of a
// bipartite graph into complete bipartite parts, which is NP-hard in general. The
// shapes that occur are kind, though: accounts fall into a few classes by the
// regions they need, and there are few regions. The algorithm:
//
//  1. Accounts with the same regions are one row, regions with the same accounts
//     one column: a partition of the small matrix is one of the large, and no
//     partition of the large one needs fewer blocks.
//  2. Parts of the matrix that share no row and no column are solved apart.
//  3. A part has three candidates: a block a row, a block a column, and largest
//     rectangles first. The rank of the matrix is a lower bound, since every
//     block has rank one: a candidate that meets it is optimal.
//  4. Where none meets it and the part is small, a search with the rank as its
//     bound looks for fewer, within a fixed number of steps.
//
// So the count is never above min(distinct rows, distinct columns), hence never
// above the number of regions. It is the optimum where that equals the rank, and
// where the search ends within its steps, as it does for every matrix seen of up
// to 8 × 8 after step 1.
func Blocks(targets []fleet.Target) []Block {
	grid := newGrid(targets)
	var blocks []Block
	for _, part := range grid.matrix.parts() {
		for _, r := range part.partition() {
			blocks = append(blocks, grid.block(r))
		}
	}
	slices.SortFunc(blocks, compareBlocks)
	return blocks
}

// grid is the targets as a matrix, and the accounts and regions that its rows
// and columns stand for.
type grid struct {
	matrix  matrix
	rows    [][]fleet.AccountID
	columns [][]fleet.Region
}

// newGrid merges equal rows, then equal columns.
func newGrid(targets []fleet.Target) grid {
	sorted := slices.Compact(fleet.SortTargets(slices.Clone(targets)))
	regions, number := numberRegions(sorted)
	rows, accounts := mergeRows(sorted, number, len(regions))
	columns, merged := mergeColumns(rows, regions)
	return grid{matrix: merged, rows: accounts, columns: columns}
}

func numberRegions(targets []fleet.Target) ([]fleet.Region, map[fleet.Region]int) {
	number := map[fleet.Region]int{}
	for _, t := range targets {
		number[t.Region] = 0
	}
	regions := fleet.SortedKeys(number)
	for i, region := range regions {
		number[region] = i
	}
	return regions, number
}

// mergeRows makes one row of all accounts that have the same regions. The
// targets are sorted, so that an account's stand together.
func mergeRows(targets []fleet.Target, number map[fleet.Region]int, width int) ([]bitset, [][]fleet.AccountID) {
	var rows []bitset
	var accounts [][]fleet.AccountID
	at := map[string]int{}
	for start := 0; start < len(targets); {
		row, account := newBits(width), targets[start].Account
		for ; start < len(targets) && targets[start].Account == account; start++ {
			row.set(number[targets[start].Region])
		}
		i, known := at[row.key()]
		if !known {
			i = len(rows)
			at[row.key()] = i
			rows, accounts = append(rows, row), append(accounts, nil)
		}
		accounts[i] = append(accounts[i], account)
	}
	return rows, accounts
}

// mergeColumns makes one column of all regions that have the same rows.
func mergeColumns(rows []bitset, regions []fleet.Region) ([][]fleet.Region, matrix) {
	var columns [][]fleet.Region
	merged := matrix{rows: make([]bitset, len(rows))}
	at := map[string]int{}
	for j, region := range regions {
		column := newBits(len(rows))
		for i, row := range rows {
			if row.has(j) {
				column.set(i)
			}
		}
		if k, known := at[column.key()]; known {
			columns[k] = append(columns[k], region)
			continue
		}
		at[column.key()] = len(columns)
		columns = append(columns, []fleet.Region{region})
	}
	for i := range rows {
		merged.rows[i] = newBits(len(columns))
		for k, group := range columns {
			if j, _ := slices.BinarySearch(regions, group[0]); rows[i].has(j) {
				merged.rows[i].set(k)
			}
		}
	}
	merged.width = len(columns)
	return columns, merged
}

// block is a rectangle in accounts and regions.
func (g grid) block(r rectangle) Block {
	var b Block
	for _, i := range r.rows {
		b.Accounts = append(b.Accounts, g.rows[i]...)
	}
	for _, j := range r.columns {
		b.Regions = append(b.Regions, g.columns[j]...)
	}
	slices.Sort(b.Accounts)
	slices.Sort(b.Regions)
	return b
}

func compareBlocks(a, b Block) int {
	if c := slices.Compare(a.Regions, b.Regions); c != 0 {
		return c
	}
	return slices.Compare(a.Accounts, b.Accounts)
}

// Targets is what the block covers, sorted.
func (b Block) Targets() []fleet.Target {
	return fleet.InstanceChange{Accounts: b.Accounts, Regions: b.Regions}.Targets()
}

// Cells is the number of targets the block covers.
func (b Block) Cells() int { return len(b.Accounts) * len(b.Regions) }
