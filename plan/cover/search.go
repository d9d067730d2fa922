package cover

import "slices"

// searchSide is the largest matrix, in rows and columns that are not empty, that
// the search takes on. searchSteps is how far it goes: more than ten times what
// any matrix of that size has been seen to need, and some 40 ms.
const (
	searchSide  = 8
	searchSteps = 20_000
)

func (m matrix) small() bool {
	columns := newBits(m.width)
	for _, row := range m.rows {
		for w := range columns {
			columns[w] |= row[w]
		}
	}
	return len(m.rows) <= searchSide && columns.count() <= searchSide
}

// modulus is a prime. The rank over any field is a lower bound for a partition
// into blocks, because the matrix is the sum of its blocks there too.
const modulus = 1_000_003

// rank is the matrix's rank modulo the prime.
func (m matrix) rank() int {
	rows := make([][]int64, len(m.rows))
	for i, row := range m.rows {
		rows[i] = make([]int64, m.width)
		for _, j := range row.members() {
			rows[i][j] = 1
		}
	}
	rank := 0
	for j := 0; j < m.width && rank < len(rows); j++ {
		pivot := slices.IndexFunc(rows[rank:], func(row []int64) bool { return row[j] != 0 })
		if pivot < 0 {
			continue
		}
		rows[rank], rows[rank+pivot] = rows[rank+pivot], rows[rank]
		eliminate(rows, rank, j)
		rank++
	}
	return rank
}

// eliminate clears column j below the pivot row.
func eliminate(rows [][]int64, pivot, j int) {
	inverse := power(rows[pivot][j], modulus-2) // Fermat
	for i := pivot + 1; i < len(rows); i++ {
		factor := rows[i][j] * inverse % modulus
		if factor == 0 {
			continue
		}
		for k := j; k < len(rows[i]); k++ {
			rows[i][k] = (rows[i][k] + (modulus-factor)*rows[pivot][k]) % modulus
		}
	}
}

func power(base, exponent int64) int64 {
	result := int64(1)
	for base %= modulus; exponent > 0; exponent >>= 1 {
		if exponent&1 == 1 {
			result = result * base % modulus
		}
		base = base * base % modulus
	}
	return result
}

// search looks for a partition into fewer than limit blocks, and is content with
// bound. It is nil if there is none, or the steps ran out before one was found.
func (m matrix) search(bound, limit int) []rectangle {
	if limit <= bound {
		return nil
	}
	s := &searcher{bound: bound, limit: limit, steps: searchSteps}
	s.descend(m.clone(), nil)
	return s.best
}

type searcher struct {
	bound, limit, steps int
	best                []rectangle
}

// descend covers the first uncovered cell in every possible way, wide blocks
// first, and goes on with what is left.
func (s *searcher) descend(left matrix, chosen []rectangle) {
	first := slices.IndexFunc(left.rows, func(row bitset) bool { return !row.empty() })
	if first < 0 {
		s.best, s.limit = slices.Clone(chosen), len(chosen)
		return
	}
	if len(chosen)+left.rank() >= s.limit {
		return
	}
	columns := left.rows[first].members()
	for choice := 1<<(len(columns)-1) - 1; choice >= 0; choice-- {
		taken := []int{columns[0]}
		for k, j := range columns[1:] {
			if choice>>k&1 == 1 {
				taken = append(taken, j)
			}
		}
		s.widen(left, chosen, first, taken)
	}
}

// widen tries the chosen columns with every choice of rows that have them all.
func (s *searcher) widen(left matrix, chosen []rectangle, first int, columns []int) {
	span := newBits(left.width)
	for _, j := range columns {
		span.set(j)
	}
	var others []int
	for i := first + 1; i < len(left.rows); i++ {
		if left.rows[i].contains(span) {
			others = append(others, i)
		}
	}
	for choice := 1<<len(others) - 1; choice >= 0; choice-- {
		if s.steps--; s.steps < 0 || s.limit <= s.bound {
			return
		}
		block := rectangle{[]int{first}, columns}
		for k, i := range others {
			if choice>>k&1 == 1 {
				block.rows = append(block.rows, i)
			}
		}
		rest := left.clone()
		rest.remove(block)
		s.descend(rest, append(slices.Clone(chosen), block))
	}
}
