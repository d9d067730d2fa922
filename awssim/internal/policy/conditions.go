package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Conditions are a statement's conditions: operator → key → values. All must hold.
type Conditions map[string]map[string]Texts

// Request is what a policy is evaluated for, with the condition keys that the
// embedded AWS knows, by their names in lower case.
type Request struct {
	Action, Resource string
	Keys             map[string]string
}

// operator is a condition operator taken apart.
type operator struct {
	test     func(value, wanted string) bool
	negative bool // StringNotLike and the like: none of the values may match
	null     bool
	ifExists bool
	forAll   bool // ForAllValues: holds where the key is absent
}

// tests are the positive tests of condition operators; those with Not are their
// opposites.
var tests = map[string]func(value, wanted string) bool{
	"StringEquals":             func(v, w string) bool { return v == w },
	"StringEqualsIgnoreCase":   strings.EqualFold,
	"StringLike":               func(v, w string) bool { return matches(w, v) },
	"ArnEquals":                matchesARN,
	"ArnLike":                  matchesARN,
	"Bool":                     strings.EqualFold,
	"BinaryEquals":             func(v, w string) bool { return v == w },
	"NumericEquals":            numeric(func(v, w float64) bool { return v == w }),
	"NumericLessThan":          numeric(func(v, w float64) bool { return v < w }),
	"NumericLessThanEquals":    numeric(func(v, w float64) bool { return v <= w }),
	"NumericGreaterThan":       numeric(func(v, w float64) bool { return v > w }),
	"NumericGreaterThanEquals": numeric(func(v, w float64) bool { return v >= w }),
	"DateEquals":               dates(func(v, w time.Time) bool { return v.Equal(w) }),
	"DateLessThan":             dates(func(v, w time.Time) bool { return v.Before(w) }),
	"DateLessThanEquals":       dates(func(v, w time.Time) bool { return !v.After(w) }),
	"DateGreaterThan":          dates(func(v, w time.Time) bool { return v.After(w) }),
	"DateGreaterThanEquals":    dates(func(v, w time.Time) bool { return !v.Before(w) }),
	"IpAddress":                func(string, string) bool { return false }, // requests have no address here
}

// opposites are the operators with Not, and what they are the opposites of.
var opposites = map[string]string{
	"StringNotEquals":           "StringEquals",
	"StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
	"StringNotLike":             "StringLike",
	"ArnNotEquals":              "ArnEquals",
	"ArnNotLike":                "ArnLike",
	"NumericNotEquals":          "NumericEquals",
	"DateNotEquals":             "DateEquals",
	"NotIpAddress":              "IpAddress",
}

// readOperator takes an operator's name apart; ok is false for one that IAM lacks.
func readOperator(name string) (o operator, ok bool) {
	if prefix, rest, found := strings.Cut(name, ":"); found {
		if prefix != "ForAnyValue" && prefix != "ForAllValues" {
			return o, false
		}
		o.forAll, name = prefix == "ForAllValues", rest
	}
	if name == "Null" {
		o.null = true
		return o, true
	}
	name, o.ifExists = strings.CutSuffix(name, "IfExists")
	if positive, found := opposites[name]; found {
		name, o.negative = positive, true
	}
	o.test = tests[name]
	return o, o.test != nil
}

func (c Conditions) check() error {
	for name, keys := range c {
		if _, ok := readOperator(name); !ok {
			return fmt.Errorf("the condition operator %q is none of the policy language", name)
		}
		if len(keys) == 0 {
			return fmt.Errorf("the condition %s names no key", name)
		}
	}
	return nil
}

// hold reports whether every condition holds for a request. A key that the request
// lacks fails a positive test and passes a negative one, as in IAM.
func (c Conditions) hold(r *Request) bool {
	for name, keys := range c {
		o, _ := readOperator(name)
		for key, wanted := range keys {
			value, present := r.Keys[strings.ToLower(key)]
			if !o.holds(value, present, wanted) {
				return false
			}
		}
	}
	return true
}

func (o operator) holds(value string, present bool, wanted Texts) bool {
	switch {
	case o.null:
		return len(wanted) > 0 && strings.EqualFold(wanted[0], strconv.FormatBool(!present))
	case !present:
		return o.negative || o.ifExists || o.forAll
	}
	for _, each := range wanted {
		if o.test(value, each) {
			return !o.negative
		}
	}
	return o.negative
}

// matchesARN matches an ARN part by part: * in a pattern does not cross a colon, but
// for the last part.
func matchesARN(value, pattern string) bool {
	have, want := strings.SplitN(value, ":", 6), strings.SplitN(pattern, ":", 6)
	if len(have) != 6 || len(want) != 6 {
		return pattern == "*" || matches(pattern, value)
	}
	for i := range want {
		if !matches(want[i], have[i]) {
			return false
		}
	}
	return true
}

func numeric(test func(v, w float64) bool) func(value, wanted string) bool {
	return func(value, wanted string) bool {
		v, err := strconv.ParseFloat(value, 64)
		w, bad := strconv.ParseFloat(wanted, 64)
		return err == nil && bad == nil && test(v, w)
	}
}

func dates(test func(v, w time.Time) bool) func(value, wanted string) bool {
	return func(value, wanted string) bool {
		v, err := time.Parse(time.RFC3339, value)
		w, bad := time.Parse(time.RFC3339, wanted)
		return err == nil && bad == nil && test(v, w)
	}
}
