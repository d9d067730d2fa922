package cover

import (
	"math/bits"
	"slices"
)

// bitset is a set of small numbers.
type bitset []uint64

func newBits(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) set(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bitset) has(i int) bool { return b[i/64]>>(i%64)&1 == 1 }

func (b bitset) empty() bool { return b.count() == 0 }

func (b bitset) count() int {
	n := 0
	for _, word := range b {
		n += bits.OnesCount64(word)
	}
	return n
}

// contains reports whether every member of c is in b.
func (b bitset) contains(c bitset) bool {
	for i := range b {
		if c[i]&^b[i] != 0 {
			return false
		}
	}
	return true
}

func (b bitset) and(c bitset) bitset {
	out := slices.Clone(b)
	for i := range out {
		out[i] &= c[i]
	}
	return out
}

// without removes c's members from b, in place.
func (b bitset) without(c bitset) {
	for i := range b {
		b[i] &^= c[i]
	}
}

// members lists the set in order.
func (b bitset) members() []int {
	var list []int
	for i, word := range b {
		for ; word != 0; word &= word - 1 {
			list = append(list, i*64+bits.TrailingZeros64(word))
		}
	}
	return list
}

// key is the set as a map key.
func (b bitset) key() string {
	key := make([]byte, 0, 8*len(b))
	for _, word := range b {
		for shift := 0; shift < 64; shift += 8 {
			key = append(key, byte(word>>shift))
		}
	}
	return string(key)
}

// matrix is a matrix of zeros and ones, by rows. names are the rows' numbers in
// the matrix that it is a part of; columns keep their numbers.
type matrix struct {
	rows  []bitset
	names []int
	width int
}

// rectangle is rows × columns.
type rectangle struct{ rows, columns []int }

// parts splits the matrix into parts that share no row and no column.
func (m matrix) parts() []matrix {
	var parts []matrix
	done := make([]bool, len(m.rows))
	for i := range m.rows {
		if done[i] {
			continue
		}
		part, reach := matrix{width: m.width}, slices.Clone(m.rows[i])
		for grown := true; grown; {
			grown = false
			for k, row := range m.rows {
				if done[k] || row.and(reach).empty() {
					continue
				}
				done[k], grown = true, true
				part.rows, part.names = append(part.rows, row), append(part.names, k)
				for w := range reach {
					reach[w] |= row[w]
				}
			}
		}
		parts = append(parts, part)
	}
	return parts
}

// partition is the best partition found of a part, with the rows' numbers in
// the whole.
func (m matrix) partition() []rectangle {
	best := m.byRows()
	for _, candidate := range [][]rectangle{m.byColumns(), m.greedy()} {
		if len(candidate) < len(best) {
			best = candidate
		}
	}
	if m.small() {
		if found := m.search(m.rank(), len(best)); found != nil {
			best = found
		}
	}
	for _, r := range best {
		for k, i := range r.rows {
			r.rows[k] = m.names[i]
		}
	}
	return best
}

func (m matrix) byRows() []rectangle {
	var blocks []rectangle
	for i, row := range m.rows {
		blocks = append(blocks, rectangle{[]int{i}, row.members()})
	}
	return blocks
}

func (m matrix) byColumns() []rectangle {
	var blocks []rectangle
	for j := range m.width {
		var rows []int
		for i, row := range m.rows {
			if row.has(j) {
				rows = append(rows, i)
			}
		}
		if rows != nil {
			blocks = append(blocks, rectangle{rows, []int{j}})
		}
	}
	return blocks
}

// greedy takes the largest rectangle that some row's remaining columns, or the
// columns that two rows share, span; and again until nothing remains.
func (m matrix) greedy() []rectangle {
	if len(m.rows) > greedyRows {
		return m.byRows()
	}
	left := m.clone()
	var blocks []rectangle
	for {
		best := left.largest()
		if best.rows == nil {
			return blocks
		}
		left.remove(best)
		blocks = append(blocks, best)
	}
}

// greedyRows bounds the greedy candidate, whose cost grows with the fourth power
// of the rows.
const greedyRows = 48

func (m matrix) largest() rectangle {
	var best rectangle
	size := 0
	for i := range m.rows {
		for k := i; k < len(m.rows); k++ {
			columns := m.rows[i].and(m.rows[k])
			width := columns.count()
			if width == 0 {
				continue
			}
			var rows []int
			for n, row := range m.rows {
				if row.contains(columns) {
					rows = append(rows, n)
				}
			}
			if width*len(rows) > size {
				best, size = rectangle{rows, columns.members()}, width*len(rows)
			}
		}
	}
	return best
}

func (m matrix) clone() matrix {
	c := matrix{rows: make([]bitset, len(m.rows)), names: m.names, width: m.width}
	for i, row := range m.rows {
		c.rows[i] = slices.Clone(row)
	}
	return c
}

// remove takes a rectangle's cells out of the matrix.
func (m matrix) remove(r rectangle) {
	columns := newBits(m.width)
	for _, j := range r.columns {
		columns.set(j)
	}
	for _, i := range r.rows {
		m.rows[i].without(columns)
	}
}
