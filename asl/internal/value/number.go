package value

import (
	"cmp"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// A Number is a JSON number with the digits it was written with, so that no
// digit is lost on the way through an execution.
type Number string

// Int makes a Number of n.
func Int(n int64) Number { return Number(strconv.FormatInt(n, 10)) }

// Float makes a Number of f, which must be finite. A whole number keeps its
// ".0", as a Java double does.
func Float(f float64) Number {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return Number(s)
}

// Int64 is n as an integer. It reports false for a number written with a
// fraction or an exponent, and for one that does not fit.
func (n Number) Int64() (int64, bool) {
	i, err := strconv.ParseInt(string(n), 10, 64)
	return i, err == nil
}

// Float64 is the nearest float64; a number out of range is ±Inf.
func (n Number) Float64() float64 {
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil && !math.IsInf(f, 0) {
		return math.NaN()
	}
	return f
}

// Whole tells whether n was written as an integer.
func (n Number) Whole() bool { return !strings.ContainsAny(string(n), ".eE") }

// Compare orders two numbers by value: integers of any size exactly, all
// others as float64, which is what a JSON number is to AWS.
func (n Number) Compare(m Number) int {
	if n == m {
		return 0
	}
	a, aFits := n.Int64()
	b, bFits := m.Int64()
	if aFits && bFits {
		return cmp.Compare(a, b)
	}
	if n.Whole() && m.Whole() {
		return compareBig(n, m)
	}
	return cmp.Compare(n.Float64(), m.Float64())
}

func compareBig(n, m Number) int {
	a, aOK := new(big.Int).SetString(string(n), 10)
	b, bOK := new(big.Int).SetString(string(m), 10)
	if !aOK || !bOK {
		return cmp.Compare(n.Float64(), m.Float64())
	}
	return a.Cmp(b)
}
