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

// scripts are the page's parts in the order in which they run: each may use
// what those before it define. They share one module's scope, so that the page
// is a single script with a single hash.
var scripts = []string{
	"dom.js", "verdicts.js", "data.js", "state.js", "filter.js", "export.js", "table.js",
	"links.js", "diff.js", "story.js", "banner.js", "attention.js", "stacksets.js",
	"matrix-layout.js", "matrix-paint.js", "matrix.js", "timeline.js", "run.js",
	"charts.js", "history.js", "graph.js", "overview.js", "search.js", "live.js", "main.js",
}

// styles are the page's one style sheet, in the order of the cascade.
var styles = []string{
	"colours.css", "ground.css", "verdicts.css", "head.css", "panels.css", "tables.css",
	"fleet.css", "story.css", "drawings.css", "media.css",
}

var (
	script       = sync.OnceValue(func() string { return readAssets(scripts) })
	style        = sync.OnceValue(func() string { return readAssets(styles) })
	pageTemplate = sync.OnceValue(func() *template.Template {
		return template.Must(template.New("page").Funcs(template.FuncMap{"group3": group3, "visible": visible}).Parse(readAsset("page.html")))
	})
)

func readAssets(names []string) string {
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = readAsset(name)
	}
	return strings.Join(parts, "\n")
}

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
