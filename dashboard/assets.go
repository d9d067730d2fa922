package dashboard

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"regexp"
	"strings"
	"sync"
)

//go:embed assets
var assets embed.FS

//go:generate go run ./internal/bundle/generate web assets

// The page's script and style sheet are made of the modules in web by `go generate`
// (make generate-page) and committed; a test compares them with their sources.
var (
	script       = sync.OnceValue(func() string { return readAsset("page.js") })
	style        = sync.OnceValue(func() string { return readAsset("page.css") })
	pageTemplate = sync.OnceValue(func() *template.Template {
		return template.Must(template.New("page").Funcs(template.FuncMap{"group3": group3, "visible": visible}).Parse(readAsset("page.html")))
	})
)

// readAsset reads an embedded file. It is there, or the package does not build
// into anything that passes its first test.
func readAsset(name string) string {
	text, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic("dashboard: asset missing from the build: " + err.Error())
	}
	return string(text)
}

// deceptive characters reorder or hide text; dom.js has the same set.
var deceptive = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("[\x00-\x08\x0b-\x1f\x7f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
})

// visible shows deceptive characters as what they are.
func visible(text any) string {
	return deceptive().ReplaceAllStringFunc(fmt.Sprint(text), func(c string) string { return fmt.Sprintf("⟨%U⟩", []rune(c)[0]) })
}

// contentPolicy is the page's Content-Security-Policy: nothing but the one script and
// the one style sheet, by hash; a live page may speak to its own server. Trusted
// Types make any use of innerHTML and its kin an error.
//
// Who may frame the page cannot be said in the file (browsers ignore
// frame-ancestors there): whoever serves it sends that as a header.
func contentPolicy(live bool) string {
	directives := []string{
		"default-src 'none'",
		"script-src '" + hash(script()) + "'",
		"style-src '" + hash(style()) + "'",
		"img-src data:",
		"base-uri 'none'",
		"form-action 'none'",
		"require-trusted-types-for 'script'",
	}
	if live {
		directives = append(directives, "connect-src 'self'")
	}
	return strings.Join(directives, "; ")
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
