package dashboard

import "encoding/json"

// column is a column of small numbers. Cells are sorted by stack set, account
// and region, so most columns are a few long runs, and are written as
// {"r":[value,count,…]}; the others as {"v":[value,…]}.
type column []int

// MarshalJSON picks whichever form has fewer numbers.
func (c column) MarshalJSON() ([]byte, error) {
	runs := c.runs()
	if len(runs) < len(c) {
		return json.Marshal(map[string][]int{"r": runs})
	}
	return json.Marshal(map[string][]int{"v": append([]int{}, c...)})
}

func (c column) runs() []int {
	runs := []int{}
	for i, value := range c {
		if i > 0 && c[i-1] == value {
			runs[len(runs)-1]++
			continue
		}
		runs = append(runs, value, 1)
	}
	return runs
}

// dictionary gives every distinct value a number, in order of first use.
type dictionary[T comparable] struct {
	values []T
	index  map[T]int
}

func newDictionary[T comparable](values ...T) *dictionary[T] {
	d := &dictionary[T]{index: map[T]int{}, values: []T{}}
	for _, value := range values {
		d.of(value)
	}
	return d
}

func (d *dictionary[T]) of(value T) int {
	if i, ok := d.index[value]; ok {
		return i
	}
	i := len(d.values)
	d.values, d.index[value] = append(d.values, value), i
	return i
}

// MarshalJSON writes the values, in order.
func (d *dictionary[T]) MarshalJSON() ([]byte, error) { return json.Marshal(d.values) }
