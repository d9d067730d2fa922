package jsonata

import (
	"math"
	"strconv"
	"strings"

	"github.com/setmend/setmend/asl/internal/value"
)

// finite is f. What is beyond the numbers is left to the engine.
func finite(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		give()
	}
	return f
}

// remainder is JavaScript's %, of which math.Mod is the same.
func remainder(a, b float64) float64 { return math.Mod(a, b) }

// formatNumber writes a number as JavaScript does.
func formatNumber(f float64) string {
	abs := math.Abs(f)
	switch {
	case f == 0:
		return "0"
	case abs >= 1e-6 && abs < 1e21:
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	s := strconv.FormatFloat(f, 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(s, "e")
	sign := exponent[:1]
	return mantissa + "e" + sign + strings.TrimLeft(exponent[1:], "0")
}

// canonical is a number of the input as JavaScript writes it.
func canonical(n value.Number) any {
	if isShortInteger(string(n)) {
		return n
	}
	return exportNumber(n.Float64())
}

// isShortInteger reports whether s is an integer that a float64 holds exactly,
// written as JavaScript writes it.
func isShortInteger(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if len(digits) == 0 || len(digits) > 15 || s == "-0" {
		return false
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	return true
}

// precise is a number with 15 digits, as $string has it.
func precise(f float64) float64 {
	if math.Abs(f) < 1e15 && f == math.Trunc(f) {
		return f
	}
	short, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'e', 14, 64), 64)
	return short
}
