package notify

import (
	"embed"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/template"
)

//go:embed templates
var builtin embed.FS

// texts renders the blocks of a message for one service.
type texts struct {
	mark markup
	tmpl *template.Template
}

// loadTexts reads the built-in templates, and over them the blocks defined in
// the file at path, if there is one.
func loadTexts(name string, mark markup, path string) (texts, error) {
	tmpl, err := template.New(name).Funcs(functions(mark)).ParseFS(builtin, "templates/"+name+".tmpl")
	if err != nil {
		return texts{}, fmt.Errorf("reading the built-in template: %w", err)
	}
	if path != "" {
		own, err := os.ReadFile(path)
		if err == nil {
			tmpl, err = tmpl.Parse(string(own))
		}
		if err != nil {
			return texts{}, fmt.Errorf("reading template %s: %w", path, err)
		}
	}
	return texts{mark, tmpl}, nil
}

// functions are what templates can call besides the standard ones.
func functions(mark markup) template.FuncMap {
	return template.FuncMap{
		"bold": unlessEmpty(mark.bold),
		"code": unlessEmpty(mark.code),
		"link": mark.link,
		"head": mark.head,
		"item": func(parts ...any) string { return mark.item(joined(parts)) },
		"sub":  func(parts ...any) string { return mark.sub(joined(parts)) },
		"listed": func(names []string, more int) string {
			return listed(mark, names, more)
		},
		"cells": func(n int, one, many string) string {
			if n == 1 {
				return strings.TrimSpace("1 cell " + one)
			}
			return strings.TrimSpace(strconv.Itoa(n) + " cells " + many)
		},
		"times": func(n int) string {
			if n == 1 {
				return ""
			}
			return " ×" + strconv.Itoa(n)
		},
		"optional": func(before, text string) string {
			if text == "" {
				return ""
			}
			return before + text
		},
	}
}

func unlessEmpty(style func(string) string) func(string) string {
	return func(text string) string {
		if text == "" {
			return ""
		}
		return style(text)
	}
}

// listed is `a`, `b` and 3 more.
func listed(mark markup, names []string, more int) string {
	var shown []string
	for _, name := range names {
		shown = append(shown, mark.code(name))
	}
	text := strings.Join(shown, ", ")
	if more > 0 {
		text = strings.TrimSpace(text + " and " + strconv.Itoa(more) + " more")
	}
	return text
}

func joined(parts []any) string {
	var b strings.Builder
	for _, part := range parts {
		fmt.Fprint(&b, part)
	}
	return b.String()
}

// blocks is a message in words.
type blocks struct {
	View
	title, status, attention, done, resolved string
}

// blocks renders as much of a message as the limits allow.
func (t texts) blocks(m Message, limit limits) (b blocks, err error) {
	b.View = view(m, t.mark, limit)
	// A title goes where markup has no meaning, so it comes from unescaped data.
	b.title, err = t.execute("title", view(m, plain, limit))
	b.title = clean(b.title, 150)
	for _, block := range []struct {
		name string
		into *string
	}{{"status", &b.status}, {"attention", &b.attention}, {"done", &b.done}, {"resolved", &b.resolved}} {
		if err == nil {
			*block.into, err = t.execute(block.name, b.View)
		}
	}
	return b, err
}

func (t texts) execute(block string, data View) (string, error) {
	var b strings.Builder
	if err := t.tmpl.ExecuteTemplate(&b, block, data); err != nil {
		return "", rejected("Correct the template.", "rendering the message: %v", err)
	}
	return strings.TrimSpace(b.String()), nil
}

// largest renders with the most generous allowance whose result fits.
func largest(render func(limits) (body []byte, fits bool, err error)) ([]byte, error) {
	for _, limit := range allowances {
		body, fits, err := render(limit)
		if fits || err != nil {
			return body, err
		}
	}
	return nil, rejected("Shorten the template.", "rendering the message: it is too large for the service, even with every list folded")
}
