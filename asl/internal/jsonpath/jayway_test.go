package jsonpath_test

import (
	"testing"

	"github.com/setmend/setmend/asl/internal/jsonpath"
	"github.com/setmend/setmend/asl/internal/value"
)

// Step Functions hands paths to Jayway's JsonPath: the messages recorded on AWS
// are Jayway's. So where Jayway differs from what one would expect, it counts.

const list = `{
	"a": [0, 1, 2, 3],
	"items": [{"id": 1, "n": "5"}, {"id": 2, "n": 10}, {"id": 3, "n": true}, {"id": 4, "n": ["x1", 7]}, {"id": 5, "n": {"k": 1}}, {"id": 6}],
	"words": ["b", "a"], "text": "four", "empty": [], "a.b": "dotted", "null": null, "deep": {"items": [{"id": 7, "at": {"id": 8}}]},
	"foo@bar": {"baz[[": {".?pretty": "odd"}}
}`

// found evaluates path in list, "error" for a failure.
func found(t *testing.T, path string) string {
	t.Helper()
	p, err := jsonpath.Parse(path)
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return ""
	}
	v, err := p.Eval(scope{input: decode(t, list)})
	if err != nil {
		return "error"
	}
	return string(value.Encode(v))
}

func checkFound(t *testing.T, want map[string]string) {
	t.Helper()
	for path, want := range want {
		if got := found(t, path); got != want {
			t.Errorf("%s\n got %s\nwant %s", path, got, want)
		}
	}
}

// Jayway's ArraySliceToken: with both ends given, negative numbers are not
// counted from the end before the two are compared. Its ArraySliceOperation reads
// two numbers and leaves a third alone.
func TestSlicesAreThoseOfJayway(t *testing.T) {
	checkFound(t, map[string]string{
		`$.a[-2:]`:     `[2,3]`,
		`$.a[-9:]`:     `[0,1,2,3]`,
		`$.a[:-1]`:     `[0,1,2]`,
		`$.a[:-9]`:     `[]`,
		`$.a[:9]`:      `[0,1,2,3]`,
		`$.a[1:3]`:     `[1,2]`,
		`$.a[3:1]`:     `[]`,
		`$.a[1:-1]`:    `[]`,
		`$.a[-3:-1]`:   `[1,2]`,
		`$.a[-1:2]`:    `[3,0,1]`,
		`$.a[-9:-1]`:   `[0,1,2]`,
		`$.a[0:4:2]`:   `[0,1,2,3]`,
		`$.a[1::2]`:    `[1,2,3]`,
		`$.a[ 1 : 3 ]`: `[1,2]`,
		`$.text[1:]`:   `[]`,
		`$.null[1:]`:   `[]`,
	})
}

// Jayway's ScanPathToken looks at what passes the filter itself.
func TestADeepScanWithAFilterFindsEachObjectOnce(t *testing.T) {
	checkFound(t, map[string]string{
		`$..[?(@.id >= 7)].id`: `[7,8]`,
		`$..[?(@.id == 1)].n`:  `["5"]`,
		`$.deep..[?(@.at)].id`: `[7]`,
	})
}

// Jayway's ScanPathToken again: an array goes past a step that is not the last.
func TestADeepScanTakesAllItemsPastAnIndex(t *testing.T) {
	checkFound(t, map[string]string{
		`$.deep..[0]`:      `[{"id":7,"at":{"id":8}}]`,
		`$..[0].id`:        `[1,2,3,4,5,6,7]`,
		`$..[9:].id`:       `[1,2,3,4,5,6,7]`,
		`$..[*].id`:        `[1,2,3,4,5,6,7,8]`,
		`$..items[0].id`:   `[1,7]`,
		`$..items[-1:].id`: `[6,7]`,
	})
}

// Jayway's evaluators: a string and a number are ordered as text, a pattern is
// matched against numbers, booleans and any item of an array, === does not
// convert, and what is missing equals nothing.
func TestFiltersCompareAsJaywayDoes(t *testing.T) {
	checkFound(t, map[string]string{
		`$.items[?(@.n > 10)].id`:            `[1]`, // "5" > "10" as text
		`$.items[?(@.n == 5)].id`:            `[1]`,
		`$.items[?(@.n === 5)].id`:           `[]`,
		`$.items[?(@.n === '5')].id`:         `[1]`,
		`$.items[?(@.n !== 10)].id`:          `[1,3,4,5,6]`,
		`$.items[?(@.n =~ /\d+/)].id`:        `[1,2,4]`,
		`$.items[?(@.n =~ /TRUE/i)].id`:      `[3]`,
		`$.items[?(/x./ =~ @.n)].id`:         `[4]`,
		`$.items[?(@.n =~ /.*/u)].id`:        `[1,2,3,4,5,6]`,
		`$.items[?(@.n all ['x1'])].id`:      `[4]`,
		`$.items[?(@.n all ['x1', 'y'])].id`: `[]`,
		`$.items[?(@.n size 1)].id`:          `[1]`,
		`$.items[?(@.n empty false)].id`:     `[1,4,5]`,
		`$.items[?(@.x == @.y)].id`:          `[]`,
		`$.items[?(@.x != @.y)].id`:          `[1,2,3,4,5,6]`,
		`$.items[?(@.x == null)].id`:         `[]`,
		`$.items[?(@.n.length() == 2)].id`:   `[4]`,
	})
}

// Jayway's functions: length() of what has no items is null; a function after a
// deep scan gets the list, after any other indefinite path each value.
func TestFunctionsAtTheEndOfAPathAreThoseOfJayway(t *testing.T) {
	checkFound(t, map[string]string{
		`$.a.length()`:                            `4`,
		`$.a.size()`:                              `4`,
		`$.text.length()`:                         `null`,
		`$.text.keys()`:                           `null`,
		`$.items[0].length()`:                     `2`,
		`$.a.sum()`:                               `6.0`,
		`$.a.avg()`:                               `1.5`,
		`$.a.first()`:                             `0`,
		`$.words.last()`:                          `"a"`,
		`$.empty.first()`:                         `error`,
		`$.empty.sum()`:                           `error`,
		`$.absent.length()`:                       `error`,
		`$..id.sum()`:                             `36.0`,
		`$..absent.length()`:                      `0`,
		`$.items[*].length()`:                     `[2,2,2,2,2,1]`,
		`$.items[*].id.max()`:                     `error`,
		`$.absent[*].length()`:                    `[]`,
		`$.sum($.a, $.items[0].id, 4.5)`:          `11.5`,
		`$.a.max($..id)`:                          `8.0`,
		`$.concat($.text, "-", $.words, 1)`:       `"four-ba1"`,
		`$.words.concat("c")`:                     `"bac"`,
		`$.length($.items)`:                       `6`,
		`$.a.index(-1)`:                           `3`,
		`$.a.index(4)`:                            `error`,
		`$.words.append("c", $.a)`:                `["b","a","c",[0,1,2,3]]`,
		`$.sum($.absent)`:                         `error`,
		`$.items[?(@.id == $.length($.words))].n`: `[10]`,
	})
}

// The specification's examples of reference paths have a backslash before
// characters that have, or have not, a meaning.
func TestABackslashInANameTakesAwayAMeaning(t *testing.T) {
	checkFound(t, map[string]string{
		`$.a\.b`:                        `"dotted"`,
		`$.\a\.\b`:                      `"dotted"`,
		`$.foo\@bar.baz\[\[.\.\?pretty`: `"odd"`,
		`$.te\xt`:                       `"four"`,
	})
}
