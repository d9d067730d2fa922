package stacksets

import "math/bits"

// bitset is a set of small numbers, kept as words from the first that holds a
// member to the last, so that a set of one costs one word whatever its number.
type bitset struct {
	base  int // number of the first word
	words []uint64
	count int
}

func (b *bitset) has(n int) bool {
	w := n>>6 - b.base
	return w >= 0 && w < len(b.words) && b.words[w]>>(n&63)&1 == 1
}

func (b *bitset) add(n int) {
	if b.has(n) {
		return
	}
	word := b.reach(n >> 6)
	b.words[word] |= 1 << (n & 63)
	b.count++
}

// reach makes the set span a word and returns its index.
func (b *bitset) reach(word int) int {
	switch {
	case len(b.words) == 0:
		b.base, b.words = word, append(b.words, 0)
	case word < b.base:
		b.words = append(make([]uint64, b.base-word), b.words...)
		b.base = word
	}
	for len(b.words) <= word-b.base {
		b.words = append(b.words, 0)
	}
	return word - b.base
}

func (b *bitset) remove(n int) {
	if !b.has(n) {
		return
	}
	b.words[n>>6-b.base] &^= 1 << (n & 63)
	if b.count--; b.count == 0 {
		b.words = nil
	}
}

// word is the members from 64w to 64w+63.
func (b *bitset) word(w int) uint64 {
	if w < b.base || w >= b.base+len(b.words) {
		return 0
	}
	return b.words[w-b.base]
}

// next is the smallest number from the given one on that all sets hold, -1 if
// there is none.
func next(from int, sets ...*bitset) int {
	first, last := from>>6, int(^uint(0)>>1)
	for _, s := range sets {
		first = max(first, s.base)
		last = min(last, s.base+len(s.words))
	}
	for w := first; w < last; w++ {
		v := ^uint64(0)
		if w == from>>6 {
			v <<= from & 63
		}
		for _, s := range sets {
			v &= s.word(w)
		}
		if v != 0 {
			return w<<6 + bits.TrailingZeros64(v)
		}
	}
	return -1
}
