package reads

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf16"

	"github.com/setmend/setmend/awssim/internal/catalogue"
)

// policyOrder is the order in which services write a policy's members.
var policyOrder = []string{"Version", "Id", "Statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}

// policyText writes a policy as compact JSON text, with a Version and its members
// in the usual order. (Facts 31 and 32.)
func policyText(v any) any {
	document, ok := asObject(v).(map[string]any)
	if !ok {
		return v
	}
	if document["Version"] == nil {
		document = maps.Clone(document)
		document["Version"] = "2012-10-17"
	}
	var b strings.Builder
	writeOrdered(&b, document, byRank)
	return b.String()
}

// memberOrder compares two names of an object that has so many members.
type memberOrder func(x, y string, members int) int

// writeOrdered writes a value as compact JSON text. Members that the order holds equal
// are sorted by name.
func writeOrdered(b *strings.Builder, v any, order memberOrder) {
	switch v := v.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		slices.SortStableFunc(keys, func(x, y string) int { return order(x, y, len(keys)) })
		b.WriteByte('{')
		for i, k := range keys {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(compact(k) + ":")
			writeOrdered(b, v[k], order)
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, one := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			writeOrdered(b, one, order)
		}
		b.WriteByte(']')
	default:
		b.WriteString(compact(v))
	}
}

// byRank is the order of a policy's members.
func byRank(x, y string, _ int) int { return rank(x) - rank(y) }

func rank(key string) int {
	if i := slices.Index(policyOrder, key); i >= 0 {
		return i
	}
	return len(policyOrder)
}

// compact is a value as JSON, without HTML's escapes.
func compact(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return "null" // values come from JSON and are writable
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// pretty writes JSON text as Java's Jackson prints it, members in their order.
// (Fact 34.)
func pretty(v any) any {
	text, ok := v.(string)
	if !ok || !json.Valid([]byte(text)) {
		return v
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var b strings.Builder
	writePretty(&b, d, "")
	return b.String()
}

// writePretty writes the next value of a decoder of valid JSON.
func writePretty(b *strings.Builder, d *json.Decoder, indent string) {
	t, err := d.Token()
	if err != nil {
		return
	}
	switch t {
	case json.Delim('['):
		b.WriteString("[ ")
		for i := 0; d.More(); i++ {
			if i > 0 {
				b.WriteString(", ")
			}
			writePretty(b, d, indent)
		}
		_, _ = d.Token()
		b.WriteString(" ]")
	case json.Delim('{'):
		b.WriteString("{")
		deeper := indent + "  "
		for i := 0; d.More(); i++ {
			if i > 0 {
				b.WriteByte(',')
			}
			key, _ := d.Token()
			b.WriteString("\n" + deeper + compact(key) + " : ")
			writePretty(b, d, deeper)
		}
		_, _ = d.Token()
		b.WriteString("\n" + indent + "}")
	default:
		b.WriteString(compact(t))
	}
}

// printed writes an object as the JSON text that CloudFormation hands a service: the
// members in the order of Java's HashMap, several lines as Jackson prints them.
// (Recorded: three sets of members, in no order but this.)
func printed(v any) string {
	var ordered strings.Builder
	writeOrdered(&ordered, v, byBucket)
	text, _ := pretty(ordered.String()).(string)
	return text
}

// byBucket is the order in which a HashMap of so many members yields them.
func byBucket(x, y string, members int) int {
	buckets := 16
	for members*4 > buckets*3 { // a HashMap is three quarters full at most
		buckets *= 2
	}
	return bucket(x, buckets) - bucket(y, buckets)
}

// bucket is where a HashMap of so many buckets keeps a text.
func bucket(s string, buckets int) int {
	var hash uint32
	for _, unit := range utf16.Encode([]rune(s)) {
		hash = 31*hash + uint32(unit)
	}
	return int((hash ^ hash>>16) & uint32(buckets-1))
}

// simple are the schema's transforms that only change letter case.
var simple = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\$(lowercase|uppercase)\([\w.]+\)$`) })

// transformed applies the letter case of the schema's own transforms, by which
// AWS's drift detection compares: $lowercase(Engine).
func (w *walk) transformed(t *catalogue.Type, out map[string]any) map[string]any {
	for place, expression := range t.Transforms {
		m := simple().FindStringSubmatch(expression)
		if m == nil {
			continue
		}
		rule := &Rule{Kind: strings.TrimSuffix(m[1], "case")}
		for part := range strings.SplitSeq(place, "/") {
			rule.Path = append(rule.Path, pattern{glob: part})
		}
		w.rule = rule
		if changed, _ := w.change(out, t.Schema, rule.Path); changed != nil {
			out, _ = changed.(map[string]any)
		}
	}
	return out
}
