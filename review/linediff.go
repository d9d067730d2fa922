package review

import (
	"fmt"
	"slices"
	"strings"
)

// diffContext is how many lines are shown around a change.
const diffContext = 2

// LineDiff returns how a text changes, line by line: what goes with a minus, what
// comes with a plus, and the lines around it. It is "" if nothing changes.
func LineDiff(before, after string) string {
	a, b := strings.Split(strings.TrimSuffix(before, "\n"), "\n"), strings.Split(strings.TrimSuffix(after, "\n"), "\n")
	if before == "" {
		a = nil
	}
	edits := lineEdits(a, b)
	var out strings.Builder
	shown := -1
	for i, e := range edits {
		if e.sign == ' ' {
			continue
		}
		for j := max(shown+1, i-diffContext); j <= min(i+diffContext, len(edits)-1); j++ {
			if j > shown+1 && shown >= 0 && j == max(shown+1, i-diffContext) {
				out.WriteString("  …\n")
			}
			fmt.Fprintf(&out, "%c %s\n", edits[j].sign, edits[j].text)
			shown = j
		}
	}
	return out.String()
}

type lineEdit struct {
	sign rune
	text string
}

// lineEdits finds the longest common subsequence between what the texts have in
// common at both ends; templates are at most 1 MB, their changes small.
func lineEdits(a, b []string) []lineEdit {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var edits []lineEdit
	for _, line := range a[:head] {
		edits = append(edits, lineEdit{' ', line})
	}
	edits = append(edits, middleEdits(a[head:len(a)-tail], b[head:len(b)-tail])...)
	for _, line := range a[len(a)-tail:] {
		edits = append(edits, lineEdit{' ', line})
	}
	return edits
}

// largestMiddle bounds the table of middleEdits; beyond it all lines are replaced.
const largestMiddle = 4_000_000

func middleEdits(a, b []string) []lineEdit {
	var edits []lineEdit
	if len(a)*len(b) > largestMiddle {
		for _, line := range a {
			edits = append(edits, lineEdit{'-', line})
		}
		for _, line := range b {
			edits = append(edits, lineEdit{'+', line})
		}
		return edits
	}
	length := make([][]int32, len(a)+1)
	for i := range length {
		length[i] = make([]int32, len(b)+1)
	}
	for i, x := range slices.Backward(a) {
		for j, y := range slices.Backward(b) {
			if x == y {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			edits = append(edits, lineEdit{' ', a[i]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && length[i+1][j] >= length[i][j+1]:
			edits = append(edits, lineEdit{'-', a[i]})
			i++
		default:
			edits = append(edits, lineEdit{'+', b[j]})
			j++
		}
	}
	return edits
}
