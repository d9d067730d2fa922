package model

import (
	"regexp"
	"strings"
)

// The rules by which the Java SDK v2 divides a name into words; Step Functions'
// names are made by them. Between the first and the last come the words that begin
// with a capital.
var (
	divisions = []division{
		{regexp.MustCompile(`[^A-Za-z0-9]+`), " "},
		{regexp.MustCompile(`([^a-z]{2,})v([0-9]+)`), "$1 v$2 "},
		{regexp.MustCompile(`([^A-Z]{2,})V([0-9]+)`), "$1 V$2 "},
	}
	lateDivisions = []division{
		{regexp.MustCompile(`([A-Z]+)([A-Z][a-z])`), "$1 $2"},
		{regexp.MustCompile(`([0-9])([a-zA-Z])`), "$1 $2"},
	}
)

type division struct {
	at   *regexp.Regexp
	with string
}

// Pascal writes a name as the Java SDK's class names are: DBSnapshotNotFound is
// DbSnapshotNotFound.
func Pascal(name string) string {
	for _, d := range divisions {
		name = d.at.ReplaceAllString(name, d.with)
	}
	name = divideCapitals(name)
	for _, d := range lateDivisions {
		name = d.at.ReplaceAllString(name, d.with)
	}
	var b strings.Builder
	for _, word := range strings.Fields(name) {
		b.WriteString(strings.ToUpper(word[:1]) + strings.ToLower(word[1:]))
	}
	return b.String()
}

// divideCapitals divides before a capital that follows a small letter and is not
// the last of its word.
func divideCapitals(name string) string {
	small := func(c byte) bool { return 'a' <= c && c <= 'z' }
	capital := func(c byte) bool { return 'A' <= c && c <= 'Z' }
	digit := func(c byte) bool { return '0' <= c && c <= '9' }
	var b strings.Builder
	for i := range len(name) {
		if i > 0 && i+1 < len(name) && small(name[i-1]) && capital(name[i]) &&
			(small(name[i+1]) || capital(name[i+1]) || digit(name[i+1])) {
			b.WriteByte(' ')
		}
		b.WriteByte(name[i])
	}
	return b.String()
}

// Class is the name that errors of a service begin with, after the Java SDK's
// client: Elastic Load Balancing v2 is ElasticLoadBalancingV2.
func Class(sdkID string) string {
	name := Pascal(sdkID)
	for _, prefix := range []string{"Amazon", "Aws"} {
		name = strings.TrimPrefix(name, prefix)
	}
	return strings.TrimSuffix(name, "Service")
}

// ResourceName is the name of a service in resources.
func ResourceName(sdkID string) string { return strings.ToLower(Class(sdkID)) }
