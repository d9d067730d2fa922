// Package bench measures the whole: what a heal of the demonstration's fleet
// costs in virtual time, operations and API calls, beside what the obvious way
// of doing the same would cost. `make bench` prints the table and writes it to
// bench/latest.json, one object a row: name, value, unit, reference, ratio.
package bench
