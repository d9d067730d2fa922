package lambdahandler

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
)

// hidden replaces secrets.
const hidden = "(removed)"

// longest is how much of one text of an event is logged, in bytes.
const longest = 4096

var (
	secretName = regexp.MustCompile(`(?i)(secret|passw|token|credential|authorization|signature|access_?key|private_?key|api_?key|cookie)`)
	// secretValue are things that are secret whatever they are called: AWS access keys,
	// bearer tokens, JSON Web Tokens, and addresses with a signature in them.
	secretValue = regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|(?i:bearer )[-\w.~+/=]+|\beyJ[-\w]+\.[-\w]+\.[-\w]+|https://hooks\.[^\s"]+|[?&](?i:x-amz-signature|x-amz-credential|sig|code)=[^&\s"]+`)
)

// SecretName reports whether a field's name says that its value is secret.
func SecretName(name string) bool { return secretName.MatchString(name) }

// Redact returns an event without what is secret: the values of fields that secret
// names, and what looks like a credential anywhere. Long texts are cut. What is no
// JSON is left out altogether.
func Redact(event json.RawMessage, secret func(name string) bool) json.RawMessage {
	decoder := json.NewDecoder(bytes.NewReader(event))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return json.RawMessage(`"(not JSON, not shown)"`)
	}
	text, err := json.Marshal(clean(tree, secret))
	if err != nil {
		return json.RawMessage(`"(not shown)"`)
	}
	return text
}

func clean(tree any, secret func(string) bool) any {
	switch v := tree.(type) {
	case map[string]any:
		for name, value := range v {
			if secret(name) {
				v[name] = hidden
			} else {
				v[name] = clean(value, secret)
			}
		}
	case []any:
		for n, value := range v {
			v[n] = clean(value, secret)
		}
	case string:
		return cleanText(v)
	}
	return tree
}

func cleanText(s string) string {
	s = secretValue.ReplaceAllString(s, hidden)
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + "…"
	}
	return s
}

// goType is the name of an error's type, as Lambda names errors.
func goType(err error) string {
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}
