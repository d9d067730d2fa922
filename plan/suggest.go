package plan

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

// didYouMean is a sentence that suggests what was probably meant, or fallback.
func didYouMean[S ~string](s S, candidates []S, fallback string) string {
	if best := closest(s, candidates); best != "" {
		return "Did you mean " + string(best) + "?"
	}
	return fallback
}

// editDistance counts the letters to insert, delete or replace to turn a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
