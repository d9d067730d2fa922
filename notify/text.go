package notify

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes untrusted text fit to be shown: one line of at most max runes,
// without control characters and without the invisible ones that reorder or hide
// what follows (Unicode's format characters, category Cf).
func clean(text string, max int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r),
			unicode.Is(unicode.Noncharacter_Code_Point, r): // which XML does not take
			return -1
		}
		return r
	}, text)
	return clip(strings.Join(strings.Fields(text), " "), max)
}

// clip cuts text to max runes, the last of which is then an ellipsis.
func clip(text string, max int) string {
	if utf8.RuneCountInString(text) <= max {
		return text
	}
	return string([]rune(text)[:max-1]) + "…"
}

// markup is how a service's messages are written. Escape is for untrusted text;
// the rest takes text that is escaped already.
type markup struct {
	escape func(string) string
	bold   func(string) string
	code   func(string) string
	link   func(text, url string) string
	item   func(string) string // a line of a list, with its line break
	sub    func(string) string // a line below an item, that belongs to it
	head   func(string) string // a heading above a list
	// address is for a URL that is safe but for ampersands.
	address func(string) string
}

func same(text string) string { return text }

// plain is for services that show text as it is.
var plain = markup{
	escape: same, bold: same, code: same,
	link:    func(text, url string) string { return text + ": " + url },
	item:    func(text string) string { return "- " + text + "\n" },
	sub:     func(text string) string { return "  " + text + "\n" },
	head:    func(text string) string { return text + ":\n" },
	address: same,
}

// mrkdwn is Slack's. Only &, < and > can be escaped, which disarms links and
// mentions; within backticks nothing else means anything, so that is where the
// templates put untrusted text.
var mrkdwn = markup{
	escape:  strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "'").Replace,
	bold:    func(text string) string { return "*" + text + "*" },
	code:    func(text string) string { return "`" + text + "`" },
	link:    func(text, url string) string { return "<" + url + "|" + text + ">" },
	item:    func(text string) string { return "• " + text + "\n" },
	sub:     indented,
	head:    func(text string) string { return "*" + text + "*\n" },
	address: html.EscapeString,
}

// Where a style begins and ends in texts for Adaptive Cards. Cleaned text has no
// control characters, so nobody can forge them.
const (
	beginBold  = "\x01"
	beginCode  = "\x02"
	beginLink  = "\x03" // the address follows, then an addressEnd, then the text
	styleEnd   = "\x04"
	addressEnd = "\x05"
)

// cardText is for Adaptive Cards. The Markdown of their TextBlocks cannot be
// escaped in a way that all Teams clients understand, so texts become TextRuns,
// which have none. What is left are the functions {{DATE(…)}} and {{TIME(…)}}.
var cardText = markup{
	escape:  func(text string) string { return strings.ReplaceAll(text, "{{", "{ {") },
	bold:    func(text string) string { return beginBold + text + styleEnd },
	code:    func(text string) string { return beginCode + text + styleEnd },
	link:    func(text, url string) string { return beginLink + url + addressEnd + text + styleEnd },
	item:    func(text string) string { return "• " + text + "\n" },
	sub:     indented,
	head:    func(text string) string { return beginBold + text + styleEnd + "\n" },
	address: same,
}

// indented uses spaces that do not break, which services leave at a line's start.
func indented(text string) string { return "\u00a0\u00a0\u00a0" + text + "\n" }

// storage is Confluence's storage format, which is XHTML.
var storage = markup{
	escape:  html.EscapeString,
	bold:    func(text string) string { return "<strong>" + text + "</strong>" },
	code:    func(text string) string { return "<code>" + text + "</code>" },
	link:    func(text, url string) string { return `<a href="` + url + `">` + text + "</a>" },
	item:    func(text string) string { return "<li>" + text + "</li>\n" },
	sub:     func(text string) string { return "<p>" + text + "</p>\n" },
	head:    func(text string) string { return "<h2>" + text + "</h2>\n" },
	address: html.EscapeString,
}
