package dashboard

import (
	"encoding/binary"
	"encoding/json"
	"strconv"
)

// column is a column of small numbers, written in whichever of three forms has the
// fewest of them: runs as {"r":[value,count,…]}, runs of the differences from number to
// number as {"d":[difference,count,…]}, or {"v":[value,…]}.
type column []int

// MarshalJSON picks the form with the fewest numbers.
func (c column) MarshalJSON() ([]byte, error) {
	runs, steps := 0, 0
	for i := range c {
		if i == 0 || c[i] != c[i-1] {
			runs++
		}
		if i < 2 || c[i]-c[i-1] != c[i-1]-c[i-2] {
			steps++
		}
	}
	form, before := byte('v'), 0
	switch most := len(c); {
	case 2*runs < most && runs <= steps:
		form = 'r'
	case 2*steps < most:
		form = 'd'
	}
	out := append(make([]byte, 0, 16+3*len(c)), '{', '"', form, '"', ':', '[')
	number := func(n int) {
		if out[len(out)-1] != '[' {
			out = append(out, ',')
		}
		out = strconv.AppendInt(out, int64(n), 10)
	}
	for i := 0; i < len(c); {
		if form == 'v' {
			number(c[i])
			i++
			continue
		}
		value, n := c.item(form, i, before), 0
		for ; i < len(c) && c.item(form, i, before) == value; i++ {
			before = c[i]
			n++
		}
		number(value)
		number(n)
	}
	return append(out, ']', '}'), nil
}

// item is what a run is made of: a number, or its difference from the one before.
func (c column) item(form byte, i, before int) int {
	if form == 'r' {
		return c[i]
	}
	return c[i] - before
}

// bytes is the column as a key: equal for equal columns only.
func (c column) bytes() []byte {
	out := make([]byte, 0, 2*len(c))
	for _, n := range c {
		out = binary.AppendVarint(out, int64(n))
	}
	return out
}

// dictionary gives every distinct value a number, in order of first use.
type dictionary[T comparable] struct {
	values []T
	index  map[T]int
	last   T // the value asked for last, which is often asked for again
	at     int
}

func newDictionary[T comparable](values ...T) *dictionary[T] {
	d := &dictionary[T]{index: map[T]int{}, values: []T{}, at: -1}
	for _, value := range values {
		d.of(value)
	}
	return d
}

func (d *dictionary[T]) of(value T) int {
	if d.at >= 0 && d.last == value {
		return d.at
	}
	i, ok := d.index[value]
	if !ok {
		i = len(d.values)
		d.values, d.index[value] = append(d.values, value), i
	}
	d.last, d.at = value, i
	return i
}

// MarshalJSON writes the values, in order.
func (d *dictionary[T]) MarshalJSON() ([]byte, error) { return json.Marshal(d.values) }
