package jsonpath_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/setmend/setmend/asl/internal/jsonpath"
	"github.com/setmend/setmend/asl/internal/value"
)

type scope struct{ input, context, variable any }

func (s scope) Input() any   { return s.input }
func (s scope) Context() any { return s.context }
func (s scope) Variable(name string) (any, bool) {
	return s.variable, name == "v"
}

func decode(t *testing.T, text string) any {
	t.Helper()
	v, err := value.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

const shop = `{
	"shop": {
		"books": [
			{"id": 1, "title": "A", "price": 8.95, "tags": ["x", "y"], "in": true},
			{"id": 2, "title": "B", "price": 12.99, "isbn": "0-1"},
			{"id": 3, "title": "C", "price": 8.99, "isbn": "0-2", "tags": []}
		],
		"bike": {"price": 19.95, "colour": "red"}
	},
	"limit": 10, "a b": 1, "it's": 2, "nothing": null, "name": "B", "k-e:y": 3
}`

func TestPathsFindWhatTheyName(t *testing.T) {
	s := scope{input: decode(t, shop), context: decode(t, `{"Execution": {"Name": "e"}}`), variable: decode(t, `{"x": [10, 20]}`)}
	for path, want := range map[string]string{
		`$.limit`:                                        `10`,
		`$['limit']`:                                     `10`,
		`$["limit"]`:                                     `10`,
		`$.['limit']`:                                    `10`,
		`$['a b']`:                                       `1`,
		`$['it\'s']`:                                     `2`,
		`$.k-e:y`:                                        `3`,
		`$.nothing`:                                      `null`,
		`$$.Execution.Name`:                              `"e"`,
		`$v.x[1]`:                                        `20`,
		`$v`:                                             `{"x":[10,20]}`,
		`$.shop.books[0].title`:                          `"A"`,
		`$.shop.books[-1].title`:                         `"C"`,
		`$.shop.books[*].id`:                             `[1,2,3]`,
		`$.shop.books[0,2].id`:                           `[1,3]`,
		`$.shop.books[1:].id`:                            `[2,3]`,
		`$.shop.books[:2].id`:                            `[1,2]`,
		`$.shop.books[-2:].id`:                           `[2,3]`,
		`$.shop.books[1:2].id`:                           `[2]`,
		`$.shop.books[5:].id`:                            `[]`,
		`$.shop.books[ 0 ].id`:                           `1`,
		`$.shop.*`:                                       `[[{"id":1,"title":"A","price":8.95,"tags":["x","y"],"in":true},{"id":2,"title":"B","price":12.99,"isbn":"0-1"},{"id":3,"title":"C","price":8.99,"isbn":"0-2","tags":[]}],{"price":19.95,"colour":"red"}]`,
		`$..price`:                                       `[8.95,12.99,8.99,19.95]`,
		`$.shop..id`:                                     `[1,2,3]`,
		`$..books[0].id`:                                 `[1]`,
		`$.shop.bike['colour','price']`:                  `{"colour":"red","price":19.95}`,
		`$.shop.bike['colour','nothing']`:                `{"colour":"red"}`,
		`$.shop['books','bike'].price`:                   `[19.95]`,
		`$.shop.books[?(@.price < 9)].id`:                `[1,3]`,
		`$.shop.books[?(@.price < $.limit)].id`:          `[1,3]`,
		`$.shop.books[?(@.isbn)].id`:                     `[2,3]`,
		`$.shop.books[?(!@.isbn)].id`:                    `[1]`,
		`$.shop.books[?(@.title == 'B')].id`:             `[2]`,
		`$.shop.books[?(@.title == "B")].id`:             `[2]`,
		`$.shop.books[?(@.title == $.name)].id`:          `[2]`,
		`$.shop.books[?(@['title'] != 'B')].id`:          `[1,3]`,
		`$.shop.books[?(@.id >= 2 && @.price < 9)].id`:   `[3]`,
		`$.shop.books[?(@.id == 1 || @.id == 3)].id`:     `[1,3]`,
		`$.shop.books[?((@.id==1||@.id==2)&&@.isbn)].id`: `[2]`,
		`$.shop.books[?(@.title =~ /[a-b]/i)].id`:        `[1,2]`,
		`$.shop.books[?(@.title in ['A','C'])].id`:       `[1,3]`,
		`$.shop.books[?(@.title nin ['A','C'])].id`:      `[2]`,
		`$.shop.books[?(@.tags contains 'x')].id`:        `[1]`,
		`$.shop.books[?(@.tags empty true)].id`:          `[3]`,
		`$.shop.books[?(@.tags size 2)].id`:              `[1]`,
		`$.shop.books[?(@.tags subsetof ['x','y'])].id`:  `[1,3]`,
		`$.shop.books[?(@.tags anyof ['y'])].id`:         `[1]`,
		`$.shop.books[?(@.in == true)].id`:               `[1]`,
		`$.shop.books[?(@.id == '2')].id`:                `[2]`,
		`$.shop.books[?(@.nothing == null)].id`:          `[]`,
		`$.shop.books.length()`:                          `3`,
		`$.shop.bike.keys()`:                             `["price","colour"]`,
		`$.absent[*]`:                                    `[]`,
		`$.absent.deeper[1:]`:                            `[]`,
		`$.limit[*]`:                                     `[]`,
		`$..absent`:                                      `[]`,
		`$.shop.bike[?(@.price > 1)].colour`:             `["red"]`,
		`$`:                                              "",
	} {
		p, err := jsonpath.Parse(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		got, err := p.Eval(s)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if want == "" {
			want = string(value.Encode(s.input))
		}
		if text := string(value.Encode(got)); text != want {
			t.Errorf("%s\n got %s\nwant %s", path, text, want)
		}
	}
}

func TestADefinitePathThatFindsNothingFails(t *testing.T) {
	s := scope{input: decode(t, shop)}
	for path, want := range map[string]string{
		`$.absent`:              `No results for path: $['absent']`,
		`$.absent.deeper`:       `Missing property in path $['absent']`,
		`$.shop.books[3]`:       `Index out of bounds when evaluating path $['shop']['books'][3]`,
		`$.shop.books[-4]`:      `Index out of bounds when evaluating path $['shop']['books'][-4]`,
		`$.limit.x`:             `Expected to find an object with property ['x'] in path $['limit'] but found 'number'`,
		`$.shop.bike[0]`:        `Filter: [0] can only be applied to arrays. Current context is: {"price":19.95,"colour":"red"}`,
		`$unknown.x`:            `The variable '$unknown' is not defined`,
		`$.shop.books['a','b']`: `Expected to find an object with property ['a','b'] in path $['shop']['books'] but found 'array'`,
	} {
		p, err := jsonpath.Parse(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Eval(s)
		var missing *jsonpath.NotFoundError
		if !errors.As(err, &missing) || missing.Detail != want {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}

func TestTextThatIsNoPathIsRefused(t *testing.T) {
	for _, path := range []string{
		``, `a`, `.a`, `$.`, `$..`, `$[`, `$[]`, `$['a`, `$['a'`, `$[a]`, `$.a b`, `$.a[0`, `$.a[0]]`, `$.a[:]`, `$.a[::2]`, `$.a[1:2:3:4]`, `$.a[0,]`,
		`$.a[?]`, `$.a[?()]`, `$.a[?(@.b ==)]`, `$.a[?(@.b == 'c]`, `$.a[?(@.b =~ /(/)]`, `$.a[?(/x/)]`, `$.a[?(/x/ == @.b)]`, `$.a[?(/x/ =~ )]`, `$.a[?(@.b`, `$.a[?(5)]`, `$.a.nofunction()`, `$.a.sum(`, `$.a.sum($.b`, `$.a.sum($.b $.c)`, `$.a.sum(,)`, `$.a.sum(@.b)`, `$.a.sum(` + strings.Repeat("$.a.sum(", 100),
		`$.a.length().b`, `$.a[99999999999999999999]`, `$.a[?(` + strings.Repeat("(", 100) + `@.b`, "$." + strings.Repeat("a", 20_000),
		`$.a[?(` + strings.Repeat("@[?(", 100), `@.a`,
		`$.a[?(@ == 'x')]`, `$.a[?(@)]`, `$.a[?(@.b > @)]`, `$.a[?(@.b == x y)]`, `$.a[?(@.b == 1x)]`,
	} {
		if p, err := jsonpath.Parse(path); err == nil {
			t.Errorf("%q is read as %s", path, p)
		}
	}
}

func TestReferencePathsAreThoseThatCanBeWrittenTo(t *testing.T) {
	for path, want := range map[string]bool{
		`$`: true, `$.a`: true, `$.a['b c'][0]`: true, `$v.a`: true, `$$.a`: true,
		`$.a[*]`: false, `$.a[1:]`: false, `$..a`: false, `$.a[?(@.b)]`: false, `$.a[0,1]`: false, `$['a','b']`: false, `$.a.length()`: false,
	} {
		p, err := jsonpath.Parse(path)
		if err != nil {
			t.Fatal(err)
		}
		if p.Reference() != want {
			t.Errorf("%s: got %v", path, p.Reference())
		}
	}
}

func TestPuttingAValueMakesTheObjectsOnTheWay(t *testing.T) {
	for _, c := range []struct{ path, root, want string }{
		{`$`, `{"a":1}`, `"new"`},
		{`$.b`, `{"a":1}`, `{"a":1,"b":"new"}`},
		{`$.a`, `{"a":1,"b":2}`, `{"a":"new","b":2}`},
		{`$.x.y.z`, `{"a":1}`, `{"a":1,"x":{"y":{"z":"new"}}}`},
		{`$.a[1].b`, `{"a":[0,{"c":1}]}`, `{"a":[0,{"c":1,"b":"new"}]}`},
	} {
		p, err := jsonpath.Parse(c.path)
		if err != nil {
			t.Fatal(err)
		}
		root := decode(t, c.root)
		before := string(value.Encode(root))
		got, err := p.Put(root, "new")
		if err != nil || string(value.Encode(got)) != c.want {
			t.Errorf("%s into %s: got %s, %v", c.path, c.root, value.Encode(got), err)
		}
		if after := string(value.Encode(root)); after != before {
			t.Errorf("%s into %s changed the original: %s", c.path, c.root, after)
		}
	}
}

func TestPuttingWhereThereIsNoPlaceFails(t *testing.T) {
	for path, root := range map[string]string{`$.a`: `[1]`, `$.a.b`: `{"a":1}`, `$.a[2]`: `{"a":[1]}`, `$.a[0].b`: `{"a":[1]}`} {
		p, err := jsonpath.Parse(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.Put(decode(t, root), "new"); err == nil || !strings.HasPrefix(err.Error(), "Unable to apply ReferencePath "+path+" to input ") {
			t.Errorf("%s into %s: got %v, %v", path, root, got, err)
		}
	}
}

// FuzzPath: whatever is a path can be evaluated, and means the same when it is
// read again.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{
		`$.a[?(@.b == 'c' && @.d in [1, 2])].e`, `$..*`, `$['a','b'][1:2]`, `$v.a[-1]`, `$$.x`, `$.a[?(@.b =~ /x/i)]`, `$.a.length()`,
		`$.shop.books[?(@.price < $.limit)].id`, `$..books[?(@.tags size 2)]`, `$.a[?(!(@.b || $..c))]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := jsonpath.Parse(text)
		if err != nil {
			return
		}
		s := scope{input: decode(t, shop), context: decode(t, `{"a": [1]}`), variable: decode(t, `[[1], {"a": 2}]`)}
		got, err := p.Eval(s)
		again, parseErr := jsonpath.Parse(p.String())
		if parseErr != nil {
			t.Fatalf("%q is not a path, %q is: %v", p.String(), text, parseErr)
		}
		same, sameErr := again.Eval(s)
		if (err == nil) != (sameErr == nil) || !value.Equal(got, same) {
			t.Fatalf("%q gives %v, %v and then %v, %v", text, got, err, same, sameErr)
		}
		if p.Reference() {
			_, _ = p.Put(s.input, "new")
		}
	})
}
