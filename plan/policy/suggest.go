package policy

import "strings"

// closest is the candidate that s was probably meant to be, "" if none is near:
// at most a third of the longer word's letters may differ.
func closest[S ~string](s S, candidates []S) S {
	best, distance := S(""), 1<<30
	for _, candidate := range candidates {
		d := editDistance(strings.ToLower(string(s)), strings.ToLower(string(candidate)))
		if d < distance && d*3 <= max(len(s), len(candidate)) {
			best, distance = candidate, d
		}
	}
	return best
}

// DidYouMean is a sentence that suggests what was probably meant, or fallback.
func DidYouMean[S ~string](s S, candidates []S, fallback string) string {
	if best := closest(s, candidates); best != "" {
		return "Did you mean " + string(best) + "?"
	}
	return fallback
}

// editDistance counts the letters to insert, delete, replace or swap with their
// neighbours to turn a into b.
func editDistance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replace := d[i-1][j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			d[i][j] = min(replace, d[i-1][j]+1, d[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
